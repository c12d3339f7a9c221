package plan

import (
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
)

// frequency is what rare and frequent have in common.
type frequency struct {
	limit                  *syntax.Int
	showCount, showPercent *syntax.Bool
	fields, by             []syntax.Name
	most                   bool
}

// frequent keeps the most or least frequent values: of records one row a value,
// of groups the rows that hold them.
func (p *planner) frequent(f *frame, q frequency) {
	n := limitOr(q.limit, defaultLimit)
	word := "Rare"
	if q.most {
		word = "Frequent"
	}
	if len(q.fields) == 0 {
		return
	}
	names := make([]string, len(q.fields))
	for i, name := range q.fields {
		names[i] = name.Text
		if c := p.lookup(f, name.Text); c != nil {
			names[i] = c.Name
		}
	}
	of := strings.Join(names, ", ")
	count := p.column(word+" Count("+of+")", Type{Kind: Int})
	share := p.column(word+" Percent("+of+")", Type{Kind: Float})
	count.Internal, share.Internal = strings.ToLower(word)+"VirtualField1", strings.ToLower(word)+"VirtualField1_percent"
	var shown []*Column
	if q.showCount != nil && q.showCount.Value {
		shown = append(shown, count)
	}
	if q.showPercent != nil && q.showPercent.Value {
		shown = append(shown, share)
	}
	if f.shape == records {
		p.frequentRecords(f, q, count, share, shown, n)
	} else {
		p.frequentGroups(f, q, count, share, shown, n)
	}
}

func (p *planner) frequentRecords(f *frame, q frequency, count, share *Column, shown []*Column, n int) {
	keys := p.keys(f, append(slices.Clone(q.by), q.fields...), p.clause)
	if len(keys) < len(q.by)+len(q.fields) {
		return
	}
	own := keys[len(q.by):]
	for _, k := range own {
		f.restrict(test(NotNull, k.Show))
	}
	in := &Aggregate{In: f.node, Keys: keys, Aggs: []Agg{{Column: count, Function: CountRows}}}
	p.groups(f, in, keys, nil)
	total := p.column("", Type{Kind: Int})
	var by []Expr
	for _, k := range keys[:len(q.by)] {
		by = append(by, keyed(k))
	}
	all := p.alongside(f.node, by, Agg{Column: total, Function: Sum, Arg: ref(count)})
	f.node = &Extend{In: all, Items: []Assign{{share, percent(count, total)}}}
	for _, c := range shown {
		f.define(c)
		f.visible = append(f.visible, c)
	}
	p.cutGroups(f, q.by, n, append([]Order{{ref(count), q.most}}, f.order...))
}

func percent(part, total *Column) Expr {
	return call(Div, Float, call(Mul, Float, call(ToFloat, Float, ref(part)), whole(100)), ref(total))
}

// frequentGroups keeps the rows that hold one of the n most or least frequent values.
func (p *planner) frequentGroups(f *frame, q frequency, count, share *Column, shown []*Column, n int) {
	var by, values []Expr
	for _, name := range q.by {
		if c := p.field(f, name, "BY"); c != nil {
			by = append(by, grouped(ref(c)))
		}
	}
	for _, name := range q.fields {
		c := p.field(f, name, p.clause)
		if c == nil {
			return
		}
		values = append(values, grouped(ref(c)))
		f.restrict(test(NotNull, ref(c)))
	}
	total := p.column("", Type{Kind: Int})
	f.node = p.alongside(f.node, slices.Concat(by, values), Agg{Column: count, Function: CountRows})
	f.node = p.alongside(f.node, by, Agg{Column: total, Function: CountRows})
	f.node = &Extend{In: f.node, Items: []Assign{{share, percent(count, total)}}}
	for _, c := range shown {
		p.put(f, c)
	}
	if n >= 0 {
		rank := p.column("", Type{Kind: Int})
		order := []Order{{ref(count), q.most}}
		for _, v := range values {
			order = append(order, Order{By: v})
		}
		f.node = &Window{In: f.node, By: by, Order: order, Ranks: []Rank{{Column: rank, Function: DenseRank}}}
		f.restrict(test(Le, ref(rank), whole(int64(n))))
	}
}

// delta subtracts a value of the row some steps earlier in the current order.
func (p *planner) delta(f *frame, c *syntax.Delta) {
	col := p.field(f, c.Field, p.clause)
	from := col
	if c.From != nil {
		from = p.field(f, *c.From, p.clause)
	}
	if col == nil || from == nil {
		return
	}
	a, b := p.numeric(c, ref(col)), p.numeric(c, ref(from))
	step := limitOr(c.Step, 1)
	if a == nil || b == nil || step < 1 {
		if step < 1 {
			p.report(c.Step, "Unexpected input for DELTA: the step is at least 1")
		}
		return
	}
	before := p.column("", b.Type())
	w := &Window{In: f.node, Order: f.order, Ranks: []Rank{{Column: before, Function: Lag, Arg: b, Offset: step}}}
	if f.shape == series { // each line by itself
		w.By = []Expr{f.order[len(f.order)-1].By}
	}
	f.node = w
	kind := Int
	if a.Type().Kind == Float || b.Type().Kind == Float {
		kind = Float
	}
	name := "delta(" + col.Name + ")"
	if c.Alias != nil {
		name = c.Alias.Text
	}
	out := p.column(name, Type{Kind: kind})
	if col.Type.Kind == Time {
		out.Unit = "ms"
	}
	p.extend(f, out, call(Sub, kind, a, ref(before)))
	p.put(f, out)
	if f.points != nil {
		f.points.Values = append(f.points.Values, out)
	}
}

// bucket replaces a number by the label of its range.
func (p *planner) bucket(f *frame, c *syntax.Bucket) {
	col := p.field(f, c.Field, p.clause)
	if col == nil {
		return
	}
	n := p.numeric(c.Field, ref(col))
	if n == nil {
		return
	}
	var label Expr
	if len(c.Ranges) > 0 {
		label = p.namedBuckets(c, n)
	} else {
		label = p.equalBuckets(f, c, n)
	}
	if label != nil {
		p.assign(f, syntax.Name{Span: c.Field.Span, Text: c.Field.Text}, label, "")
	}
}

func (p *planner) namedBuckets(c *syntax.Bucket, n Expr) Expr {
	others := "others"
	if c.Others != nil {
		others = c.Others.Text
	}
	args := []Expr{test(IsNull, n), &Const{nil, Type{Kind: String}}}
	for _, r := range c.Ranges {
		low, high := p.number(&r.Low), p.number(&r.High)
		if low == nil || high == nil {
			return nil
		}
		name := r.Low.Text + "-" + r.High.Text
		if r.Alias != nil {
			name = r.Alias.Text
		}
		args = append(args, test(And, test(Ge, n, low), test(Le, n, high)), text(name))
	}
	return call(If, String, append(args, text(others))...)
}

// equalBuckets divides the range from the least to the greatest value into equal
// parts, or the numbers into multiples of the span.
func (p *planner) equalBuckets(f *frame, c *syntax.Bucket, n Expr) Expr {
	float := func(e Expr) Expr { return call(ToFloat, Float, e) }
	low, width := Expr(fraction(0)), Expr(nil)
	last := Expr(nil)
	if c.Width != nil {
		w := p.number(c.Width)
		if w == nil {
			return nil
		}
		if w.(*Const).Value == int64(0) {
			p.report(c.Width, "Unexpected input for BUCKET: the span is more than 0")
			return nil
		}
		width = float(w)
	} else {
		count := max(1, min(1000, limitOr(c.MaxBuckets, 10)))
		least, most := p.column("", n.Type()), p.column("", n.Type())
		f.node = p.alongside(f.node, nil, Agg{Column: least, Function: Min, Arg: n}, Agg{Column: most, Function: Max, Arg: n})
		low = float(ref(least))
		width = call(Div, Float, call(Sub, Float, float(ref(most)), low), whole(int64(count)))
		last = whole(int64(count - 1))
	}
	at := call(Floor, Float, call(Div, Float, call(Sub, Float, float(n), low), width))
	if last != nil { // the greatest value belongs to the last bucket; one value alone has one bucket
		at = call(Coalesce, Float, call(Least, Float, at, float(last)), fraction(0))
	}
	start := call(Add, Float, low, call(Mul, Float, at, width))
	label := call(Concat, String, asText(start), text("-"), asText(call(Add, Float, start, width)))
	return call(If, String, test(IsNull, n), &Const{nil, Type{Kind: String}}, label)
}
