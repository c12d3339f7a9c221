package syntax

// linkCommand reads link and the commands for groups.
func (p *parser) linkCommand(name string, at int) Command {
	switch name {
	case "link":
		return p.link(at)
	case "classify":
		return p.classify(at)
	case "addfields":
		c := &AddFields{}
		p.list(func() { c.Subqueries = append(c.Subqueries, p.subquery()) })
		c.Span = p.since(at)
		return c
	case "createview":
		c := &CreateView{Subquery: p.subquery()}
		p.expectWord("as")
		c.Name = p.name()
		c.Span = p.since(at)
		return c
	case "map":
		c := &Map{Subquery: p.subquery()}
		p.expectWord("using")
		c.View = p.name()
		c.Span = p.since(at)
		return c
	case "sequence":
		return p.sequence(at)
	case "createtable":
		return p.createTable(at)
	case "updatetable":
		table := p.tableName()
		c := &UpdateTable{Name: table, Subquery: p.subquery()}
		c.Span = p.since(at)
		return c
	}
	return nil
}

func (p *parser) link(at int) Command {
	c := &Link{}
	p.settings(false, p.boolOption("includenulls", &c.IncludeNulls), p.boolOption("includetrends", &c.IncludeTrends),
		p.boolOption("includeinfo", &c.IncludeInfo), p.durationOption("span", &c.Every))
	if p.peek().Kind != TokenEnd {
		p.list(func() {
			from := p.here()
			var k LinkKey
			if p.isWord("cluster") && p.textAt(p.pos+1) == "(" {
				k.Cluster = p.call(Function{"cluster", 0, -1, "[field]"}, p.expression)
			} else {
				k.Field = p.name()
			}
			k.Span = p.since(from)
			c.Keys = append(c.Keys, k)
		})
	}
	c.Span = p.since(at)
	return c
}

func (p *parser) classify(at int) Command {
	c := &Classify{}
	p.settings(false, p.intOption("topcount", &c.TopCount), p.intOption("bottomcount", &c.BottomCount),
		option{"correlate", func() { c.Correlate = p.signedFields(false) }})
	c.Fields, c.Alias = p.names(), p.alias()
	c.Span = p.since(at)
	return c
}

// tableName reads `name = table`.
func (p *parser) tableName() Name {
	var table *Name
	p.settings(false, p.nameOption("name", &table))
	p.need(table != nil, "name")
	if p.failed {
		return Name{}
	}
	return *table
}

func (p *parser) createTable(at int) Command {
	c := &CreateTable{Name: p.tableName()}
	p.expectWord("select")
	p.list(func() {
		from := p.here()
		var col TableColumn
		if p.isWord("literal") && p.textAt(p.pos+1) == "(" {
			p.pos += 2
			col.Literal = p.constantText()
			p.expect(")")
		} else {
			col.Field = p.name()
		}
		col.Alias = p.alias()
		col.Span = p.since(from)
		c.Select = append(c.Select, col)
	})
	c.Span = p.since(at)
	return c
}

// constantText reads the argument of literal(): a word, string or number.
func (p *parser) constantText() *Text {
	switch t := p.peek(); t.Kind {
	case TokenNumber, TokenDuration:
		p.next()
		return &Text{Name{Span: t.Span, Text: p.textOf(t)}}
	}
	return &Text{p.name()}
}

func (p *parser) sequence(at int) Command {
	c := &Sequence{}
	var table *Name
	p.settings(false, p.nameOption("name", &table), p.nameOption("field", &c.Field),
		p.durationOption("span", &c.Within), p.durationOption("maxpause", &c.MaxPause))
	p.need(table != nil, "name")
	if c.Between = p.acceptWord("between"); c.Between {
		from := p.sequenceRule()
		p.expectWord("and")
		c.Rules = []SequenceRule{from, p.sequenceRule()}
	} else {
		c.Rules = []SequenceRule{p.sequenceRule()}
		for p.acceptWord("then") {
			c.Rules = append(c.Rules, p.sequenceRule())
		}
	}
	p.expectWord("select")
	c.Select = p.aliased()
	if p.failed {
		return nil
	}
	c.Name = *table
	c.Span = p.since(at)
	return c
}

// sequenceRule reads [subquery]{min,max}; {n} is exactly n and {n,} at least n.
func (p *parser) sequenceRule() SequenceRule {
	at := p.here()
	r := SequenceRule{Subquery: p.subquery(), Max: -1}
	p.expect("{")
	first := p.int()
	r.Min = first.Value
	if !p.accept(",") {
		r.Max = r.Min
	} else if !p.is("}") {
		r.Max = p.int().Value
		if r.Max < r.Min {
			p.fail(p.since(first.Start), "Unexpected input for SEQUENCE: the maximum is less than the minimum", "")
		}
	}
	if r.Min < 0 {
		p.fail(first.Span, "Unexpected input for SEQUENCE: a negative number of records", "")
	}
	p.expect("}")
	r.Span = p.since(at)
	return r
}
