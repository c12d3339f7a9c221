package query

import (
	"ledgerline/internal/record"
)

// Description says what a query would yield.
type Description struct {
	Columns []Column
	// Window is what the text itself restricts Time to; ends it leaves open are zero.
	Window record.Window
	Hints  []string // as in Result
}

// Describe parses and plans a text without running it. The error is a
// *syntax.Errors with every mistake.
func (e *Engine) Describe(req Request) (*Description, error) {
	req.Window = record.Window{}
	p, err := e.planned(req, e.opts.Clock())
	if err != nil {
		return nil, err
	}
	return &Description{Columns: describe(p.Columns), Window: p.Window, Hints: p.Hints}, nil
}
