package plan

import (
	"slices"

	"ledgerline/internal/query/syntax"
)

// sort orders rows; equal ones keep their order.
func (p *planner) sort(f *frame, c *syntax.Sort) {
	var by []Order
	for _, k := range c.Keys {
		col := p.field(f, k.Field, "SORT")
		if col == nil {
			continue
		}
		if f.shape == series {
			by = append(by, p.seriesOrder(f, col, k.Minus)...)
		} else {
			by = append(by, ordering(col, k.Minus))
		}
	}
	if f.shape == series {
		p.sortSeries(f, by)
		return
	}
	f.order = append(by, slices.DeleteFunc(slices.Clone(f.order), func(o Order) bool {
		return slices.ContainsFunc(by, func(b Order) bool { return sameColumn(o.By, b.By) })
	})...)
}

// sameColumn reports whether both are references to one column, by which rows
// are in order already.
func sameColumn(a, b Expr) bool {
	x, ok := a.(*Ref)
	y, both := b.(*Ref)
	return ok && both && x.Column == y.Column
}

// head keeps the first rows; of a time series, the first lines.
func (p *planner) head(f *frame, n int) {
	if f.shape == series {
		p.headSeries(f, n)
		return
	}
	f.node = &Sort{In: f.node, By: f.order, Limit: n}
}

// tail keeps the last rows in their order.
func (p *planner) tail(f *frame, n int) {
	back := slices.Clone(f.order)
	for i := range back {
		back[i].Desc = !back[i].Desc
	}
	// Nulls come last in both directions, so turning the order around would
	// take them for first: number the rows instead.
	if n >= 0 {
		c := p.column("", Type{Kind: Int})
		f.node = &Window{In: f.node, Order: f.order, Ranks: []Rank{{Column: c, Function: RowNumber}}}
		f.node = &Sort{In: f.node, By: []Order{{ref(c), true}}, Limit: n}
	}
}

// top keeps the rows with the largest (or smallest) values of a field. On
// records it counts the values of the field.
func (p *planner) top(f *frame, limit *syntax.Int, field syntax.Name, by []syntax.Name, largest bool) {
	n := limitOr(limit, defaultLimit)
	if f.shape == records {
		keys := p.keys(f, append(slices.Clone(by), field), p.clause)
		count := p.column("Count", Type{Kind: Int})
		count.Internal = "func1_count"
		in := f.node
		if len(keys) > 0 {
			in = &Filter{In: in, Cond: test(NotNull, keys[len(keys)-1].Show)}
		}
		p.groups(f, &Aggregate{In: in, Keys: keys, Aggs: []Agg{{Column: count, Function: CountRows}}}, keys, []*Column{count})
		p.cutGroups(f, by, n, append([]Order{{ref(count), largest}}, f.order...))
		return
	}
	c := p.field(f, field, p.clause)
	if c == nil {
		return
	}
	if f.shape == series {
		p.sortSeries(f, p.seriesOrder(f, c, largest))
		p.headSeries(f, n)
		return
	}
	p.cutGroups(f, by, n, append([]Order{ordering(c, largest)}, f.order...))
}

// cutGroups sorts rows and keeps the first n, of each group when there is a `by`.
func (p *planner) cutGroups(f *frame, by []syntax.Name, n int, order []Order) {
	f.order = order
	if n < 0 {
		return
	}
	if len(by) == 0 {
		f.node = &Sort{In: f.node, By: order, Limit: n}
		return
	}
	rank := p.column("", Type{Kind: Int})
	w := &Window{In: f.node, Order: order, Ranks: []Rank{{Column: rank, Function: RowNumber}}}
	for _, name := range by {
		if c := p.field(f, name, "BY"); c != nil {
			w.By = append(w.By, grouped(ref(c)))
		}
	}
	f.node = &Filter{In: w, Cond: test(Le, ref(rank), whole(int64(n)))}
}

// distinct keeps the distinct combinations of some fields.
func (p *planner) distinct(f *frame, c *syntax.Distinct) {
	keys := p.keys(f, c.Fields, p.clause)
	p.groups(f, &Aggregate{In: f.node, Keys: keys}, keys, nil)
}

// dedup keeps the first rows of each key in the current order.
func (p *planner) dedup(f *frame, c *syntax.Dedup) {
	n := max(limitOr(c.Count, 1), 1)
	var by, missing []Expr
	for _, name := range c.Fields {
		if col := p.field(f, name, p.clause); col != nil {
			by = append(by, grouped(ref(col)))
			missing = append(missing, test(IsNull, ref(col)))
		}
	}
	if c.IncludeNulls == nil || !c.IncludeNulls.Value {
		f.restrict(negation(disjunction(missing)))
	}
	if c.Consecutive != nil && c.Consecutive.Value {
		p.dedupNeighbours(f, by, n)
		return
	}
	rank := p.column("", Type{Kind: Int})
	f.node = &Window{In: f.node, By: by, Order: f.order, Ranks: []Rank{{Column: rank, Function: RowNumber}}}
	f.restrict(test(Le, ref(rank), whole(int64(n))))
}

// dedupNeighbours keeps the first rows of each run of rows with one key. Rows
// of a run share the difference between their number among all rows and their
// number among those of the key.
func (p *planner) dedupNeighbours(f *frame, by []Expr, n int) {
	all, own := p.column("", Type{Kind: Int}), p.column("", Type{Kind: Int})
	f.node = &Window{In: f.node, Order: f.order, Ranks: []Rank{{Column: all, Function: RowNumber}}}
	f.node = &Window{In: f.node, By: by, Order: []Order{{By: ref(all)}}, Ranks: []Rank{{Column: own, Function: RowNumber}}}
	rank := p.column("", Type{Kind: Int})
	run := append(slices.Clone(by), call(Sub, Int, ref(all), ref(own)))
	f.node = &Window{In: f.node, By: run, Order: []Order{{By: ref(all)}}, Ranks: []Rank{{Column: rank, Function: RowNumber}}}
	f.restrict(test(Le, ref(rank), whole(int64(n))))
}
