package plan

import (
	"math"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/query/syntax"
)

// compare plans a comparison of two values of any types (sections 3.4 and 3.5
// of the reference). Text is compared without letter case unless a side is a
// case-sensitive field.
func (p *planner) compare(at syntax.Node, op syntax.Op, a, b Expr) Expr {
	if op == syntax.OpNe {
		if e := p.compare(at, syntax.OpEq, a, b); e != nil {
			return negation(e)
		}
		return nil
	}
	switch {
	case isNull(b):
		return nullTest(op, a)
	case isNull(a):
		return nullTest(op, b)
	case a.Type().List:
		return p.anyMember(at, op, a, b, false)
	case b.Type().List:
		return p.anyMember(at, op, b, a, true)
	}
	exact := sensitive(a) || sensitive(b)
	a, b = p.alike(at, a, b)
	if a == nil || b == nil {
		return nil
	}
	if a.Type().Kind == String && !exact {
		a, b = folded(a), folded(b)
	}
	return test(comparison(op), a, b)
}

func comparison(op syntax.Op) Op {
	switch op {
	case syntax.OpLt:
		return Lt
	case syntax.OpGt:
		return Gt
	case syntax.OpLe:
		return Le
	case syntax.OpGe:
		return Ge
	default:
		return Eq
	}
}

// nullTest compares with null: only equality can hold.
func nullTest(op syntax.Op, e Expr) Expr {
	if op != syntax.OpEq {
		return truth(false)
	}
	return test(IsNull, e)
}

// anyMember is true when the comparison holds for a member of the list. With
// swapped, the member is on the right.
func (p *planner) anyMember(at syntax.Node, op syntax.Op, list, other Expr, swapped bool) Expr {
	member := Member(list.Type().Kind)
	member.Column.CaseSensitive = sensitive(list)
	a, b := Expr(member), single(other)
	if swapped {
		a, b = b, a
	}
	if e := p.compare(at, op, a, b); e != nil {
		return test(AnyMatch, list, e)
	}
	return nil
}

func sensitive(e Expr) bool {
	r, ok := e.(*Ref)
	return ok && r.Column.CaseSensitive
}

func folded(e Expr) Expr {
	if c, ok := e.(*Const); ok {
		if s, ok := c.Value.(string); ok {
			return text(fold(s))
		}
	}
	if c, ok := e.(*Call); ok && c.Op == Fold {
		return e
	}
	return call(Fold, String, e)
}

// alike converts two values to one kind that they can be compared in.
func (p *planner) alike(at syntax.Node, a, b Expr) (Expr, Expr) {
	ka, kb := a.Type().Kind, b.Type().Kind
	switch {
	case ka == kb:
		return a, b
	case ka == Time:
		return p.withTime(at, a, b)
	case kb == Time:
		b, a = p.withTime(at, b, a)
		return a, b
	case ka == String && kb == Bool:
		return a, boolText(b)
	case kb == String && ka == Bool:
		return boolText(a), b
	case ka == String:
		return p.asNumber(at, b, a), p.numeric(at, b)
	case kb == String:
		return p.numeric(at, a), p.asNumber(at, a, b)
	}
	return p.numeric(at, a), p.numeric(at, b)
}

// boolText spells a truth value the way text fields hold it.
func boolText(e Expr) Expr {
	if c, ok := e.(*Const); ok {
		return text(strconv.FormatBool(c.Value.(bool)))
	}
	return call(If, String, e, text("true"), text("false"))
}

// asNumber reads text as a number that is compared with other. A literal may
// be a duration such as '2 hours' when the other side counts milliseconds.
func (p *planner) asNumber(at syntax.Node, other, e Expr) Expr {
	c, ok := e.(*Const)
	if !ok {
		return call(ToFloat, Float, e)
	}
	s := c.Value.(string)
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		return whole(n)
	}
	if n, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
		return fraction(n)
	}
	if r, ok := other.(*Ref); ok {
		if d, ok := friendly(s); ok && isDuration(r.Column.Unit) {
			return whole(d)
		}
		p.report(at, "Invalid long value for the field %s: %s", quoteAlways(r.Column.Name), quoteAlways(s))
		return nil
	}
	p.report(at, "Invalid field for %s: %s", p.clause, s)
	return nil
}

func quoteAlways(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// withTime converts b so that it can be compared with the time a.
func (p *planner) withTime(at syntax.Node, a, b Expr) (Expr, Expr) {
	c, constant := b.(*Const)
	if !constant {
		switch b.Type().Kind {
		case String:
			return a, call(ParseISO, Time, b, text(p.env.Zone.String()))
		default:
			return call(ToMillis, Int, a), p.numeric(at, b)
		}
	}
	switch v := c.Value.(type) {
	case int64:
		if v > maxMillis || v < -maxMillis {
			p.report(at, "the time %d is out of range: times are epoch milliseconds", v)
			return nil, nil
		}
		return a, instant(time.UnixMilli(v).UTC())
	case float64:
		return call(ToMillis, Int, a), c
	case string:
		if t, ok := p.parseTime(v); ok {
			return a, instant(t)
		}
		p.report(at, "Invalid time value: %s; write it like '2024-06-23T21:15:14Z' or use dateRelative(8hour)", quoteAlways(v))
		return nil, nil
	}
	p.report(at, "a time cannot be compared with true or false")
	return nil, nil
}

// oneOf tests whether left equals one of the values.
func (p *planner) oneOf(at syntax.Node, left Expr, values []Expr) Expr {
	var any []Expr
	var subject Expr
	var constants []Expr
	for _, v := range values {
		e := p.compare(at, syntax.OpEq, left, v)
		if e == nil {
			return nil
		}
		// Equalities of one subject with constants become one membership test.
		if c, ok := e.(*Call); ok && c.Op == Eq {
			if _, ok := c.Args[1].(*Const); ok && (subject == nil || subject.Type() == c.Args[0].Type()) {
				subject = c.Args[0]
				constants = append(constants, c.Args[1])
				continue
			}
		}
		any = append(any, e)
	}
	switch len(constants) {
	case 0:
	case 1:
		any = append(any, test(Eq, subject, constants[0]))
	default:
		any = append(any, test(In, append([]Expr{subject}, constants...)...))
	}
	return disjunction(any)
}
