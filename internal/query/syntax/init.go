package syntax

import (
	"slices"
	"strconv"
	"strings"
)

// define computes an init block and makes its variable known to what follows.
func (p *parser) define(init *Init) {
	value, ok := constant(init.X)
	if !ok && p.options.Eval != nil {
		s, err := p.options.Eval(init.X)
		if err != nil {
			p.failed = false
			p.fail(init.X.Pos(), "Invalid value for $"+init.Name+": "+err.Error(), "")
			p.failed = false
		}
		value, ok = &Text{Name{Span: init.X.Pos(), Text: s, Quoted: true}}, err == nil
	}
	if ok {
		init.Value = value
		p.grow(len(valueText(value)), Token{Span: init.Span})
	}
	p.set(init.Name, value, ok)
}

// shadow is the former state of a variable.
type shadow struct {
	name         string
	text         string
	value        Value
	isText, isIn bool // known to quoted strings, known at all
}

// set makes a variable known. Quoted strings keep the name of one whose value
// only the engine can compute.
func (p *parser) set(name string, value Value, computed bool) {
	s := shadow{name: name}
	s.text, s.isText = p.vars[name]
	s.value, s.isIn = p.values[name]
	p.shadowed = append(p.shadowed, s)
	if !computed {
		delete(p.vars, name)
		p.values[name] = nil
		return
	}
	p.vars[name], p.values[name] = valueText(value), value
}

// unset forgets the variables of a sub-query: all but the first so many.
func (p *parser) unset(outer int) {
	for _, s := range slices.Backward(p.shadowed[outer:]) {
		delete(p.vars, s.name)
		delete(p.values, s.name)
		if s.isText {
			p.vars[s.name] = s.text
		}
		if s.isIn {
			p.values[s.name] = s.value
		}
	}
	p.shadowed = p.shadowed[:outer]
}

// constant computes what needs no engine: literals, variables, || and the
// functions concat and literal.
func constant(x Expr) (Value, bool) {
	switch x := x.(type) {
	case *Ref:
		return &Text{Name{Span: x.Span, Text: x.Text, Quoted: true}}, true
	case *Number:
		return x, true
	case *Duration:
		return x, true
	case *Null:
		return x, true
	case *Bool:
		return &Text{Name{Span: x.Span, Text: strconv.FormatBool(x.Value), Quoted: true}}, true
	case *Variable:
		return x.Value, x.Value != nil
	case *Unary:
		if n, ok := x.X.(*Number); ok && x.Op == OpSub {
			return &Number{x.Span, "-" + n.Text}, true
		}
	case *Binary:
		if x.Op == OpConcat {
			return join(x.Span, x.X, x.Y)
		}
	case *Call:
		if x.Func == "concat" || x.Func == "literal" {
			return join(x.Span, x.Args...)
		}
	}
	return nil, false
}

// join concatenates constants as || does: numbers become text, nulls vanish.
func join(at Span, parts ...Expr) (Value, bool) {
	var b strings.Builder
	for _, part := range parts {
		v, ok := constant(part)
		if !ok {
			return nil, false
		}
		b.WriteString(valueText(v))
	}
	return &Text{Name{Span: at, Text: b.String(), Quoted: true}}, true
}

// variableName reads a bare $name as if it were quoted.
func (p *parser) variableName() Name {
	v := p.bareVariable()
	n := Name{Span: v.Span, Text: "$" + v.Name, Quoted: true}
	if v.Value != nil {
		n.Text, n.Template = valueText(v.Value), n.Text
	}
	return n
}

// valueText returns a constant as it goes into a quoted string.
func valueText(v Value) string {
	switch v := v.(type) {
	case *Text:
		return v.Text
	case *Number:
		return v.Text
	case *Duration:
		return v.Text
	}
	return ""
}
