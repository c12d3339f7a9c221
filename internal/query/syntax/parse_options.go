package syntax

// option is a setting `name = value`; read consumes the value.
type option struct {
	name string
	read func()
}

// settings reads the options before the arguments of a command, in any order,
// each at most once. A word before = that is no option is a mistake, unless
// the command has other uses for it.
func (p *parser) settings(others bool, options ...option) {
	seen := make([]bool, len(options))
	for p.peek().Kind == TokenWord && p.textAt(p.pos+1) == "=" {
		known := -1
		var names []string
		for i, o := range options {
			names = append(names, o.name)
			if p.isWord(o.name) {
				known = i
			}
		}
		switch {
		case known < 0 && others:
			return
		case known < 0:
			p.misspelt(names...)
			return
		case seen[known]:
			p.fail(p.peek().Span, "Unexpected input for "+p.clause+": "+options[known].name+" (given twice)", "")
			return
		}
		seen[known] = true
		p.pos += 2
		options[known].read()
	}
}

// need reports a required option that is absent.
func (p *parser) need(given bool, name string) {
	if given {
		return
	}
	if p.peek().Kind == TokenEnd {
		p.fail(p.peek().Span, "Missing input for "+p.clause+": "+name+" =", "")
	} else {
		p.fail(p.peek().Span, "Unexpected input for "+p.clause+": "+shorten(p.textOf(p.peek()), 60)+" ("+name+" = must stand before it)", "")
	}
}

func (p *parser) intOption(name string, to **Int) option {
	return option{name, func() { *to = p.int() }}
}

func (p *parser) boolOption(name string, to **Bool) option {
	return option{name, func() {
		t := p.peek()
		if !p.isWord("true") && !p.isWord("false") {
			p.misspelt("true", "false")
			return
		}
		p.next()
		*to = &Bool{t.Span, sameWord(p.textOf(t), "true")}
	}}
}

func (p *parser) nameOption(name string, to **Name) option {
	return option{name, func() { *to = p.namePointer() }}
}

func (p *parser) durationOption(name string, to **Duration) option {
	return option{name, func() {
		t := p.peek()
		d := p.duration()
		if d.Count == 0 {
			p.fail(t.Span, "Unexpected input for "+p.clause+": "+p.textOf(t)+" (it must be longer than zero)", "")
		}
		*to = d
	}}
}

func (p *parser) offsetOption(name string, to **Offset) option {
	return option{name, func() {
		at := p.here()
		if p.acceptWord("auto") {
			*to = &Offset{Span: p.since(at), Auto: true}
			return
		}
		o := &Offset{Negative: p.is("-")}
		if !p.accept("-") {
			p.accept("+")
		}
		d := p.duration()
		o.Count, o.Unit, o.Span = d.Count, d.Unit, p.since(at)
		*to = o
	}}
}

func (p *parser) numberOption(name string, to **Number) option {
	return option{name, func() {
		n := p.number()
		*to = &n
	}}
}

// wordOption reads one of some words.
func (p *parser) wordOption(name string, to *string, words ...string) option {
	return option{name, func() { *to = p.oneOf(words...) }}
}

// oneOf reads one of some words and returns it in lower case.
func (p *parser) oneOf(words ...string) string {
	for _, w := range words {
		if p.acceptWord(w) {
			return w
		}
	}
	p.misspelt(words...)
	return ""
}
