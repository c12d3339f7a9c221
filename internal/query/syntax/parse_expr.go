package syntax

import (
	"strings"
	"unicode/utf8"
)

// expression reads an expression.
func (p *parser) expression() Expr {
	x := p.or()
	if !p.failed && height(x) > MaxDepth {
		p.tooDeep(x.Pos())
	}
	return x
}

func (p *parser) or() Expr {
	return p.logic(OpOr, func() Expr { return p.logic(OpAnd, p.not) })
}

// logic reads operands joined by `and` or `or` into one node.
func (p *parser) logic(op Op, operand func() Expr) Expr {
	x := operand()
	if !p.isWord(string(op)) {
		return x
	}
	l := &Logic{Op: op}
	l.add(x)
	for p.acceptWord(string(op)) {
		l.add(operand())
	}
	l.Span = p.since(l.Args[0].Pos().Start)
	return l
}

// add appends an operand, or those of a parenthesised Logic of the same operator.
func (l *Logic) add(x Expr) {
	if inner, ok := x.(*Logic); ok && inner.Op == l.Op {
		l.Args = append(l.Args, inner.Args...)
		return
	}
	l.Args = append(l.Args, x)
}

func (p *parser) not() Expr {
	at := p.here()
	if !p.isWord("not") {
		return p.relation()
	}
	if !p.enter() {
		return &Null{}
	}
	defer p.leave()
	p.next()
	x := p.not()
	return &Unary{p.since(at), OpNot, x}
}

func (p *parser) relation() Expr {
	x := p.sum()
	for n := 0; !p.failed; n++ {
		p.chain(n)
		at := x.Pos().Start
		not := p.isWord("not") && sameWord(p.textAt(p.pos+1), "in")
		switch {
		case not || p.isWord("in"):
			if not {
				p.next()
			}
			p.next()
			in := &In{X: x, Not: not}
			p.expect("(")
			p.list(func() { in.List = append(in.List, p.or()) })
			p.expect(")")
			in.Span = p.since(at)
			x = in
		case p.isComparison():
			op := Op(p.textOf(p.next()))
			y := p.sum()
			x = &Binary{p.since(at), op, x, y}
		default:
			return x
		}
	}
	return x
}

// chain bounds the operators of one level: each makes the tree a level deeper.
func (p *parser) chain(n int) {
	if n == MaxDepth {
		p.tooDeep(p.peek().Span)
	}
}

func (p *parser) isComparison() bool {
	t := p.peek()
	return t.Kind == TokenOperator && p.textOf(t) != "||"
}

func (p *parser) sum() Expr {
	x := p.product()
	for n := 0; p.is("+") || p.is("-") || p.is("||"); n++ {
		p.chain(n)
		op := Op(p.textOf(p.next()))
		y := p.product()
		x = &Binary{p.since(x.Pos().Start), op, x, y}
	}
	return x
}

func (p *parser) product() Expr {
	x := p.unary()
	for n := 0; ; n++ {
		p.chain(n)
		op, ok := p.productOp()
		if !ok {
			return x
		}
		y := p.unary()
		x = &Binary{p.since(x.Pos().Start), op, x, y}
	}
}

// productOp consumes * / or %. The lexer takes * and % for parts of words;
// after an operand a word can only start with an operator.
func (p *parser) productOp() (Op, bool) {
	if p.accept("/") {
		return OpDiv, true
	}
	t := p.peek()
	if t.Kind != TokenWord {
		return "", false
	}
	c := p.text[t.Start]
	if c != '*' && c != '%' {
		return "", false
	}
	p.cut(t.Start + 1)
	return Op(c), true
}

// cut consumes the next token up to an offset.
func (p *parser) cut(to int) {
	p.rest = to
	if p.rest >= p.tokens[p.pos].End {
		p.pos, p.rest = p.pos+1, 0
	}
}

func (p *parser) unary() Expr {
	at := p.here()
	if !p.is("-") {
		return p.primary()
	}
	if !p.enter() {
		return &Null{}
	}
	defer p.leave()
	p.next()
	x := p.unary()
	return &Unary{p.since(at), OpSub, x}
}

func (p *parser) primary() Expr {
	t := p.peek()
	switch t.Kind {
	case TokenNumber:
		p.next()
		return &Number{t.Span, p.textOf(t)}
	case TokenDuration:
		return p.duration()
	case TokenString:
		return &Ref{p.string(p.next(), unquote)}
	case TokenVariable:
		return p.bareVariable()
	case TokenWord:
		return p.wordOperand(t)
	}
	if !p.is("(") {
		p.unexpected()
		return &Null{}
	}
	if !p.enter() {
		return &Null{}
	}
	defer p.leave()
	p.next()
	x := p.or()
	p.expect(")")
	return x
}

// wordOperand reads a bare word, a call, or the part of a word like a*b that is
// an operand: the lexer cannot tell it from a wildcard.
func (p *parser) wordOperand(t Token) Expr {
	word := p.textOf(t)
	if i := strings.IndexAny(word, "*%"); i > 0 && (i+1 < len(word) || p.operandAfter()) {
		p.cut(t.Start + i)
		t.End = t.Start + i
		return p.piece(t)
	}
	if p.textAt(p.pos+1) == "(" {
		f, ok := findFunction(p.scalars, word)
		if !ok {
			p.fail(t.Span, "Unexpected input for "+p.clause+": "+shorten(word, 60), Closest(word, functionNames(p.scalars)))
			return &Null{}
		}
		return p.call(f, p.or)
	}
	p.next()
	return p.piece(t)
}

// piece makes an operand of a word or a part of one.
func (p *parser) piece(t Token) Expr {
	word := p.textOf(t)
	if !startsOperand(word) || reserved(word) && !literalWord(word) {
		p.unexpectedName(t)
		return &Null{}
	}
	switch kind := wordKind(word); {
	case kind == TokenNumber:
		return &Number{t.Span, word}
	case kind == TokenDuration:
		if count, unit, ok := splitDuration(word); ok {
			return &Duration{t.Span, count, unit, word}
		}
	case sameWord(word, "null"):
		return &Null{t.Span}
	case literalWord(word):
		return &Bool{t.Span, sameWord(word, "true")}
	}
	return &Ref{p.bare(t)}
}

func literalWord(word string) bool {
	switch strings.ToLower(word) {
	case "null", "true", "false":
		return true
	}
	return false
}

// startsOperand reports whether what is left of a cut word can be a word itself.
func startsOperand(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return startsWord(r)
}

// operandAfter reports whether the token after the next can start an operand.
func (p *parser) operandAfter() bool {
	if p.pos+1 >= p.end {
		return false
	}
	switch t := p.tokens[p.pos+1]; t.Kind {
	case TokenWord:
		return !reserved(p.textOf(t))
	case TokenNumber, TokenDuration, TokenString, TokenVariable:
		return true
	default:
		return p.textOf(t) == "(" || p.textOf(t) == "-"
	}
}

// call reads the argument list of a function whose name is the next token.
func (p *parser) call(f Function, argument func() Expr) *Call {
	at := p.here()
	c := &Call{Func: f.Name}
	if !p.enter() {
		return c
	}
	defer p.leave()
	p.next()
	p.expect("(")
	if !p.is(")") {
		p.list(func() {
			if len(c.Args) == f.Max {
				p.within(f, p.unexpected)
			}
			c.Args = append(c.Args, argument())
		})
	}
	if p.is(")") && len(c.Args) < f.Min {
		p.within(f, func() { p.fail(p.peek().Span, "Missing input for "+p.clause, "") })
	}
	p.expect(")")
	c.Span = p.since(at)
	return c
}

// within reports a mistake as one of a function, not of the command.
func (p *parser) within(f Function, report func()) {
	clause, usage := p.clause, p.usage
	p.clause = strings.ToUpper(f.Name)
	p.usage = p.clause + "(" + f.Usage + ")"
	report()
	p.clause, p.usage = clause, usage
}

// bareVariable reads $name in place of a literal.
func (p *parser) bareVariable() *Variable {
	t := p.peek()
	name := p.variable()
	value, ok := p.values[name]
	if !ok {
		known := make([]string, 0, len(p.values))
		for n := range p.values {
			known = append(known, "$"+n)
		}
		p.fail(t.Span, "Unexpected input for "+p.clause+": $"+shorten(name, 60)+" (no init block defines it)", Closest("$"+name, known))
	}
	return &Variable{t.Span, name, value}
}

// height returns the number of levels of an expression.
func height(x Expr) int {
	deepest := 0
	for _, y := range children(x) {
		deepest = max(deepest, height(y))
	}
	return deepest + 1
}

func children(x Expr) []Expr {
	switch x := x.(type) {
	case *Call:
		return x.Args
	case *Unary:
		return []Expr{x.X}
	case *Binary:
		return []Expr{x.X, x.Y}
	case *Logic:
		return x.Args
	case *In:
		return append([]Expr{x.X}, x.List...)
	}
	return nil
}
