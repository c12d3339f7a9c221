package syntax

import (
	"strconv"
)

// peek returns the next token, TokenEnd at the end of the command and after a mistake.
func (p *parser) peek() Token {
	if p.failed || p.pos >= p.end {
		return Token{TokenEnd, Span{p.behind(), p.behind()}}
	}
	t := p.tokens[p.pos]
	t.Start = max(t.Start, p.rest)
	return t
}

// next consumes a token.
func (p *parser) next() Token {
	t := p.peek()
	if t.Kind != TokenEnd {
		p.pos++
		p.rest = 0
	}
	return t
}

func (p *parser) textOf(t Token) string { return p.text[t.Start:t.End] }

// textAt returns the text of the token at an index, if it belongs to the command.
func (p *parser) textAt(i int) string {
	if p.failed || i >= p.end {
		return ""
	}
	return p.textOf(p.tokens[i])
}

// behind returns the offset where the last token read ends.
func (p *parser) behind() int {
	switch {
	case p.rest > 0:
		return p.rest
	case p.pos == 0:
		return 0
	}
	return p.tokens[p.pos-1].End
}

// here returns the offset of the next token.
func (p *parser) here() int { return p.peek().Start }

// since returns the span from an offset to the last token read.
func (p *parser) since(from int) Span { return Span{from, max(from, p.behind())} }

// is reports whether the next token is this punctuation or operator.
func (p *parser) is(s string) bool {
	t := p.peek()
	return t.Kind != TokenWord && t.Kind != TokenEnd && p.textOf(t) == s
}

// isWord reports whether the next token is this bare word.
func (p *parser) isWord(s string) bool {
	t := p.peek()
	return t.Kind == TokenWord && sameWord(p.textOf(t), s)
}

// accept consumes the punctuation or operator if it is next.
func (p *parser) accept(s string) bool {
	if !p.is(s) {
		return false
	}
	p.next()
	return true
}

// acceptWord consumes the bare word if it is next.
func (p *parser) acceptWord(s string) bool {
	if !p.isWord(s) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.unexpected()
	}
}

func (p *parser) expectWord(s string) {
	if !p.acceptWord(s) {
		p.unexpected()
	}
}

// list reads items with commas between them, at least one.
func (p *parser) list(item func()) {
	for {
		item()
		if !p.accept(",") {
			return
		}
	}
}

// string decodes a quoted token and puts variables in.
func (p *parser) string(t Token, decode func(string) string) Name {
	s := p.textOf(t)
	n := p.expanded(t, decode(s[1:len(s)-1]))
	n.Quoted = true
	return n
}

// bare makes a name of a word. One like SYS$USERS that holds a variable reads
// as if it were in quotes.
func (p *parser) bare(t Token) Name { return p.expanded(t, p.textOf(t)) }

// expanded puts variables into a decoded text.
func (p *parser) expanded(t Token, text string) Name {
	out, done := expand(text, p.vars)
	n := Name{Span: t.Span, Text: out}
	if done {
		n.Quoted, n.Template = true, text
		p.grow(len(out), t)
	}
	return n
}

// grow counts the bytes that variables add.
func (p *parser) grow(n int, t Token) {
	if p.grown += n; p.grown > MaxExpanded {
		p.fail(t.Span, "The variables make the query too long", "")
	}
}

// isName reports whether a name may start here.
func (p *parser) isName() bool {
	t := p.peek()
	return t.Kind == TokenString || t.Kind == TokenWord && !reserved(p.textOf(t))
}

// name reads a field or any other name.
func (p *parser) name() Name {
	if !p.isName() {
		p.unexpectedName(p.peek())
		return Name{}
	}
	t := p.next()
	if t.Kind == TokenString {
		return p.string(t, unquote)
	}
	return p.bare(t)
}

func (p *parser) namePointer() *Name {
	n := p.name()
	return &n
}

// names reads fields with commas between them.
func (p *parser) names() []Name {
	var list []Name
	p.list(func() { list = append(list, p.name()) })
	return list
}

// alias reads `as name` if it is next.
func (p *parser) alias() *Name {
	if !p.acceptWord("as") {
		return nil
	}
	return p.namePointer()
}

// by reads `by field {, field}` if it is next.
func (p *parser) by() []Name {
	if !p.acceptWord("by") {
		return nil
	}
	return p.names()
}

// aliased reads fields with optional new names.
func (p *parser) aliased() []Aliased {
	var list []Aliased
	p.list(func() {
		at := p.here()
		a := Aliased{Field: p.name(), Alias: p.alias()}
		a.Span = p.since(at)
		list = append(list, a)
	})
	return list
}

// stringText reads a quoted string.
func (p *parser) stringText() Text {
	if p.peek().Kind != TokenString {
		p.unexpected()
		return Text{}
	}
	return Text{p.string(p.next(), unquote)}
}

// pattern reads a quoted regular expression.
func (p *parser) pattern() Pattern {
	if p.peek().Kind != TokenString {
		p.unexpected()
		return Pattern{}
	}
	return Pattern{p.string(p.next(), unquotePattern)}
}

// int reads a whole number with an optional sign.
func (p *parser) int() *Int {
	at := p.here()
	sign := ""
	if p.accept("-") {
		sign = "-"
	} else {
		p.accept("+")
	}
	t := p.peek()
	if t.Kind != TokenNumber {
		p.unexpected()
		return &Int{}
	}
	v, err := strconv.ParseInt(sign+p.textOf(t), 10, 64)
	if err != nil {
		p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(p.textOf(t), 60)+" (a whole number of at most 18 digits is needed)", "")
	}
	p.next()
	return &Int{p.since(at), v}
}

// number reads a number with an optional minus sign.
func (p *parser) number() Number {
	at := p.here()
	sign := ""
	if p.accept("-") {
		sign = "-"
	}
	t := p.peek()
	if t.Kind != TokenNumber {
		p.unexpected()
		return Number{}
	}
	p.next()
	return Number{p.since(at), sign + p.textOf(t)}
}

// duration reads a number of units of time.
func (p *parser) duration() *Duration {
	t := p.peek()
	if t.Kind != TokenDuration {
		p.unexpected()
		return &Duration{}
	}
	count, unit, ok := splitDuration(p.textOf(t))
	if !ok {
		p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(p.textOf(t), 60)+" (the number is too large)", "")
	}
	p.next()
	return &Duration{Span: t.Span, Count: count, Unit: unit, Text: p.textOf(t)}
}

// subquery reads a query in brackets.
func (p *parser) subquery() *Subquery {
	at := p.here()
	closing, ok := p.closing[p.pos]
	switch {
	case !p.is("["):
		p.unexpected()
		return nil
	case !ok || closing >= p.end:
		p.fail(p.peek().Span, "Missing input for "+p.clause+": the ] for this [", "")
		return nil
	case !p.enter():
		return nil
	}
	defer p.leave()
	clause, usage, fragment, end := p.clause, p.usage, p.fragment, p.end
	outer := len(p.shadowed)
	p.next()
	p.end = closing
	before := len(p.err.List)
	q := p.query()
	p.clause, p.usage, p.fragment, p.end = clause, usage, fragment, end
	p.unset(outer)
	p.pos, p.rest = closing+1, 0
	// A mistake inside is recorded already; what follows the bracket is read on.
	p.failed = before == len(p.err.List) && p.failed
	return &Subquery{p.since(at), q}
}
