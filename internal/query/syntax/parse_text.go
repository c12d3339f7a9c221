package syntax

// textCommand reads the commands that look into texts.
func (p *parser) textCommand(name string, at int) Command {
	switch name {
	case "extract":
		c := &Extract{}
		p.settings(false, p.nameOption("field", &c.Field))
		parenthesis := p.accept("(")
		c.Pattern = p.pattern()
		if parenthesis {
			p.expect(")")
		}
		c.Span = p.since(at)
		return c
	case "regex":
		return p.regex(at)
	case "jsonextract":
		c := &JSONExtract{}
		c.Field, c.Paths = p.paths()
		c.Span = p.since(at)
		return c
	case "xmlextract":
		c := &XMLExtract{}
		c.Field, c.Paths = p.paths()
		c.Span = p.since(at)
		return c
	case "nlp":
		return p.nlp(at)
	}
	return nil
}

func (p *parser) regex(at int) Command {
	c := &Regex{Field: p.name()}
	switch {
	case p.accept("="):
		c.Patterns = []Pattern{p.pattern()}
	case p.accept("!="):
		c.Not = true
		c.Patterns = []Pattern{p.pattern()}
	default:
		c.Not = p.acceptWord("not")
		p.expectWord("in")
		p.expect("(")
		p.list(func() { c.Patterns = append(c.Patterns, p.pattern()) })
		p.expect(")")
	}
	c.Span = p.since(at)
	return c
}

// paths reads [field = field] name = 'path' {, name = 'path'}. A column to be
// called field needs quotes.
func (p *parser) paths() (*Name, []PathColumn) {
	var field *Name
	p.settings(true, p.nameOption("field", &field))
	var list []PathColumn
	p.list(func() {
		at := p.here()
		c := PathColumn{Name: p.name()}
		p.expect("=")
		c.Path = p.stringText()
		c.Span = p.since(at)
		list = append(list, c)
	})
	return field, list
}

func (p *parser) nlp(at int) Command {
	c := &NLP{}
	p.settings(false, p.nameOption("table", &c.Table), p.numberOption("similarity", &c.Similarity))
	p.list(func() {
		from := p.here()
		f := NLPFunction{Func: p.oneOf("cluster", "keywords")}
		p.expect("(")
		f.Field = p.name()
		p.expect(")")
		p.expectWord("as")
		f.Alias = p.name()
		f.Span = p.since(from)
		c.Functions = append(c.Functions, f)
	})
	c.Span = p.since(at)
	return c
}
