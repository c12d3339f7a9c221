package plan

import (
	"ledgerline/internal/query/syntax"
)

// stats makes groups of rows; right after link and without `by` it adds columns to the groups instead.
func (p *planner) stats(f *frame, c *syntax.Stats) {
	if f.shape == links && len(c.By) == 0 {
		p.linkStats(f, c)
		return
	}
	keys := p.keys(f, c.By, "BY")
	a := p.aggregate(f, c.Aggs, keys, nil, nil)
	p.groups(f, a.node(), keys, a.out)
}

// keys plans the fields of a `by` clause. A multi-valued field makes one row of
// each of its values.
func (p *planner) keys(f *frame, by []syntax.Name, clause string) []Key {
	var keys []Key
	for _, n := range by {
		c := p.field(f, n, clause)
		if c == nil {
			continue
		}
		if c.Large || c == f.time && f.shape == records {
			p.report(n, "Invalid field for %s: %s", clause, n.Text)
			continue
		}
		keys = append(keys, p.key(f, c))
	}
	return keys
}

// key groups by a column: text without letter case.
func (p *planner) key(f *frame, c *Column) Key {
	if c.Type.List {
		m := p.described(c, Type{Kind: c.Type.Kind})
		f.node = &Unnest{In: f.node, List: ref(c), Column: m}
		c = m
	}
	e := ref(c)
	return Key{p.described(c, c.Type), grouped(e), e}
}

// described is a new column that is described as c is.
func (p *planner) described(c *Column, t Type) *Column {
	out := p.column(c.Name, t)
	out.Original, out.Internal, out.Field, out.Unit = c.Original, c.Internal, c.Field, c.Unit
	out.CaseSensitive, out.Large = c.CaseSensitive, c.Large
	return out
}

// groups makes f a frame of groups with these keys and values, ordered by key.
func (p *planner) groups(f *frame, n Node, keys []Key, values []*Column) {
	*f = frame{node: n, shape: groups, after: p.clause, names: map[string]*Column{}, keys: keys, attached: f.attached}
	for _, k := range keys {
		f.define(k.Column)
		f.visible = append(f.visible, k.Column)
		f.order = append(f.order, ordering(k.Column, false))
	}
	for _, c := range values {
		f.define(c)
		f.visible = append(f.visible, c)
	}
}

// ordering sorts by a column: text without letter case. Rows that are equal then
// keep their order.
func ordering(c *Column, desc bool) Order {
	if c.Type.List {
		return Order{folded(asText(ref(c))), desc}
	}
	return Order{grouped(ref(c)), desc}
}

// eval computes columns, one after the other.
func (p *planner) eval(f *frame, c *syntax.Eval) {
	for _, as := range c.Assignments {
		e := p.expr(f, as.X)
		if e == nil {
			continue
		}
		p.assign(f, as.Name, e, unitIn(as.X))
	}
}

// assign makes a column of the name, in place of one that has it already.
func (p *planner) assign(f *frame, n syntax.Name, e Expr, unit string) *Column {
	if e.Type().Kind == Bool && !e.Type().List {
		e = call(ToBit, Int, e)
	}
	if e.Type().Kind == Null {
		e = &Const{nil, Type{Kind: String}}
	}
	c := p.column(n.Text, e.Type())
	if r, ok := e.(*Ref); ok {
		c.Unit, c.CaseSensitive = r.Column.Unit, r.Column.CaseSensitive
	}
	if unit != "" {
		c.Unit = unit
	}
	if old := f.names[fold(n.Text)]; old != nil {
		f.made = remove(f.made, old)
		c.Name = old.Name
	}
	p.extend(f, c, e)
	f.define(c)
	f.show(c)
	return c
}

func remove(list []*Column, c *Column) []*Column {
	out := list[:0:0]
	for _, x := range list {
		if x != c {
			out = append(out, x)
		}
	}
	return out
}

// unitIn is the unit that a call of unit() gives to an expression.
func unitIn(x syntax.Expr) string {
	if c, ok := x.(*syntax.Call); ok && c.Func == "unit" && len(c.Args) == 2 {
		if r, ok := c.Args[1].(*syntax.Ref); ok {
			return fold(r.Text)
		}
	}
	return ""
}
