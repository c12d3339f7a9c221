package plan

import (
	"math"
	"strconv"
	"time"

	"ledgerline/internal/query/syntax"
)

// maxNesting bounds how deep expressions nest, because engines bound it.
const maxNesting = 150

// expr plans an expression of where, eval or an argument. A nil result means
// that a mistake was reported.
func (p *planner) expr(f *frame, x syntax.Expr) Expr {
	p.nesting++
	defer func() { p.nesting-- }()
	if p.nesting > maxNesting {
		p.report(x, "Unexpected input for %s: the expression is nested too deep; use several eval commands", p.clause)
		return nil
	}
	switch x := x.(type) {
	case *syntax.Ref:
		if c := p.lookup(f, x.Text); c != nil {
			return ref(c)
		}
		if e := p.queryTime(f, x.Text); e != nil {
			return e
		}
		return text(x.Text)
	case *syntax.Number:
		return p.number(x)
	case *syntax.Duration:
		return whole(p.fixed(x))
	case *syntax.Null:
		return null()
	case *syntax.Bool:
		return truth(x.Value)
	case *syntax.Variable:
		if x.Value == nil {
			p.report(x, "the variable $%s has no constant value", x.Name)
			return nil
		}
		return p.value(x.Value)
	case *syntax.Call:
		return p.call(f, x)
	case *syntax.Unary:
		return p.unary(f, x)
	case *syntax.Binary:
		return p.binary(f, x)
	case *syntax.Logic:
		var args []Expr
		for _, a := range x.Args {
			if e := p.condition(f, a); e != nil {
				args = append(args, e)
			}
		}
		if len(args) < len(x.Args) {
			return nil
		}
		if x.Op == syntax.OpOr {
			return test(Or, args...)
		}
		return test(And, args...)
	case *syntax.In:
		return p.in(f, x)
	}
	p.report(x, "Unexpected input for %s", p.clause)
	return nil
}

// queryTime resolves the two names that stand for the ends of the window after link.
func (p *planner) queryTime(f *frame, name string) Expr {
	if f.shape != links {
		return nil
	}
	w := p.bounded()
	switch fold(name) {
	case "query start time":
		return instant(w.From)
	case "query end time":
		return instant(w.To)
	}
	return nil
}

func instant(t time.Time) Expr { return &Const{t, Type{Kind: Time}} }

// number reads a literal: whole when it is one and fits, else a fraction.
func (p *planner) number(x *syntax.Number) Expr {
	if n, err := strconv.ParseInt(x.Text, 10, 64); err == nil {
		return whole(n)
	}
	n, err := strconv.ParseFloat(x.Text, 64)
	if err != nil || math.IsInf(n, 0) {
		p.report(x, "the number %s is too large", x.Text)
		return nil
	}
	return fraction(n)
}

// condition plans an expression whose truth is wanted: a number is true unless it is zero.
func (p *planner) condition(f *frame, x syntax.Expr) Expr {
	e := p.expr(f, x)
	if e == nil || p.misnamed(f, x) {
		return nil
	}
	return p.truthOf(x, e)
}

func (p *planner) truthOf(at syntax.Node, e Expr) Expr {
	switch t := e.Type(); {
	case t.Kind == Bool && !t.List, t.Kind == Null:
		return e
	case t.Kind == Int && !t.List, t.Kind == Float && !t.List:
		return negation(test(Or, test(Eq, e, whole(0)), test(IsNull, e)))
	case t.Kind == String && !t.List:
		return test(Eq, call(Fold, String, e), text("true"))
	}
	p.report(at, "Unexpected input for %s: the condition is a %s, not true or false", p.clause, e.Type().Kind)
	return nil
}

func (p *planner) unary(f *frame, x *syntax.Unary) Expr {
	if x.Op == syntax.OpNot {
		if e := p.condition(f, x.X); e != nil {
			return negation(e)
		}
		return nil
	}
	e := p.expr(f, x.X)
	if e == nil {
		return nil
	}
	if c, ok := e.(*Const); ok {
		switch v := c.Value.(type) {
		case int64:
			return whole(-v)
		case float64:
			return fraction(-v)
		}
	}
	if e = p.numeric(x.X, e); e == nil {
		return nil
	}
	return call(Neg, e.Type().Kind, e)
}

func arithmetic(op syntax.Op) (Op, bool) {
	switch op {
	case syntax.OpAdd:
		return Add, true
	case syntax.OpSub:
		return Sub, true
	case syntax.OpMul:
		return Mul, true
	case syntax.OpDiv:
		return Div, true
	case syntax.OpMod:
		return Mod, true
	}
	return "", false
}

func (p *planner) binary(f *frame, x *syntax.Binary) Expr {
	a, b := p.expr(f, x.X), p.expr(f, x.Y)
	if a == nil || b == nil {
		return nil
	}
	if x.Op == syntax.OpConcat {
		return call(Concat, String, asText(a), asText(b))
	}
	op, ok := arithmetic(x.Op)
	if !ok {
		if p.misnamed(f, x.X, b) {
			return nil
		}
		p.suspect(f, x.Y)
		return p.compare(x, x.Op, a, b)
	}
	// A time moved by milliseconds stays a time; the distance of two is a number.
	moved := a.Type().Kind == Time && b.Type().Kind != Time && (op == Add || op == Sub)
	a, b = p.numeric(x.X, a), p.numeric(x.Y, b)
	if a == nil || b == nil {
		return nil
	}
	kind := Int
	if op == Div || a.Type().Kind == Float || b.Type().Kind == Float {
		kind = Float
	}
	e := call(op, kind, a, b)
	if moved {
		return call(FromMillis, Time, call(ToInt, Int, e))
	}
	return e
}

// numeric makes a number of a value: truth is 1 or 0, times are epoch
// milliseconds, text is read.
func (p *planner) numeric(at syntax.Node, e Expr) Expr {
	e = single(e)
	switch e.Type().Kind {
	case Int, Float:
		return e
	case Null:
		return &Const{nil, Type{Kind: Int}}
	case Bool:
		return call(ToBit, Int, e)
	case Time:
		return call(ToMillis, Int, e)
	}
	if c, ok := e.(*Const); ok {
		s, _ := c.Value.(string)
		if n, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			return fraction(n)
		}
		p.report(at, "Invalid field for %s: %s", p.clause, s)
		return nil
	}
	return call(ToFloat, Float, e)
}

// single reads a list as its first member where one value is wanted.
func single(e Expr) Expr {
	if t := e.Type(); t.List {
		return call(First, t.Kind, e)
	}
	return e
}

// asText makes text of a value the way results print it.
func asText(e Expr) Expr {
	switch t := e.Type(); {
	case t.List:
		return call(ListText, String, e)
	case t.Kind == String:
		return e
	case t.Kind == Null:
		return &Const{nil, Type{Kind: String}}
	}
	return call(ToText, String, e)
}

func (p *planner) in(f *frame, x *syntax.In) Expr {
	left := p.expr(f, x.X)
	if left == nil {
		return nil
	}
	values := make([]Expr, 0, len(x.List))
	for _, v := range x.List {
		e := p.expr(f, v)
		if e == nil {
			return nil
		}
		values = append(values, e)
	}
	if p.misnamed(f, x.X, values...) {
		return nil
	}
	e := p.oneOf(x, left, values)
	if e != nil && x.Not {
		return negation(e)
	}
	return e
}
