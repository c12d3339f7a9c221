package plan

import (
	"slices"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// classify attaches a table of the classes that the groups fall into. The rows
// pass unchanged.
func (p *planner) classify(f *frame, c *syntax.Classify) {
	if f.shape != groups && f.shape != links {
		p.report(c, "Unexpected input for CLASSIFY: a grouping command such as link must come first")
		return
	}
	var fields []*Column
	for _, n := range c.Fields {
		if col := p.field(f, n, p.clause); col != nil {
			fields = append(fields, col)
		}
	}
	others := p.correlated(f, c, fields)
	o := ops.Classify{Top: limitOr(c.TopCount, -1), Bottom: limitOr(c.BottomCount, -1)}
	l := &Local{Name: "classify", By: f.order}
	t := func(name string, k Kind) *Column {
		col := p.column(name, Type{Kind: k})
		l.Made = append(l.Made, col)
		return col
	}
	number := t("Id", Int)
	t("Group Count", Int)
	t("Percentage", Float)
	t("Distance", Float)
	t("Anomaly", Int)
	t("Anomaly Baseline", Float)
	g := f.clone()
	for i, col := range slices.Concat(fields, others) {
		m := ops.IsText
		if k := col.Type.Kind; !col.Type.List && (k.Numeric() || k == Time) {
			m = ops.IsNumber
			least, most := p.described(col, col.Type), p.described(col, col.Type)
			least.Name, most.Name = "Minimum "+col.Name, "Maximum "+col.Name
			l.Made = append(l.Made, least, most)
			l.Read = append(l.Read, col)
		} else {
			value := p.column("", Type{Kind: String})
			p.extend(g, value, asText(ref(col)))
			l.Read = append(l.Read, value)
			out := p.described(col, Type{Kind: String})
			l.Made = append(l.Made, out)
		}
		if i < len(fields) {
			o.Fields = append(o.Fields, m)
		} else {
			o.Others = append(o.Others, m)
		}
	}
	l.In, l.Run = g.node, o.Run
	name := "Classify"
	if c.Alias != nil {
		name = c.Alias.Text
	}
	table := &frame{node: l, shape: groups, after: p.clause, names: map[string]*Column{}, order: []Order{{By: ref(number)}}}
	for _, col := range l.Made {
		table.define(col)
		table.visible = append(table.visible, col)
	}
	f.attached = append(slices.Clip(f.attached), attachment{name, table})
}

// correlated are further columns that describe classes: all that are shown,
// unless the query says which.
func (p *planner) correlated(f *frame, c *syntax.Classify, fields []*Column) []*Column {
	all := slices.DeleteFunc(slices.Clone(f.visible), func(col *Column) bool { return col.Table != nil })
	chosen := all
	for i, s := range c.Correlate {
		switch {
		case s.Field.Text == "*" && s.Minus:
			chosen = nil
		case s.Field.Text == "*":
			chosen = all
		default:
			col := p.field(f, s.Field, p.clause)
			if col == nil {
				continue
			}
			if i == 0 && !s.Minus {
				chosen = nil // names alone are all there is
			}
			chosen = remove(chosen, col)
			if !s.Minus {
				chosen = append(chosen, col)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(chosen), func(col *Column) bool { return slices.Contains(fields, col) })
}
