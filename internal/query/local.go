package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/plan"
)

// The bounds on what an operator yields, because it becomes part of a statement.
const (
	maxLocalRows  = 100_000
	maxLocalBytes = 64 << 20
)

// settle runs the operators that the plan depends on, each once.
func (s *session) settle(ctx context.Context) error {
	for _, l := range plan.Locals(s.plan.Root) {
		if err := s.local(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// local runs one operator over the rows of its input.
func (s *session) local(ctx context.Context, l *plan.Local) error {
	begun := time.Now()
	if l.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, l.Timeout, fmt.Errorf("%w: a %s has %s", ErrDeadline, l.Name, l.Timeout))
		defer cancel()
	}
	sql, err := s.sql(ctx, l.Source(), l.Read)
	if err != nil {
		return err
	}
	var read, size int64
	source := func(yield func([]any) error) error {
		n, err := s.rows(ctx, sql, len(l.Read), yield)
		read += int64(n)
		return err
	}
	values := &plan.Values{Columns: l.Made}
	emit := func(row []any) error {
		size += footprint(row)
		if len(values.Rows) >= maxLocalRows || size > maxLocalBytes {
			return ops.ErrFull
		}
		values.Rows = append(values.Rows, row)
		return nil
	}
	partial, err := l.Run(ctx, source, emit)
	switch {
	case errors.Is(err, ops.ErrFull):
		partial = fmt.Sprintf("%s yields more than the %d rows used here: ask for a shorter time range", l.Name, len(values.Rows))
	case err != nil:
		return err
	}
	if partial != "" && !slices.Contains(s.partial, partial) {
		s.partial = append(s.partial, partial)
	}
	l.Values = values
	s.steps = append(s.steps, Step{l.Name, int64(len(values.Rows)), time.Since(begun), read})
	return nil
}

// footprint estimates how long a row becomes in a statement.
func footprint(row []any) int64 {
	n := int64(0)
	for _, v := range row {
		n += 8
		switch v := v.(type) {
		case string:
			n += int64(len(v))
		case []any:
			n += footprint(v)
		}
	}
	return n
}

// explainLocals adds the statements that operators get their rows from. Those
// that have not run count as empty in the statement around them.
func (s *session) explainLocals(ctx context.Context) (string, error) {
	var b strings.Builder
	for _, l := range plan.Locals(s.plan.Root) {
		sql, err := s.sql(ctx, l.Source(), l.Read)
		if err != nil {
			return "", err
		}
		when := "after SQL"
		if l.Limit > 0 {
			when = "before the rest"
		}
		fmt.Fprintf(&b, "-- rows for %s, which runs %s\n%s\n;\n", l.Name, when, sql)
	}
	return b.String(), nil
}
