package plan

import (
	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// assigned are the columns that tell a record what cluster it is in.
type assigned struct {
	id, sample, signatures, issue               *Column
	records, shapeRecords, shapeClusters, shape *Column
}

// assign adds to each record what is known of its cluster. Records without a
// message, and those of clusters beyond the bounds, get nulls.
func (p *planner) assignClusters(f *frame, c collection) *assigned {
	s := p.sign(f, c.fields)
	if s == nil {
		return nil
	}
	b := p.divide(nil, false)
	o := ops.Clusters{Similarity: c.similarity, Buckets: len(b.edges)}
	part, values := p.counted(s, b, 0)
	t := func(k Kind) Type { return Type{Kind: k} }
	key := p.column("", t(Int))
	a := &assigned{
		p.column("Cluster ID", t(String)), p.column("Cluster Sample", t(String)), p.column("Sample Count", t(Int)), p.column("Potential Issue", t(String)),
		p.column("Cluster Record Count", t(Int)), p.column("Shape Record Count", t(Int)), p.column("Shape Cluster Count", t(Int)), p.column("Shape ID", t(Int)),
	}
	take := []*Column{a.id, a.sample, a.signatures, a.issue, a.records, a.shapeRecords, a.shapeClusters, a.shape}
	l := p.gather("cluster", o.Assign, append([]*Column{key}, take...), []Node{part}, [][]Expr{values})
	f.node = &Join{Left: f.node, Right: l, On: []Pair{{ref(s.key), ref(key)}}, Take: take, Mode: Outer}
	return a
}

// clusterKey plans cluster() as a key of link. Arguments are those of the
// command cluster: a similarity, fields.
func (p *planner) clusterKey(base *frame, c *syntax.Call) *assigned {
	of := collection{similarity: ops.DefaultSimilarity}
	for _, x := range c.Args {
		switch x := x.(type) {
		case *syntax.Number:
			of.similarity = p.similarity(x, of.similarity)
		case *syntax.Ref:
			of.fields = append(of.fields, x.Name)
		default:
			p.report(x, "Unexpected input for CLUSTER: a field or a similarity between 0 and 1 is wanted")
			return nil
		}
	}
	return p.assignClusters(base, of)
}

// addInsights writes what cluster finds into every record.
func (p *planner) addInsights(f *frame) {
	if a := p.assignClusters(f, collection{similarity: ops.DefaultSimilarity}); a != nil {
		for _, c := range []*Column{a.records, a.shapeRecords, a.shapeClusters, a.shape, a.issue} {
			p.put(f, c)
		}
	}
}

// clusterDetails keeps the records of some clusters.
func (p *planner) clusterDetails(f *frame, c *syntax.ClusterDetails) {
	of, ok := p.collection(c.Collection)
	ids := p.identifiers(c, c.IDs, "clusters", "cluster")
	if !ok || ids == nil {
		return
	}
	if a := p.assignClusters(f, of); a != nil {
		args := []Expr{ref(a.id)}
		for _, id := range ids {
			args = append(args, text(id))
		}
		f.restrict(test(In, args...))
	}
}

// clusterSplit shows the signatures that were merged into some clusters, each
// as a cluster of its own. What the service splits them into is not documented.
func (p *planner) clusterSplit(f *frame, c *syntax.ClusterSplit) {
	of, ok := p.collection(c.Collection)
	ids := p.identifiers(c, c.IDs, "clusters", "cluster")
	if !ok || ids == nil {
		return
	}
	s := p.sign(f, of.fields)
	if s == nil {
		return
	}
	b := p.divide(nil, false)
	o := ops.Clusters{Similarity: of.similarity, Buckets: len(b.edges), Collection: collection{1, of.fields}.String()}
	part, values := p.counted(s, b, 0)
	p.clusters(f, p.gather("clustersplit", o.Split(ids), p.clusterColumns(), []Node{part}, [][]Expr{values}))
}

// identifiers are the groups that a command names by values of the column ID of
// the command that made them.
func (p *planner) identifiers(at syntax.Node, list []syntax.Value, what, maker string) []string {
	var out []string
	for _, v := range list {
		e := p.value(v)
		c, ok := e.(*Const)
		if !ok {
			continue
		}
		s, ok := c.Value.(string)
		if !ok {
			p.report(v, "Invalid ID for %s: give values of the column ID of %s, in quotes", p.clause, maker)
			return nil
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		p.report(at, "Missing input for %s: name %s by values of the column ID of %s", p.clause, what, maker)
	}
	return out
}

// clusterCompare shows the clusters that occur only in the records, or only in
// a baseline: the same search over an earlier window, or a sub-query. Its
// column Found In, which says where, is our own.
func (p *planner) clusterCompare(f *frame, c *syntax.ClusterCompare) {
	similarity := ops.DefaultSimilarity
	s := p.sign(f, nil)
	if s == nil {
		return
	}
	b := p.divide(c.Every, false)
	var g *frame
	var w record.Window
	if c.Baseline != nil {
		p.depth++
		g = p.query(c.Baseline.Query, p.window)
		p.depth--
	} else if w, ok := p.baseline(c); ok {
		g = p.again(w)
	}
	if g == nil || len(p.errors.List) > 0 {
		return
	}
	if c.Baseline == nil {
		w = g.scan.Window
	} else if g.scan != nil {
		w = g.scan.Window
	}
	base := p.sign(g, nil)
	if base == nil {
		return
	}
	// The baseline has as many buckets, so that trends can be laid side by side.
	current := p.window
	p.window = w
	then := p.divide(c.Every, false)
	p.window = current
	o := ops.Clusters{Similarity: similarity, Buckets: max(len(b.edges), len(then.edges)), Collection: collection{similarity, nil}.String()}
	now, values := p.counted(s, b, 0)
	before, valuesBefore := p.counted(base, then, 1)
	made := append(p.clusterColumns(), p.column("Found In", Type{Kind: String}))
	p.clusters(f, p.gather("clustercompare", o.Compare, made, []Node{now, before}, [][]Expr{values, valuesBefore}))
	if c.IncludeTrends != nil && !c.IncludeTrends.Value {
		trend := made[7]
		f.made, f.visible = remove(f.made, trend), remove(f.visible, trend)
		delete(f.names, fold(trend.Name))
	}
}

// baseline is the earlier window that clustercompare names.
func (p *planner) baseline(c *syntax.ClusterCompare) (record.Window, bool) {
	if c.StartTime != nil {
		from, ok1 := p.timeArgument(c.StartTime)
		to, ok2 := p.timeArgument(c.EndTime)
		if !ok1 || !ok2 || !from.Before(to) {
			p.report(c, "Invalid time value: the baseline is written starttime = '2018-06-07T00:00:00Z' endtime = '2018-06-14T00:00:00Z'")
			return record.Window{}, false
		}
		return record.Window{From: from, To: to}, true
	}
	w := p.shifted(p.bounded(), c.Shift, 1).window
	if c.Size != nil {
		w.To = p.shift(w.From, c.Size.Count, c.Size.Unit)
	}
	return w, true
}
