package plan

import (
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
)

// table finds a lookup table and makes a relation of some of its columns, in
// file order.
func (p *planner) table(n syntax.Name) (*Lookup, bool) {
	if p.env.Table != nil {
		if t, ok := p.env.Table(n.Text); ok {
			return t, true
		}
	}
	p.report(n, "Invalid table for %s: %s; there is no lookup of this name", p.clause, n.Text)
	return nil, false
}

func (p *planner) tableNode(t *Lookup) (*Values, *Column) {
	v := &Values{Table: t}
	for _, name := range t.Columns {
		v.Columns = append(v.Columns, p.column(name, Type{Kind: String}))
	}
	line := p.column("", Type{Kind: Int})
	v.Columns = append(v.Columns, line)
	return v, line
}

// searchLookup reads the rows of a lookup table.
func (p *planner) searchLookup(c *syntax.SearchLookup) *frame {
	t, ok := p.table(c.Table)
	if !ok {
		return nil
	}
	v, line := p.tableNode(t)
	f := &frame{node: v, shape: groups, after: p.clause, names: map[string]*Column{}, order: []Order{{By: ref(line)}}}
	for _, c := range v.Columns[:len(v.Columns)-1] {
		f.define(c)
		f.visible = append(f.visible, c)
	}
	return f
}

// lookupTable adds columns of the lookup rows whose keys equal the row's fields.
func (p *planner) lookupTable(f *frame, c *syntax.Lookup) {
	t, ok := p.table(c.Table)
	if !ok {
		return
	}
	v, line := p.tableNode(t)
	find := func(n syntax.Name) *Column {
		i := slices.IndexFunc(t.Columns, func(s string) bool { return strings.EqualFold(s, n.Text) })
		if i < 0 {
			p.report(n, "Invalid field for LOOKUP: %s is no column of %s", n.Text, c.Table.Text)
			return nil
		}
		return v.Columns[i]
	}
	group := &Aggregate{In: v}
	j := &Join{Left: f.node, Right: group, Mode: Outer}
	for _, u := range c.Using {
		name := u.Field
		if u.Column != nil {
			name = *u.Column
		}
		mine, theirs := p.field(f, u.Field, p.clause), find(name)
		if mine == nil || theirs == nil {
			return
		}
		key := Key{p.column("", Type{Kind: String}), folded(ref(theirs)), folded(ref(theirs))}
		group.Keys = append(group.Keys, key)
		j.On = append(j.On, Pair{folded(asText(ref(mine))), ref(key.Column)})
	}
	// A null key matches nothing.
	for _, k := range group.Keys {
		group.In = &Filter{group.In, test(NotNull, k.By)}
	}
	matches := max(1, min(1000, limitOr(c.MaxMatches, max(1, t.MaxMatches))))
	var fallback Expr
	if c.Default != nil {
		if e := p.value(c.Default); e != nil && !isNull(e) {
			fallback = asText(e)
		}
	}
	found := p.column("", Type{Kind: Int})
	group.Aggs = append(group.Aggs, Agg{Column: found, Function: CountRows})
	j.Take = append(j.Take, found)
	var added []*Column
	ext := &Extend{In: j}
	for _, s := range c.Select {
		theirs := find(s.Field)
		if theirs == nil {
			return
		}
		agg := Agg{Column: p.column("", Type{Kind: String}), Function: Earliest, Arg: ref(theirs), Order: ref(line)}
		if matches > 1 {
			agg.Function, agg.N, agg.Column.Type.List = FirstN, matches, true
		}
		group.Aggs = append(group.Aggs, agg)
		j.Take = append(j.Take, agg.Column)
		out := p.column(theirs.Name, agg.Column.Type)
		if s.Alias != nil {
			out.Name = s.Alias.Text
		}
		value := Expr(ref(agg.Column))
		fallback := fallback
		if v := t.Defaults[theirs.Name]; c.Default == nil && v != "" {
			fallback = text(v)
		}
		if fallback != nil {
			if agg.Column.Type.List {
				value = single(value)
				out.Type.List = false
			}
			value = call(If, String, test(IsNull, ref(found)), fallback, value)
		}
		ext.Items = append(ext.Items, Assign{out, value})
		added = append(added, out)
	}
	f.node = ext
	for _, c := range added {
		p.put(f, c)
	}
}
