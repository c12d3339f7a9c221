package syntax

// columnCommand reads the commands that choose, compute or name columns.
func (p *parser) columnCommand(name string, at int) Command {
	switch name {
	case "where":
		cond := p.expression()
		return &Where{p.since(at), cond}
	case "eval":
		return p.eval(at)
	case "fields":
		c := &Fields{}
		p.settings(false, p.wordOption("target", &c.Target, "ui", "query"))
		c.Items = p.signedFields(true)
		c.Span = p.since(at)
		return c
	case "rename":
		c := &Rename{Items: p.renames()}
		c.Span = p.since(at)
		return c
	case "fieldsummary":
		c := &FieldSummary{}
		p.settings(false, p.intOption("maxvalues", &c.MaxValues), p.boolOption("includenulls", &c.IncludeNulls), p.boolOption("includetrends", &c.IncludeTrends))
		c.Fields = p.names()
		c.Span = p.since(at)
		return c
	case "lookup":
		return p.lookup(at)
	case "searchlookup":
		var table *Name
		p.settings(false, p.nameOption("table", &table))
		p.need(table != nil, "table")
		if p.failed {
			return nil
		}
		return &SearchLookup{p.since(at), *table}
	}
	return nil
}

func (p *parser) eval(at int) Command {
	c := &Eval{}
	p.list(func() {
		from := p.here()
		a := Assignment{Name: p.name()}
		p.expect("=")
		a.X = p.expression()
		a.Span = p.since(from)
		c.Assignments = append(c.Assignments, a)
	})
	c.Span = p.since(at)
	return c
}

// signedFields reads [+|-]field with commas between, with new names if allowed.
func (p *parser) signedFields(rename bool) []SignedField {
	var list []SignedField
	p.list(func() {
		f := p.signedField()
		if rename && !f.Minus {
			f.Alias = p.alias()
			f.Span = p.since(f.Start)
		}
		list = append(list, f)
	})
	return list
}

func (p *parser) signedField() SignedField {
	at := p.here()
	f := SignedField{Minus: p.accept("-")}
	if !f.Minus {
		p.accept("+")
	}
	f.Field = p.name()
	f.Span = p.since(at)
	return f
}

func (p *parser) renames() []Aliased {
	var list []Aliased
	p.list(func() {
		at := p.here()
		a := Aliased{Field: p.name()}
		p.expectWord("as")
		a.Alias = p.namePointer()
		a.Span = p.since(at)
		list = append(list, a)
	})
	return list
}

func (p *parser) lookup(at int) Command {
	c := &Lookup{}
	var table *Name
	p.settings(false, p.nameOption("table", &table), p.intOption("maxmatches", &c.MaxMatches),
		option{"default", func() { c.Default = p.value() }})
	p.need(table != nil, "table")
	p.expectWord("select")
	c.Select = p.aliased()
	p.expectWord("using")
	p.list(func() {
		from := p.here()
		k := LookupKey{Field: p.name()}
		if p.accept("=") {
			k.Column = p.namePointer()
		}
		k.Span = p.since(from)
		c.Using = append(c.Using, k)
	})
	if p.failed {
		return nil
	}
	c.Table = *table
	c.Span = p.since(at)
	return c
}
