package compile

import (
	"testing"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/store/duckdb"
)

// sparse is DuckDB with a series of one row that most of its threads see nothing of.
type sparse struct{ DuckDB }

func (d sparse) Series(column string, _ int) string {
	return `(WITH one AS (SELECT i AS x FROM range(1) t(i)) SELECT x AS ` + d.Ident(column) + ` FROM one WHERE x >= 5000
		UNION ALL SELECT x FROM one WHERE NOT EXISTS (SELECT 1 FROM one WHERE x >= 5000))`
}

// TestWindowOfAllRows asks again and again for a window over all rows in any
// order, which now and then failed in DuckDB, or ended the process.
func TestWindowOfAllRows(t *testing.T) {
	engine, err := duckdb.Open(duckdb.Options{Threads: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	number := plan.Type{Kind: plan.Int}
	one, x, last := &plan.Column{ID: "one", Type: number}, &plan.Column{ID: "x", Type: number}, &plan.Column{ID: "last", Type: number}
	rows := &plan.Grid{Lines: &plan.Values{Columns: []*plan.Column{one}, Rows: [][]any{{int64(1)}}}, Buckets: 1, Column: x}
	window := &plan.Window{In: rows, Ranks: []plan.Rank{{Column: last, Function: plan.LastOf, Arg: &plan.Ref{Column: x}}}}
	sql, err := SQL(window, []*plan.Column{last}, sparse{}, Parts(nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		rows, err := engine.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() || rows.Values()[0] != int64(0) || rows.Next() || rows.Err() != nil {
			t.Fatal("not the one row: ", rows.Err())
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
