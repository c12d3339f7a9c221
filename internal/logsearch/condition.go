package logsearch

import (
	"strconv"
	"strings"
)

// Record finds what a path of a query names in a record: a text, a float64 or a
// bool, as JSON holds them; false when it names nothing.
type Record func(path []string) (any, bool)

// Holds reports whether a record meets the conditions of the query. Its scopes are
// the caller's to compare.
func (q *Query) Holds(r Record) bool { return q.where.holds(r) }

// Equality says that a path holds a text, in which * stands for anything.
type Equality struct {
	Path []string
	Text string
}

// Required lists equalities that every record which Holds meets, so that one may
// look for their texts first.
func (q *Query) Required() []Equality { return q.where.required() }

func (a andOf) required() (out []Equality) {
	for _, c := range a {
		switch c := c.(type) {
		case andOf:
			out = append(out, c.required()...)
		case comparison:
			if text, ok := c.value.(string); ok && c.op == "=" {
				out = append(out, Equality{c.field, text})
			}
		}
	}
	return out
}

type condition interface{ holds(r Record) bool }

type (
	andOf      []condition
	orOf       []condition
	negated    struct{ of condition }
	comparison struct {
		field []string
		op    string
		value any
	}
)

func (a andOf) holds(r Record) bool {
	for _, c := range a {
		if !c.holds(r) {
			return false
		}
	}
	return true
}

func (a orOf) holds(r Record) bool {
	for _, c := range a {
		if c.holds(r) {
			return true
		}
	}
	return false
}

func (n negated) holds(r Record) bool { return !n.of.holds(r) }

// holds compares values of one type; a field that is absent equals nothing, not
// even by !=.
func (c comparison) holds(r Record) bool {
	v, ok := r(c.field)
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
