package syntax

import "strings"

// statsCommand reads the commands that aggregate, and those that compare over time.
func (p *parser) statsCommand(name string, at int) Command {
	switch name {
	case "stats":
		c := &Stats{Aggs: p.aggregates(), By: p.by()}
		c.Span = p.since(at)
		return c
	case "eventstats":
		c := &EventStats{Aggs: p.aggregates(), By: p.by()}
		c.Span = p.since(at)
		return c
	case "timestats":
		return p.timeStats(at)
	case "timecluster":
		return p.timeCluster(at)
	case "geostats":
		return p.geoStats(at)
	case "compare":
		return p.compare(at)
	case "timecompare":
		c := &TimeCompare{}
		p.settings(false, p.durationOption("shift", &c.Shift), p.intOption("count", &c.Count))
		p.need(c.Shift != nil, "shift")
		c.Span = p.since(at)
		return c
	}
	return nil
}

// aggregates reads aggregate functions with commas between them.
func (p *parser) aggregates() []Agg {
	var list []Agg
	p.list(func() {
		at := p.here()
		a := Agg{Call: p.aggregate(), Alias: p.alias()}
		a.Span = p.since(at)
		list = append(list, a)
	})
	return list
}

// aggregate reads one aggregate function.
func (p *parser) aggregate() *Call {
	t := p.peek()
	f, ok := findFunction(p.aggs, p.textOf(t))
	switch {
	case t.Kind != TokenWord || !ok:
		p.misspelt(functionNames(p.aggs)...)
		return &Call{}
	case p.textAt(p.pos+1) != "(":
		p.next()
		if !withoutParentheses(f.Name) {
			p.fail(Span{t.End, t.End}, "Missing input for "+strings.ToUpper(f.Name), "")
		}
		return &Call{Span: t.Span, Func: f.Name}
	case f.Name == "trend":
		return p.call(f, func() Expr {
			if p.peek().Kind == TokenDuration {
				return p.duration()
			}
			return p.aggregate()
		})
	case f.Name == "ifnull":
		first := true
		return p.call(f, func() Expr {
			if first {
				first = false
				return p.aggregate()
			}
			return p.expression()
		})
	}
	return p.call(f, p.expression)
}

func (p *parser) timeStats(at int) Command {
	c := &TimeStats{}
	p.settings(false, p.durationOption("span", &c.Every), p.nameOption("field", &c.Field),
		p.intOption("topcount", &c.TopCount), p.intOption("bottomcount", &c.BottomCount),
		p.intOption("maxvalues", &c.MaxValues), p.nameOption("name", &c.Name))
	if c.TopCount != nil && c.BottomCount != nil {
		at := max(c.TopCount.Start, c.BottomCount.Start)
		p.fail(Span{at, p.behind()}, "Unexpected input for TIMESTATS: topcount and bottomcount together (give one of the two)", "")
	}
	c.Aggs, c.By = p.aggregates(), p.by()
	c.Span = p.since(at)
	return c
}

func (p *parser) timeCluster(at int) Command {
	c := &TimeCluster{}
	p.settings(false, p.nameOption("name", &c.Name), p.durationOption("span", &c.Every),
		p.nameOption("field", &c.Field), p.intOption("maxvalues", &c.MaxValues))
	c.Aggs = p.aggregates()
	p.expectWord("by")
	c.By = p.names()
	c.Span = p.since(at)
	return c
}

func (p *parser) geoStats(at int) Command {
	c := &GeoStats{}
	p.settings(false, option{"include", func() {
		p.list(func() {
			words := []string{"client", "server", "custom"}
			switch {
			case len(c.Include) > 0 && c.Include[0] == "custom":
				p.unexpected()
			case len(c.Include) > 0:
				words = words[:2]
			}
			c.Include = append(c.Include, p.oneOf(words...))
		})
	}}, p.nameOption("city", &c.City), p.nameOption("region", &c.Region), p.nameOption("country", &c.Country),
		p.nameOption("continent", &c.Continent), p.nameOption("coordinates", &c.Coordinates))
	c.Aggs, c.By = p.aggregates(), p.by()
	c.Span = p.since(at)
	return c
}

func (p *parser) compare(at int) Command {
	c := &CompareWith{}
	p.settings(false, option{"fields", func() { c.Fields = p.names() }},
		p.offsetOption("timeshift", &c.Shift), p.durationOption("size", &c.Size), p.intOption("count", &c.Count),
		option{"timerange", func() {
			p.list(func() {
				from := p.here()
				r := CompareRange{From: p.value()}
				p.expectWord("to")
				r.To, r.Alias = p.value(), p.alias()
				r.Span = p.since(from)
				c.Ranges = append(c.Ranges, r)
			})
		}})
	if c.Ranges != nil && (c.Shift != nil || c.Size != nil || c.Count != nil) {
		p.fail(p.since(at), "Unexpected input for COMPARE: timerange together with timeshift, size or count", "")
	}
	c.Span = p.since(at)
	return c
}
