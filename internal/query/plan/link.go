package plan

import "ledgerline/internal/query/syntax"

// link is what later commands need to know of the groups it made.
type link struct {
	base *frame // the records
	keys []Key
	span *syntax.Duration
}

func (p *planner) linkStats(f *frame, c *syntax.Stats) {}

func (p *planner) trend(a *aggregation, c *syntax.Call) *Column {
	p.report(c, "function not supported: trend")
	return nil
}
