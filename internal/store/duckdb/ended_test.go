package duckdb

import (
	"context"
	"fmt"
	"testing"

	duck "github.com/duckdb/duckdb-go/v2"
)

// An internal error of DuckDB ends the instance, with all that is prepared for
// it; the next queries are answered by another.
func TestAnotherInstanceTakesOver(t *testing.T) {
	opened, err := Open(Options{Concurrent: 2})
	if err != nil {
		t.Fatal(err)
	}
	e := opened.(*engine)
	first := e.now
	ask := func() {
		t.Helper()
		rows, err := e.Query(t.Context(), "SELECT sha512('a')[:4]")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() || rows.Values()[0] != "1f40" {
			t.Errorf("%v, %v", rows.Values(), rows.Err())
		}
	}
	ask()
	first.judge(fmt.Errorf("duckdb: %w", &duck.Error{Type: duck.ErrorTypeOutOfMemory}))
	first.judge(context.Canceled)
	if first.ended.Load() {
		t.Fatal("other errors end it, too")
	}
	first.judge(fmt.Errorf("duckdb: %w", &duck.Error{Type: duck.ErrorTypeInternal}))
	for range 3 {
		ask()
	}
	if e.now == first || first.conns != 0 || e.now.conns != 1 {
		t.Errorf("the same instance: %t; connections: %d, %d", e.now == first, first.conns, e.now.conns)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
