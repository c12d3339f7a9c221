package query

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/plan"
)

// withLocal opens a session whose plan is the rows of an operator over two
// columns of all records, sorted by the first column that it makes.
func withLocal(t *testing.T, made []*plan.Column, run ops.Func) *session {
	t.Helper()
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	s, err := newEngine(st).open(t.Context(), request("* | stats count as n by Status"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	l := &plan.Local{Name: "test", In: s.plan.Root, Read: s.plan.Columns, Made: made, Run: run}
	for _, c := range s.plan.Columns {
		l.By = append(l.By, plan.Order{By: &plan.Ref{Column: c}})
	}
	s.plan.Root = &plan.Sort{In: l, By: []plan.Order{{By: &plan.Ref{Column: made[0]}}}, Limit: -1}
	s.plan.Columns = made
	return s
}

func whole(id string) *plan.Column { return &plan.Column{ID: id, Type: plan.Type{Kind: plan.Int}} }

// What an operator yields passes through the statement unchanged, whether its
// rows are few or many.
func TestOperatorValuesReachSQL(t *testing.T) {
	columns := []*plan.Column{
		whole("a"), {ID: `b"'`, Type: plan.Type{Kind: plan.String}}, {ID: "c", Type: plan.Type{Kind: plan.Float}},
		{ID: "d", Type: plan.Type{Kind: plan.Time}}, {ID: "e", Type: plan.Type{Kind: plan.Int, List: true}}, {ID: "f", Type: plan.Type{Kind: plan.Bool}},
		{ID: "g", Type: plan.Type{Kind: plan.String, List: true}},
	}
	at := time.Date(2026, 3, 10, 11, 59, 59, 123e6, time.UTC)
	for _, n := range []int{0, 1, 2000} {
		var want [][]any
		for i := range int64(n) {
			row := []any{i - 9007199254740993, `'); DROP TABLE x; -- "` + "\n\\ é", 0.1, at, []any{i, nil, int64(3)}, i%2 == 0, []any{"x'", "y"}}
			if i%3 == 1 {
				row = []any{row[0], nil, nil, nil, nil, nil, nil}
			}
			want = append(want, row)
		}
		s := withLocal(t, columns, func(_ context.Context, in ops.Source, emit ops.Emit) (string, error) {
			var got [][]any
			if err := in(func(row []any) error { got = append(got, append([]any(nil), row...)); return nil }); err != nil {
				return "", err
			}
			if in := [][]any{{"200", int64(4)}, {"404", int64(1)}, {"500", int64(2)}}; !reflect.DeepEqual(got, in) {
				t.Errorf("the operator got %v, want %v", got, in)
			}
			for _, row := range want {
				if err := emit(row); err != nil {
					return "", err
				}
			}
			return "some are missing", nil
		})
		var got [][]any
		if _, err := s.query(t.Context(), columns, func(row []any) error { got = append(got, row); return nil }); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d rows came back as\n%v\nwant\n%v", n, got[:min(len(got), 2)], want[:min(n, 2)])
		}
		if !reflect.DeepEqual(s.partial, []string{"some are missing"}) {
			t.Errorf("partial: %q", s.partial)
		}
		if len(s.steps) != 1 || s.steps[0].Read != 3 || s.steps[0].Rows != int64(n) {
			t.Errorf("steps: %+v", s.steps)
		}
	}
}

// An operator may not yield without end; the rows so far count, and the result says so.
func TestOperatorRowsAreBounded(t *testing.T) {
	columns := []*plan.Column{whole("a")}
	s := withLocal(t, columns, func(_ context.Context, _ ops.Source, emit ops.Emit) (string, error) {
		for i := int64(0); ; i++ {
			if err := emit([]any{i}); err != nil {
				return "", err
			}
		}
	})
	n, err := s.query(t.Context(), columns, func([]any) error { return nil })
	if err != nil || n != maxLocalRows || !strings.Contains(fmt.Sprint(s.partial), "more than the 100000 rows") {
		t.Fatalf("%d rows, %v, %q", n, err, s.partial)
	}
	failing := withLocal(t, columns, func(context.Context, ops.Source, ops.Emit) (string, error) { return "", errors.New("broken") })
	if _, err := failing.query(t.Context(), columns, func([]any) error { return nil }); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Fatalf("the error of an operator is lost: %v", err)
	}
}
