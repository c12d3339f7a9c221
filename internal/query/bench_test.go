package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
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
