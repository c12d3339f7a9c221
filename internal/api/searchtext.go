package api

import (
	"fmt"
	"strconv"
	"strings"
)

// The query language of OCI Logging, in the form that clients which read logs use:
//
//	search "<compartment>[/<log group>[/<log>]]" … | where <condition> | sort by datetime [asc|desc] | limit <n>
//
// Conditions compare dotted paths, case-sensitive, with literals by =, !=, <, <=, >,
// >= and in, joined by and, or, not and parentheses. In a text compared by = or !=,
// * stands for anything.

// logSearch is a parsed query.
type logSearch struct {
	scopes    []logScope
	where     []logCondition // all must hold
	ascending bool
	limit     int // 0: none
}

// logScope is what to search in; empty members do not restrict.
type logScope struct{ compartment, group, log string }

// Bounds of a query.
const (
	maxSearchText  = 64 << 10
	maxSearchDepth = 100
)

type searchParser struct {
	rest  string
	depth int
}

// parseLogSearch reads a query. The error is for the client.
func parseLogSearch(text string) (logSearch, error) {
	var out logSearch
	if len(text) > maxSearchText {
		return out, invalid("searchQuery may have at most %d bytes", maxSearchText)
	}
	p := &searchParser{rest: text}
	if !p.word("search") {
		return out, p.expected(`search "<compartment OCID>/<log group>/<log>"`)
	}
	for {
		p.symbol(",")
		scope, ok, err := p.quoted('"')
		if err != nil {
			return out, err
		}
		if !ok {
			break
		}
		parts := strings.SplitN(scope, "/", 3)
		parts = append(parts, "", "")
		out.scopes = append(out.scopes, logScope{parts[0], parts[1], parts[2]})
	}
	if len(out.scopes) == 0 {
		return out, p.expected("a scope in double quotes after search")
	}
	for p.symbol("|") {
		if err := p.stage(&out); err != nil {
			return out, err
		}
	}
	if p.space(); p.rest != "" {
		return out, p.expected("| or the end")
	}
	return out, nil
}

func (p *searchParser) stage(out *logSearch) error {
	switch {
	case p.word("where"):
		c, err := p.either()
		out.where = append(out.where, c)
		return err
	case p.word("sort"):
		p.word("by")
		field, err := p.path()
		if err != nil {
			return err
		}
		if len(field) != 1 || field[0] != "datetime" {
			return invalid("searchQuery: this server sorts by datetime only")
		}
		out.ascending = p.word("asc")
		if !out.ascending {
			p.word("desc")
		}
		return nil
	case p.word("limit"), p.word("head"):
		n, err := strconv.Atoi(p.number())
		if err != nil || n < 1 {
			return p.expected("a number after limit")
		}
		out.limit = n
		return nil
	}
	return p.expected("where, sort by datetime, or limit: other stages are not implemented by this server; aggregate with Log Analytics' own queries")
}

func (p *searchParser) expected(what string) error {
	if p.space(); p.rest == "" {
		return invalid("searchQuery: expected %s at the end", what)
	}
	return invalid("searchQuery: expected %s before %q", what, clip(p.rest, 40))
}

func (p *searchParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *searchParser) symbol(s string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

// word takes a keyword, in any letter case.
func (p *searchParser) word(w string) bool {
	p.space()
	if len(p.rest) < len(w) || !strings.EqualFold(p.rest[:len(w)], w) || len(p.rest) > len(w) && isName(p.rest[len(w)]) {
		return false
	}
	p.rest = p.rest[len(w):]
	return true
}

func isName(b byte) bool {
	return b == '_' || b == '-' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b >= 0x80
}

// quoted takes a text in quotes; a doubled quote stands for one.
func (p *searchParser) quoted(q byte) (text string, ok bool, err error) {
	p.space()
	if p.rest == "" || p.rest[0] != q {
		return "", false, nil
	}
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch {
		case p.rest[i] != q:
			b.WriteByte(p.rest[i])
		case i+1 < len(p.rest) && p.rest[i+1] == q:
			b.WriteByte(q)
			i++
		default:
			p.rest = p.rest[i+1:]
			return b.String(), true, nil
		}
	}
	return "", false, invalid("searchQuery: the quote at %q is not closed", clip(p.rest, 40))
}

func (p *searchParser) number() string {
	p.space()
	end := 0
	for end < len(p.rest) && (p.rest[end] == '.' || p.rest[end] == '-' || p.rest[end] == '+' || '0' <= p.rest[end] && p.rest[end] <= '9' || p.rest[end] == 'e' || p.rest[end] == 'E') {
		end++
	}
	n := p.rest[:end]
	p.rest = p.rest[end:]
	return n
}

// path takes a dotted path; a part with other characters stands in double quotes.
func (p *searchParser) path() ([]string, error) {
	var out []string
	for {
		part, ok, err := p.quoted('"')
		if err != nil {
			return nil, err
		}
		if !ok {
			end := 0
			for end < len(p.rest) && isName(p.rest[end]) {
				end++
			}
			if end == 0 {
				return nil, p.expected("a field")
			}
			part, p.rest = p.rest[:end], p.rest[end:]
		}
		out = append(out, part)
		if !strings.HasPrefix(p.rest, ".") {
			return out, nil
		}
		p.rest = p.rest[1:]
	}
}

func (p *searchParser) either() (logCondition, error) {
	if p.depth++; p.depth > maxSearchDepth {
		return nil, invalid("searchQuery: conditions are nested too deeply")
	}
	defer func() { p.depth-- }()
	out, err := p.both()
	for err == nil && p.word("or") {
		var other logCondition
		if other, err = p.both(); err == nil {
			out = orOf{out, other}
		}
	}
	return out, err
}

func (p *searchParser) both() (logCondition, error) {
	out, err := p.single()
	for err == nil && p.word("and") {
		var other logCondition
		if other, err = p.single(); err == nil {
			out = andOf{out, other}
		}
	}
	return out, err
}

func (p *searchParser) single() (logCondition, error) {
	if p.depth++; p.depth > maxSearchDepth {
		return nil, invalid("searchQuery: conditions are nested too deeply")
	}
	defer func() { p.depth-- }()
	if p.word("not") {
		c, err := p.single()
		return negated{c}, err
	}
	if p.symbol("(") {
		c, err := p.either()
		if err == nil && !p.symbol(")") {
			err = p.expected(")")
		}
		return c, err
	}
	field, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.word("in") {
		return p.members(field)
	}
	for _, op := range []string{"!=", "<>", "<=", ">=", "=", "<", ">"} {
		if p.symbol(op) {
			v, err := p.literal()
			return comparison{field, strings.Replace(op, "<>", "!=", 1), v}, err
		}
	}
	return nil, p.expected("a comparison (=, !=, <, <=, >, >=, in) after " + clip(strings.Join(field, "."), 100))
}

func (p *searchParser) members(field []string) (logCondition, error) {
	if !p.symbol("(") {
		return nil, p.expected("( after in")
	}
	var out orOf
	for {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		out = append(out, comparison{field, "=", v})
		if p.symbol(")") {
			return out, nil
		}
		if !p.symbol(",") {
			return nil, p.expected(", or )")
		}
	}
}

// literal is a text, a number or a boolean, as JSON holds them.
func (p *searchParser) literal() (any, error) {
	text, ok, err := p.quoted('\'')
	if ok || err != nil {
		return text, err
	}
	if p.word("true") {
		return true, nil
	}
	if p.word("false") {
		return false, nil
	}
	before := p.rest
	f, err := strconv.ParseFloat(p.number(), 64)
	if err != nil {
		p.rest = before
		return nil, p.expected("a text in single quotes, a number, true or false")
	}
	return f, nil
}

// logCondition is a condition on a record: {"datetime": …, "logContent": {…}}.
type logCondition interface {
	holds(r *logRecord) bool
	fmt.Stringer // for tests and errors
}

type (
	andOf      []logCondition
	orOf       []logCondition
	negated    struct{ of logCondition }
	comparison struct {
		field []string
		op    string
		value any
	}
)

func (a andOf) holds(r *logRecord) bool {
	for _, c := range a {
		if !c.holds(r) {
			return false
		}
	}
	return true
}

func (a orOf) holds(r *logRecord) bool {
	for _, c := range a {
		if c.holds(r) {
			return true
		}
	}
	return false
}

func (n negated) holds(r *logRecord) bool { return !n.of.holds(r) }

func joined(list []logCondition, by string) string {
	texts := make([]string, len(list))
	for i, c := range list {
		texts[i] = c.String()
	}
	return "(" + strings.Join(texts, by) + ")"
}

func (a andOf) String() string   { return joined(a, " and ") }
func (a orOf) String() string    { return joined(a, " or ") }
func (n negated) String() string { return "not " + n.of.String() }
func (c comparison) String() string {
	return fmt.Sprintf("%s %s %v", strings.Join(c.field, "."), c.op, c.value)
}

// holds compares values of one type; a field that is absent equals nothing, not
// even by !=.
func (c comparison) holds(r *logRecord) bool {
	v, ok := r.value(c.field)
	if !ok {
		return false
	}
	switch want := c.value.(type) {
	case string:
		have, ok := v.(string)
		switch {
		case !ok:
			return false
		case c.op == "=":
			return matches(want, have)
		case c.op == "!=":
			return !matches(want, have)
		}
		return ordered(c.op, strings.Compare(have, want))
	case bool:
		have, ok := v.(bool)
		return ok && (c.op == "=" && have == want || c.op == "!=" && have != want)
	case float64:
		have, ok := v.(float64)
		if text, is := v.(string); is {
			var err error
			have, err = strconv.ParseFloat(text, 64)
			ok = err == nil
		}
		switch {
		case !ok:
			return false
		case have < want:
			return ordered(c.op, -1)
		case have > want:
			return ordered(c.op, 1)
		}
		return ordered(c.op, 0)
	}
	return false
}

func ordered(op string, sign int) bool {
	switch op {
	case "=":
		return sign == 0
	case "!=":
		return sign != 0
	case "<":
		return sign < 0
	case "<=":
		return sign <= 0
	case ">":
		return sign > 0
	}
	return sign >= 0
}

// matches compares a text with one in which * stands for anything. It takes no
// more than the product of the lengths.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
