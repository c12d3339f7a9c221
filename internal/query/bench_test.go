package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"ledgerline/internal/query/plan"
)

// BenchmarkQueries measures queries over records of half a day.
func BenchmarkQueries(b *testing.B) {
	const segments, rows = 12, 50_000
	r := rand.New(rand.NewPCG(1, 1))
	st := newStore(b)
	for s := range segments {
		recs := make([]rec, rows)
		for i := range recs {
			recs[i] = rec{
				ago: float64(s*60) + 60*float64(i+1)/rows, source: []string{"Audit", "Access"}[i%2],
				text:   fmt.Sprintf(`{"user":"user%d","id":"%x","message":"request served with status %d"}`, r.IntN(5000), r.Uint64(), 200+r.IntN(9)),
				fields: map[string]any{"User Name": fmt.Sprintf("User%d", r.IntN(5000)), "Status": fmt.Sprint(200 + r.IntN(9)), "Content Size Out": r.IntN(10000)},
			}
		}
		recs[17].text += " needlexyz"
		ingest(b, st, s, recs)
	}
	e := newEngine(st)
	for _, q := range []struct{ name, text string }{
		{"count", "* | stats count"},
		{"equality", "'User Name' = user77 | stats count"},
		{"phrase", "'status 203' | stats count"},
		{"rare", "needlexyz | stats count"},
		{"histogram", "* | timestats span = 1hour count by Status"},
		{"group", "* | stats count as n, distinctcount('User Name') as u by 'Log Source', Status | sort -n | head 20"},
		{"percentile", "* | timestats span = 1hour pct('Content Size Out', 95) as p"},
		{"latest", "'Log Source' = Audit and Status = '205' | head 100"},
		{"link", "* | link 'User Name' | stats unique(Status) as S | sort -Count | head 100"},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Run(context.Background(), request(q.text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLookups measures records enriched from a table of a few rows and from one as large as
// a directory of a company's people.
func BenchmarkLookups(b *testing.B) {
	recs := make([]rec, 50_000)
	for i := range recs {
		recs[i] = rec{ago: float64(i%600) + 1, text: "x", fields: map[string]any{"User Name": fmt.Sprintf("user%d@example.com", i*7%400_000)}}
	}
	st, folder := newStoreWithLookups(b)
	ingest(b, st, 1, recs)
	for _, rows := range []int{300, 30_000, 300_000} {
		table := &plan.Lookup{Columns: []string{"who", "name", "team"}}
		for i := range rows {
			table.Rows = append(table.Rows, []string{fmt.Sprintf("user%d@example.com", i), fmt.Sprintf("Person %d", i), fmt.Sprintf("team %d", i%500)})
		}
		e := NewEngine(st, taught{testFields(), map[string]*plan.Lookup{"people": table}},
			Options{Clock: func() time.Time { return testNow }, Lookups: folder})
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Run(b.Context(), request("* | lookup table = people select team using 'User Name' = who | stats count by team | sort -Count | head 10")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
