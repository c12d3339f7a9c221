package content

import (
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/record"
)

// conditionProgram is one condition made ready. Several values are alternatives.
// A negative test is true for a missing field, as in the query language.
type conditionProgram struct {
	field    *record.Field
	negate   bool
	null     bool // asks only whether there is a value
	test     func(value, wanted string) bool
	values   []string
	patterns []*pattern
}

func (s *snapshot) compileCondition(c Condition) (conditionProgram, error) {
	f, ok := s.fields.internal(c.Field)
	if !ok {
		return conditionProgram{}, fmt.Errorf("condition: field %q does not exist", clip(c.Field))
	}
	p := conditionProgram{field: f, values: c.Values}
	op := strings.ToUpper(c.Operator)
	if base, ok := strings.CutPrefix(op, "NOT_"); ok && base != "NULL" {
		p.negate, op = true, base
	}
	switch op {
	case "IS_NULL":
		p.null, p.negate = true, true
	case "NOT_NULL":
		p.null = true
	case "EQUAL", "IN":
		p.test = func(v, w string) bool { return v == w }
	case "EQUAL_IGNORE_CASE", "IN_IGNORE_CASE":
		p.test = strings.EqualFold
	case "CONTAINS":
		p.test = strings.Contains
	case "CONTAINS_IGNORE_CASE":
		p.test = func(v, w string) bool { return strings.Contains(strings.ToLower(v), strings.ToLower(w)) }
	case "STARTS_WITH":
		p.test = strings.HasPrefix
	case "ENDS_WITH":
		p.test = strings.HasSuffix
	case "CONTAINS_REGEX", "CONTAINS_ONEOF_REGEXES":
		for _, v := range c.Values {
			re, err := compilePattern(v, patternOptions{timeout: s.opts.MatchTimeout})
			if err != nil {
				return p, fmt.Errorf("condition on %q: %w", f.Display, err)
			}
			p.patterns = append(p.patterns, re)
		}
	default:
		return p, fmt.Errorf("condition on %q: the operator %q is unknown", f.Display, clip(c.Operator))
	}
	return p, nil
}

func (c *conditionProgram) holds(r *run) bool { return c.positive(r) != c.negate }

func (c *conditionProgram) positive(r *run) bool {
	value, ok := r.value(c.field)
	switch {
	case !ok:
		return false
	case c.null:
		return true
	case c.one(r, value):
		return true
	}
	if c.field.MultiValued {
		for i := range r.cells {
			if r.cells[i].Field == c.field.Name {
				return slices.ContainsFunc(r.cells[i].Value.List, func(v string) bool { return c.one(r, v) })
			}
		}
	}
	return false
}

func (c *conditionProgram) one(r *run, value string) bool {
	if c.test == nil {
		return slices.ContainsFunc(c.patterns, func(p *pattern) bool {
			_, ok := r.find(p, value)
			return ok
		})
	}
	return slices.ContainsFunc(c.values, func(w string) bool { return c.test(value, w) })
}

func (p *ruleProgram) holds(r *run) bool {
	if p.guard != nil && !p.guard.holds(r) {
		return false
	}
	ok := len(p.all) > 0 && !slices.ContainsFunc(p.all, func(c conditionProgram) bool { return !c.holds(r) }) ||
		len(p.any) > 0 && slices.ContainsFunc(p.any, func(c conditionProgram) bool { return c.holds(r) })
	return ok != p.negate
}
