package query

import (
	"context"
	"math"
	"slices"
	"time"
)

// Explanation says how a query is answered.
type Explanation struct {
	Plan    string // the plan as a tree, the last operation first
	SQL     string // what the engine computes
	Steps   []Step // of a run; without analyze their rows are -1
	Window  string // effective window
	Hints   []string
	Elapsed time.Duration
}

// Step is one part of answering a query.
type Step struct {
	Name    string
	Rows    int64 // rows it yielded; -1 when it was not run
	Elapsed time.Duration
	Read    int64 // rows that an operator got from SQL; -1 for other steps
}

// Explain plans a query and shows its SQL; with analyze it also runs it.
func (e *Engine) Explain(ctx context.Context, req Request, analyze bool) (*Explanation, error) {
	ctx, cancel := e.deadline(ctx, req)
	defer cancel()
	s, err := e.open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer s.close()
	planned := time.Since(s.started)
	before, err := s.explainLocals(ctx)
	if err != nil {
		return nil, err
	}
	sql, err := s.sql(ctx, s.plan.Root, s.allColumns())
	if err != nil {
		return nil, err
	}
	out := &Explanation{Plan: s.plan.String(), SQL: before + sql, Window: s.plan.Window.String(), Hints: s.plan.Hints}
	if err := s.explainAttached(ctx, out); err != nil {
		return nil, err
	}
	searched := s.steps // to write the statement
	s.steps = nil
	out.Steps = slices.Concat([]Step{{"plan", -1, planned, -1}, {"compile", -1, time.Since(s.started) - planned, -1}}, searched, []Step{{"run", -1, 0, -1}})
	if analyze {
		begun := time.Now()
		limit := req.Limit
		if limit == 0 {
			limit = DefaultLimit
		} else if limit < 0 {
			limit = math.MaxInt
		}
		rows := int64(0)
		err := s.stream(ctx, limit, func([]any) error { rows++; return nil })
		if err != nil {
			return nil, err
		}
		run := Step{"run", rows, time.Since(begun), -1}
		for _, step := range s.steps {
			run.Elapsed -= step.Elapsed
		}
		out.Steps = slices.Concat(out.Steps[:2], s.steps, []Step{run})
	}
	out.Elapsed = time.Since(s.started)
	return out, nil
}
