// Package logsearch is the query language of OCI Logging's search, in the form that
// clients which read logs use:
//
//	search "<compartment>[/<log group>[/<log>]]" … | where <condition> | sort by datetime [asc|desc] | limit <n>
//
// Conditions compare dotted paths, case-sensitive, with literals by =, !=, <, <=, >,
// >= and in, joined by and, or, not and parentheses. In a text compared by = or !=,
// * stands for anything.
package logsearch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Query is a query that was read.
type Query struct {
	Scopes    []Scope // at least one; a record must be of one of them
	Ascending bool    // by time; else newest first
	Limit     int     // records; 0: no limit

	where andOf
}

// Scope is what to search in; empty members do not restrict.
type Scope struct{ Compartment, Group, Log string }

// Bounds of a query.
const (
	maxText  = 64 << 10
	maxDepth = 100
)

var errDepth = errors.New("conditions are nested too deeply")

type parser struct {
	rest  string
	depth int
}

// Parse reads a query. The error tells its author what is wrong and where.
func Parse(text string) (Query, error) {
	var out Query
	if len(text) > maxText {
		return out, fmt.Errorf("it may have at most %d bytes", maxText)
	}
	p := &parser{rest: text}
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
		out.Scopes = append(out.Scopes, Scope{parts[0], parts[1], parts[2]})
	}
	if len(out.Scopes) == 0 {
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

func (p *parser) stage(out *Query) error {
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
			return errors.New("this server sorts by datetime only")
		}
		out.Ascending = p.word("asc")
		if !out.Ascending {
			p.word("desc")
		}
		return nil
	case p.word("limit"), p.word("head"):
		n, err := strconv.Atoi(p.number())
		if err != nil || n < 1 {
			return p.expected("a number after limit")
		}
		out.Limit = n
		return nil
	}
	return p.expected("where, sort by datetime, or limit: other stages are not implemented by this server; aggregate with Log Analytics' own queries")
}

func (p *parser) expected(what string) error {
	if p.space(); p.rest == "" {
		return fmt.Errorf("expected %s at the end", what)
	}
	return fmt.Errorf("expected %s before %.40q", what, p.rest)
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *parser) symbol(s string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

// word takes a keyword, in any letter case.
func (p *parser) word(w string) bool {
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
func (p *parser) quoted(q byte) (text string, ok bool, err error) {
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
	return "", false, fmt.Errorf("the quote at %.40q is not closed", p.rest)
}

func (p *parser) number() string {
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
func (p *parser) path() ([]string, error) {
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

func (p *parser) either() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errDepth
	}
	defer func() { p.depth-- }()
	out, err := p.both()
	for err == nil && p.word("or") {
		var other condition
		if other, err = p.both(); err == nil {
			out = orOf{out, other}
		}
	}
	return out, err
}

func (p *parser) both() (condition, error) {
	out, err := p.single()
	for err == nil && p.word("and") {
		var other condition
		if other, err = p.single(); err == nil {
			out = andOf{out, other}
		}
	}
	return out, err
}

func (p *parser) single() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errDepth
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
	return nil, p.expected(fmt.Sprintf("a comparison (=, !=, <, <=, >, >=, in) after %.100s", strings.Join(field, ".")))
}

func (p *parser) members(field []string) (condition, error) {
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
func (p *parser) literal() (any, error) {
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
