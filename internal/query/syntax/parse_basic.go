package syntax

import (
	"maps"
	"strconv"
	"strings"
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

// unexpected reports the next token, or that there is none.
func (p *parser) unexpected() { p.unexpectedAt(p.peek()) }

func (p *parser) unexpectedAt(t Token) {
	if t.Kind == TokenEnd {
		p.fail(t.Span, "Missing input for "+p.clause, "")
		return
	}
	word, hint := p.textOf(t), ""
	switch {
	case t.Kind == TokenInvalid && (word[0] == '\'' || word[0] == '"'):
		p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(word, 60)+" (the quote is not closed; a backslash before a quote makes it part of the string)", "")
		return
	case t.Kind == TokenInvalid && strings.HasPrefix(word, "/*"):
		p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(word, 60)+" (the comment is not closed)", "")
		return
	case word == "||" && p.clause == "SEARCH":
		hint = "or"
	case t.Kind == TokenOperator && p.textAt(p.pos-1) == "=" && word == "=":
		hint = "a single ="
	case word == ">" && p.pos > 0 && p.textAt(p.pos-1) == "<":
		hint = "!="
	case t.Kind == TokenWord && reserved(word):
		hint = "'" + word + "'"
	}
	p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(word, 60), hint)
}

// misspelt reports the next token together with the nearest of some words.
func (p *parser) misspelt(candidates ...string) {
	t := p.peek()
	if t.Kind == TokenEnd {
		p.unexpected()
		return
	}
	word := p.textOf(t)
	p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(word, 60), Closest(word, candidates))
}

// failAt records a mistake that has nothing to do with a command.
func (p *parser) failAt(at Span, message string) {
	p.err.Add(Error{Span: at, Message: message})
	p.failed = true
}

// fail records the first mistake of a command.
func (p *parser) fail(at Span, message, suggestion string) {
	if p.failed {
		return
	}
	fragment := p.text[min(p.fragment, at.Start):at.End]
	if n := len(fragment) - 80; n > 0 {
		fragment = "…" + fragment[runeStart(fragment, n):]
	}
	p.err.Add(Error{Span: at, Message: message, Usage: p.usage, Fragment: fragment, Suggestion: suggestion})
	p.failed = true
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
	text := decode(s[1 : len(s)-1])
	out, done := expand(text, p.vars)
	n := Name{Span: t.Span, Text: out, Quoted: true}
	if done {
		n.Template = text
		p.grow(len(out), t)
	}
	return n
}

// grow counts the bytes that variables add.
func (p *parser) grow(n int, t Token) {
	if p.expanded += n; p.expanded > MaxExpanded {
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
		p.unexpected()
		return Name{}
	}
	t := p.next()
	if t.Kind == TokenString {
		return p.string(t, unquote)
	}
	return Name{Span: t.Span, Text: p.textOf(t)}
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
	vars, values := p.vars, p.values
	p.vars, p.values = maps.Clone(vars), maps.Clone(values)
	p.next()
	p.end = closing
	before := len(p.err.List)
	q := p.query()
	p.clause, p.usage, p.fragment, p.end = clause, usage, fragment, end
	p.vars, p.values = vars, values
	p.pos, p.rest = closing+1, 0
	// A mistake inside is recorded already; what follows the bracket is read on.
	p.failed = before == len(p.err.List) && p.failed
	return &Subquery{p.since(at), q}
}
