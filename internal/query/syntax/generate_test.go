package syntax

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// generator makes random trees that the grammar allows, so that printing and
// parsing can be compared on shapes nobody thought of.
type generator struct {
	*rand.Rand
	makers []func(*generator) Command
	depth  int
}

func newGenerator(seed, stream uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, stream)), makers: makers()}
}

func TestGeneratedTreesRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for i := range uint64(3_000) {
		g := newGenerator(seed, i)
		q := g.query(true)
		text := q.String()
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("seed %d, tree %d prints as\n%s\nwhich does not parse:\n%v", seed, i, text, err)
		}
		if diff := difference(q, again); diff != "" {
			t.Fatalf("seed %d, tree %d prints as\n%s\nwhich differs: %s", seed, i, text, diff)
		}
		if s := again.String(); s != text {
			t.Fatalf("seed %d, tree %d prints first as\n%s\nthen as\n%s", seed, i, text, s)
		}
		checkSpans(t, text, again)
		if t.Failed() {
			t.Fatalf("seed %d, tree %d", seed, i)
		}
	}
}

// chance is true in one of n cases.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

// many makes between low and low+2 items.
func many[T any](g *generator, low int, item func() T) []T {
	var list []T
	for range low + g.IntN(3) {
		list = append(list, item())
	}
	return list
}

// maybe makes an item or nil.
func maybe[T any](g *generator, item func() T) *T {
	if g.chance(2) {
		return nil
	}
	x := item()
	return &x
}

// text makes names and values that are hard to quote: words with a meaning
// somewhere, texts that are other tokens, and odd characters.
func (g *generator) text() string {
	words := pick(g,
		[]string{"search", "searchlookup", "init", "others", "field", "count", "cluster", "literal", "limit", "span", "name", "to", "auto", "A", "Log Source"},
		[]string{"null", "Null", "true", "like", "AS", "by", "and", "select", "then", "using", "5", "5min", "1.5", "1e9", "10.0.0.1", "404errors"},
		[]string{"*", "a*b", "%x%", "?", "", " ", "-", "-*", "a-b", "//", "/* */", "--", "[", "]", "|", "||", "{", "}", "(", "=", "$x", "$", "#fff", "a.b", ".a", "a.", "_", "x:y", "@"},
		[]string{"it's", `"`, `\`, `\\`, `\d+`, `a\'b`, `\n`, "new\nline", "tab\t", "\r", `ends with \`, "Zeit ß", "名前", "\ufeffXID", "é", "aſ", "li\u212ae"},
	)
	s := pick(g, words...)
	if g.chance(6) {
		s += pick(g, words...)
	}
	return s
}

func (g *generator) name() Name      { return Name{Text: g.text()} }
func (g *generator) nameP() *Name    { return maybe(g, g.name) }
func (g *generator) textV() Text     { return Text{g.name()} }
func (g *generator) names() []Name   { return many(g, 1, g.name) }
func (g *generator) maybeBy() []Name { return many(g, 0, g.name) }
func (g *generator) word() string {
	return pick(g, "error", "host?", "5", "404errors", "10.0.0.1", "ORA-600", "*x", "5min")
}
func (g *generator) int() *Int {
	return maybe(g, func() Int { return Int{Value: int64(g.IntN(2000) - 1000)} })
}
func (g *generator) bool() *Bool { return maybe(g, func() Bool { return Bool{Value: g.chance(2)} }) }
func (g *generator) number() Number {
	return Number{Text: pick(g, "0", "1", "007", "1.50", "1e9", "2.5E3", strings.Repeat("9", 40))}
}
func (g *generator) numberP() *Number { return maybe(g, g.number) }
func (g *generator) length() Duration {
	return Duration{Count: 1 + g.Int64N(100), Unit: pick(g, Second, Minute, Hour, Day, Week, Month, Year)}
}
func (g *generator) lengthP() *Duration { return maybe(g, g.length) }
func (g *generator) aliased() Aliased   { return Aliased{Field: g.name(), Alias: g.nameP()} }

// pattern makes regular expressions as the text of a query can hold them: a
// quote in it never follows an odd number of backslashes.
func (g *generator) pattern() Pattern {
	return Pattern{Name{Text: pick(g, "", "a", `(?P<A b>\d+)`, `\\`, `it's`, `\\'`, `"`, `\"`, `\n`, "$", `[^|]*`, "a\tb\nc")}}
}

func (g *generator) offset() *Offset {
	return maybe(g, func() Offset {
		if g.chance(3) {
			return Offset{Auto: true}
		}
		d := g.length()
		return Offset{Negative: g.chance(2), Count: d.Count, Unit: d.Unit}
	})
}

func (g *generator) signed(alias bool) func() SignedField {
	return func() SignedField {
		f := SignedField{Minus: g.chance(2), Field: g.name()}
		if alias && !f.Minus {
			f.Alias = g.nameP()
		}
		return f
	}
}

func (g *generator) keyword() Keyword {
	if g.chance(2) {
		return Keyword{Text: g.text(), Phrase: true}
	}
	return Keyword{Text: g.word()}
}

func (g *generator) value() Value {
	switch g.IntN(6) {
	case 0:
		return &Null{}
	case 1:
		n := g.number()
		n.Text = pick(g, "", "-") + n.Text
		return &n
	case 2:
		d := g.length()
		d.Count *= pick[int64](g, 1, -1)
		return &d
	case 3:
		if g.depth > 3 {
			return &TimeCall{Func: "now"}
		}
		g.depth++
		defer func() { g.depth-- }()
		return &TimeCall{Func: "dateadd", Args: []Value{g.value(), g.value(), g.value()}}
	}
	t := g.textV()
	return &t
}

func (g *generator) bound() Value {
	if g.chance(3) {
		return &Any{}
	}
	return g.value()
}

func (g *generator) term() SearchTerm {
	g.depth++
	defer func() { g.depth-- }()
	n := g.IntN(10)
	if g.depth > 4 {
		n = g.IntN(6)
	}
	switch n {
	case 0:
		return &All{}
	case 1:
		k := g.keyword()
		return &k
	case 2:
		return &Compare{Field: g.name(), Op: pick(g, OpEq, OpNe, OpLt, OpGt, OpLe, OpGe), Value: g.value()}
	case 3:
		l := &Like{Field: g.name(), Not: g.chance(2), In: g.chance(2), Patterns: []Text{g.textV()}}
		if l.In {
			l.Patterns = many(g, 1, g.textV)
		}
		return l
	case 4:
		return &InList{Field: g.name(), Not: g.chance(2), Values: many(g, 1, g.value)}
	case 5:
		return &Between{Field: g.name(), Not: g.chance(2), Low: g.bound(), High: g.bound()}
	case 6:
		return &Not{Term: g.term()}
	case 7:
		return g.subquery()
	case 8:
		and := &And{}
		for len(and.Terms) < 2 {
			for _, t := range many(g, 2, g.term) {
				if _, same := t.(*And); !same {
					and.Terms = append(and.Terms, t)
				}
			}
		}
		return and
	}
	or := &Or{}
	for len(or.Terms) < 2 {
		for _, t := range many(g, 2, g.term) {
			if _, same := t.(*Or); !same {
				or.Terms = append(or.Terms, t)
			}
		}
	}
	return or
}

func (g *generator) expr() Expr {
	g.depth++
	defer func() { g.depth-- }()
	n := g.IntN(12)
	if g.depth > 5 {
		n = g.IntN(6)
	}
	switch n {
	case 0, 1:
		return &Ref{g.name()}
	case 2:
		n := g.number()
		return &n
	case 3:
		d := g.length()
		return &d
	case 4:
		return &Null{}
	case 5:
		return &Bool{Value: g.chance(2)}
	case 6:
		f := pick(g, Scalars()...)
		c := &Call{Func: f.Name}
		for range f.Min {
			c.Args = append(c.Args, g.expr())
		}
		return c
	case 7:
		return &Unary{Op: pick(g, OpSub, OpNot), X: g.expr()}
	case 8:
		return &In{X: g.expr(), Not: g.chance(2), List: many(g, 1, g.expr)}
	case 9:
		l := &Logic{Op: pick(g, OpAnd, OpOr)}
		for len(l.Args) < 2 {
			if x := g.expr(); !isLogic(x, l.Op) {
				l.Args = append(l.Args, x)
			}
		}
		return l
	}
	return &Binary{Op: pick(g, OpEq, OpNe, OpLt, OpGt, OpLe, OpGe, OpAdd, OpSub, OpConcat, OpMul, OpDiv, OpMod), X: g.expr(), Y: g.expr()}
}

func isLogic(x Expr, op Op) bool {
	l, ok := x.(*Logic)
	return ok && l.Op == op
}

func (g *generator) agg() Agg {
	var c *Call
	switch g.IntN(4) {
	case 0:
		c = &Call{Func: "count"}
	case 1:
		d := g.length()
		c = &Call{Func: "trend", Args: pick(g, nil, []Expr{&d}, []Expr{&Call{Func: "count"}, &d})}
	case 2:
		c = &Call{Func: "ifnull", Args: []Expr{&Call{Func: "sum", Args: []Expr{&Ref{g.name()}}}, g.expr()}}
	default:
		c = &Call{Func: "pct", Args: []Expr{g.expr(), g.expr()}}
	}
	return Agg{Call: c, Alias: g.nameP()}
}

func (g *generator) aggs() []Agg { return many(g, 1, g.agg) }

func (g *generator) subquery() *Subquery { return &Subquery{Query: g.query(false)} }

func (g *generator) query(inits bool) *Query {
	g.depth++
	defer func() { g.depth-- }()
	q := &Query{}
	if inits && g.chance(3) {
		// The value is what the expression says; no other name holds $y_1.
		q.Inits = []*Init{{Name: "y_1", X: &Ref{Name{Text: "v'1"}}, Value: &Text{Name{Text: "v'1"}}}}
	}
	first := Command(&Search{Term: g.term()})
	if g.chance(6) {
		first = &SearchLookup{Table: g.name()}
	}
	q.Commands = []Command{first}
	limit := 4
	if g.depth > 3 {
		limit = 1
	}
	for range g.IntN(limit + 1) {
		q.Commands = append(q.Commands, g.command())
	}
	if len(q.Inits) > 0 {
		name := Name{Text: "av'1-$z", Template: "a$y_1-$z"}
		q.Commands = append(q.Commands, &Eval{Assignments: []Assignment{{Name: name, X: &Variable{Name: "y_1", Value: q.Inits[0].Value}}}},
			&Search{Term: &And{Terms: []SearchTerm{&Keyword{Text: name.Text, Phrase: true, Template: name.Template}, &Like{Field: name, Patterns: []Text{{name}}}}}},
			&Extract{Pattern: Pattern{Name{Text: `\dv'1`, Template: `\d$y_1`}}})
	}
	return q
}

func (g *generator) command() Command { return pick(g, g.makers...)(g) }
