package content

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/record"
)

// conditionProgram is one condition made ready. Several values are alternatives.
// A negative test is true for a missing field, as in the query language.
type conditionProgram struct {
	of       []conditionProgram // joined; then there is no field
	any      bool               // one of them is enough
	field    *record.Field
	negate   bool
	null     bool // asks only whether there is a value
	test     func(value, wanted string) bool
	values   []string
	patterns []*pattern
}

func (s *snapshot) compileCondition(c Condition) (conditionProgram, error) {
	left := maxConditions
	return s.condition(c, maxConditionDepth, &left)
}

// condition compiles what is at most so deep and has at most so many parts left.
func (s *snapshot) condition(c Condition, depth int, left *int) (p conditionProgram, err error) {
	if *left--; *left < 0 || depth < 0 {
		return p, fmt.Errorf("condition: at most %d comparisons, nested %d deep", maxConditions, maxConditionDepth)
	}
	if c.Join == "" {
		return s.comparison(c)
	}
	var join string
	join, p.negate = strings.CutPrefix(strings.ToUpper(c.Join), "NOT_")
	p.any = join == joinOr
	if join != joinAnd && join != joinOr || len(c.Of) == 0 {
		return p, fmt.Errorf("condition: %q of %d conditions; write AND, OR, NOT_AND or NOT_OR of some", clip(c.Join), len(c.Of))
	}
	p.of = make([]conditionProgram, len(c.Of))
	for i := range c.Of {
		if p.of[i], err = s.condition(c.Of[i], depth-1, left); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (s *snapshot) comparison(c Condition) (conditionProgram, error) {
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
	if len(c.of) > 0 {
		return slices.ContainsFunc(c.of, func(o conditionProgram) bool { return o.holds(r) == c.any }) == c.any
	}
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
	return (p.guard == nil || p.guard.holds(r)) && p.when.holds(r)
}

// TryCondition judges a condition by values of fields, named by their internal
// names. What cannot be judged is refused with ErrInvalid.
func (l *Library) TryCondition(c Condition, values map[string]string) (bool, error) {
	snap := l.current.Load()
	p, err := snap.compileCondition(c)
	if err != nil {
		return false, fmt.Errorf("%w %w", ErrInvalid, err)
	}
	prog := &program{source: &Source{Display: values["msrcid"]}, snap: snap}
	r, err := newRun(context.Background(), prog, Upload{Origin: &record.Origin{Entity: values["mtgt"], EntityType: values["mtgttype"],
		LogEntity: values["mlogent"], File: values["logorigin"], UploadName: values["uploadname"], Upload: values["muploadid"], LogGroup: values["loggroup"]}}, nil)
	if err != nil {
		return false, err
	}
	r.entry.Text = values[fieldText]
	for name, text := range values {
		r.put(name, record.Text(text))
	}
	holds := p.holds(r)
	if r.timeouts > 0 {
		return false, fmt.Errorf("%w condition: a regular expression takes too long; simplify it (nested quantifiers and lookaround are costly)", ErrInvalid)
	}
	return holds, nil
}
