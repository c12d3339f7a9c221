package query

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// TestPassesYieldWhatOneRunDoes: groups computed a part at a time are the groups
// computed at once, in the same order.
func TestPassesYieldWhatOneRunDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	st := newStore(t)
	ingest(t, st, 1, randomRecords(r, 400))
	e := newEngine(st)
	for text, possible := range map[string]bool{
		"* | stats count as n, sum(Load) as s by 'User Name', Status":                                                                              true,
		"* | stats count as n by Status, 'Content Size Out' | sort -n":                                                                             true,
		"* | link 'User Name', 'Content Size Out' | stats unique(Status) as S, latest(Load) as L, values('Error Code') as V | where Count > 1":     true,
		"* | link includenulls = true 'User Name', Load | addfields [ Status = 500 | stats count as bad, unique(Status) as u ] | sort -bad, Count": true,
		"* | link 'User Name' | eval x = Count * 2 | where x > 3 | fields 'User Name', x | sort -x":                                                true,
		"* | link 'User Name' | eventstats sum(Count) as all":                                                                                      false,
		"* | stats count as n by Status | stats max(n)":                                                                                            false,
		"* | sort Load": false,
		"* | stats count as n by 'User Name', Load | stats sum(n) as n, distinctcount(Load) as d by 'User Name' | where d > 1 | sort -n, 'User Name'": true,
	} {
		s, err := e.open(t.Context(), request(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{math.MaxInt, 5} {
			var want, got [][]any
			if _, err := s.query(t.Context(), s.plan.Columns, func(r []any) error { want = append(want, r); return nil }); err != nil {
				t.Fatal(err)
			}
			_, ok, err := s.passes(t.Context(), s.plan.Columns, limit, 3, func(r []any) error { got = append(got, r); return nil })
			if err != nil || ok != possible {
				t.Fatalf("%s: possible %t, %v", text, ok, err)
			}
			if want = want[:min(limit, len(want))]; ok && fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s\ngot  %v\nwant %v", text, got, want)
			}
		}
		s.close()
	}
}

// TestLinkBeyondMemory: a link of more groups than the engine can hold.
func TestLinkBeyondMemory(t *testing.T) {
	const groups = 60_000
	dir := t.TempDir()
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(dir)}, TempDir: t.TempDir(), Threads: 2, MemoryLimit: "64MB"})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir, engine, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	recs := make([]rec, groups)
	for i := range recs {
		recs[i] = rec{ago: float64(i%1400) + 1, fields: map[string]any{"User Name": fmt.Sprint("user", i), "Status": fmt.Sprint(i % 7)}}
	}
	ingest(t, st, 1, recs)
	e := newEngine(st)
	s, err := e.open(t.Context(), request("* | link 'User Name' | stats unique(Status) as S | where S = 3 | sort -'User Name'"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.query(t.Context(), s.plan.Columns, func([]any) error { return nil }); !errors.Is(err, ErrMemory) {
		t.Skipf("the engine holds %d groups in 64 MB: %v", groups, err)
	}
	n := 0
	if err := s.stream(t.Context(), 10, func(r []any) error {
		if n++; n == 1 && r[0] != "user9999" { // 9999 % 7 is 3, and no greater name begins with user9999
			t.Errorf("the first of the last is %v", r[0])
		}
		return nil
	}); err != nil || n != 10 {
		t.Errorf("%d rows, %v", n, err)
	}
	// What all groups have a part in is not computed in passes: it fits, or the
	// caller is told what to do, and the engine answers on.
	for text, want := range map[string]int64{
		"* | link 'User Name' | stats unique(Status) as S | eventstats count as all | fields -*, all | head 1":                  groups,
		"* | link 'User Name' | stats unique(Status) as S | eventstats distinctcount(Status) as all | fields -*, all | head 1":  7,
		"* | stats unique(Status) as S by 'User Name' | eventstats count as all, rownum as Row | fields -*, all | head 1":       groups,
		"* | timestats span = 1hour unique(Status) as S, count as n by 'User Name' | eventstats max(n) as all | head limit = 1": -1,
		"* | stats count": groups,
	} {
		res, err := e.Run(t.Context(), request(text))
		switch {
		case err != nil && (!errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), "ask for a shorter time range or group by fewer values")):
			t.Errorf("%s: %v", text, err)
		case err == nil && want >= 0 && (len(res.Rows) != 1 || res.Rows[0][0] != want):
			t.Errorf("%s: %v, want %d", text, res.Rows, want)
		}
	}
}
