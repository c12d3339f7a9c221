package syntax

import (
	"slices"
	"strings"
)

// Expectation is a kind of text that may come next.
type Expectation string

// What may come next.
const (
	ExpectCommand  Expectation = "command"
	ExpectOption   Expectation = "option"
	ExpectField    Expectation = "field"
	ExpectValue    Expectation = "value"
	ExpectFunction Expectation = "function"
	ExpectOperator Expectation = "operator" // or a keyword such as and, by, as
)

// Context is what an editor needs to know to complete a query at an offset. It
// is made from the tokens before the offset and nothing else: it neither checks
// them nor looks at what follows, and where several things may come it names
// the likely ones only.
type Context struct {
	Command string // whose arguments are being written; empty where a command is expected
	Prefix  string // what is written of the word to complete, decoded
	Span           // of that word, with its opening quote
	Expect  []Expectation
	Field   string   // whose value is expected
	Option  string   // whose value is expected
	Options []string // of the command that are not given yet, when ExpectOption
}

// Complete tells what may be written at an offset of the text.
func Complete(text string, offset int) Context {
	offset = runeStart(text, max(0, min(offset, len(text), MaxBytes)))
	c := &completion{text: text[:offset]}
	out := Context{Span: Span{offset, offset}}
	for _, t := range lex(c.text) {
		if t.Kind != TokenComment {
			c.tokens = append(c.tokens, t)
		} else if t.End == offset {
			return out // inside a comment
		}
	}
	if n := len(c.tokens); n > 0 && c.tokens[n-1].End == offset {
		switch last := c.tokens[n-1]; last.Kind {
		case TokenInvalid:
			s := c.word(n - 1)
			if s[0] != '\'' && s[0] != '"' {
				return out
			}
			out.Prefix = unquote(s[1:])
			out.Span, c.tokens = last.Span, c.tokens[:n-1]
		case TokenWord, TokenNumber, TokenDuration, TokenVariable:
			out.Prefix = c.word(n - 1)
			out.Span, c.tokens = last.Span, c.tokens[:n-1]
		}
	}
	c.locate()
	out.Command = c.command
	c.out = &out
	switch c.command {
	case "":
		c.expect(ExpectCommand)
	case "search":
		c.search()
	default:
		c.arguments()
	}
	return out
}

// completion looks back from an offset.
type completion struct {
	text    string
	tokens  []Token
	command string
	from    int // index of the first argument
	out     *Context
}

func (c *completion) expect(e ...Expectation) { c.out.Expect = append(c.out.Expect, e...) }

// word returns the text of a token, or an empty string before the first argument.
func (c *completion) word(i int) string {
	if i < c.from || i < 0 {
		return ""
	}
	return c.text[c.tokens[i].Start:c.tokens[i].End]
}

func (c *completion) lower(i int) string { return strings.ToLower(c.word(i)) }

// locate finds the command that the offset is in.
func (c *completion) locate() {
	starts := []int{0}
	first := []bool{true}
	top := func() int { return len(starts) - 1 }
	for i, t := range c.tokens {
		switch {
		case t.Kind == TokenPipe:
			starts[top()], first[top()] = i+1, false
		case c.word(i) == "[":
			starts, first = append(starts, i+1), append(first, true)
		case c.word(i) == "]" && top() > 0:
			starts, first = starts[:top()], first[:top()]
		}
	}
	start := starts[top()]
	switch {
	case first[top()]:
		c.command = "search"
		for start < len(c.tokens) && c.lower(start) == "init" {
			end := start
			for end < len(c.tokens) && c.word(end) != "}" {
				end++
			}
			if end == len(c.tokens) {
				c.command, c.from = "init", start+1
				return
			}
			start = end + 1
		}
		if start < len(c.tokens) && (c.lower(start) == "searchlookup" || c.lower(start) == "search") {
			c.command = c.lower(start)
			start++
		}
	case start < len(c.tokens):
		c.command = c.lower(start)
		start++
	}
	c.from = start
}

// search decides for a search clause.
func (c *completion) search() {
	last := len(c.tokens) - 1
	switch prev := c.lower(last); {
	case prev == "" || prev == "or" || prev == "not":
		c.expect(ExpectField)
	case prev == "and":
		if c.lower(last-2) == "between" {
			c.valueOf(last - 3)
			return
		}
		c.expect(ExpectField)
	case c.tokens[last].Kind == TokenOperator, prev == "like", prev == "between":
		c.valueOf(last - 1)
	case prev == "(" || prev == ",":
		open := last
		for open >= c.from && c.word(open) != "(" {
			open--
		}
		if c.lower(open-1) == "in" {
			c.valueOf(open - 2)
			return
		}
		c.expect(ExpectField)
	default:
		c.expect(ExpectOperator)
	}
}

// valueOf expects a value of the field before the operator words that end at i.
func (c *completion) valueOf(i int) {
	for c.lower(i) == "not" || c.lower(i) == "like" {
		i--
	}
	c.out.Field = c.name(i)
	c.expect(ExpectValue)
}

func (c *completion) name(i int) string {
	s := c.word(i)
	if s != "" && c.tokens[i].Kind == TokenString {
		return unquote(s[1 : len(s)-1])
	}
	return s
}

// arguments decides for the other commands.
func (c *completion) arguments() {
	info, _ := findCommand(CommandInfos(), c.command)
	last := len(c.tokens) - 1
	prev := c.lower(last)
	if prev == "=" && slices.Contains(info.Options, c.lower(last-1)) {
		c.out.Option = c.lower(last - 1)
		c.expect(ExpectValue)
		return
	}
	c.options(info, last)
	operator := last >= c.from && c.tokens[last].Kind == TokenOperator
	switch {
	case c.command == "eval" && (prev == "" || prev == "," && c.depth() == 0):
		c.expect(ExpectField)
	case c.command == "where" || c.command == "eval" || c.command == "init":
		if prev == "" || operator || slices.Contains([]string{"(", ",", "and", "or", "not", "+", "-", "/", "*", "%", "{"}, prev) {
			c.expect(ExpectField, ExpectFunction, ExpectValue)
			return
		}
		c.expect(ExpectOperator)
	case strings.HasPrefix(info.Usage, aggUsage) || strings.Contains(info.Usage, "] "+aggUsage):
		c.aggregate(prev)
	case prev == "" || prev == "by" || prev == "," || prev == "-" || prev == "+" || prev == "(" || prev == "select" || prev == "using" || len(c.out.Options) > 0:
		c.expect(ExpectField)
	default:
		c.expect(ExpectOperator)
	}
}

// options expects the options that remain when nothing but options stands before.
func (c *completion) options(info CommandInfo, last int) {
	left := slices.Clone(info.Options)
	i := c.from
	for i+2 <= last && c.word(i+1) == "=" && slices.Contains(info.Options, c.lower(i)) {
		left = slices.DeleteFunc(left, func(s string) bool { return s == c.lower(i) })
		i += 2
		if s := c.word(i); (s == "-" || s == "+") && i < last {
			i++
		}
		i++
	}
	if i == last+1 && len(left) > 0 {
		c.out.Options = left
		c.expect(ExpectOption)
	}
}

func (c *completion) aggregate(prev string) {
	by := false
	for i := c.from; i < len(c.tokens); i++ {
		by = by || c.lower(i) == "by"
	}
	switch {
	case prev == "(" || prev == "by" || prev == "," && (by || c.depth() > 0):
		c.expect(ExpectField)
	case prev == "" || prev == "," || len(c.out.Options) > 0:
		c.expect(ExpectFunction)
	default:
		c.expect(ExpectOperator)
	}
}

// depth counts the parentheses that are open.
func (c *completion) depth() int {
	n := 0
	for i := c.from; i < len(c.tokens); i++ {
		switch c.word(i) {
		case "(":
			n++
		case ")":
			n--
		}
	}
	return n
}
