package syntax

import (
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
	if !ok {
		// Strings keep the name of a variable that only the engine can compute.
		delete(p.vars, init.Name)
		p.values[init.Name] = nil
		return
	}
	init.Value = value
	p.vars[init.Name] = valueText(value)
	p.values[init.Name] = value
	p.grow(len(p.vars[init.Name]), Token{Span: init.Span})
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
