package query

import (
	"context"
	"fmt"

	"ledgerline/internal/query/compile"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// Matching plans a text that is a search clause alone and returns what judges the
// rows of one segment by it, in file order: the rows that the same text finds as a
// query. The limit, timeout and filters of the request do not count. A sub-query
// is refused, since what it finds could change from one segment to the next. The
// error is a *syntax.Errors with every mistake.
func (e *Engine) Matching(req Request) (func(ctx context.Context, seg *store.Segment) ([]bool, error), error) {
	q, err := syntax.Parse(req.Text)
	if err != nil {
		return nil, err
	}
	refuse := func(at syntax.Node, message string) error {
		mistakes := syntax.Errors{Source: q.Source}
		mistakes.Add(syntax.Error{Span: at.Pos(), Message: message})
		return mistakes.Err()
	}
	if len(q.Commands) > 1 {
		return nil, refuse(q.Commands[1], "only a search clause is allowed here, without commands after it")
	}
	p, err := plan.Make(q, e.env(req, e.opts.Clock()))
	if err != nil {
		return nil, err
	}
	scan := p.Search
	if scan == nil || hasSubquery(plan.Exprs(scan)) {
		return nil, refuse(q.Commands[0], "only a search clause without sub-queries is allowed here")
	}
	number := &plan.Column{ID: "row_number", Internal: compile.RowNumber, Type: plan.Type{Kind: plan.Int}}
	scan.Columns = append(scan.Columns, number)
	return func(ctx context.Context, seg *store.Segment) ([]bool, error) {
		meant := make([]bool, seg.Rows)
		whole := func(*plan.Scan) ([]store.Part, error) { return []store.Part{{Segment: seg, EndRow: seg.Rows}}, nil }
		sql, err := compile.SQL(scan, []*plan.Column{number}, e.dialect, compile.Parts(whole))
		if err != nil {
			return nil, fmt.Errorf("compile the condition: %w", err)
		}
		rows, err := e.store.Query(ctx, sql)
		if err != nil {
			return nil, refine(ctx, err)
		}
		defer rows.Close()
		for rows.Next() {
			n, ok := rows.Values()[0].(int64)
			if !ok || n < 0 || n >= seg.Rows {
				return nil, fmt.Errorf("the engine named row %v of %d", rows.Values()[0], seg.Rows)
			}
			meant[n] = true
		}
		return meant, refine(ctx, rows.Err())
	}, nil
}

func hasSubquery(list []plan.Expr) bool {
	for _, e := range list {
		switch e := e.(type) {
		case *plan.Among:
			return true
		case *plan.Call:
			if hasSubquery(e.Args) {
				return true
			}
		}
	}
	return false
}
