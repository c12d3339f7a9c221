package store_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

func TestSnapshotKeepsFilesThroughMerge(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Options{MergeAbove: 1})
	for i := range 3 {
		ingest(t, s, chunk(1, i, entry(origin("a"), noon+int64(i), int64(i), "x")))
	}
	first, second := s.Snapshot(), s.Snapshot()
	old := first.Segments(store.Filter{})
	if report, err := s.Merge(ctx); err != nil || report.In != 3 || report.Out != 1 {
		t.Fatalf("%+v %v", report, err)
	}
	first.Release()
	first.Release()
	if n := len(table(t, s, old, "mbody", "")); n != 3 {
		t.Fatalf("%d rows of a leased snapshot", n)
	}
	second.Release()
	for _, seg := range old {
		if _, err := os.Stat(seg.Path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", seg.Path, err)
		}
	}
	now := s.Snapshot()
	defer now.Release()
	if segs := now.Segments(store.Filter{}); len(segs) != 1 || len(table(t, s, segs, "mbody", "")) != 3 {
		t.Fatalf("after the merge: %+v", segs)
	}
}

func TestFilterChoosesSegments(t *testing.T) {
	s, err := store.Open(t.TempDir(), nil, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other := origin("Beta")
	other.LogGroup = "ocid1.group.b"
	ingest(t, s, chunk(1, 0, entry(origin("Alpha"), noon, 0, "x"), entry(other, noon+10, 1, "y"), entry(other, noon-24*hour, 2, "z")))
	sn := s.Snapshot()
	defer sn.Release()
	cases := []struct {
		name   string
		filter store.Filter
		want   string // sources, newest first
	}{
		{"all", store.Filter{}, "Beta Alpha Beta"},
		{"source without case", store.Filter{Sources: []string{"ALPHA"}}, "Alpha"},
		{"group", store.Filter{Groups: []string{"ocid1.group.b"}}, "Beta Beta"},
		{"first instant inside", store.Filter{From: noon, To: noon + 1}, "Alpha"},
		{"end outside", store.Filter{From: noon + 1, To: noon + 10}, ""},
		{"open end", store.Filter{From: noon + 10}, "Beta"},
		{"open start", store.Filter{To: noon}, "Beta"},
	}
	for _, c := range cases {
		var got []string
		for _, seg := range sn.Segments(c.filter) {
			got = append(got, seg.Source)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// A field keeps one type in all segments, also in those yet to come.
func TestFieldsKeepTheirType(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	put := func(number int, v record.Value) store.Ingested {
		return ingest(t, s, chunk(1, number, entry(origin("a"), noon, int64(number), "", record.Cell{Field: "n", Value: v})))
	}
	put(0, record.Whole(7))
	if in := put(1, record.Text("8")); in.Dropped != 0 {
		t.Errorf("a number in letters is dropped: %+v", in)
	}
	if in := put(2, record.Text("eight")); in.Dropped != 1 {
		t.Errorf("a word in a numeric column: %+v", in)
	}
	if in := put(3, record.Fraction(0.5)); in.Dropped != 1 {
		t.Errorf("a fraction in a column of whole numbers: %+v", in)
	}
	clash := entry(origin("a"), noon, 4, "", record.Cell{Field: "N", Value: record.Whole(9)}, record.Cell{Field: "n", Value: record.Whole(10)},
		record.Cell{Field: store.ColText, Value: record.Text("not a field")})
	if in := ingest(t, s, chunk(1, 4, clash)); in.Dropped != 2 {
		t.Errorf("a field given twice and a reserved name: %+v", in)
	}
	sn := s.Snapshot()
	defer sn.Release()
	wantRows(t, table(t, s, sn.Segments(store.Filter{}), "n", "ORDER BY ordinal"), "7", "8", "<nil>", "<nil>", "9")
}

func TestHostileEntriesAreStored(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), store.Options{})
	o := origin("a\xff")
	o.Received = noon
	in := ingest(t, s, chunk(1, 0,
		entry(o, 1<<62, 0, "bad \xff byte", record.Cell{Field: "f\xfe", Value: record.Text("v\xfd")}, record.Cell{Field: "", Value: record.Text("x")}),
		entry(o, -1<<62, 1, "nul \x00 inside", record.Cell{Field: "when", Value: record.At(1 << 60)}, record.Cell{Field: `q"';--`, Value: record.Text("odd name")})))
	if in.Dropped != 4 {
		t.Errorf("dropped %d: two times of entries, one of a field, one field without a name", in.Dropped)
	}
	sn := s.Snapshot()
	defer sn.Release()
	wantRows(t, table(t, s, sn.Segments(store.Filter{}), `epoch_ms(time), mbody, "f�", "q""';--"`, "ORDER BY ordinal"),
		fmt.Sprintf("%d|bad � byte|v�|<nil>", noon), fmt.Sprintf("%d|nul \x00 inside|<nil>|odd name", noon))
	if report, err := s.Verify(context.Background()); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%v %+v", err, report)
	}
}

// A time before 1970 belongs to the day that holds it.
func TestDaysBefore1970(t *testing.T) {
	s, err := store.Open(t.TempDir(), nil, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ingest(t, s, chunk(1, 0, entry(origin("a"), -1, 0, ""), entry(origin("a"), 0, 1, "")))
	sn := s.Snapshot()
	defer sn.Release()
	var days []string
	for _, seg := range sn.Segments(store.Filter{}) {
		days = append(days, seg.Day.Format(time.DateOnly))
	}
	wantRows(t, days, "1970-01-01", "1969-12-31")
}

// Retention counts from the later of record time and ingest time.
func TestRetention(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.UnixMilli(noon)
	s, err := store.Open(t.TempDir(), nil, store.Options{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ingest(t, s, chunk(1, 0, entry(origin("a"), noon-100*24*hour, 0, "late"), entry(origin("keep"), noon-100*24*hour, 1, "kept")))
	retention := func(source string) time.Duration {
		if source == "keep" {
			return 0
		}
		return 30 * 24 * time.Hour
	}
	for _, step := range []struct {
		after time.Duration
		want  int64
	}{{30 * 24 * time.Hour, 0}, {time.Millisecond, 1}, {1e6 * time.Hour, 0}} {
		now = now.Add(step.after)
		if r, err := s.Retain(ctx, store.Retention{For: retention}); err != nil || r.Rows != step.want {
			t.Fatalf("at %s: %+v %v", now, r, err)
		}
	}
	entries, err := s.Journal(ctx, 1)
	if err != nil || len(entries) != 1 || entries[0].Kind != store.KindDrop || entries[0].Rows != 1 {
		t.Fatalf("%+v %v", entries, err)
	}
}

// A hold of one log group keeps the segments that it is in, and only those.
func TestRetentionKeepsWhatIsUnderLegalHold(t *testing.T) {
	ctx := context.Background()
	now := time.UnixMilli(noon)
	s, err := store.Open(t.TempDir(), nil, store.Options{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other := origin("a")
	other.LogGroup = "ocid1.group.b"
	ingest(t, s, chunk(1, 0, entry(origin("a"), noon, 0, "held")))
	ingest(t, s, chunk(2, 0, entry(other, noon, 0, "free"), entry(other, noon, 1, "free")))
	now = now.Add(31 * 24 * time.Hour)
	r := store.Retention{For: func(string) time.Duration { return 30 * 24 * time.Hour }, Hold: func(group string) bool { return group == "ocid1.group.a" }}
	if got, err := s.Retain(ctx, r); err != nil || got.Rows != 2 {
		t.Fatalf("under hold: %+v %v", got, err)
	}
	r.Hold = nil
	if got, err := s.Retain(ctx, r); err != nil || got.Rows != 1 {
		t.Fatalf("after the hold: %+v %v", got, err)
	}
}

func TestBusy(t *testing.T) {
	s, err := store.Open(t.TempDir(), nil, store.Options{SlowDownAbove: 2, MergeAbove: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, want := range []bool{false, false, true} {
		ingest(t, s, chunk(1, i, entry(origin("a"), noon, int64(i), "")))
		if s.Busy() != want {
			t.Fatalf("after %d segments: %v", i+1, s.Busy())
		}
	}
	if _, err := s.Merge(context.Background()); err != nil || s.Busy() {
		t.Fatalf("after merging: %v %v", s.Busy(), err)
	}
}

// Merging and verifying read pages whose memory is used again for the next: rows
// of many pages, and lists that cross them, come out as they went in.
func TestMergeOfManyPages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Options{MergeAbove: 2})
	var want []string
	for i := range 3 {
		entries := make([]record.Entry, 1500)
		for k := range entries {
			n := int64(k*3 + i)
			entries[k] = entry(origin("a"), noon+n, n, fmt.Sprintf("%d %s", n, strings.Repeat(fmt.Sprint(n), 100)))
			for l := range n % 4 {
				entries[k].Labels = append(entries[k].Labels, fmt.Sprintf("label %d", n*l))
			}
		}
		ingest(t, s, chunk(1, i, entries...))
	}
	for n := range 4500 {
		labels := any(nil)
		switch n % 4 {
		case 1:
			labels = []any{"label 0"}
		case 2:
			labels = []any{"label 0", fmt.Sprint("label ", n)}
		case 3:
			labels = []any{"label 0", fmt.Sprint("label ", n), fmt.Sprint("label ", 2*n)}
		}
		want = append(want, fmt.Sprintf("%d|%d %s|%v", n, n, strings.Repeat(fmt.Sprint(n), 100), labels))
	}
	if report, err := s.Merge(ctx); err != nil || report.In != 3 || report.Out != 1 {
		t.Fatalf("%+v %v", report, err)
	}
	sn := s.Snapshot()
	defer sn.Release()
	if got := table(t, s, sn.Segments(store.Filter{}), "ordinal, mbody, mtag", "ORDER BY file_row_number"); !slices.Equal(got, want) {
		t.Fatalf("%d rows, or not those that were ingested", len(got))
	}
	if report, err := s.Verify(ctx); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v %v", report, err)
	}
}

// Small segments of a day that is over are merged once nothing has come for a
// while, however few they are; those of a day that goes on are not.
func TestFinishedDaysSettle(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := time.UnixMilli(noon)
	s, err := store.Open(t.TempDir(), nil, store.Options{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(number int, at int64, rows int) {
		entries := make([]record.Entry, rows)
		for i := range entries {
			entries[i] = entry(origin("a"), at, int64(number*1000+i), "x")
		}
		ingest(t, s, chunk(1, number, entries...))
	}
	put(0, noon-24*hour, 3)
	put(1, noon-24*hour, 3)
	put(2, noon-24*hour, 100)
	put(3, noon, 1)
	put(4, noon, 1)
	for _, step := range []struct {
		after time.Duration
		want  int
		why   string
	}{
		{59 * time.Minute, 5, "yesterday is not quiet yet"},
		{2 * time.Minute, 4, "yesterday's small ones are merged, its large one is not written again for them"},
		{10 * time.Hour, 4, "today is not over"},
		{2*time.Hour + time.Minute, 3, "today has been over for an hour"},
		{12 * time.Hour, 2, "yesterday has been quiet for a day"},
		{1000 * time.Hour, 2, "nothing is left to do"},
	} {
		now = now.Add(step.after)
		if _, err := s.Merge(ctx); err != nil {
			t.Fatal(err)
		}
		if stats, err := s.Stats(ctx); err != nil || stats.Segments != step.want || stats.Rows != 108 {
			t.Fatalf("%s: %+v %v, want %d", step.why, stats, err, step.want)
		}
	}
}

// Tiny segments are merged at a quarter of the number of others.
func TestTinySegmentsAreMergedEarly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(t.TempDir(), nil, store.Options{Clock: func() time.Time { return time.UnixMilli(noon) }, MergeAbove: 8, SmallRows: 300})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, want := range []int{0, 0, 3} {
		ingest(t, s, chunk(1, i, entry(origin("tiny"), noon, int64(i), "x"), entry(origin("tiny"), noon, int64(i), "y")))
		three := entry(origin("small"), noon, int64(i), "x")
		ingest(t, s, chunk(2, i, three, three, three))
		if report, err := s.Merge(ctx); err != nil || report.In != want {
			t.Fatalf("after %d: %+v %v, want %d", i+1, report, err, want)
		}
	}
}

// TestConcurrency ingests, replays, merges, queries and verifies at once.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Options{MergeAbove: 3})
	const workers, chunks = 4, 12
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for w := range workers {
		wg.Go(func() {
			for i := range chunks {
				// Two workers share each stage, so that every chunk is offered twice.
				in, err := s.Ingest(ctx, chunk(byte(w/2), i, entry(origin("a"), noon+int64(i), int64(w/2*chunks+i), "x")))
				if err != nil {
					t.Error(err)
				}
				if !in.Duplicate {
					mu.Lock()
					fresh++
					mu.Unlock()
				}
			}
		})
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	repeat := func(what func() error) {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := what(); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	repeat(func() error { _, err := s.Merge(ctx); return err })
	repeat(func() error {
		report, err := s.Verify(ctx)
		if err == nil && len(report.Problems) > 0 {
			err = fmt.Errorf("%+v", report.Problems)
		}
		return err
	})
	repeat(func() error {
		sn := s.Snapshot()
		defer sn.Release()
		segs := sn.Segments(store.Filter{})
		var rows int64
		for _, seg := range segs {
			rows += seg.Rows
		}
		if got := table(t, s, segs, "count(*)", ""); len(segs) > 0 && got[0] != fmt.Sprint(rows) {
			return fmt.Errorf("%s rows, the manifest lists %d", got[0], rows)
		}
		return nil
	})
	wg.Wait()
	close(stop)
	readers.Wait()
	if fresh != workers/2*chunks {
		t.Errorf("%d chunks were new, want %d", fresh, workers/2*chunks)
	}
	for stage := range byte(workers / 2) {
		got, err := s.Ingested(ctx, [32]byte{stage})
		if err != nil || len(got) != chunks || !slices.IsSorted(got) {
			t.Errorf("stage %d: %v %v", stage, got, err)
		}
	}
}
