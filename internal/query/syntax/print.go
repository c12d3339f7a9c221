package syntax

import (
	"strconv"
	"strings"
)

// String prints the query on one line in canonical form, as the OCI service
// prints saved searches: quotes only where needed, = with spaces around it,
// `and` explicit, parentheses only where needed, units of time in full. Values
// keep their spelling: which fields ignore case only the catalogue knows.
func (q *Query) String() string {
	var p printer
	p.query(q)
	return p.String()
}

// Format prints an expression in canonical form; the headers of aggregates
// without an alias are made of it.
func Format(x Expr) string {
	var p printer
	p.expr(x, precedenceOr)
	return p.String()
}

// FormatCommand prints a command in canonical form.
func FormatCommand(c Command) string {
	var p printer
	p.command(c)
	return p.String()
}

// FormatTerm prints a search condition in canonical form.
func FormatTerm(t SearchTerm) string {
	var p printer
	p.term(t, precedenceOr)
	return p.String()
}

// printer collects the text of a query.
type printer struct{ strings.Builder }

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

func (p *printer) query(q *Query) {
	for _, i := range q.Inits {
		p.write("init { $", i.Name, " = ")
		p.expr(i.X, precedenceOr)
		p.write(" } ")
	}
	for i, c := range q.Commands {
		if i > 0 {
			p.write(" | ")
			p.command(c)
			continue
		}
		search, ok := c.(*Search)
		if !ok {
			p.command(c)
			continue
		}
		clause := FormatTerm(search.Term)
		if startsLikeCommand(clause) {
			p.write("search ")
		}
		p.write(clause)
	}
}

// startsLikeCommand reports whether a search clause starts with a word that
// would be taken for the name of the first command or an init block.
func startsLikeCommand(clause string) bool {
	first := scan(clause, 0)
	switch strings.ToLower(clause[first.Start:first.End]) {
	case "search", "searchlookup", "init":
		return true
	}
	return false
}

func (p *printer) subquery(s *Subquery) {
	p.write("[ ")
	p.query(s.Query)
	p.write(" ]")
}

// name prints a name, in quotes when it needs them or is one of some words
// that would be misread in its place.
func (p *printer) name(n Name, misread ...string) {
	if n.Template != "" {
		p.write(quote(n.Template))
		return
	}
	bare := isBare(n.Text)
	for _, w := range misread {
		bare = bare && !sameWord(n.Text, w)
	}
	if !bare {
		p.write(quote(n.Text))
		return
	}
	p.write(n.Text)
}

// wildcardName prints a name of which a lone * needs no quotes.
func (p *printer) wildcardName(n Name) {
	if n.Text == "*" && n.Template == "" {
		p.write("*")
		return
	}
	p.name(n)
}

func (p *printer) names(list []Name) {
	commas(p, list, func(n Name) { p.name(n) })
}

func (p *printer) alias(n *Name) {
	if n != nil {
		p.write(" as ")
		p.name(*n)
	}
}

func (p *printer) by(list []Name) {
	if len(list) > 0 {
		p.write(" by ")
		p.names(list)
	}
}

// commas prints items with commas between them.
func commas[T any](p *printer, list []T, item func(T)) {
	for i, x := range list {
		if i > 0 {
			p.write(", ")
		}
		item(x)
	}
}

// The levels at which operators bind, from loose to tight.
const (
	precedenceOr = iota + 1
	precedenceAnd
	precedenceNot
	precedenceRelation
	precedenceSum
	precedenceProduct
	precedenceUnary
)

func precedence(op Op) int {
	switch op {
	case OpOr:
		return precedenceOr
	case OpAnd:
		return precedenceAnd
	case OpAdd, OpSub, OpConcat:
		return precedenceSum
	case OpMul, OpDiv, OpMod:
		return precedenceProduct
	}
	return precedenceRelation
}

// expr prints an expression, in parentheses when it binds looser than the
// place it stands in.
func (p *printer) expr(x Expr, place int) {
	open := func(own int) func() {
		if own >= place {
			return func() {}
		}
		p.write("(")
		return func() { p.write(")") }
	}
	switch x := x.(type) {
	case *Ref:
		p.name(x.Name)
	case *Number:
		p.write(x.Text)
	case *Duration:
		p.write(x.written())
	case *Null:
		p.write("null")
	case *Bool:
		p.write(strconv.FormatBool(x.Value))
	case *Variable:
		p.write("$", x.Name)
	case *Call:
		p.call(x)
	case *Unary:
		if x.Op == OpNot {
			defer open(precedenceNot)()
			p.write("not ")
			p.expr(x.X, precedenceNot)
			return
		}
		defer open(precedenceUnary)()
		p.write("-")
		p.expr(x.X, precedenceUnary)
	case *Binary:
		level := precedence(x.Op)
		defer open(level)()
		p.expr(x.X, level)
		p.write(" ", string(x.Op), " ")
		p.expr(x.Y, level+1)
	case *Logic:
		level := precedence(x.Op)
		defer open(level)()
		for i, y := range x.Args {
			if i > 0 {
				p.write(" ", string(x.Op), " ")
			}
			p.expr(y, level+1)
		}
	case *In:
		defer open(precedenceRelation)()
		p.expr(x.X, precedenceRelation)
		p.in(x.Not)
		commas(p, x.List, func(y Expr) { p.expr(y, precedenceOr) })
		p.write(")")
	}
}

func (p *printer) in(not bool) {
	if not {
		p.write(" not")
	}
	p.write(" in (")
}

func (p *printer) call(c *Call) {
	p.write(c.Func)
	if len(c.Args) == 0 && withoutParentheses(c.Func) {
		return
	}
	p.write("(")
	commas(p, c.Args, func(x Expr) { p.expr(x, precedenceOr) })
	p.write(")")
}

// written returns a duration in the spelling of the text.
func (d *Duration) written() string {
	if d.Text != "" {
		return d.Text
	}
	return d.String()
}

// String returns a duration in canonical form, such as 5minute.
func (d *Duration) String() string {
	return strconv.FormatInt(d.Count, 10) + string(d.Unit)
}

// String returns an offset in canonical form, such as -7day or auto.
func (o *Offset) String() string {
	if o.Auto {
		return "auto"
	}
	sign := ""
	if o.Negative {
		sign = "-"
	}
	return sign + strconv.FormatInt(o.Count, 10) + string(o.Unit)
}

// term prints a search condition.
func (p *printer) term(t SearchTerm, place int) {
	switch t := t.(type) {
	case *All:
		p.write("*")
	case *Keyword:
		p.keyword(*t)
	case *Subquery:
		p.subquery(t)
	case *Compare:
		p.name(t.Field)
		p.write(" ", string(t.Op), " ")
		p.value(t.Value)
	case *Like:
		p.name(t.Field)
		if t.Not {
			p.write(" not")
		}
		p.write(" like ")
		if t.In {
			p.write("in (")
		}
		commas(p, t.Patterns, func(x Text) { p.name(x.Name) })
		if t.In {
			p.write(")")
		}
	case *InList:
		p.name(t.Field)
		p.in(t.Not)
		commas(p, t.Values, p.value)
		p.write(")")
	case *Between:
		p.name(t.Field)
		if t.Not {
			p.write(" not")
		}
		p.write(" between ")
		p.value(t.Low)
		p.write(" and ")
		p.value(t.High)
	case *And:
		p.terms(t.Terms, OpAnd, precedenceAnd, place)
	case *Or:
		p.terms(t.Terms, OpOr, precedenceOr, place)
	case *Not:
		p.write("not ")
		p.term(t.Term, precedenceNot)
	}
}

func (p *printer) terms(list []SearchTerm, op Op, level, place int) {
	if level < place {
		p.write("(")
		defer p.write(")")
	}
	for i, t := range list {
		if i > 0 {
			p.write(" ", string(op), " ")
		}
		p.term(t, level+1)
	}
}

func (p *printer) keyword(k Keyword) {
	switch {
	case k.Template != "":
		p.write(quote(k.Template))
	case k.Phrase:
		p.write(quote(k.Text))
	default:
		p.write(k.Text)
	}
}

func (p *printer) value(v Value) {
	switch v := v.(type) {
	case *Text:
		p.name(v.Name)
	case *Number:
		p.write(v.Text)
	case *Duration:
		p.write(v.written())
	case *Null:
		p.write("null")
	case *Any:
		p.write("*")
	case *Variable:
		p.write("$", v.Name)
	case *TimeCall:
		p.write(v.Func, "(")
		commas(p, v.Args, p.value)
		p.write(")")
	}
}
