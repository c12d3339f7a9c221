package query

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"ledgerline/internal/query/plan"
)

// Run answers a request. Its error is a *syntax.Errors with every mistake of the
// text, or wraps ErrDeadline, ErrMemory or ErrRows.
func (e *Engine) Run(ctx context.Context, req Request) (*Result, error) {
	ctx, cancel := e.deadline(ctx, req)
	defer cancel()
	s, err := e.open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer s.close()
	limit := req.Limit
	switch {
	case limit == 0:
		limit = DefaultLimit
	case limit < 0:
		limit = math.MaxInt
	}
	res := &Result{Window: s.plan.Window, Matched: -1, Groups: -1, Total: -1, Columns: describe(s.plan.Columns), Hints: s.plan.Hints}
	if s.plan.Series != nil {
		limit = math.MaxInt
	}
	rows := 0
	collect := func(row []any) error {
		if rows++; rows > e.opts.MaxRows {
			return fmt.Errorf("%w: more than %d; ask for fewer, or export them", ErrRows, e.opts.MaxRows)
		}
		res.Rows = append(res.Rows, row)
		return nil
	}
	if err := s.stream(ctx, limit, collect); err != nil {
		return nil, err
	}
	if s.plan.Series != nil {
		s.pivot(res)
	} else if len(res.Rows) < limit {
		res.Total = int64(len(res.Rows))
	}
	if s.plan.Grouped {
		res.Groups = res.Total
	}
	if err := s.attach(ctx, res); err != nil {
		return nil, err
	}
	if req.Matched {
		if res.Matched, err = s.matched(ctx); err != nil {
			return nil, err
		}
	}
	if res.Partial != "" {
		s.partial = append(s.partial, res.Partial)
	}
	res.Partial = strings.Join(s.partial, "; ")
	res.Elapsed = time.Since(s.started)
	return res, nil
}

// Export streams all rows of a request, whatever its limit, for as long as it
// takes unless the request has a timeout. header is called once, before the
// first row; the row is valid until the callback returns.
func (e *Engine) Export(ctx context.Context, req Request, header func([]Column) error, row func([]any) error) error {
	if req.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = e.deadline(ctx, req)
		defer cancel()
	}
	s, err := e.open(ctx, req)
	if err != nil {
		return err
	}
	defer s.close()
	if s.plan.Series != nil {
		return s.exportSeries(ctx, header, row)
	}
	if err := header(describe(s.plan.Columns)); err != nil {
		return err
	}
	return s.stream(ctx, math.MaxInt, row)
}

// exportSeries yields the rows of a time series, which are known at its end only.
func (s *session) exportSeries(ctx context.Context, header func([]Column) error, row func([]any) error) error {
	res := &Result{Columns: describe(s.plan.Columns)}
	err := s.stream(ctx, math.MaxInt, func(point []any) error {
		if len(res.Rows) >= s.engine.opts.MaxRows {
			return fmt.Errorf("%w: more than %d points; ask for a longer span", ErrRows, s.engine.opts.MaxRows)
		}
		res.Rows = append(res.Rows, point)
		return nil
	})
	if err != nil {
		return err
	}
	s.pivot(res)
	if err := header(res.Columns); err != nil {
		return err
	}
	for _, r := range res.Rows {
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) deadline(ctx context.Context, req Request) (context.Context, context.CancelFunc) {
	d := req.Timeout
	if d <= 0 {
		d = e.opts.DefaultTimeout
	}
	return context.WithTimeout(ctx, d)
}

// stream yields the first rows of the plan.
func (s *session) stream(ctx context.Context, limit int, row func([]any) error) error {
	columns := s.allColumns()
	if n := s.plan.ByTime; n != nil {
		if n.Limit >= 0 {
			limit = min(limit, n.Limit)
		}
		return s.walk(ctx, columns, limit, int64(max(firstSlice, min(limit, fullSlice)*4)), fullSlice, row)
	}
	root := s.plan.Root
	if limit < math.MaxInt {
		if sort, ok := root.(*plan.Sort); ok && (sort.Limit < 0 || sort.Limit > limit) {
			s.plan.Root = &plan.Sort{In: sort.In, By: sort.By, Limit: limit}
		}
	}
	err := s.grouped(ctx, columns, limit, row)
	s.plan.Root = root
	return err
}

// query runs the plan and yields its rows.
func (s *session) query(ctx context.Context, columns []*plan.Column, row func([]any) error) (n int, err error) {
	if err := s.settle(ctx); err != nil {
		return 0, err
	}
	sql, err := s.sql(ctx, s.plan.Root, columns)
	if err != nil {
		return 0, err
	}
	return s.rows(ctx, sql, len(columns), func(values []any) error {
		out := make([]any, len(columns))
		for i := range columns {
			out[i] = cell(columns[i], values[i])
		}
		return row(out)
	})
}

// rows runs a statement of so many columns and yields its rows, each valid
// until yield returns.
func (s *session) rows(ctx context.Context, sql string, columns int, yield func([]any) error) (n int, err error) {
	rows, err := s.engine.store.Query(ctx, sql)
	if err != nil {
		return 0, refine(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
		if err := yield(rows.Values()[:columns]); err != nil {
			return n, err
		}
	}
	return n, refine(ctx, rows.Err())
}

// clean drops what no client can be told: infinities and not-a-number.
func clean(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = clean(v[i])
		}
	}
	return v
}

// matched counts the records that pass the search clause.
func (s *session) matched(ctx context.Context) (int64, error) {
	if s.plan.Search == nil {
		return -1, nil
	}
	count := &plan.Column{ID: "matched", Type: plan.Type{Kind: plan.Int}}
	root, left := s.plan.Root, s.plan.Search.Left
	defer func() { s.plan.Root, s.plan.Search.Left = root, left }()
	s.plan.Search.Left = nil
	s.plan.Root = &plan.Aggregate{In: s.plan.Search, Aggs: []plan.Agg{{Column: count, Function: plan.CountRows}}}
	var total int64
	_, err := s.query(ctx, []*plan.Column{count}, func(row []any) error {
		total, _ = row[0].(int64)
		return nil
	})
	return total, err
}

// describe makes the descriptors that clients get.
func describe(columns []*plan.Column) []Column {
	out := make([]Column, len(columns))
	for i, c := range columns {
		out[i] = Column{
			Name: c.Name, Original: c.Original, Internal: c.Internal, Type: c.Field, List: c.Type.List, Unit: c.Unit,
			CaseSensitive: c.CaseSensitive, Groupable: !c.Large && !c.Type.List,
		}
		if c.Table != nil {
			out[i].Table, out[i].Groupable = describe(c.Table), false
		}
		if c.Field == 0 {
			out[i].Type = c.Type.RecordType()
		}
	}
	return out
}
