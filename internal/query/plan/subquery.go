package plan

import "ledgerline/internal/query/syntax"

// subqueryRows is how many rows of a sub-query a search uses.
const subqueryRows = 2000

// subquery keeps rows that agree with a row of the child in all of its columns.
// The child runs over the same window unless it says otherwise.
func (p *planner) subquery(f *frame, t *syntax.Subquery) Expr {
	p.report(t, "command not supported: sub-query")
	return nil
}

func (p *planner) searchLookup(c *syntax.SearchLookup) *frame {
	p.report(c, "command not supported: searchlookup")
	return nil
}
