package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/query/plan"
)

// passCounts are the numbers of parts in which groups are computed that do not
// fit into memory at once: when one is not enough, the next.
func passCounts() []int { return []int{8, 64} }

// grouped runs the plan and yields its rows. Groups that the engine cannot hold
// all at once are computed in passes, where the plan allows it.
func (s *session) grouped(ctx context.Context, columns []*plan.Column, limit int, row func([]any) error) error {
	n, err := s.query(ctx, columns, row)
	for _, passes := range passCounts() {
		if n > 0 || !errors.Is(err, ErrMemory) {
			return err
		}
		tooLarge := err
		var possible bool
		if n, possible, err = s.passes(ctx, columns, limit, passes, row); !possible {
			return tooLarge
		}
	}
	return err
}

// passes computes the groups of the plan a part at a time, keeps those that may
// be among the first limit rows, and yields them in their order. possible is
// false when groups depend on each other.
func (s *session) passes(ctx context.Context, columns []*plan.Column, limit, passes int, row func([]any) error) (n int, possible bool, err error) {
	sort, ok := s.plan.Root.(*plan.Sort)
	if !ok {
		return 0, false, nil
	}
	division, ok := plan.Divide(sort.In)
	if !ok {
		return 0, false, nil
	}
	begun := time.Now()
	defer func() {
		s.plan.Root = sort
		division.Whole()
		s.steps = append(s.steps, Step{fmt.Sprintf("in %d passes", passes), int64(n), time.Since(begun), -1})
	}()
	if sort.Limit >= 0 {
		limit = min(limit, sort.Limit)
	}
	order := &plan.Extend{In: sort.In}
	all := slices.Clone(columns)
	for i, o := range sort.By {
		c := &plan.Column{ID: fmt.Sprintf("order%d", i), Type: o.By.Type()}
		order.Items = append(order.Items, plan.Assign{Column: c, Value: o.By})
		all = append(all, c)
	}
	s.plan.Root = &plan.Sort{In: order, By: sort.By, Limit: -1}
	if limit <= s.engine.opts.MaxRows {
		s.plan.Root = &plan.Sort{In: order, By: sort.By, Limit: limit}
	}
	var rows [][]any
	for i := range passes {
		division.Part(i, passes)
		_, err := s.query(ctx, all, func(r []any) error {
			if limit > s.engine.opts.MaxRows && len(rows) >= s.engine.opts.MaxRows {
				return fmt.Errorf("%w: more than %d groups, which do not fit into memory at once", ErrRows, s.engine.opts.MaxRows)
			}
			rows = append(rows, r)
			return nil
		})
		if err != nil {
			return 0, true, err
		}
		slices.SortStableFunc(rows, func(a, b []any) int { return compareRows(a[len(columns):], b[len(columns):], sort.By) })
		rows = rows[:min(len(rows), limit)]
	}
	for _, r := range rows {
		n++
		if err := row(r[:len(columns)]); err != nil {
			return n, true, err
		}
	}
	return n, true, nil
}

// compareRows orders rows as engines do: nulls last in both directions.
func compareRows(a, b []any, by []plan.Order) int {
	for i, o := range by {
		switch {
		case a[i] == nil && b[i] == nil:
		case a[i] == nil:
			return 1
		case b[i] == nil:
			return -1
		default:
			if d := compareValues(a[i], b[i]); d != 0 {
				if o.Desc {
					return -d
				}
				return d
			}
		}
	}
	return 0
}

// compareValues orders two values of one type.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case bool:
		if b, ok := b.(bool); ok && a != b {
			if b {
				return -1
			}
			return 1
		}
	}
	return 0
}
