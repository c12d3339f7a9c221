package query

import (
	"context"
	"errors"

	"ledgerline/internal/query/compile"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// constants returns what computes the expressions of init blocks that call
// functions: the engine, so that they mean there what they mean elsewhere.
func (e *Engine) constants(ctx context.Context, req Request) func(syntax.Expr) (string, error) {
	return func(x syntax.Expr) (string, error) {
		req.Window = record.Window{}
		root, value, err := plan.Constant(x, e.env(req, e.opts.Clock()))
		if bad := (*syntax.Error)(nil); errors.As(err, &bad) {
			return "", errors.New(bad.Message)
		}
		if err != nil {
			return "", err
		}
		sql, err := compile.SQL(root, []*plan.Column{value}, e.dialect, nil)
		if err != nil {
			return "", err
		}
		rows, err := e.store.Query(ctx, sql)
		if err != nil {
			return "", refine(ctx, err)
		}
		defer rows.Close()
		text := ""
		for rows.Next() {
			text, _ = rows.Values()[0].(string)
		}
		return text, refine(ctx, rows.Err())
	}
}
