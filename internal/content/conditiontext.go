package content

import (
	"fmt"
	"regexp"
	"strings"
)

// Bounds of a condition: of what is nested in it, and of all comparisons.
const (
	maxConditionDepth = 16
	maxConditions     = 1000
	maxParentheses    = 64
)

// How conditions are joined.
const (
	joinAnd    = "AND"
	joinOr     = "OR"
	joinNotAnd = "NOT_AND"
	joinNotOr  = "NOT_OR"
)

// Joined joins conditions by AND, OR, NOT_AND or NOT_OR; a single one needs no AND or OR.
func Joined(join string, of []Condition) Condition {
	if len(of) == 1 && (join == joinAnd || join == joinOr) {
		return of[0]
	}
	return Condition{Join: join, Of: of}
}

// mentions reports whether the condition compares a field of that kind.
func (c *Condition) mentions(is func(field string) bool) bool {
	for i := range c.Of {
		if c.Of[i].mentions(is) {
			return true
		}
	}
	return c.Join == "" && is(c.Field)
}

// String writes a condition as ParseCondition reads it:
//
//	msg CONTAINS 'failed' AND NOT (sevlvl IN ('DEBUG', 'TRACE') OR usrname IS_NULL)
//
// Oracle's API has such a text, but its form is not published; this one is ours.
func (c Condition) String() string {
	var b strings.Builder
	c.write(&b, true)
	return b.String()
}

func (c *Condition) write(b *strings.Builder, outermost bool) {
	if c.Join == "" {
		b.WriteString(quotedField(c.Field) + " " + c.Operator)
		switch {
		case len(c.Values) == 1:
			b.WriteString(" " + quoted(c.Values[0]))
		case len(c.Values) > 1 || !asksForNull(c.Operator):
			b.WriteString(" (")
			for i, v := range c.Values {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(quoted(v))
			}
			b.WriteString(")")
		}
		return
	}
	join, negated := strings.CutPrefix(c.Join, "NOT_")
	if negated {
		b.WriteString("NOT ")
	}
	if negated || !outermost {
		b.WriteString("(")
		defer b.WriteString(")")
	}
	for i := range c.Of {
		if i > 0 {
			b.WriteString(" " + join + " ")
		}
		c.Of[i].write(b, false)
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func quotedField(name string) string {
	if m := conditionToken.FindString(name); m != name || m == "" || !wordStart(name[0]) || joins(name) {
		return quoted(name)
	}
	return name
}

func asksForNull(operator string) bool {
	return strings.EqualFold(operator, "IS_NULL") || strings.EqualFold(operator, "NOT_NULL")
}

// conditionToken is a word, a quoted text or a character of its own.
var conditionToken = regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_]*|'(?:[^']|'')*'|[(),])`)

func wordStart(c byte) bool { return c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

func joins(word string) bool {
	return strings.EqualFold(word, joinAnd) || strings.EqualFold(word, joinOr) || strings.EqualFold(word, "NOT")
}

// conditionParser reads a condition from a text.
type conditionParser struct {
	text  string
	at    int // of token
	token string
	count int // comparisons so far
}

// ParseCondition reads what Condition.String writes. AND binds closer than OR; a
// text with a quote in it doubles the quote. Errors name the place and wrap ErrInvalid.
func ParseCondition(text string) (Condition, error) {
	p := &conditionParser{text: text}
	err := p.next()
	var c Condition
	if err == nil {
		c, err = p.alternatives(maxParentheses)
	}
	if err == nil && p.token != "" {
		err = p.wrong("AND, OR or the end")
	}
	if err == nil && c.depth() > maxConditionDepth {
		err = tooDeep()
	}
	return c, err
}

func tooDeep() error {
	return fmt.Errorf("%w condition: groups are nested more than %d deep", ErrInvalid, maxConditionDepth)
}

// depth counts the groups around the innermost comparison.
func (c *Condition) depth() int {
	deepest := 0
	for i := range c.Of {
		deepest = max(deepest, c.Of[i].depth()+1)
	}
	return deepest
}

func (p *conditionParser) wrong(want string) error {
	found := p.token
	if found == "" {
		found = "the end"
	}
	return fmt.Errorf("%w condition, at character %d: %s is wanted, not %s", ErrInvalid, p.at+1, want, clip(found))
}

func (p *conditionParser) next() error {
	p.at += len(p.token)
	rest := strings.TrimLeft(p.text[p.at:], " \t\r\n")
	p.at = len(p.text) - len(rest)
	if p.token = conditionToken.FindString(rest); p.token == "" && rest != "" {
		return fmt.Errorf("%w condition, at character %d: %q begins nothing; texts stand in single quotes", ErrInvalid, p.at+1, clip(rest[:1]))
	}
	return nil
}

func (p *conditionParser) word(word string) bool { return strings.EqualFold(p.token, word) }

func (p *conditionParser) alternatives(depth int) (Condition, error) {
	return p.list(joinOr, func() (Condition, error) {
		return p.list(joinAnd, func() (Condition, error) { return p.one(depth) })
	})
}

// list reads conditions with a join between them.
func (p *conditionParser) list(join string, one func() (Condition, error)) (Condition, error) {
	var of []Condition
	for {
		c, err := one()
		if err != nil {
			return c, err
		}
		if of = append(of, c); !p.word(join) {
			return Joined(join, of), nil
		}
		if err := p.next(); err != nil {
			return c, err
		}
	}
}

// one reads a comparison, or a group in parentheses.
func (p *conditionParser) one(depth int) (Condition, error) {
	negated := p.word("NOT")
	if negated {
		if err := p.next(); err != nil {
			return Condition{}, err
		}
		if p.token != "(" {
			return Condition{}, p.wrong("( after NOT")
		}
	}
	if p.token != "(" {
		return p.comparison()
	}
	if depth == 0 {
		return Condition{}, tooDeep()
	}
	if err := p.next(); err != nil {
		return Condition{}, err
	}
	c, err := p.alternatives(depth - 1)
	if err != nil {
		return c, err
	}
	if p.token != ")" {
		return c, p.wrong("AND, OR or )")
	}
	if negated {
		c = c.negated()
	}
	return c, p.next()
}

func (c Condition) negated() Condition {
	if c.Join == joinAnd || c.Join == joinOr {
		return Condition{Join: "NOT_" + c.Join, Of: c.Of}
	}
	return Condition{Join: joinNotAnd, Of: []Condition{c}}
}

func (p *conditionParser) comparison() (c Condition, err error) {
	if p.count++; p.count > maxConditions {
		return c, fmt.Errorf("%w condition: more than %d comparisons", ErrInvalid, maxConditions)
	}
	switch {
	case strings.HasPrefix(p.token, "'") && p.token != "''":
		c.Field = unquoted(p.token)
	case p.token == "" || !wordStart(p.token[0]) || joins(p.token):
		return c, p.wrong("a field")
	default:
		c.Field = p.token
	}
	if err = p.next(); err != nil {
		return c, err
	}
	if p.token == "" || !wordStart(p.token[0]) || joins(p.token) {
		return c, p.wrong("an operator such as EQUAL")
	}
	c.Operator = strings.ToUpper(p.token)
	if err = p.next(); err != nil {
		return c, err
	}
	switch {
	case strings.HasPrefix(p.token, "'"):
		c.Values = []string{unquoted(p.token)}
		return c, p.next()
	case p.token == "(":
		return c, p.values(&c)
	case !asksForNull(c.Operator):
		return c, p.wrong("a value in single quotes, or several in parentheses,")
	}
	return c, nil
}

func (p *conditionParser) values(c *Condition) error {
	for {
		if err := p.next(); err != nil {
			return err
		}
		if p.token == ")" && len(c.Values) == 0 {
			return p.next()
		}
		if !strings.HasPrefix(p.token, "'") {
			return p.wrong("a value in single quotes")
		}
		c.Values = append(c.Values, unquoted(p.token))
		if err := p.next(); err != nil {
			return err
		}
		if p.token == ")" {
			return p.next()
		}
		if p.token != "," {
			return p.wrong(", or )")
		}
	}
}

func unquoted(token string) string {
	return strings.ReplaceAll(token[1:len(token)-1], "''", "'")
}
