package plan

import "ledgerline/internal/query/syntax"

// createTable attaches a table of the distinct combinations of some columns.
// The rows pass unchanged.
func (p *planner) createTable(f *frame, c *syntax.CreateTable) {
	if !f.grouped() {
		p.report(c, "Unexpected input for CREATETABLE: a grouping command such as link must come first")
		return
	}
	g := f.clone()
	g.attached = nil
	var keys []Key
	for _, s := range c.Select {
		var e Expr
		var name string
		if s.Literal != nil {
			e, name = text(s.Literal.Text), s.Literal.Text
		} else if col := p.field(f, s.Field, p.clause); col != nil {
			e, name = ref(col), col.Name
		} else {
			continue
		}
		out := p.column(name, e.Type())
		if r, ok := e.(*Ref); ok {
			out = p.described(r.Column, e.Type())
		}
		if s.Alias != nil {
			out.Name = s.Alias.Text
		}
		if e.Type().List {
			keys = append(keys, Key{out, e, e})
		} else {
			keys = append(keys, Key{out, grouped(e), e})
		}
	}
	p.groups(g, &Aggregate{In: g.node, Keys: keys}, keys, nil)
	f.attached = append(f.attached, attachment{c.Name.Text, g})
}

// highlightGroups marks the groups that hold one of the keywords or meet the
// sub-query: a column with 1 or 0.
func (p *planner) highlightGroups(f *frame, c *syntax.HighlightGroups) {
	if !f.grouped() {
		p.report(c, "Unexpected input for HIGHLIGHTGROUPS: a grouping command such as link must come first")
		return
	}
	in := f
	if c.MatchOnly != nil {
		only := f.clone()
		only.made = nil
		for _, n := range c.MatchOnly {
			if col := p.field(f, n, p.clause); col != nil {
				only.made = append(only.made, col)
			}
		}
		in = only
	}
	var any []Expr
	for i := range c.Keywords {
		if e := p.keyword(in, &c.Keywords[i], false); e != nil {
			any = append(any, e)
		}
	}
	if c.Subquery != nil {
		cond := p.groupCondition(f, c.Subquery.Query)
		if cond == nil {
			cond = truth(true)
		}
		any = append(any, cond)
	}
	name := "Highlight"
	if c.Alias != nil {
		name = c.Alias.Text
	}
	p.assign(f, syntax.Name{Span: c.Span, Text: name}, call(ToBit, Int, disjunction(any)), "")
}

// groupCondition is what a sub-query of search and where commands says of groups.
func (p *planner) groupCondition(f *frame, q *syntax.Query) Expr {
	var cond Expr
	for _, c := range q.Commands {
		switch c := c.(type) {
		case *syntax.Search:
			cond = conjunction(cond, p.term(f, c.Term, false))
		case *syntax.Where:
			cond = conjunction(cond, p.condition(f, c.Cond))
		default:
			p.report(c, "Unexpected input for %s: %s", p.clause, c.Keyword())
		}
	}
	return cond
}
