package plan

import (
	"fmt"
	"strings"
	"time"

	"ledgerline/internal/record"
)

// String prints the plan as a tree, the last operation first.
func (p *Plan) String() string {
	w := &printer{seen: map[Node]int{}}
	names := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		names[i] = quoteName(c.Name)
	}
	w.line(0, "columns "+strings.Join(names, ", "))
	if p.Series != nil {
		w.line(0, fmt.Sprintf("series of %d buckets of %s", len(p.Series.Buckets), p.Series.Span))
	}
	switch {
	case p.ByTime == nil:
	case p.ByTime.By[0].Desc:
		w.line(0, "read from the newest record on")
	default:
		w.line(0, "read from the oldest record on")
	}
	w.node(p.Root, 0)
	return w.b.String()
}

type printer struct {
	b    strings.Builder
	seen map[Node]int
}

func (w *printer) line(depth int, s string) {
	w.b.WriteString(strings.Repeat("  ", depth) + s + "\n")
}

func (w *printer) node(n Node, depth int) {
	if at, ok := w.seen[n]; ok {
		w.line(depth, fmt.Sprintf("the rows of #%d again", at))
		return
	}
	w.seen[n] = len(w.seen) + 1
	w.line(depth, fmt.Sprintf("#%d %s", w.seen[n], Describe(n)))
	for _, e := range Exprs(n) {
		w.subqueries(e, depth+1)
	}
	for _, in := range n.Inputs() {
		w.node(in, depth+1)
	}
}

// subqueries prints the plans of sub-queries within an expression.
func (w *printer) subqueries(e Expr, depth int) {
	switch e := e.(type) {
	case *Among:
		w.line(depth, "sub-query")
		w.node(e.In, depth+1)
	case *Call:
		for _, a := range e.Args {
			w.subqueries(a, depth)
		}
	}
}

// Describe is a node on one line, without its inputs.
func Describe(n Node) string {
	switch n := n.(type) {
	case *Scan:
		s := "scan " + window(n.Window)
		if n.Sources != nil {
			s += " log source " + strings.Join(n.Sources, ", ")
		}
		if n.Left != nil {
			s += " leaving log source " + strings.Join(n.Left, ", ")
		}
		if n.Groups != nil {
			s += " log group " + strings.Join(n.Groups, ", ")
		}
		if len(n.Tokens) > 0 {
			s += " words " + strings.Join(n.Tokens, " ")
		}
		if n.Where != nil {
			s += " where " + Text(n.Where)
		}
		return s
	case *Filter:
		return "filter " + Text(n.Cond)
	case *Extend:
		return "extend " + assigns(n.Items)
	case *Aggregate:
		var keys, aggs []string
		for _, k := range n.Keys {
			keys = append(keys, Text(k.By))
		}
		for _, a := range n.Aggs {
			aggs = append(aggs, label(a.Column)+" = "+aggText(a))
		}
		return "aggregate " + strings.Join(aggs, ", ") + by(keys)
	case *Window:
		var parts []string
		for _, r := range n.Ranks {
			parts = append(parts, label(r.Column)+" = "+rankText(r)+" in the order "+orders(n.Order))
		}
		return "window " + strings.Join(parts, ", ") + by(texts(n.By))
	case *Sort:
		s := "sort " + orders(n.By)
		if n.Limit >= 0 {
			s += fmt.Sprintf(" and keep %d", n.Limit)
		}
		return s
	case *Unnest:
		return "unnest " + Text(n.List)
	case *Join:
		var on []string
		for _, p := range n.On {
			on = append(on, Text(p.Left)+" = "+Text(p.Right))
		}
		if n.Cond != nil {
			on = append(on, Text(n.Cond))
		}
		if len(on) == 0 {
			return string(n.Mode) + " join of all"
		}
		return string(n.Mode) + " join on " + strings.Join(on, " and ")
	case *Grid:
		return fmt.Sprintf("grid of %d buckets", n.Buckets)
	case *Union:
		return fmt.Sprintf("union of %d", len(n.Parts))
	case *Local:
		if n.Limit > 0 {
			return fmt.Sprintf("by itself, before the rest: %s, at most %d rows of %s", n.Name, n.Limit, labels(n.Read))
		}
		return "after SQL: " + n.Name + " over " + labels(n.Read) + " makes " + labels(n.Made)
	case *Values:
		return fmt.Sprintf("table of %d rows", n.Len())
	}
	return fmt.Sprintf("%T", n)
}

func by(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return " by " + strings.Join(keys, ", ")
}

func window(w record.Window) string {
	end := func(t time.Time) string {
		if t.IsZero() {
			return "*"
		}
		return t.UTC().Format("2006-01-02T15:04:05.999Z")
	}
	return "[" + end(w.From) + ", " + end(w.To) + ")"
}

func label(c *Column) string {
	if c.Name != "" {
		return quoteName(c.Name)
	}
	return c.ID
}

func labels(columns []*Column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = label(c)
	}
	return strings.Join(out, ", ")
}

func assigns(items []Assign) string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = label(it.Column) + " = " + Text(it.Value)
	}
	return strings.Join(out, ", ")
}

func rankText(r Rank) string {
	switch {
	case r.Arg == nil:
		return string(r.Function)
	case r.Function == Lag || r.Function == Lead || r.Function == NthOf:
		return fmt.Sprintf("%s(%s, %d)", r.Function, Text(r.Arg), r.Offset)
	}
	return string(r.Function) + "(" + Text(r.Arg) + ")"
}

func aggText(a Agg) string {
	s := string(a.Function)
	switch {
	case a.Function == Percentile:
		s += fmt.Sprintf("(%s, %g)", Text(a.Arg), a.P*100)
	case a.Function == FirstN:
		s += fmt.Sprintf("(%s, %d)", Text(a.Arg), a.N)
	case a.Arg != nil:
		s += "(" + Text(a.Arg) + ")"
	}
	if a.Where != nil {
		s += " where " + Text(a.Where)
	}
	return s
}

func orders(by []Order) string {
	out := make([]string, len(by))
	for i, o := range by {
		out[i] = Text(o.By)
		if o.Desc {
			out[i] = "-" + out[i]
		}
	}
	return strings.Join(out, ", ")
}

func texts(es []Expr) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = Text(e)
	}
	return out
}

// Text prints an expression.
func Text(e Expr) string {
	switch e := e.(type) {
	case *Ref:
		if e.Column.ID == "" {
			return "member"
		}
		return label(e.Column)
	case *Among:
		return "(" + strings.Join(texts(e.Left), ", ") + ") among the rows of a sub-query"
	case *Const:
		switch v := e.Value.(type) {
		case nil:
			return "null"
		case string:
			return quoteAlways(v)
		case time.Time:
			return v.UTC().Format("2006-01-02T15:04:05.999Z")
		}
		return fmt.Sprint(e.Value)
	case *Call:
		args := texts(e.Args)
		switch e.Op {
		case And, Or:
			return "(" + strings.Join(args, " "+string(e.Op)+" ") + ")"
		case Eq, Lt, Gt, Le, Ge, Add, Sub, Mul, Div, Mod, IntDiv:
			return "(" + args[0] + " " + string(e.Op) + " " + args[1] + ")"
		}
		return string(e.Op) + "(" + strings.Join(args, ", ") + ")"
	}
	return ""
}
