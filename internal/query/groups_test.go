package query

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNoGroupTwice asks for groups of a text that few rows of several log sources
// share, until an engine whose threads do not agree on a group would have shown
// it: DuckDB 1.4.3 had one group twice in one answer of a hundred.
func TestNoGroupTwice(t *testing.T) {
	recs := randomRecords(rand.New(rand.NewPCG(100, 0)), 240)
	st := newStore(t)
	for i, part := range slices.Collect(slices.Chunk(recs, 120)) {
		ingest(t, st, i, part)
	}
	e := newEngine(st)
	for range 400 {
		res := ask(t, e, "'Error Code' = 'E-1' | bucket 'Content Size Out' low = 0 - 1, high = 2 - 4, others = rest | stats unique('Content Size Out') as sizes, max(Time) as last")
		sizes, _ := res.Rows[0][0].([]any)
		seen := map[any]bool{}
		for _, size := range sizes {
			if seen[size] {
				t.Fatalf("the group %v is there twice: %v", size, sizes)
			}
			seen[size] = true
		}
		if len(seen) != 3 {
			t.Fatalf("%v: the test says nothing", res.Rows)
		}
	}
}
