package plan

import (
	"slices"

	"ledgerline/internal/query/syntax"
)

// link is what later commands need to know of the groups it made.
type link struct {
	base  *frame     // the records
	keys  []Key      // over the records
	group *Aggregate // grows as commands aggregate records of the groups
	span  *syntax.Duration
	info  *linkInfo // nil unless asked for
}

// link groups records by the combinations of its keys; the records of each
// group stay reachable for aggregates.
func (p *planner) link(f *frame, c *syntax.Link) {
	if f.shape != records || f.time == nil {
		p.report(c, "Unexpected input for LINK: it groups records, and there are none after %s", f.after)
		return
	}
	base := f.clone()
	l := &link{base: base, span: c.Every}
	if c.IncludeInfo != nil && c.IncludeInfo.Value {
		l.info = &linkInfo{base.node, p.bounded(), p.divide(c.Every, true).span}
	}
	var present []Expr
	var shown []Key
	var joined *assigned
	for _, k := range c.Keys {
		if k.Cluster != nil {
			if joined != nil {
				p.report(k, "Unexpected input for LINK: cluster() a second time")
				continue
			}
			if joined = p.clusterKey(base, k.Cluster); joined != nil {
				key := p.key(base, joined.id)
				l.keys = append(l.keys, key)
				shown = append(shown, key)
				present = append(present, test(NotNull, key.Show))
			}
			continue
		}
		col := p.field(base, k.Field, "LINK")
		switch {
		case col == nil:
		case col == base.time:
			l.keys = append(l.keys, p.timeKey(base, c.Every))
		case col.Large:
			p.report(k, "Invalid field for LINK: %s", k.Field.Text)
		default:
			key := p.key(base, col)
			l.keys = append(l.keys, key)
			shown = append(shown, key)
			present = append(present, test(NotNull, key.Show))
		}
	}
	if c.IncludeNulls != nil && c.IncludeNulls.Value {
		if len(present) > 0 && len(shown) == len(l.keys) {
			base.restrict(disjunction(present))
		}
	} else {
		base.restrict(conjunction(present...))
	}
	l.group = &Aggregate{In: base.node, Keys: l.keys}
	count, start, end := p.column("Count", Type{Kind: Int}), p.column("Start Time", Type{Kind: Time}), p.column("End Time", Type{Kind: Time})
	l.group.Aggs = []Agg{{Column: count, Function: CountRows}, {Column: start, Function: Min, Arg: ref(base.time)}, {Column: end, Function: Max, Arg: ref(base.time)}}
	values := []*Column{count, start, end}
	if joined != nil {
		for _, c := range []*Column{joined.sample, joined.issue, joined.signatures} {
			out := p.described(c, c.Type)
			l.group.Aggs = append(l.group.Aggs, Agg{Column: out, Function: Any, Arg: ref(c)})
			values = append(values, out)
		}
	}
	length := p.column("Group Duration", Type{Kind: Int})
	length.Unit = "ms"
	id := p.column("ID", Type{Kind: String})
	n := &Extend{In: l.group, Items: []Assign{
		{length, call(Sub, Int, call(ToMillis, Int, ref(end)), call(ToMillis, Int, ref(start)))},
		{id, l.identifier()},
	}}
	p.groups(f, n, shown, slices.Insert(values, 3, length))
	f.shape, f.link, f.time = links, l, start
	if f.names[fold(id.Name)] == nil { // else the records have a field of this name, and are grouped by it
		f.names[fold(id.Name)] = id
	}
	f.order = append([]Order{{By: ref(start)}}, f.order...)
}

// timeKey groups by the bucket that the time falls in.
func (p *planner) timeKey(base *frame, asked *syntax.Duration) Key {
	b := p.divide(asked, true)
	bucket := p.column("", Type{Kind: Int})
	p.extend(base, bucket, b.number(ref(base.time)))
	return Key{p.column("", Type{Kind: Int}), ref(bucket), ref(bucket)}
}

// linkStats adds columns to the groups of a link, aggregated over their records.
func (p *planner) linkStats(f *frame, c *syntax.Stats) {
	a := p.aggregate(f.link.base, c.Aggs, f.link.keys, nil, nil)
	p.attach(f, a, nil)
}

// attach joins aggregates over the records of a link to its groups. Those that
// need no grouping of their own are computed together with the groups, over the
// records for which cond is true.
func (p *planner) attach(f *frame, a *aggregation, cond Expr) {
	for _, agg := range a.main.Aggs {
		agg.Where = conjunction(cond, agg.Where)
		f.link.group.Aggs = append(f.link.group.Aggs, agg)
	}
	for _, s := range a.sides {
		j := &Join{Left: f.node, Right: s.node, Take: []*Column{s.value}, Mode: Outer}
		for i, k := range f.link.keys {
			j.On = append(j.On, Pair{keyed(k), ref(s.keys[i])})
		}
		f.node = j
	}
	if len(a.post) > 0 {
		f.node = &Extend{In: f.node, Items: a.post}
	}
	for _, c := range a.out {
		p.put(f, c)
	}
}

// put makes a column known and visible, in place of one of the same name.
func (p *planner) put(f *frame, c *Column) {
	if old := f.names[fold(c.Name)]; old != nil && old != c {
		f.made = remove(f.made, old)
	}
	f.define(c)
	f.show(c)
}

// eventStats aggregates over all rows, or those of a `by` group, and writes the
// result into every row. After link, fields that only the records have are
// aggregated over the records of all groups.
func (p *planner) eventStats(f *frame, c *syntax.EventStats) {
	if !f.grouped() {
		p.report(c, "Unexpected input for EVENTSTATS: a grouping command such as stats or link must come first")
		return
	}
	for _, agg := range c.Aggs {
		switch {
		case positional(agg.Call.Func):
			p.positional(f, agg, c.By)
		case f.link != nil && p.ofRecords(f, agg.Call):
			p.eventRecords(f, f, agg, c.By, nil)
		default:
			p.eventRows(f, f, agg, c.By, nil)
		}
	}
}

// ofRecords reports whether a function's field is one of the records only.
func (p *planner) ofRecords(f *frame, c *syntax.Call) bool {
	if len(c.Args) == 0 {
		return false
	}
	switch x := c.Args[0].(type) {
	case *syntax.Ref:
		return p.lookup(f, x.Text) == nil && p.lookup(f.link.base, x.Text) != nil
	case *syntax.Call:
		return p.ofRecords(f, x)
	}
	return false
}

// eventRows aggregates the rows of from, which holds the columns of f, and joins the result to f.
// Rows of f for which cond is not true get null.
func (p *planner) eventRows(f, from *frame, agg syntax.Agg, by []syntax.Name, cond Expr) {
	var keys []Key
	var on []Expr
	for _, n := range by {
		col := p.field(f, n, "BY")
		if col == nil {
			return
		}
		e := grouped(ref(col))
		if col.Type.List {
			e = folded(asText(ref(col)))
		}
		on = append(on, e)
		keys = append(keys, Key{p.column("", e.Type()), e, e})
	}
	a := p.aggregate(from, []syntax.Agg{agg}, keys, nil, nil)
	if len(a.out) == 0 {
		return
	}
	if from.node != f.node && cond == nil && from.shape == f.shape {
		f.node = from.node // rows were numbered for functions that depend on their order
		a.main.In = f.node
	}
	j := &Join{Left: f.node, Right: a.node(), Take: a.out, Mode: Outer}
	for i, e := range on {
		j.On = append(j.On, Pair{e, ref(keys[i].Column)})
	}
	f.node = j
	out := a.out[0]
	if cond != nil {
		chosen := p.described(out, out.Type)
		p.extend(f, chosen, &Call{If, []Expr{cond, ref(out), &Const{nil, out.Type}}, out.Type})
		out = chosen
	}
	p.put(f, out)
}

// eventRecords aggregates the records of some groups of f.
func (p *planner) eventRecords(f, some *frame, agg syntax.Agg, by []syntax.Name, cond Expr) {
	from := f.link.base.clone()
	j := &Join{Left: from.node, Right: some.node, Mode: Inner}
	for _, k := range f.link.keys {
		j.On = append(j.On, Pair{k.By, keyed(k)})
	}
	for _, n := range by {
		if col := p.lookup(f, n.Text); col != nil && !slices.Contains(j.Take, col) {
			j.Take = append(j.Take, col)
		}
	}
	from.node = j
	p.eventRows(f, from, agg, by, cond)
}

func positional(name string) bool {
	switch name {
	case "first", "last", "nthval", "lag", "lead", "rownum":
		return true
	}
	return false
}

// positional plans the functions that look at neighbouring rows in the current order.
func (p *planner) positional(f *frame, agg syntax.Agg, by []syntax.Name) {
	w := &Window{In: f.node, Order: f.order}
	for _, n := range by {
		if col := p.field(f, n, "BY"); col != nil {
			w.By = append(w.By, grouped(ref(col)))
		}
	}
	r := Rank{Function: RowNumber, Offset: 1}
	t := Type{Kind: Int}
	if agg.Call.Func != "rownum" {
		r.Arg = p.argumentOf(f, agg.Call)
		if r.Arg == nil {
			return
		}
		t = r.Arg.Type()
	}
	switch agg.Call.Func {
	case "first":
		r.Function = FirstOf
	case "last":
		r.Function = LastOf
	case "lag":
		r.Function = Lag
	case "lead":
		r.Function = Lead
	case "nthval":
		r.Function = NthOf
		n, ok := agg.Call.Args[1].(*syntax.Number)
		if !ok {
			p.report(agg.Call.Args[1], "Unexpected input for NTHVAL: a number from 1 is wanted")
			return
		}
		count, ok := intValue(n)
		if !ok || count < 1 || count > 1<<31 {
			p.report(n, "Unexpected input for NTHVAL: a number from 1 is wanted")
			return
		}
		r.Offset = int(count)
	}
	c := p.column(callText(agg.Call), t)
	if agg.Alias != nil {
		c.Name = agg.Alias.Text
	}
	r.Column = c
	w.Ranks = []Rank{r}
	f.node = w
	p.put(f, c)
}

// addFields adds what its sub-queries aggregate of a subset of the records of
// each group, or of a subset of the groups.
func (p *planner) addFields(f *frame, c *syntax.AddFields) {
	for _, sub := range c.Subqueries {
		p.addField(f, sub.Query)
	}
}

func (p *planner) addField(f *frame, q *syntax.Query) {
	search, ok := q.Commands[0].(*syntax.Search)
	if !ok {
		p.report(q, "Unexpected input for ADDFIELDS: a sub-query starts with a search clause")
		return
	}
	last := q.Commands[len(q.Commands)-1]
	from := f
	if _, ok := last.(*syntax.Stats); ok && f.link != nil {
		from = f.link.base
	}
	mistakes := len(p.errors.List)
	cond := p.term(from, search.Term, false)
	if _, ok := last.(*syntax.EventStats); ok && f.link != nil && len(p.errors.List) > mistakes {
		// The search is about records: only those that meet it count.
		p.errors.List = p.errors.List[:mistakes]
		outer := f.link
		defer func() { f.link = outer }()
		inner := *f.link
		inner.base = inner.base.clone()
		inner.base.restrict(p.term(inner.base, search.Term, false))
		f.link, cond = &inner, nil
	}
	for _, c := range q.Commands[1 : len(q.Commands)-1] {
		w, ok := c.(*syntax.Where)
		if !ok {
			p.report(c, "Unexpected input for ADDFIELDS: %s", c.Keyword())
			return
		}
		cond = conjunction(cond, p.condition(from, w.Cond))
	}
	switch c := last.(type) {
	case *syntax.Stats:
		if len(c.By) > 0 || f.link == nil {
			p.report(c, "Unexpected input for ADDFIELDS: stats without by, after link")
			return
		}
		some := from.clone()
		some.restrict(cond)
		a := p.aggregate(some, c.Aggs, f.link.keys, nil, nil)
		if len(a.sides) == 0 {
			p.attach(f, a, cond)
			return
		}
		j := &Join{Left: f.node, Right: a.node(), Take: a.out, Mode: Outer}
		again := make([]Key, len(f.link.keys))
		for i, k := range f.link.keys {
			again[i] = Key{p.described(k.Column, k.Column.Type), k.By, k.Show}
			j.On = append(j.On, Pair{keyed(k), keyed(again[i])})
		}
		a.main.Keys = again
		j.Right = a.node()
		f.node = j
		for _, out := range a.out {
			p.put(f, out)
		}
	case *syntax.EventStats:
		if cond == nil {
			cond = truth(true)
		}
		some := f.clone()
		some.restrict(cond)
		for _, agg := range c.Aggs {
			if f.link != nil && p.ofRecords(f, agg.Call) {
				p.eventRecords(f, some, agg, c.By, cond)
			} else {
				p.eventRows(f, some, agg, c.By, cond)
			}
		}
	case *syntax.CreateTable:
		some := f.clone()
		some.restrict(cond)
		some.attached = nil
		p.createTable(some, c)
		f.attached = append(slices.Clip(f.attached), some.attached...)
	default:
		p.report(last, "Unexpected input for ADDFIELDS: a sub-query ends with stats, eventstats or createtable")
	}
}
