package plan

import (
	"time"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// subqueryRows is how many rows of a sub-query a search uses, subqueryTime how
// long it may take (section 6.4 of the reference).
const (
	subqueryRows = 2000
	subqueryTime = 30 * time.Second
)

// Among is true when the values agree with a row of another relation. A row's
// null agrees with anything; a row of nulls alone agrees with nothing.
type Among struct {
	Left  []Expr
	In    Node
	Right []Expr
}

// Type is a truth value.
func (*Among) Type() Type { return Type{Kind: Bool} }

// subquery keeps rows that agree with a row of the child in all of its columns.
// The child runs first, over the same window unless it says otherwise.
func (p *planner) subquery(f *frame, t *syntax.Subquery) Expr {
	if p.depth >= maxDepth {
		p.report(t, "sub-queries are nested too deep")
		return nil
	}
	for _, c := range t.Query.Commands {
		switch c.(type) {
		case *syntax.Cluster, *syntax.ClusterSplit, *syntax.ClusterCompare, *syntax.FieldSummary, *syntax.Classify, *syntax.Highlight, *syntax.HighlightRows:
			p.report(c, "%s cannot be used in a sub-query", c.Keyword())
			return nil
		}
	}
	p.depth++
	child := p.query(t.Query, p.window)
	p.depth--
	if child == nil || len(p.errors.List) > 0 {
		return nil
	}
	first := &Local{Name: "sub-query", In: child.node, By: child.order, Read: child.visible, Run: ops.Copy, Limit: subqueryRows, Timeout: subqueryTime}
	among := &Among{In: first}
	for _, read := range child.visible {
		c := p.described(read, read.Type)
		first.Made = append(first.Made, c)
		mine := p.lookup(f, c.Name)
		if mine == nil {
			e := syntax.Name{Span: t.Span, Text: c.Name}
			p.unknown(f, e, "SEARCH")
			return nil
		}
		a, b := single(ref(mine)), single(ref(c))
		if a.Type().Kind != b.Type().Kind {
			a, b = asText(a), asText(b)
		}
		if a.Type().Kind == String && !sensitive(a) {
			a, b = folded(a), folded(b)
		}
		among.Left, among.Right = append(among.Left, a), append(among.Right, b)
	}
	if len(among.Left) == 0 {
		return truth(false)
	}
	return among
}
