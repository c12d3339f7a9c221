package plan

import (
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
)

// geoStats aggregates by place. Records without coordinates are dropped.
func (p *planner) geoStats(f *frame, c *syntax.GeoStats) {
	var names []syntax.Name
	add := func(side string) {
		for _, part := range []string{"City", "Region", "Country", "Continent", "Coordinates"} {
			n := syntax.Name{Span: c.Span, Text: side + " Host " + part}
			if part == "Coordinates" || p.lookup(f, n.Text) != nil {
				names = append(names, n)
			}
		}
	}
	switch {
	case slices.Contains(c.Include, "custom"):
		for _, n := range []*syntax.Name{c.City, c.Region, c.Country, c.Continent, c.Coordinates} {
			if n != nil {
				names = append(names, *n)
			}
		}
	default:
		if len(c.Include) == 0 || slices.Contains(c.Include, "client") {
			add("Client")
		}
		if slices.Contains(c.Include, "server") {
			add("Server")
		}
	}
	keys := p.keys(f, append(names, c.By...), "GEOSTATS")
	if len(keys) < len(names)+len(c.By) {
		return
	}
	var placed []Expr
	for _, k := range keys[:len(names)] {
		if strings.Contains(fold(k.Column.Name), "coordinates") || c.Coordinates != nil && strings.EqualFold(c.Coordinates.Text, k.Column.Name) {
			placed = append(placed, test(NotNull, k.Show))
		}
	}
	f.restrict(conjunction(placed...))
	a := p.aggregate(f, c.Aggs, keys, nil, nil)
	p.groups(f, a.node(), keys, a.out)
}

// fieldSummary lists the most frequent values of some fields: one row a value.
func (p *planner) fieldSummary(f *frame, c *syntax.FieldSummary) {
	limit := limitOr(c.MaxValues, 100)
	trends := c.IncludeTrends == nil || c.IncludeTrends.Value
	u := &Union{Columns: []*Column{
		p.column("field", Type{Kind: String}), p.column("value", Type{Kind: String}), p.column("count", Type{Kind: Int}),
		p.column("rank", Type{Kind: Int}), p.column("place", Type{Kind: Int})}}
	aggs := []syntax.Agg{{Span: c.Span, Call: &syntax.Call{Span: c.Span, Func: "count"}}}
	if trends && f.time != nil {
		u.Columns = append(u.Columns, p.column("trend", Type{Int, true}))
		aggs = append(aggs, syntax.Agg{Span: c.Span, Call: &syntax.Call{Span: c.Span, Func: "trend"}})
	}
	for i, n := range c.Fields {
		g := f.clone()
		keys := p.keys(g, []syntax.Name{n}, p.clause)
		if len(keys) == 0 {
			continue
		}
		if c.IncludeNulls == nil || !c.IncludeNulls.Value {
			g.restrict(test(NotNull, keys[0].Show))
		}
		a := p.aggregate(g, aggs, keys, nil, nil)
		rank := p.column("", Type{Kind: Int})
		order := []Order{{ref(a.out[0]), true}, ordering(keys[0].Column, false)}
		part := Node(&Window{In: a.node(), Order: order, Ranks: []Rank{{Column: rank, Function: RowNumber}}})
		if limit >= 0 {
			part = &Filter{part, test(Le, ref(rank), whole(int64(limit)))}
		}
		values := []Expr{text(keys[0].Column.Name), asText(ref(keys[0].Column)), ref(a.out[0]), ref(rank), whole(int64(i))}
		if len(a.out) > 1 {
			values = append(values, ref(a.out[1]))
		}
		u.Parts, u.Values = append(u.Parts, part), append(u.Values, values)
	}
	if len(u.Parts) == 0 {
		return
	}
	rank, place := u.Columns[3], u.Columns[4]
	p.groups(f, u, nil, append(slices.Clone(u.Columns[:3]), u.Columns[5:]...))
	f.order = []Order{{By: ref(place)}, {By: ref(rank)}}
}
