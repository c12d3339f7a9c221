package stage

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"ledgerline/internal/record"
)

// Pages of new items of 800 bytes, a second apart, into a ledger that counts
// 200,000 already. Its names are spread over all of them unless they lie by time.
func BenchmarkAdd(b *testing.B) {
	for _, rows := range []int{100, 2000} {
		b.Run(fmt.Sprintf("page=%d", rows), func(b *testing.B) {
			s := openAt(b, b.TempDir(), Options{})
			pad := bytes.Repeat([]byte("x"), 780)
			n := 0
			add := func(rows int) {
				page := make([]record.Counted, rows)
				for i := range page {
					n++
					raw := fmt.Appendf(nil, `{"n":%d,"x":%q}`, n, pad)
					page[i] = record.Counted{Count: 1, Item: record.Item{ID: record.Identify(string(raw)), Time: noon.Add(-time.Duration(n) * time.Second), Raw: raw}}
				}
				if _, err := s.Add(b.Context(), "oic", page); err != nil {
					b.Fatal(err)
				}
			}
			for n < 200_000 {
				add(20_000)
			}
			sealAll(s, "oic")
			n = 200_000
			for b.Loop() {
				add(rows)
			}
			b.ReportMetric(float64(n-200_000)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// Files of full size out of what is pending.
func BenchmarkSeal(b *testing.B) {
	s := openAt(b, b.TempDir(), Options{})
	pad := bytes.Repeat([]byte("x"), 780)
	n := 0
	for b.Loop() {
		b.StopTimer()
		page := make([]record.Counted, 12_000)
		for i := range page {
			n++
			raw := fmt.Appendf(nil, `{"n":%d,"x":%q}`, n, pad)
			page[i] = record.Counted{Count: 1, Item: record.Item{ID: record.Identify(string(raw)), Time: noon.Add(-time.Duration(n) * time.Second), Raw: raw}}
		}
		if _, err := s.Add(b.Context(), "oic", page); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		sealAll(s, "oic")
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "items/s")
}
