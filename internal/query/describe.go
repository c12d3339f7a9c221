package query

import (
	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// Description says what a query would yield.
type Description struct {
	Columns []Column
	// Window is what the text itself restricts Time to; ends it leaves open are zero.
	Window record.Window
}

// Describe parses and plans a text without running it. The error is a
// *syntax.Errors with every mistake.
func (e *Engine) Describe(req Request) (*Description, error) {
	q, err := syntax.ParseWith(req.Text, syntax.Options{Variables: req.Variables})
	if err != nil {
		return nil, err
	}
	req.Window = record.Window{}
	p, err := plan.Make(q, e.env(req, e.opts.Clock()))
	if err != nil {
		return nil, err
	}
	return &Description{Columns: describe(p.Columns), Window: p.Window}, nil
}
