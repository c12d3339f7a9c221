package plan

import (
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// command plans one command after the first: it changes f in place. This is
// the list to add a command to; what it does goes into a file named after its kind.
func (p *planner) command(f *frame, c syntax.Command) {
	if f.shape == series && !p.fitsSeries(c) {
		return
	}
	switch c := c.(type) {
	case *syntax.Search:
		f.restrict(p.term(f, c.Term, false))
	case *syntax.Where:
		if e := p.condition(f, c.Cond); e != nil {
			f.restrict(e)
			f.narrow(e)
		}
	case *syntax.Eval:
		p.eval(f, c)
	case *syntax.Stats:
		p.stats(f, c)
	case *syntax.TimeStats:
		p.timeStats(f, c)
	case *syntax.Sort:
		p.sort(f, c)
	case *syntax.Head:
		p.head(f, limitOr(c.Limit, defaultLimit))
	case *syntax.Tail:
		p.tail(f, limitOr(c.Limit, defaultLimit))
	case *syntax.Top:
		p.top(f, c.Limit, c.Field, c.By, true)
	case *syntax.Bottom:
		p.top(f, c.Limit, c.Field, c.By, false)
	case *syntax.Distinct:
		p.distinct(f, c)
	case *syntax.Dedup:
		p.dedup(f, c)
	case *syntax.Fields:
		p.fields(f, c)
	case *syntax.Rename:
		p.rename(f, c)
	case *syntax.Link:
		p.link(f, c)
	case *syntax.LinkDetails:
		p.linkDetails(f, c)
	case *syntax.EventStats:
		p.eventStats(f, c)
	case *syntax.AddFields:
		p.addFields(f, c)
	case *syntax.Extract:
		p.extract(f, c)
	case *syntax.Regex:
		p.regex(f, c)
	case *syntax.JSONExtract:
		p.jsonExtract(f, c)
	case *syntax.XMLExtract:
		p.xmlExtract(f, c)
	case *syntax.Bucket:
		p.bucket(f, c)
	case *syntax.Delta:
		p.delta(f, c)
	case *syntax.Frequent:
		p.frequent(f, frequency{c.Limit, c.ShowCount, c.ShowPercent, c.Fields, c.By, true})
	case *syntax.Rare:
		p.frequent(f, frequency{c.Limit, c.ShowCount, c.ShowPercent, c.Fields, c.By, false})
	case *syntax.CompareWith:
		p.compareWith(f, c)
	case *syntax.TimeCompare:
		p.timeCompare(f, c)
	case *syntax.GeoStats:
		p.geoStats(f, c)
	case *syntax.FieldSummary:
		p.fieldSummary(f, c)
	case *syntax.CreateTable:
		p.createTable(f, c)
	case *syntax.CreateView:
		p.createView(f, c)
	case *syntax.Map:
		p.mapView(f, c)
	case *syntax.UpdateTable:
		p.updateTable(f, c)
	case *syntax.Sequence:
		p.sequenceTable(f, c)
	case *syntax.Classify:
		p.classify(f, c)
	case *syntax.Outlier:
		p.outlier(f, c)
	case *syntax.Anomaly:
		p.anomaly(f, c)
	case *syntax.HighlightGroups:
		p.highlightGroups(f, c)
	case *syntax.Lookup:
		p.lookupTable(f, c)
	case *syntax.Cluster:
		p.cluster(f, c)
	case *syntax.ClusterCompare:
		p.clusterCompare(f, c)
	case *syntax.ClusterDetails:
		p.clusterDetails(f, c)
	case *syntax.ClusterSplit:
		p.clusterSplit(f, c)
	case *syntax.AddInsights:
		p.addInsights(f)
	case *syntax.NLP:
		p.nlp(f, c)
	case *syntax.TimeCluster:
		p.timeCluster(f, c)
	case *syntax.Highlight, *syntax.HighlightRows:
		// They change what a page looks like, not the rows.
	default:
		p.report(c, "command not supported: %s", c.Keyword())
	}
}

// narrow tells the scan of records which log sources a condition leaves, so that
// those of others are not read. It does so where every command since the search
// looks at one record at a time.
func (f *frame) narrow(cond Expr) {
	if f.shape != records || f.scan == nil || !rowByRow(f.node, f.scan) {
		return
	}
	c, ok := cond.(*Call)
	if !ok {
		return
	}
	switch c.Op {
	case And:
		for _, a := range c.Args {
			f.narrow(a)
		}
	case Eq, In:
		column := keyColumn(c.Args[0])
		if f.scan.Left != nil || column == nil || column != f.scan.fields[store.ColSource] {
			return
		}
		var names []string
		for _, a := range c.Args[1:] {
			v, ok := a.(*Const)
			if !ok {
				return
			}
			s, ok := v.Value.(string)
			if !ok {
				return
			}
			names = append(names, s)
		}
		f.scan.Left = names
	}
}

// rowByRow reports whether each row of a node is one of the scan.
func rowByRow(n Node, scan *Scan) bool {
	for {
		switch m := n.(type) {
		case *Filter:
			n = m.In
		case *Extend:
			n = m.In
		default:
			return n == Node(scan)
		}
	}
}

// fitsSeries reports a command that cannot follow timestats (section 6.2 of the reference).
func (p *planner) fitsSeries(c syntax.Command) bool {
	switch c.(type) {
	case *syntax.Sort, *syntax.Head, *syntax.Fields, *syntax.Rename, *syntax.EventStats, *syntax.Eval, *syntax.Where,
		*syntax.Search, *syntax.TimeCompare, *syntax.CompareWith, *syntax.Delta, *syntax.Outlier, *syntax.Anomaly, *syntax.Highlight, *syntax.HighlightRows, *syntax.Top, *syntax.Bottom:
		return true
	}
	p.report(c, "%s cannot follow TIMESTATS", p.clause)
	return false
}

// defaultLimit of head, tail, top, bottom, frequent and rare.
const defaultLimit = 10

// limitOr is the number of rows asked for; -1 means all.
func limitOr(n *syntax.Int, def int) int {
	if n == nil {
		return def
	}
	if n.Value < 0 || n.Value > 1<<40 {
		return -1
	}
	return int(n.Value)
}
