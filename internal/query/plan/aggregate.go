package plan

import (
	"fmt"
	"strconv"
	"strings"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// listed is how many values the functions values and unique list.
const listed = 10

// aggregation gathers what one command computes of groups of rows.
type aggregation struct {
	f     *frame // where arguments are looked up
	main  *Aggregate
	sides []side
	post  []Assign         // computed from the aggregates afterwards
	out   []*Column        // one for each function asked for, in order
	cuts  *buckets         // of timestats
	at    *Column          // the bucket's number, of timestats
	empty map[*Column]Expr // what functions give of no rows, where that is a value
}

// side is an aggregate that needs a grouping of its own, joined by the keys.
type side struct {
	node  Node
	keys  []*Column
	value *Column
}

// aggregate plans the functions over the rows of f, for each combination of keys.
func (p *planner) aggregate(f *frame, aggs []syntax.Agg, keys []Key, cuts *buckets, at *Column) *aggregation {
	a := &aggregation{f: f, main: &Aggregate{Keys: keys}, cuts: cuts, at: at, empty: map[*Column]Expr{}}
	for i, fn := range aggs {
		c := p.function(a, fn.Call)
		if c == nil {
			continue
		}
		c.Name, c.Original = callText(fn.Call), callText(fn.Call)
		if fn.Alias != nil {
			c.Name = fn.Alias.Text
		}
		c.Internal = "func" + strconv.Itoa(i+1) + "_" + fn.Call.Func
		if arg := p.argument(f, fn.Call); arg != nil && arg.Internal != "" {
			c.Internal += "_" + arg.Internal
		}
		a.out = append(a.out, c)
	}
	a.main.In = f.node
	return a
}

// node is the relation with the keys and all aggregates.
func (a *aggregation) node() Node {
	var n Node = a.main
	for _, s := range a.sides {
		j := &Join{Left: n, Right: s.node, Take: []*Column{s.value}, Mode: Outer}
		for i, k := range a.main.Keys {
			j.On = append(j.On, Pair{keyed(k), ref(s.keys[i])})
		}
		n = j
	}
	if len(a.post) > 0 {
		n = &Extend{In: n, Items: a.post}
	}
	return n
}

// alongside writes aggregates of the rows that agree in all of by into each of them.
func (p *planner) alongside(n Node, by []Expr, aggs ...Agg) Node {
	a := &Aggregate{In: n, Aggs: aggs}
	j := &Join{Left: n, Right: a, Mode: Outer}
	for _, e := range by {
		c := p.column("", e.Type())
		a.Keys = append(a.Keys, Key{c, e, e})
		j.On = append(j.On, Pair{e, ref(c)})
	}
	for _, g := range aggs {
		j.Take = append(j.Take, g.Column)
	}
	return j
}

// keyed is what a key's column is compared by once it is grouped.
func keyed(k Key) Expr {
	if c, ok := k.By.(*Call); ok && c.Op == Fold {
		return folded(ref(k.Column))
	}
	return ref(k.Column)
}

// argument is the field a function is applied to; nil when there is none.
func (p *planner) argument(f *frame, c *syntax.Call) *Column {
	if len(c.Args) == 0 {
		return nil
	}
	switch x := c.Args[0].(type) {
	case *syntax.Ref:
		return p.lookup(f, x.Text)
	case *syntax.Call:
		return p.argument(f, x)
	}
	return nil
}

// function plans one aggregate and returns its column.
func (p *planner) function(a *aggregation, c *syntax.Call) *Column {
	switch c.Func {
	case "count":
		if len(c.Args) == 0 {
			return a.count(p, Agg{Function: CountRows})
		}
	case "trend":
		return p.trend(a, c)
	case "ifnull":
		return p.ifNullOf(a, c)
	case "persecond":
		return p.perSecond(a, c)
	}
	arg := p.argumentOf(a.f, c)
	if arg == nil {
		return nil
	}
	switch c.Func {
	case "count":
		if arg.Type().List {
			return a.count(p, Agg{Function: CountRows, Where: test(Gt, call(Size, Int, arg), whole(0))})
		}
		return a.count(p, Agg{Function: Count, Arg: arg})
	case "distinctcount":
		if arg.Type().List {
			return p.members(a, arg, CountDist)
		}
		return a.count(p, Agg{Function: CountDist, Arg: grouped(arg)})
	case "unique":
		return p.unique(a, c, arg)
	case "values":
		col := a.add(p, Agg{Function: FirstN, Arg: single(arg), N: listed, Order: p.sequence(a.f)}, Type{arg.Type().Kind, true})
		return p.delimited(a, c, col)
	case "earliest", "latest":
		fn := Earliest
		if c.Func == "latest" {
			fn = Latest
		}
		if r, ok := arg.(*Ref); ok && r.Column == a.f.time {
			fn = map[AggOp]AggOp{Earliest: Min, Latest: Max}[fn]
		}
		return a.add(p, Agg{Function: fn, Arg: arg, Order: p.sequence(a.f)}, arg.Type())
	case "min", "max":
		fn := Min
		if c.Func == "max" {
			fn = Max
		}
		arg = single(arg)
		if arg.Type().Kind == Bool {
			arg = call(ToBit, Int, arg)
		}
		return a.add(p, Agg{Function: fn, Arg: arg}, arg.Type())
	}
	return p.numericFunction(a, c, arg)
}

func (p *planner) numericFunction(a *aggregation, c *syntax.Call, arg Expr) *Column {
	if single(arg).Type().Kind == Time {
		p.report(c.Args[0], "Invalid field for %s: %s is a time, not a number", strings.ToUpper(c.Func), nameOf(c.Args[0]))
		return nil
	}
	n := p.numeric(c.Args[0], arg)
	if n == nil {
		return nil
	}
	switch c.Func {
	case "sum":
		return a.add(p, Agg{Function: Sum, Arg: n}, n.Type())
	case "avg":
		return a.add(p, Agg{Function: Avg, Arg: n}, Type{Kind: Float})
	case "stddev":
		return a.add(p, Agg{Function: StdDev, Arg: n}, Type{Kind: Float})
	case "median":
		return a.add(p, Agg{Function: Percentile, Arg: n, P: 0.5}, Type{Kind: Float})
	case "pct":
		if x, ok := c.Args[1].(*syntax.Number); ok {
			if v, err := strconv.ParseFloat(x.Text, 64); err == nil && v >= 0 && v <= 100 {
				return a.add(p, Agg{Function: Percentile, Arg: n, P: v / 100}, Type{Kind: Float})
			}
		}
		p.report(c.Args[1], "Unexpected input for PCT: the percentile is a number from 0 to 100")
		return nil
	}
	p.report(c, "Unexpected input for %s: %s", p.clause, c.Func)
	return nil
}

func nameOf(x syntax.Expr) string {
	if r, ok := x.(*syntax.Ref); ok {
		return r.Text
	}
	return "the argument"
}

// argumentOf is the value a function is applied to: a field, or leniently an expression.
func (p *planner) argumentOf(f *frame, c *syntax.Call) Expr {
	if len(c.Args) == 0 {
		p.report(c, "Missing input for %s", strings.ToUpper(c.Func))
		return nil
	}
	if r, ok := c.Args[0].(*syntax.Ref); ok {
		if col := p.field(f, r.Name, strings.ToUpper(c.Func)); col != nil {
			return ref(col)
		}
		return nil
	}
	return p.expr(f, c.Args[0])
}

func (a *aggregation) add(p *planner, agg Agg, t Type) *Column {
	agg.Column = p.column("", t)
	if r, ok := agg.Arg.(*Ref); ok {
		switch agg.Function {
		case Sum, Avg, Min, Max, Percentile, StdDev, Earliest, Latest, FirstN:
			agg.Column.Unit, agg.Column.CaseSensitive = r.Column.Unit, r.Column.CaseSensitive
			if t.Kind == KindOf(r.Column.Field) && r.Column.Field != 0 {
				agg.Column.Field = r.Column.Field
			}
		}
	}
	a.main.Aggs = append(a.main.Aggs, agg)
	return agg.Column
}

// count adds an aggregate that is 0 where there is nothing.
func (a *aggregation) count(p *planner, agg Agg) *Column {
	c := a.add(p, agg, Type{Kind: Int})
	a.empty[c] = whole(0)
	return c
}

// grouped is what values are told apart by: text without letter case.
func grouped(e Expr) Expr {
	if e.Type() == (Type{Kind: String}) && !sensitive(e) {
		return folded(e)
	}
	return e
}

// sequence is the order of rows that earliest, latest and first refer to: time,
// then the order of arrival.
func (p *planner) sequence(f *frame) Expr {
	if f.shape == records {
		return call(Row, Null, p.hidden(f, store.ColTime, Time), p.hidden(f, store.ColIngest, Time), p.hidden(f, store.ColOrdinal, Int))
	}
	if f.time != nil {
		return call(Row, Null, ref(f.time), p.position(f))
	}
	return p.position(f)
}

// position numbers the rows of groups in their current order.
func (p *planner) position(f *frame) Expr {
	c := p.column("", Type{Kind: Int})
	f.node = &Window{In: f.node, Order: f.order, Ranks: []Rank{{Column: c, Function: RowNumber}}}
	return ref(c)
}

// unique lists distinct values in the order of their first appearance.
func (p *planner) unique(a *aggregation, c *syntax.Call, arg Expr) *Column {
	when := p.sequence(a.f)
	in := a.f.node
	if arg.Type().List {
		m := p.column("", Type{Kind: arg.Type().Kind})
		in, arg = &Unnest{In: in, List: arg, Column: m}, ref(m)
	}
	value, first := p.column("", arg.Type()), p.column("", Type{Kind: Null})
	inner := &Aggregate{In: &Filter{in, test(NotNull, arg)}, Aggs: []Agg{
		{Column: value, Function: Any, Arg: arg}, {Column: first, Function: Min, Arg: when}}}
	outer := &Aggregate{In: inner}
	keys := p.sideKeys(a, inner, outer)
	inner.Keys = append(inner.Keys, Key{Column: p.column("", grouped(arg).Type()), By: grouped(arg), Show: grouped(arg)})
	list := p.column("", Type{arg.Type().Kind, true})
	if r, ok := arg.(*Ref); ok {
		list.Unit, list.CaseSensitive = r.Column.Unit, r.Column.CaseSensitive
	}
	outer.Aggs = []Agg{{Column: list, Function: FirstN, Arg: ref(value), Order: call(Row, Null, ref(first), ref(value)), N: listed}}
	a.sides = append(a.sides, side{outer, keys, list})
	return p.delimited(a, c, list)
}

// sideKeys gives the two levels of a side aggregate the keys of the main one.
func (p *planner) sideKeys(a *aggregation, inner, outer *Aggregate) []*Column {
	var keys []*Column
	for _, k := range a.main.Keys {
		c1 := p.column("", k.By.Type())
		c2 := p.column("", k.By.Type())
		inner.Keys = append(inner.Keys, Key{c1, k.By, k.By})
		outer.Keys = append(outer.Keys, Key{c2, ref(c1), ref(c1)})
		keys = append(keys, c2)
	}
	return keys
}

// members aggregates over the members of lists.
func (p *planner) members(a *aggregation, list Expr, fn AggOp) *Column {
	m := p.column("", Type{Kind: list.Type().Kind})
	m.CaseSensitive = sensitive(list)
	inner := &Aggregate{In: &Unnest{In: a.f.node, List: list, Column: m}}
	var keys []*Column
	for _, k := range a.main.Keys {
		c := p.column("", k.By.Type())
		inner.Keys = append(inner.Keys, Key{c, k.By, k.By})
		keys = append(keys, c)
	}
	n := p.column("", Type{Kind: Int})
	inner.Aggs = []Agg{{Column: n, Function: fn, Arg: grouped(ref(m))}}
	a.sides = append(a.sides, side{inner, keys, n})
	return a.coalesced(p, n, whole(0))
}

// coalesced is a column that holds value where c is null.
func (a *aggregation) coalesced(p *planner, c *Column, value Expr) *Column {
	e := p.ifNull(ref(c), value)
	out := p.column("", e.Type())
	out.Unit, out.Field = c.Unit, c.Field
	a.post = append(a.post, Assign{out, e})
	if c, ok := e.(*Call); ok && !readsField(value) {
		a.empty[out] = c.Args[1]
	}
	return out
}

// delimited joins a list when the query names a delimiter; otherwise it stays a list.
func (p *planner) delimited(a *aggregation, c *syntax.Call, list *Column) *Column {
	if len(c.Args) < 2 {
		return list
	}
	r, ok := c.Args[1].(*syntax.Ref)
	if !ok {
		p.report(c.Args[1], "Unexpected input for %s: the delimiter is a quoted string", strings.ToUpper(c.Func))
		return nil
	}
	out := p.column("", Type{Kind: String})
	a.post = append(a.post, Assign{out, call(ListText, String, ref(list), text(r.Text))})
	return out
}

// ifNullOf plans ifnull(aggregate, default).
func (p *planner) ifNullOf(a *aggregation, c *syntax.Call) *Column {
	inner, ok := c.Args[0].(*syntax.Call)
	if !ok {
		p.report(c.Args[0], "Unexpected input for IFNULL: an aggregate function is wanted")
		return nil
	}
	col := p.function(a, inner)
	value := p.expr(a.f, c.Args[1])
	if col == nil || value == nil {
		return nil
	}
	return a.coalesced(p, col, value)
}

// perSecond is the rate of a bucket: the sum of a number, else the count, divided by its seconds.
func (p *planner) perSecond(a *aggregation, c *syntax.Call) *Column {
	if a.cuts == nil {
		p.report(c, "persecond works in timestats only")
		return nil
	}
	arg := p.argumentOf(a.f, c)
	if arg == nil {
		return nil
	}
	agg := Agg{Function: Count, Arg: arg}
	if single(arg).Type().Kind.Numeric() {
		agg = Agg{Function: Sum, Arg: p.numeric(c, arg)}
	}
	total := a.add(p, agg, Type{Kind: Float})
	key := ref(a.at)
	length := call(Sub, Int, call(ToMillis, Int, a.cuts.start(call(Add, Int, key, whole(1)))), call(ToMillis, Int, a.cuts.start(key)))
	out := p.column("", Type{Kind: Float})
	a.post = append(a.post, Assign{out, call(Div, Float, call(Mul, Float, ref(total), whole(1000)), length)})
	return out
}

// callText is the canonical text of a call, which names its column.
func callText(c *syntax.Call) string {
	if c.Func == "count" && len(c.Args) == 0 {
		return "Count"
	}
	if c.Func == "trend" && len(c.Args) == 0 {
		return "Trend"
	}
	var args []string
	for _, a := range c.Args {
		switch a := a.(type) {
		case *syntax.Ref:
			args = append(args, quoteName(a.Text))
		case *syntax.Call:
			if a.Func == "count" && len(a.Args) == 0 {
				args = append(args, "count")
			} else {
				args = append(args, callText(a))
			}
		case *syntax.Number:
			args = append(args, a.Text)
		case *syntax.Duration:
			args = append(args, fmt.Sprintf("%d%s", a.Count, a.Unit))
		case *syntax.Null:
			args = append(args, "null")
		default:
			args = append(args, "…")
		}
	}
	return c.Func + "(" + strings.Join(args, ", ") + ")"
}

// quoteName quotes a name that is not a plain word.
func quoteName(s string) string {
	for _, r := range s {
		if !wordRune(r) && r != '.' {
			return quoteAlways(s)
		}
	}
	if s == "" {
		return "''"
	}
	return s
}
