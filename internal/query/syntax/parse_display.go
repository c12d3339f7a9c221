package syntax

import "strings"

// displayCommand reads the commands that mark rows.
func (p *parser) displayCommand(name string, at int) Command {
	switch name {
	case "highlight":
		c := &Highlight{}
		p.settings(false, p.colorOption(&c.Color), option{"fields", func() { c.Fields = p.names() }})
		c.Keywords = p.keywords()
		c.Span = p.since(at)
		return c
	case "highlightrows":
		c := &HighlightRows{}
		p.settings(false, p.colorOption(&c.Color))
		c.Keywords = p.keywords()
		c.Span = p.since(at)
		return c
	case "highlightgroups":
		c := &HighlightGroups{}
		p.settings(false, p.colorOption(&c.Color), p.wordOption("priority", &c.Priority, "high", "medium", "low"),
			option{"matchonly", func() { c.MatchOnly = p.names() }})
		if !p.is("[") {
			c.Keywords = p.keywords()
		}
		if p.is("[") {
			c.Subquery = p.subquery()
		}
		c.Alias = p.alias()
		c.Span = p.since(at)
		return c
	}
	return nil
}

// colorOption reads a colour name or #rrggbb.
func (p *parser) colorOption(to *string) option {
	return option{"color", func() {
		if t := p.peek(); t.Kind == TokenColor {
			p.next()
			*to = strings.ToLower(p.textOf(t))
			return
		}
		*to = p.oneOf("red", "green", "blue", "yellow")
	}}
}

// keywords reads words and phrases with commas between them.
func (p *parser) keywords() []Keyword {
	var list []Keyword
	p.list(func() {
		if t := p.peek(); t.Kind != TokenNumber && t.Kind != TokenDuration && !p.isName() {
			p.unexpectedName(t)
			return
		}
		n := p.searchWord()
		list = append(list, Keyword{n.Span, n.Text, n.Quoted, n.Template})
	})
	return list
}
