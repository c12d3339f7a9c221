package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

const modelColumns = "epoch_ms(time), ordinal, mbody, msrcid, mtgt, mtag"

// modelRow renders an entry as table does for modelColumns.
func modelRow(e record.Entry) string {
	entity, labels := any(nil), any(nil)
	if e.Origin.Entity != "" {
		entity = e.Origin.Entity
	}
	if len(e.Labels) > 0 {
		labels = e.Labels
	}
	return fmt.Sprintf("%d|%d|%s|%s|%v|%v", e.Time, e.Ordinal, e.Text, e.Origin.Source, entity, labels)
}

// randomEntries makes entries of some sources around some days, in no order of time.
func randomEntries(r *rand.Rand, ordinal *int64) []record.Entry {
	words := []string{"alpha", "Bravo", "charlie\n", "δέλτα", "", `"quoted"`, "e_1"}
	out := make([]record.Entry, r.IntN(40))
	o := origin(fmt.Sprintf("source %d", r.IntN(2)))
	for i := range out {
		if r.IntN(8) == 0 {
			o = origin(fmt.Sprintf("source %d", r.IntN(3)))
			o.Entity = words[r.IntN(len(words))]
			o.Upload = fmt.Sprintf("u-%d", r.IntN(5))
		}
		out[i] = entry(o, noon+int64(r.IntN(3)-1)*24*hour+int64(r.IntN(1000)), *ordinal, words[r.IntN(len(words))]+words[r.IntN(len(words))])
		*ordinal++
		for range r.IntN(3) {
			out[i].Labels = append(out[i].Labels, words[r.IntN(4)])
		}
		for _, f := range []string{"a", "b", "c", "d"} {
			if r.IntN(2) == 0 {
				continue
			}
			v := record.Text(words[r.IntN(len(words))])
			switch {
			case f == "b":
				v = record.Whole(r.Int64N(100) - 50)
			case f == "c":
				v = record.Fraction(r.Float64())
			case f == "d":
				v = record.At(noon + r.Int64N(1000))
			case r.IntN(9) == 0: // "a" is a list now and then
				v.List = []string{words[r.IntN(len(words))]}
			}
			out[i].Cells = append(out[i].Cells, record.Cell{Field: f, Value: v})
		}
	}
	return out
}

// TestModel does random things in random order and compares what the store holds
// with a plain list. It takes two courses of them, and sixty-four with
// LEDGERLINE_CAMPAIGN=long in the environment.
func TestModel(t *testing.T) {
	courses := uint64(2)
	if os.Getenv("LEDGERLINE_CAMPAIGN") == "long" {
		courses = 64
	}
	for seed := range courses {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			runModel(t, rand.New(rand.NewPCG(seed, 7)))
		})
	}
}

func runModel(t *testing.T, r *rand.Rand) {
	ctx := context.Background()
	dir := t.TempDir()
	now := time.UnixMilli(noon)
	opts := store.Options{Clock: func() time.Time { return now }, MergeAbove: 2, SegmentRows: 100}
	engine := engineFor(t, dir)
	s, err := store.Open(dir, engine, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	type stored struct {
		entry    record.Entry
		ingested time.Time
	}
	var model []stored
	var ordinal int64
	var past []store.Chunk
	for range 15 {
		switch r.IntN(7) {
		case 0, 1, 2:
			c := chunk(byte(len(past)/3), len(past), randomEntries(r, &ordinal)...)
			past = append(past, c)
			if in := ingest(t, s, c); in.Dropped != 0 || in.Rows != int64(len(c.Entries)) {
				t.Fatalf("ingested %+v of %d", in, len(c.Entries))
			}
			for _, e := range c.Entries {
				model = append(model, stored{e, now})
			}
		case 3:
			if len(past) > 0 {
				if in := ingest(t, s, past[r.IntN(len(past))]); !in.Duplicate || in.Rows != 0 {
					t.Fatalf("a replay did something: %+v", in)
				}
			}
		case 4:
			if _, err := s.Merge(ctx); err != nil {
				t.Fatal(err)
			}
		case 5:
			now = now.Add(time.Duration(r.IntN(12)) * time.Hour)
			if _, err := s.Retain(ctx, store.Retention{For: func(source string) time.Duration {
				if source == "source 2" {
					return 0
				}
				return 24 * time.Hour
			}}); err != nil {
				t.Fatal(err)
			}
		case 6:
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = store.Open(dir, engine, opts); err != nil {
				t.Fatal(err)
			}
		}
		sn := s.Snapshot()
		var want []string
		for _, m := range model {
			want = append(want, modelRow(m.entry))
		}
		got := table(t, s, sn.Segments(store.Filter{}), modelColumns, "")
		checkRetained(t, got, want, func(i int) bool {
			// A row may go when both its times are past; it must not go before.
			m := model[i]
			age := now.Sub(time.UnixMilli(max(m.entry.Time, m.ingested.UnixMilli())))
			return m.entry.Origin.Source != "source 2" && age > 24*time.Hour
		})
		model = slices.DeleteFunc(model, func(m stored) bool { return !slices.Contains(got, modelRow(m.entry)) })
		sorted(t, s, sn)
		sn.Release()
	}
	report, err := s.Verify(ctx)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("verify: %v %+v", err, report)
	}
	if report.Rows != int64(len(model)) {
		t.Fatalf("verify counts %d rows, there are %d", report.Rows, len(model))
	}
}

// checkRetained compares rows, of which those that may be gone may be absent.
func checkRetained(t *testing.T, got, want []string, mayGo func(i int) bool) {
	t.Helper()
	left := map[string]int{}
	for _, g := range got {
		left[g]++
	}
	for i, w := range want {
		if left[w] > 0 {
			left[w]--
		} else if !mayGo(i) {
			t.Fatalf("row %q is lost", w)
		}
	}
	for g, n := range left {
		if n != 0 {
			t.Fatalf("row %q is there %d times too often", g, n)
		}
	}
}

// sorted checks the order of rows inside each segment, and what the manifest says of them.
func sorted(t *testing.T, s *store.Store, sn *store.Snapshot) {
	t.Helper()
	segs := sn.Segments(store.Filter{})
	rows := map[string][][2]int64{}
	for _, line := range table(t, s, segs, "filename, epoch_ms(time), ordinal", "ORDER BY filename, file_row_number") {
		cells := strings.Split(line, "|")
		ms, _ := strconv.ParseInt(cells[1], 10, 64)
		ordinal, _ := strconv.ParseInt(cells[2], 10, 64)
		rows[cells[0]] = append(rows[cells[0]], [2]int64{ms, ordinal})
	}
	for _, seg := range segs {
		in := rows[seg.Path]
		if !slices.IsSortedFunc(in, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) }) {
			t.Fatalf("segment %d is not in order: %v", seg.ID, in)
		}
		if int64(len(in)) != seg.Rows || in[0][0] != seg.From || in[len(in)-1][0] != seg.To {
			t.Fatalf("segment %d: the manifest says %+v, rows are %v", seg.ID, seg, in)
		}
		if seg.Day.UnixMilli() > seg.From || seg.Day.AddDate(0, 0, 1).UnixMilli() <= seg.To {
			t.Fatalf("segment %d crosses its day", seg.ID)
		}
	}
}
