package simulate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/valyala/fastjson"
)

// logQuery is what the simulator understands of the Logging query language.
type logQuery struct {
	scopes     [][]string // compartment, log group, log
	where      condition
	descending bool
}

// condition decides over a record.
type condition func(*candidate) bool

// candidate is a record that a search looks at; it is rendered and parsed when
// that is needed, and once.
type candidate struct {
	*entry
	body   []byte
	parsed *fastjson.Value
}

func (c *candidate) text() []byte {
	if c.body == nil {
		c.body = c.wrapped("")
	}
	return c.body
}

const longestQuery = 8192

var (
	searchToken = regexp.MustCompile(`^\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|!=|<=|>=|[=<>(),|]|[^\s"'=<>!(),|]+)`)
	errSearch   = errors.New(`the query is not of the form: search "scope" | where … | sort by datetime asc`)
)

func tokenize(text string) ([]string, error) {
	if len(text) > longestQuery {
		return nil, fmt.Errorf("the query is longer than %d characters", longestQuery)
	}
	var out []string
	for strings.TrimSpace(text) != "" {
		m := searchToken.FindStringSubmatch(text)
		if m == nil {
			return nil, errSearch
		}
		out = append(out, m[1])
		text = text[len(m[0]):]
	}
	return out, nil
}

func parseSearch(text string) (*logQuery, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &searchParser{tokens: tokens}
	q := &logQuery{descending: true}
	if !p.take("search") {
		return nil, errSearch
	}
	for {
		scope := p.peek()
		if !strings.HasPrefix(scope, `"`) {
			break
		}
		p.next()
		p.take(",")
		q.scopes = append(q.scopes, strings.Split(strings.Trim(scope, `"`), "/"))
	}
	if len(q.scopes) == 0 {
		return nil, errSearch
	}
	for p.take("|") {
		switch {
		case p.take("where"):
			if q.where != nil {
				return nil, errors.New("one where is what the simulator understands; join them by and")
			}
			if q.where, err = p.or(0); err != nil {
				return nil, err
			}
		case p.take("sort"):
			if !p.take("by") || !p.take("datetime") {
				return nil, errSearch
			}
			q.descending = p.take("desc")
			if !q.descending {
				p.take("asc")
			}
		default:
			return nil, fmt.Errorf("the simulator does not understand %q of the Logging query language", p.peek())
		}
	}
	if p.peek() != "" {
		return nil, errSearch
	}
	return q, nil
}

// covers reports whether a scope names the log; names stand for OCIDs.
func (q *logQuery) covers(l *serviceLog) bool {
	for _, scope := range q.scopes {
		want := [...][]string{{l.oracle.CompartmentID, l.oracle.TenantID}, {l.oracle.LogGroupID, logGroupName}, {l.id, l.name}}
		ok := len(scope) <= len(want)
		for i := 0; ok && i < len(scope); i++ {
			ok = scope[i] == want[i][0] || scope[i] == want[i][1]
		}
		if ok {
			return true
		}
	}
	return false
}

type searchParser struct {
	tokens []string
	at     int
}

func (p *searchParser) peek() string {
	if p.at == len(p.tokens) {
		return ""
	}
	return p.tokens[p.at]
}

func (p *searchParser) next() string {
	t := p.peek()
	if t != "" {
		p.at++
	}
	return t
}

func (p *searchParser) take(word string) bool {
	if strings.EqualFold(p.peek(), word) {
		p.at++
		return true
	}
	return false
}

const deepestWhere = 50

func (p *searchParser) or(depth int) (condition, error) {
	left, err := p.and(depth)
	for err == nil && p.take("or") {
		var right condition
		if right, err = p.and(depth); err == nil {
			a := left
			left = func(c *candidate) bool { return a(c) || right(c) }
		}
	}
	return left, err
}

func (p *searchParser) and(depth int) (condition, error) {
	left, err := p.term(depth)
	for err == nil && p.take("and") {
		var right condition
		if right, err = p.term(depth); err == nil {
			a := left
			left = func(c *candidate) bool { return a(c) && right(c) }
		}
	}
	return left, err
}

func (p *searchParser) term(depth int) (condition, error) {
	if depth > deepestWhere {
		return nil, errors.New("the condition is nested too deep")
	}
	if p.take("not") {
		inner, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(c *candidate) bool { return !inner(c) }, nil
	}
	if p.take("(") {
		inner, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = errSearch
		}
		return inner, err
	}
	field, op, literal := p.next(), p.next(), p.next()
	if field == "" || !strings.HasPrefix(literal, "'") || op != "=" && op != "!=" {
		return nil, errors.New("a condition of the simulator is field = 'text' or field != 'text'")
	}
	pattern, err := wildcard(strings.ReplaceAll(literal[1:len(literal)-1], "''", "'"))
	if err != nil {
		return nil, err
	}
	path := strings.Split(strings.ReplaceAll(field, `"`, ""), ".")
	return func(c *candidate) bool { return pattern.MatchString(c.field(path)) == (op == "=") }, nil
}

// wildcard makes a pattern of a literal in which * stands for any text.
func wildcard(text string) (*regexp.Regexp, error) {
	return regexp.Compile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*") + "$")
}

// field is the text at a path that starts at the event, or at logContent for the
// whole of it.
func (c *candidate) field(path []string) string {
	if path[0] == "type" && c.entry != nil && !c.log.custom {
		return c.log.typ
	}
	if c.parsed == nil {
		var err error
		if c.parsed, err = fastjson.ParseBytes(c.text()); err != nil {
			return ""
		}
	}
	v := c.parsed
	if path[0] != "datetime" {
		v = v.Get("logContent")
	}
	if path[0] == "logContent" {
		path = path[1:]
	}
	switch v = v.Get(path...); {
	case v == nil:
		return ""
	case v.Type() == fastjson.TypeString:
		return string(v.GetStringBytes())
	default:
		return string(v.MarshalTo(nil))
	}
}
