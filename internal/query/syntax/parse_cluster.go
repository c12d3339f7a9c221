package syntax

// clusterCommand reads cluster and the commands around it, and the drill-down commands.
func (p *parser) clusterCommand(name string, at int) Command {
	switch name {
	case "addinsights":
		return &AddInsights{p.since(at)}
	case "cluster":
		c := &Cluster{}
		p.settings(false, p.numberOption("similarity", &c.Similarity))
		if p.peek().Kind != TokenEnd {
			c.Fields = p.names()
		}
		c.Span = p.since(at)
		return c
	case "clustercompare":
		return p.clusterCompare(at)
	case "clusterdetails":
		collection, ids := p.details()
		return &ClusterDetails{p.since(at), collection, ids}
	case "clustersplit":
		collection, ids := p.details()
		return &ClusterSplit{p.since(at), collection, ids}
	case "linkdetails":
		collection, ids := p.details()
		return &LinkDetails{p.since(at), collection, ids}
	}
	return nil
}

func (p *parser) clusterCompare(at int) Command {
	c := &ClusterCompare{}
	p.settings(false, p.offsetOption("timeshift", &c.Shift),
		option{"starttime", func() { c.StartTime = p.value() }},
		option{"endtime", func() { c.EndTime = p.value() }},
		p.durationOption("size", &c.Size), p.boolOption("includetrends", &c.IncludeTrends), p.durationOption("span", &c.Every))
	switch {
	case c.Shift != nil && (c.StartTime != nil || c.EndTime != nil):
		p.fail(p.since(at), "Unexpected input for CLUSTERCOMPARE: timeshift together with starttime or endtime", "")
	case c.StartTime == nil && c.EndTime != nil:
		p.need(false, "starttime")
	case c.StartTime != nil && c.EndTime == nil:
		p.need(false, "endtime")
	}
	if p.is("[") {
		c.Baseline = p.subquery()
	}
	c.Span = p.since(at)
	return c
}

// details reads the arguments of the drill-down commands. Their syntax is not
// published; this one is ours.
func (p *parser) details() (*Name, []Value) {
	var collection *Name
	p.settings(false, p.nameOption("collection", &collection))
	var ids []Value
	if p.peek().Kind != TokenEnd {
		p.list(func() { ids = append(ids, p.value()) })
	}
	return collection, ids
}
