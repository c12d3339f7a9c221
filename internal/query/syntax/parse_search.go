package syntax

import "strings"

// searchClause reads the conditions of a search; none at all means everything.
func (p *parser) searchClause() SearchTerm {
	if t := p.peek(); t.Kind == TokenEnd {
		return &All{t.Span}
	}
	return p.searchOr()
}

func (p *parser) searchOr() SearchTerm {
	x := p.searchAnd()
	if !p.isWord("or") {
		return x
	}
	var terms []SearchTerm
	add := func(t SearchTerm) {
		if inner, ok := t.(*Or); ok {
			terms = append(terms, inner.Terms...)
			return
		}
		terms = append(terms, t)
	}
	add(x)
	for p.acceptWord("or") {
		add(p.searchAnd())
	}
	return &Or{p.since(x.Pos().Start), terms}
}

// searchAnd reads terms with or without `and` between them.
func (p *parser) searchAnd() SearchTerm {
	x := p.searchNot()
	var terms []SearchTerm
	add := func(t SearchTerm) {
		if inner, ok := t.(*And); ok {
			terms = append(terms, inner.Terms...)
			return
		}
		terms = append(terms, t)
	}
	add(x)
	more := false
	for !p.failed && (p.acceptWord("and") || p.startsTerm()) {
		add(p.searchNot())
		more = true
	}
	if !more {
		return x
	}
	return &And{p.since(x.Pos().Start), terms}
}

// startsTerm reports whether a term without a leading `and` may start here.
func (p *parser) startsTerm() bool {
	t := p.peek()
	switch t.Kind {
	case TokenWord:
		return p.isWord("not") || !reserved(p.textOf(t))
	case TokenString, TokenNumber, TokenDuration, TokenVariable:
		return true
	}
	return p.is("(") || p.is("[")
}

func (p *parser) searchNot() SearchTerm {
	at := p.here()
	if !p.isWord("not") {
		return p.searchPrimary()
	}
	if !p.enter() {
		return &All{}
	}
	defer p.leave()
	p.next()
	x := p.searchNot()
	return &Not{p.since(at), x}
}

func (p *parser) searchPrimary() SearchTerm {
	t := p.peek()
	switch t.Kind {
	case TokenWord:
		if reserved(p.textOf(t)) {
			p.unexpectedName(t)
			return &All{}
		}
	case TokenString, TokenNumber, TokenDuration:
	case TokenVariable:
		n := p.variableName()
		return &Keyword{n.Span, n.Text, true, n.Template}
	default:
		if p.is("[") {
			if s := p.subquery(); s != nil {
				return s
			}
			return &All{}
		}
		if !p.is("(") {
			p.unexpected()
			return &All{}
		}
		if !p.enter() {
			return &All{}
		}
		defer p.leave()
		p.next()
		x := p.searchOr()
		p.expect(")")
		return x
	}
	word := p.searchWord()
	if p.isComparison() || p.isOperatorWord() {
		if t.Kind == TokenNumber || t.Kind == TokenDuration {
			p.unexpected()
		}
		return p.condition(word)
	}
	if !word.Quoted && word.Text == "*" {
		return &All{t.Span}
	}
	return &Keyword{word.Span, word.Text, word.Quoted, word.Template}
}

// searchWord reads a string or a bare word. Words with hyphens and no space
// between them are one, such as ORA-00600.
func (p *parser) searchWord() Name {
	t := p.next()
	if t.Kind == TokenString {
		return p.string(t, unquote)
	}
	for p.is("-") && p.peek().Start == t.End && p.pos+1 < p.end {
		after := p.tokens[p.pos+1]
		if after.Start != t.End+1 || after.Kind != TokenWord && after.Kind != TokenNumber && after.Kind != TokenDuration {
			break
		}
		p.next()
		t.End = p.next().End
	}
	return p.bare(t)
}

// isOperatorWord reports whether the next words make a comparison of the word before them.
func (p *parser) isOperatorWord() bool {
	word := p.textAt(p.pos)
	if p.isWord("not") {
		word = p.textAt(p.pos + 1)
	}
	switch strings.ToLower(word) {
	case "like", "in", "between":
		return true
	}
	return false
}

// condition reads what follows the field.
func (p *parser) condition(field Name) SearchTerm {
	at := field.Start
	if p.isComparison() {
		op := Op(p.textOf(p.next()))
		v := p.value()
		return &Compare{p.since(at), field, op, v}
	}
	not := p.acceptWord("not")
	switch {
	case p.acceptWord("like"):
		l := &Like{Field: field, Not: not, In: p.acceptWord("in")}
		if l.In {
			p.expect("(")
			p.list(func() { l.Patterns = append(l.Patterns, p.likePattern()) })
			p.expect(")")
		} else {
			l.Patterns = []Text{p.likePattern()}
		}
		l.Span = p.since(at)
		return l
	case p.acceptWord("in"):
		in := &InList{Field: field, Not: not}
		p.expect("(")
		p.list(func() { in.Values = append(in.Values, p.value()) })
		p.expect(")")
		in.Span = p.since(at)
		return in
	}
	p.expectWord("between")
	low := p.bound()
	p.expectWord("and")
	high := p.bound()
	return &Between{p.since(at), field, not, low, high}
}

func (p *parser) likePattern() Text {
	t := p.peek()
	switch t.Kind {
	case TokenVariable:
		return Text{p.variableName()}
	case TokenString, TokenNumber, TokenDuration:
		return Text{p.searchWord()}
	}
	if !p.isName() {
		p.unexpectedName(t)
		return Text{}
	}
	return Text{p.searchWord()}
}

func (p *parser) bound() Value {
	if t := p.peek(); p.isWord("*") {
		p.next()
		return &Any{t.Span}
	}
	return p.value()
}

// value reads the right side of a condition, or another literal.
func (p *parser) value() Value {
	at := p.here()
	if p.accept("-") {
		v := p.literal()
		switch v := v.(type) {
		case *Number:
			v.Text, v.Span = "-"+v.Text, p.since(at)
		case *Duration:
			v.Text, v.Count, v.Span = "-"+v.Text, -v.Count, p.since(at)
		case *Text:
			// A minus before a name belongs to the value.
			v.Text, v.Span, v.Quoted = "-"+v.Text, p.since(at), true
			if v.Template != "" {
				v.Template = "-" + v.Template
			}
		default:
			p.fail(Span{at, at + 1}, "Unexpected input for "+p.clause+": -", "")
		}
		return v
	}
	return p.literal()
}

func (p *parser) literal() Value {
	t := p.peek()
	hyphen := p.pos+1 < p.end && p.tokens[p.pos+1].Start == t.End && p.textAt(p.pos+1) == "-"
	switch t.Kind {
	case TokenNumber:
		if !hyphen {
			p.next()
			return &Number{t.Span, p.textOf(t)}
		}
	case TokenDuration:
		if !hyphen {
			return p.duration()
		}
	case TokenVariable:
		return p.bareVariable()
	case TokenWord:
		if !hyphen && p.isWord("null") {
			return &Null{p.next().Span}
		}
		if p.textAt(p.pos+1) == "(" {
			return p.timeCall(t)
		}
		switch word := strings.ToLower(p.textOf(t)); {
		case hyphen, word == "true", word == "false", word == "select", word == "using", word == "then":
		case reserved(word):
			p.unexpectedName(t)
			return &Null{}
		}
	case TokenString:
	default:
		p.unexpected()
		return &Null{}
	}
	return &Text{p.searchWord()}
}

// timeCall reads one of the functions of the search clause.
func (p *parser) timeCall(t Token) Value {
	f, ok := findFunction(timeFunctions(), p.textOf(t))
	if !ok {
		p.misspelt(functionNames(timeFunctions())...)
		return &Null{}
	}
	at := p.here()
	c := &TimeCall{Func: f.Name}
	p.call(f, func() Expr {
		c.Args = append(c.Args, p.value())
		return nil
	})
	c.Span = p.since(at)
	return c
}
