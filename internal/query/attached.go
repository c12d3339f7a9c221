package query

import (
	"context"
	"fmt"
	"math"

	"ledgerline/internal/query/plan"
)

// attach computes the charts and tables beside the rows.
func (s *session) attach(ctx context.Context, res *Result) error {
	main := s.plan
	defer func() { s.plan = main }()
	for _, a := range main.Attached {
		s.plan = a.Plan
		part := &Result{Columns: describe(a.Plan.Columns)}
		err := s.stream(ctx, math.MaxInt, func(row []any) error {
			if len(part.Rows) >= s.engine.opts.MaxRows {
				return fmt.Errorf("%w: %s has more than %d", ErrRows, a.Name, len(part.Rows))
			}
			part.Rows = append(part.Rows, row)
			return nil
		})
		if err != nil {
			return err
		}
		if a.Plan.Series != nil {
			s.pivot(part)
			res.Charts = append(res.Charts, Chart{a.Name, part.Series})
		} else {
			res.Tables = append(res.Tables, NamedTable{a.Name, Table{part.Columns, part.Rows}})
		}
	}
	return nil
}

// explainAttached adds the plans and statements of charts and tables.
func (s *session) explainAttached(ctx context.Context, out *Explanation) error {
	main := s.plan
	defer func() { s.plan = main }()
	for _, a := range main.Attached {
		s.plan = a.Plan
		sql, err := s.sql(ctx, s.plan.Root, s.allColumns())
		if err != nil {
			return err
		}
		out.Plan += "beside the rows: " + a.Name + "\n" + a.Plan.String()
		before, err := s.explainLocals(ctx)
		if err != nil {
			return err
		}
		out.SQL += "\n;\n" + before + sql
	}
	return nil
}

// allColumns are the columns that a plan's statement yields.
func (s *session) allColumns() []*plan.Column {
	if s.plan.Series != nil {
		return s.pointColumns()
	}
	return s.plan.Columns
}
