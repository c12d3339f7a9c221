package syntax

import "strings"

// unexpected reports the next token, or that there is none.
func (p *parser) unexpected() { p.unexpectedAt(p.peek()) }

func (p *parser) unexpectedAt(t Token) {
	if t.Kind == TokenEnd {
		p.fail(t.Span, "Missing input for "+p.clause, "")
		return
	}
	word, reason := p.textOf(t), ""
	switch {
	case t.Kind == TokenInvalid && (word[0] == '\'' || word[0] == '"'):
		reason = " (the quote is not closed; a backslash before a quote makes it part of the string)"
	case t.Kind == TokenInvalid && strings.HasPrefix(word, "/*"):
		reason = " (the comment is not closed)"
	}
	p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(word, 60)+reason, p.hint(t, word))
}

// unexpectedName reports the next token where a name should be; a reserved word
// could be one in quotes.
func (p *parser) unexpectedName(t Token) {
	if word := p.textOf(t); t.Kind == TokenWord && reserved(word) {
		p.fail(t.Span, "Unexpected input for "+p.clause+": "+word, "'"+word+"'")
		return
	}
	p.unexpectedAt(t)
}

// hint guesses what was meant by a token that cannot stand where it does.
func (p *parser) hint(t Token, word string) string {
	before := ""
	if p.pos > 0 {
		before = p.textAt(p.pos - 1)
	}
	expression := strings.Contains(p.usage, "<expression>")
	switch {
	case t.Kind == TokenOperator && before == "=" && word == "=":
		return "a single ="
	case word == ">" && before == "<":
		return "!="
	case word == "-" || word == "/" || word == ":":
		return p.quotedWhole(t)
	case word == "||" && p.clause == "SEARCH":
		return "or"
	case expression && sameWord(word, "like"):
		return "contains(<field>, '<text>'), or like in the search clause"
	case expression && sameWord(word, "between"):
		return ">= and <="
	case t.Kind != TokenWord || len(word) < 2:
		return ""
	}
	if p.clause == "SEARCH" {
		first := p.textOf(scan(p.text, p.fragment))
		if info, ok := findCommand(p.infos, first); ok && info.Name != "search" {
			return "* | " + first
		}
	}
	if reserved(word) {
		return ""
	}
	if p.clause == "SEARCH" {
		return Closest(word, []string{"and", "or", "not", "in", "like", "between"})
	}
	if expression {
		return Closest(word, []string{"and", "or", "not", "in"})
	}
	var words []string
	for _, w := range strings.FieldsFunc(p.usage, func(r rune) bool { return r < 'a' || r > 'z' }) {
		if reserved(w) {
			words = append(words, w)
		}
	}
	return Closest(word, words)
}

// quotedWhole returns a name such as user-id in the quotes that it needs, or
// nothing when there is space around the token.
func (p *parser) quotedWhole(t Token) string {
	if p.pos == 0 || p.pos+1 >= len(p.tokens) {
		return ""
	}
	before, after := p.tokens[p.pos-1], p.tokens[p.pos+1]
	if before.Kind != TokenWord || after.Kind != TokenWord || before.End != t.Start || after.Start != t.End {
		return ""
	}
	return quote(p.text[before.Start:after.End])
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
