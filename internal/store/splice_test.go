package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// spliceOptions make segments of ten rows large.
func spliceOptions(now *time.Time) store.Options {
	return store.Options{Clock: func() time.Time { return *now }, MergeAbove: 2}.WithSpliceRows(10)
}

// inOrder is a number of entries of one millisecond each.
func inOrder(from int64, n int, ordinal int64) []record.Entry {
	out := make([]record.Entry, n)
	for i := range out {
		at := from + int64(i)
		out[i] = entry(origin("a"), at, ordinal+int64(i), fmt.Sprintf("word%d at the time", at),
			record.Cell{Field: "n", Value: record.Whole(at)}, record.Cell{Field: "t", Value: record.Text(strings.Repeat("v", i%5))})
	}
	return out
}

// Large segments that follow one another become one file of their row groups,
// with the same rows, filters and hashes.
func TestSpliceInOrder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.UnixMilli(noon)
	s := open(t, t.TempDir(), spliceOptions(&now))
	var want []string
	for i := range 4 {
		ingest(t, s, chunk(1, i, inOrder(noon+int64(i)*20, 20, 0)...))
	}
	for i := range int64(80) {
		want = append(want, fmt.Sprintf("%d|word%d at the time|%d|%s", noon+i, noon+i, noon+i, strings.Repeat("v", int(i%20%5))))
	}
	before, err := s.Journal(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := s.Merge(ctx); err != nil || report.In != 4 || report.Out != 1 || report.Rows != 80 {
		t.Fatalf("%+v %v", report, err)
	}
	if added, err := s.Journal(ctx, int64(len(before))); err != nil || len(added) != 1 || added[0].Rows != 80 {
		t.Fatalf("%+v %v", added, err)
	}
	sn := s.Snapshot()
	defer sn.Release()
	segs := sn.Segments(store.Filter{})
	wantRows(t, table(t, s, segs, "epoch_ms(time), mbody, n, t", "ORDER BY file_row_number"), want...)
	wantRows(t, table(t, s, segs, "count(*)", fmt.Sprintf("WHERE n BETWEEN %d AND %d AND t = 'vvvv'", noon+40, noon+59)), "4")
	if seg := segs[0]; seg.From != noon || seg.To != noon+79 || seg.Rows != 80 {
		t.Errorf("%+v", seg)
	}
	parts, err := sn.Parts(ctx, store.Filter{Tokens: []string{fmt.Sprintf("word%d", noon+45)}})
	if err != nil || len(parts) != 1 || parts[0].FirstRow != 40 || parts[0].EndRow != 60 {
		t.Errorf("a word of the third: %+v %v", parts, err)
	}
	if report, err := s.Verify(ctx); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v %v", report, err)
	}
}

// Segments whose times overlap much are merged row by row.
func TestOverlappingSegmentsAreSorted(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(noon)
	s := open(t, t.TempDir(), spliceOptions(&now))
	for i := range int64(3) {
		ingest(t, s, chunk(1, int(i), inOrder(noon+i, 20, 0)...))
	}
	if report, err := s.Merge(context.Background()); err != nil || report.In != 3 {
		t.Fatalf("%+v %v", report, err)
	}
	sn := s.Snapshot()
	defer sn.Release()
	sorted(t, s, sn)
}

// A damaged file, or filter, is not copied into a larger one.
func TestSpliceLeavesDamagedSegments(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", ".tok"} {
		now := time.UnixMilli(noon)
		s, err := store.Open(t.TempDir(), nil, spliceOptions(&now))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range int64(4) {
			ingest(t, s, chunk(1, int(i), inOrder(noon+i*20, 20, 0)...))
		}
		sn := s.Snapshot()
		bad := sn.Segments(store.Filter{})[1]
		sn.Release()
		edit(t, bad.Path+suffix, func(b []byte) []byte { b[len(b)/3] ^= 1; return b })
		report, err := s.Merge(context.Background())
		if err == nil || !strings.Contains(err.Error(), "see verify") || report.In != 3 {
			t.Fatalf("%+v %v", report, err)
		}
		if _, err := os.Stat(bad.Path); err != nil {
			t.Fatal(err)
		}
	}
}

// Merging time and again, some segments put together and some read, keeps every
// row, and rows are in order wherever a segment was read.
func TestSpliceKeepsRows(t *testing.T) {
	t.Parallel()
	courses := uint64(2)
	if os.Getenv("LEDGERLINE_CAMPAIGN") == "long" {
		courses = 100
	}
	for seed := range courses {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runSplices(t, rand.New(rand.NewPCG(seed, 5))) })
	}
}

func runSplices(t *testing.T, r *rand.Rand) {
	ctx := context.Background()
	now := time.UnixMilli(noon)
	opts := spliceOptions(&now)
	opts.SegmentRows = 150
	s := open(t, t.TempDir(), opts)
	var want []string
	from, ordinal := noon-24*hour, int64(0)
	for i := range 25 {
		n := 1 + r.IntN(30)
		entries := inOrder(from+r.Int64N(30), n, ordinal)
		if r.IntN(3) == 0 {
			entries[0].Cells = append(entries[0].Cells, record.Cell{Field: "rare", Value: record.Text("x")})
		}
		for _, e := range entries {
			want = append(want, fmt.Sprintf("%d|%d|%s", e.Time, e.Ordinal, e.Text))
		}
		ingest(t, s, chunk(1, i, entries...))
		from += r.Int64N(60)
		ordinal += int64(n)
		if r.IntN(4) == 0 {
			now = now.Add(time.Duration(r.IntN(30)) * time.Hour)
			if _, err := s.Merge(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	now = now.Add(100 * time.Hour)
	if _, err := s.Merge(ctx); err != nil {
		t.Fatal(err)
	}
	sn := s.Snapshot()
	got := table(t, s, sn.Segments(store.Filter{}), "epoch_ms(time), ordinal, mbody", "")
	sn.Release()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	if report, err := s.Verify(ctx); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v %v", report, err)
	}
}
