package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkCluster clusters a million messages of 200 templates with parameters.
func BenchmarkCluster(b *testing.B) {
	const segments, rows, kinds = 10, 100_000, 200
	r := rand.New(rand.NewPCG(1, 1))
	word := func() string {
		s := make([]byte, 3+r.IntN(8))
		for i := range s {
			s[i] = byte('a' + r.IntN(26))
		}
		return string(s)
	}
	formats := make([]string, kinds)
	for i := range formats {
		for j := range 6 + r.IntN(10) {
			switch {
			case j%4 == 3:
				formats[i] += "%[1]d "
			case j == 5:
				formats[i] += "10.0.0.%[2]d "
			case j == 6 && i%3 == 0:
				formats[i] += "%[3]s "
			default:
				formats[i] += word() + " "
			}
		}
	}
	names := make([]string, 500)
	for i := range names {
		names[i] = word()
	}
	st := newStore(b)
	for s := range segments {
		recs := make([]rec, rows)
		for i := range recs {
			recs[i] = rec{ago: 1 + 1400*r.Float64(), source: "App", text: fmt.Sprintf(formats[r.IntN(kinds)], r.IntN(1e6), r.IntN(256), names[r.IntN(len(names))])}
		}
		ingest(b, st, s, recs)
	}
	e := newEngine(st)
	for _, text := range []string{"* | cluster", "* | link cluster()", "* | addinsights | stats count by 'Potential Issue'"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				res, err := e.Run(context.Background(), request(text))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(res.Rows)), "rows")
			}
		})
	}
}
