package plan

import (
	"time"

	"ledgerline/internal/query/syntax"
)

// Constant plans the expression of an init block: a relation of one row whose
// column is the value as text. The expression sees no fields.
func Constant(x syntax.Expr, env Env) (Node, *Column, error) {
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	p := &planner{env: env, clause: "INIT"}
	f := &frame{shape: groups, names: map[string]*Column{}}
	e := p.expr(f, x)
	if p.failed != nil {
		return nil, nil, p.failed
	}
	if len(p.errors.List) > 0 {
		return nil, nil, p.errors.List[0]
	}
	if e.Type().Kind == Bool && !e.Type().List {
		e = call(ToBit, Int, e)
	}
	one, value := p.column("", Type{Kind: Int}), p.column("", Type{Kind: String})
	row := &Values{Columns: []*Column{one}, Rows: [][]any{{int64(1)}}}
	return &Extend{In: row, Items: []Assign{{value, asText(e)}}}, value, nil
}
