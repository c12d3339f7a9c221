package plan

import (
	"slices"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// timeCluster aggregates the groups of a link by buckets of time, as timestats
// does, and groups the series that have a similar shape. What is found of a
// series is among its keys.
func (p *planner) timeCluster(f *frame, c *syntax.TimeCluster) {
	if f.shape != links {
		p.report(c, "Unexpected input for TIMECLUSTER: it follows link")
		return
	}
	if seriesOnly(p.rest) {
		p.clusteredSeries(f, c)
		return
	}
	g := f.clone()
	g.attached = nil
	p.clusteredSeries(g, c)
	if g.shape == series {
		name := "Chart"
		if c.Name != nil {
			name = c.Name.Text
		}
		f.attached = append(slices.Clip(f.attached), attachment{name, g})
	}
}

func (p *planner) clusteredSeries(f *frame, c *syntax.TimeCluster) {
	p.seriesOf(f, &syntax.TimeStats{Span: c.Span, Every: c.Every, Field: c.Field, Name: c.Name, TopCount: c.MaxValues, Aggs: c.Aggs, By: c.By})
	if f.shape != series {
		return
	}
	value := f.points.Values[0]
	if !value.Type.Kind.Numeric() || value.Type.List {
		p.report(c.Aggs[0], "Unexpected input for TIMECLUSTER: the first function has to yield a number")
		return
	}
	var label []Expr
	for i, k := range f.points.By {
		if i > 0 {
			label = append(label, text(", "))
		}
		label = append(label, asText(ref(k)))
	}
	name := p.column("", Type{Kind: String})
	p.extend(f, name, call(Concat, String, label...))
	number := f.order[len(f.order)-1].By.(*Ref).Column
	line := p.column("", Type{Kind: Int})
	t := func(k Kind) Type { return Type{Kind: k} }
	made := []*Column{p.column("Cluster ID", t(Int)), p.column("Cluster Members", t(Int)), p.column("Minimum Value", t(Float)),
		p.column("Maximum Value", t(Float)), p.column("Value", t(Float)), p.column("Percentage", t(Float)), p.column("Cluster Samples", Type{String, true})}
	o := ops.TimeCluster{Buckets: len(f.points.Buckets)}
	l := &Local{Name: "timecluster", In: f.node, By: []Order{{By: ref(number)}, {By: ref(f.points.Bucket)}},
		Read: []*Column{number, name, f.points.Bucket, value}, Made: append([]*Column{line}, made...), Run: o.Run}
	f.node = &Join{Left: f.node, Right: l, On: []Pair{{ref(number), ref(line)}}, Take: made, Mode: Outer}
	for _, m := range made {
		p.put(f, m)
		f.points.By = append(f.points.By, m)
	}
}
