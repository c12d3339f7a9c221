package plan

import (
	"slices"

	"ledgerline/internal/query/syntax"
)

// MaxLines bounds the lines of a time series: those with the largest totals are kept.
const MaxLines = 1000

// timeStats aggregates by buckets of time: one row of each bucket and line,
// also where there is nothing.
//
// After link it is a chart beside the groups, which stay the rows, unless
// nothing but commands for series follows.
func (p *planner) timeStats(f *frame, c *syntax.TimeStats) {
	if f.shape == links && !seriesOnly(p.rest) {
		g := f.clone()
		g.attached = nil
		p.seriesOf(g, c)
		if g.shape == series {
			name := "Chart"
			if c.Name != nil {
				name = c.Name.Text
			}
			f.attached = append(f.attached, attachment{name, g})
		}
		return
	}
	p.seriesOf(f, c)
}

// seriesOnly reports whether all commands make sense for a time series alone.
func seriesOnly(commands []syntax.Command) bool {
	for _, c := range commands {
		switch c.(type) {
		case *syntax.Sort, *syntax.Head, *syntax.TimeCompare, *syntax.Delta, *syntax.Highlight, *syntax.HighlightRows:
		default:
			return false
		}
	}
	return true
}

func (p *planner) seriesOf(f *frame, c *syntax.TimeStats) {
	at := p.timeField(f, c.Field)
	if at == nil {
		return
	}
	if c.TopCount != nil && c.BottomCount != nil {
		p.report(c, "Unexpected input for TIMESTATS: give topcount or bottomcount, not both")
		return
	}
	asked := c.Every
	if asked == nil && f.link != nil {
		asked = f.link.span
	}
	b := p.divide(asked, f.shape == links)
	by := p.keys(f, c.By, "BY")
	bucket := p.column("", Type{Kind: Int})
	if at == f.time && f.scan != nil && f.node == Node(f.scan) && f.scan.Window == b.window {
		p.extend(f, bucket, b.inside(ref(at)))
	} else {
		p.extend(f, bucket, b.number(ref(at)))
		f.restrict(test(NotNull, ref(bucket)))
	}
	grouping := Key{p.column("", Type{Kind: Int}), ref(bucket), ref(bucket)}
	a := p.aggregate(f, c.Aggs, append([]Key{grouping}, by...), &b, grouping.Column)
	if len(a.out) == 0 {
		return
	}
	limit, largest := MaxLines, c.BottomCount == nil
	for _, most := range []*syntax.Int{c.TopCount, c.BottomCount, c.MaxValues} {
		if n := limitOr(most, MaxLines); n >= 0 {
			limit = min(limit, n)
		}
	}
	points := a.node()
	lines, keys, number := p.lines(points, a, by, limit, largest)
	at2 := p.column("", Type{Kind: Int})
	grid := &Join{Left: &Grid{Lines: lines, Buckets: len(b.edges), Column: at2}, Right: points, Mode: Outer,
		On: []Pair{{ref(at2), ref(grouping.Column)}}}
	for i, k := range by {
		grid.On = append(grid.On, Pair{keyed(keys[i]), keyed(k)})
	}
	time := p.column("Time", Type{Kind: Time})
	time.Internal = "time"
	ext := &Extend{In: grid, Items: []Assign{{time, b.start(ref(at2))}}}
	values := make([]*Column, len(a.out))
	for i, c := range a.out {
		grid.Take = append(grid.Take, c)
		values[i] = c
		if none := a.empty[c]; none != nil {
			z := p.described(c, c.Type)
			ext.Items = append(ext.Items, Assign{z, call(Coalesce, c.Type.Kind, ref(c), none)})
			values[i] = z
		}
	}
	p.seriesFrame(f, ext, &Series{Span: b.span.String(), span: b.span, Buckets: b.edges, Bucket: at2}, time, keys, values, number)
}

// timeField is the time to divide by: Time for records, Start Time after link.
func (p *planner) timeField(f *frame, n *syntax.Name) *Column {
	if n != nil {
		c := p.field(f, *n, p.clause)
		if c != nil && c.Type != (Type{Kind: Time}) {
			p.report(n, "Invalid field for %s: %s is not a time", p.clause, n.Text)
			return nil
		}
		return c
	}
	if f.time == nil {
		p.report(syntax.Span{}, "%s needs rows with a time, and there is none after %s", p.clause, f.after)
		return nil
	}
	return f.time
}

// lines are the groups of a time series with their numbers, from 1, by descending total.
func (p *planner) lines(points Node, a *aggregation, by []Key, limit int, largest bool) (n Node, keys []Key, number *Column) {
	number = p.column("", Type{Kind: Int})
	if len(by) == 0 {
		return &Values{Columns: []*Column{number}, Rows: [][]any{{int64(1)}}}, nil, number
	}
	total := &Aggregate{In: points}
	var order []Order
	for _, k := range by {
		again := Key{p.described(k.Column, k.Column.Type), keyed(k), ref(k.Column)}
		keys = append(keys, again)
		total.Keys = append(total.Keys, again)
	}
	if first := a.out[0]; first.Type.Kind.Numeric() && !first.Type.List {
		sum := p.column("", first.Type)
		total.Aggs = []Agg{{Column: sum, Function: Sum, Arg: ref(first)}}
		order = append(order, Order{ref(sum), largest})
	}
	for _, k := range keys {
		order = append(order, ordering(k.Column, false))
	}
	ranked := &Window{In: total, Order: order, Ranks: []Rank{{Column: number, Function: RowNumber}}}
	return &Filter{ranked, test(Le, ref(number), whole(int64(limit)))}, keys, number
}

// seriesFrame makes f a frame of points.
func (p *planner) seriesFrame(f *frame, n Node, s *Series, time *Column, keys []Key, values []*Column, number *Column) {
	*f = frame{node: n, shape: series, after: p.clause, names: map[string]*Column{}, time: time, points: s, attached: f.attached}
	f.define(time)
	f.visible = []*Column{time}
	for _, k := range keys {
		s.By = append(s.By, k.Column)
		f.define(k.Column)
		f.visible = append(f.visible, k.Column)
	}
	for _, c := range values {
		s.Values = append(s.Values, c)
		f.define(c)
		f.visible = append(f.visible, c)
	}
	f.order = []Order{{By: ref(time)}, {By: ref(number)}}
}

// seriesOrder sorts the lines of a series by a column: a value stands for its
// total over all buckets. Time keeps its place and only its direction changes.
func (p *planner) seriesOrder(f *frame, c *Column, desc bool) []Order {
	if c == f.time {
		f.order[0].Desc = desc
		return nil
	}
	if slices.Contains(f.points.By, c) || !c.Type.Kind.Numeric() || c.Type.List {
		return []Order{ordering(c, desc)}
	}
	total := p.column("", c.Type)
	f.node = p.alongside(f.node, p.lineOf(f), Agg{Column: total, Function: Sum, Arg: ref(c)})
	return []Order{{ref(total), desc}}
}

func (p *planner) sortSeries(f *frame, by []Order) {
	f.order = slices.Concat(f.order[:1], by, f.order[1:])
}

// headSeries keeps the first lines.
func (p *planner) headSeries(f *frame, n int) {
	if n < 0 {
		return
	}
	rank := p.column("", Type{Kind: Int})
	f.node = &Window{In: f.node, Order: f.order[1:], Ranks: []Rank{{Column: rank, Function: DenseRank}}}
	f.restrict(test(Le, ref(rank), whole(int64(n))))
}
