package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// Random rows of four uploads into two log groups, with empty and multi-valued
// columns, in many segments: a purge deletes those it names and no others, counts
// them beforehand, and the journal balances, also after merges.
func TestPurge(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		s := open(t, t.TempDir(), store.Options{Clock: func() time.Time { return time.UnixMilli(noon).UTC() }})
		type row struct {
			upload, group string
			time          int64
			id            string
		}
		var all []row
		for n := range 6 {
			var entries []record.Entry
			for i := range 50 + rnd.IntN(200) {
				r := row{fmt.Sprint("u-", rnd.IntN(4)), fmt.Sprint("g-", rnd.IntN(2)), noon + rnd.Int64N(hour), fmt.Sprint(n, ".", i)}
				o := &record.Origin{Upload: r.upload, UploadName: "n", File: "f", LogGroup: r.group, Source: "audit", Received: noon}
				e := entry(o, r.time, int64(i), r.id)
				if rnd.IntN(3) > 0 {
					e.Cells = append(e.Cells, record.Cell{Field: "usrname", Value: record.Text(r.id)})
				}
				if rnd.IntN(3) == 0 {
					e.Labels = []string{"a", "b"}
				}
				all, entries = append(all, r), append(entries, e)
			}
			ingest(t, s, chunk(byte(n+1), 0, entries...))
		}
		check := func(when string, want func(row) bool) {
			t.Helper()
			all = slices.DeleteFunc(all, func(r row) bool { return !want(r) })
			var ids []string
			for _, r := range all {
				ids = append(ids, r.id)
			}
			slices.Sort(ids)
			sn := s.Snapshot()
			got := table(t, s, sn.Segments(store.Filter{}), "mbody", "ORDER BY 1")
			sn.Release()
			for i := range got {
				got[i] = strings.TrimSpace(got[i])
			}
			slices.Sort(got)
			if !slices.Equal(got, ids) {
				t.Fatalf("seed %d, %s: %d rows, want %d", seed, when, len(got), len(ids))
			}
			report, err := s.Verify(ctx)
			if err != nil || len(report.Problems) > 0 || report.Rows != int64(len(ids)) {
				t.Fatalf("seed %d, %s: %+v, %v", seed, when, report, err)
			}
		}
		purge := func(when string, p store.Purge, keep func(row) bool) {
			t.Helper()
			gone := int64(0)
			for _, r := range all {
				if !keep(r) {
					gone++
				}
			}
			p.Actor, p.Reason = "ann", "asked"
			count, err := s.CountPurge(ctx, p)
			if err != nil || count.Rows != gone {
				t.Fatalf("seed %d, %s: would purge %+v, %v, want %d", seed, when, count, err, gone)
			}
			did, err := s.Purge(ctx, p)
			if err != nil || did != count {
				t.Fatalf("seed %d, %s: %+v, %v, want %+v", seed, when, did, err, count)
			}
			check(when, keep)
		}
		purge("an upload", store.Purge{Uploads: []string{"u-1"}}, func(r row) bool { return r.upload != "u-1" })
		purge("again", store.Purge{Uploads: []string{"u-1"}}, func(row) bool { return true })
		purge("older in a group", store.Purge{Groups: []string{"g-0"}, Before: noon + hour/2}, func(r row) bool { return r.group != "g-0" || r.time >= noon+hour/2 })
		if _, err := s.Merge(ctx); err != nil {
			t.Fatal(err)
		}
		purge("two uploads", store.Purge{Uploads: []string{"u-0", "u-2"}}, func(r row) bool { return r.upload == "u-3" })
		purge("all", store.Purge{Before: noon + 2*hour}, func(row) bool { return false })
		entries, err := s.Journal(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		purged := int64(0)
		for _, e := range entries {
			if e.Kind == store.KindPurge {
				purged += e.Rows
				if e.Actor != "ann" || e.Reason != "asked" {
					t.Errorf("%+v", e)
				}
			}
		}
		if _, err := s.Purge(ctx, store.Purge{}); err == nil {
			t.Error("a purge that names nothing must not purge everything")
		}
	}
}

// Rows are chosen one by one, also in a segment of several row groups that was put
// together of others whose times overlap; what else the purge says restricts them.
func TestPurgeOfMatchingRows(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Options{Clock: func() time.Time { return time.UnixMilli(noon).UTC() }, MergeAbove: 1}.WithSpliceRows(1000))
	const rows = 18_000 // more than a row group holds
	group := func(i int) string { return fmt.Sprint("g-", i%3) }
	for n := range 2 {
		var entries []record.Entry
		for i := range rows {
			o := &record.Origin{Upload: "u", UploadName: "n", File: "f", LogGroup: group(i), Source: "audit", Received: noon}
			entries = append(entries, entry(o, noon+int64(i), int64(i), fmt.Sprint(n, ".", i)))
		}
		ingest(t, s, chunk(byte(n+1), 0, entries...))
	}
	if report, err := s.Merge(ctx); err != nil || report.Out != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	// Every seventh of the first chunk, in the second group, in the first half.
	meant := func(text string) bool {
		var n, i int
		fmt.Sscanf(text, "%d.%d", &n, &i)
		return n == 0 && i%7 == 0
	}
	p := store.Purge{Groups: []string{"g-1"}, Before: noon + rows/2, Match: store.Called(meant), Actor: "ann"}
	var want []string
	for n := range 2 {
		for i := range rows {
			if text := fmt.Sprint(n, ".", i); !meant(text) || group(i) != "g-1" || i >= rows/2 {
				want = append(want, text)
			}
		}
	}
	gone := int64(2*rows - len(want))
	if count, err := s.CountPurge(ctx, p); err != nil || count.Rows != gone {
		t.Fatalf("%+v, %v, want %d", count, err, gone)
	}
	if did, err := s.Purge(ctx, p); err != nil || did.Rows != gone {
		t.Fatalf("%+v, %v, want %d", did, err, gone)
	}
	sn := s.Snapshot()
	defer sn.Release()
	got, err := store.Texts(sn.Segments(store.Filter{}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	if report, err := s.Verify(ctx); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
}

// A judgement of other rows than the segment has deletes nothing.
func TestPurgeIsRefusedWhenRowsWereMiscounted(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Options{})
	ingest(t, s, chunk(1, 0, entry(origin("a"), noon, 0, "r1"), entry(origin("a"), noon, 1, "r2")))
	for _, judged := range [][]bool{{true}, {true, true, true}, nil} {
		p := store.Purge{Before: noon + 1, Match: func(context.Context, *store.Segment) ([]bool, error) { return judged, nil }}
		if _, err := s.Purge(ctx, p); err == nil {
			t.Errorf("%v", judged)
		}
	}
	sn := s.Snapshot()
	defer sn.Release()
	if got, err := store.Texts(sn.Segments(store.Filter{})); err != nil || len(got) != 2 {
		t.Errorf("%q, %v", got, err)
	}
}
