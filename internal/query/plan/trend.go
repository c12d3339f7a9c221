package plan

import (
	"ledgerline/internal/query/syntax"
)

// trend plans an aggregate per bucket of time as a list, one member a bucket.
func (p *planner) trend(a *aggregation, c *syntax.Call) *Column {
	f := a.f
	if f.time == nil {
		p.report(c, "trend needs rows with a time, and there is none after %s", f.after)
		return nil
	}
	of := &syntax.Call{Span: c.Span, Func: "count"}
	var asked *syntax.Duration
	for _, x := range c.Args {
		switch x := x.(type) {
		case *syntax.Call:
			of = x
		case *syntax.Duration:
			asked = x
		case *syntax.Ref:
			if fold(x.Text) != "count" {
				p.report(x, "Unexpected input for TREND: an aggregate function or a duration is wanted")
				return nil
			}
		default:
			p.report(x, "Unexpected input for TREND: an aggregate function or a duration is wanted")
			return nil
		}
	}
	b := p.divide(asked, f.shape == links)
	bucket := p.column("", Type{Kind: Int})
	in := f.clone()
	p.extend(in, bucket, b.number(ref(f.time)))
	in.restrict(test(NotNull, ref(bucket)))
	var inner []Key
	for _, k := range a.main.Keys {
		inner = append(inner, Key{p.column("", k.By.Type()), k.By, k.By})
	}
	at := Key{p.column("", Type{Kind: Int}), ref(bucket), ref(bucket)}
	points := p.aggregate(in, []syntax.Agg{{Span: c.Span, Call: of}}, append(inner, at), nil, nil)
	if len(points.out) == 0 {
		return nil
	}
	value := points.out[0]
	if value.Type.List {
		p.report(c, "Unexpected input for TREND: %s does not yield one value", of.Func)
		return nil
	}
	outer := &Aggregate{In: points.node()}
	var keys []*Column
	for _, k := range inner {
		col := p.column("", k.Column.Type)
		outer.Keys = append(outer.Keys, Key{col, ref(k.Column), ref(k.Column)})
		keys = append(keys, col)
	}
	list := p.column("", Type{value.Type.Kind, true})
	var empty Expr = &Const{nil, value.Type}
	if none := points.empty[value]; none != nil {
		empty = none
	}
	outer.Aggs = []Agg{{Column: list, Function: Dense, Arg: ref(value), Order: ref(at.Column), N: len(b.edges), Empty: empty}}
	a.sides = append(a.sides, side{outer, keys, list})
	return list
}
