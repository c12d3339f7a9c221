package deliver

import (
	"context"
	"errors"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// Who watches the stored records hears of every chunk, in order, after it is
// stored, and again when the file is given again: a file is not done before it has been told.
func TestObserverHearsOfEveryChunk(t *testing.T) {
	st, files := received(t, map[string][]byte{"a.json": document("lock", "update")}, auditSource)
	l, kept, _ := newLocal(t, st)
	type call struct {
		stage   [32]byte
		chunk   int
		entries int
	}
	var calls []call
	trouble := errors.New("cannot write")
	fail := true
	l.Observe = func(_ context.Context, stage [32]byte, chunk int, entries []record.Entry) error {
		if kept.rows() != 2 {
			t.Errorf("told of %d records before they are stored", len(entries))
		}
		calls = append(calls, call{stage, chunk, len(entries)})
		if fail {
			return trouble
		}
		return nil
	}
	if _, err := l.Deliver(t.Context(), files[0]); !errors.Is(err, trouble) {
		t.Fatalf("%v, want the observer's error", err)
	}
	fail = false
	deliverAll(t, l, files)
	want := call{files[0].SHA256, 0, 2}
	if len(calls) != 2 || calls[0] != want || calls[1] != want || kept.rows() != 2 {
		t.Errorf("%+v, want twice %+v; %d records stored", calls, want, kept.rows())
	}
}

// Each record is enriched before it is stored.
func TestRecordsAreEnriched(t *testing.T) {
	st, files := received(t, map[string][]byte{"a.json": document("lock", "update")}, auditSource)
	l, kept, _ := newLocal(t, st)
	l.Enrich = func(e *record.Entry) {
		e.Cells = append(e.Cells, record.Cell{Field: "team", Value: record.Whole(e.Ordinal)})
	}
	deliverAll(t, l, files)
	for _, c := range kept.chunks {
		for i, e := range c.Entries {
			if last := e.Cells[len(e.Cells)-1]; last.Field != "team" || last.Value.Int != int64(i) {
				t.Errorf("record %d: %+v", i, e.Cells)
			}
		}
	}
}

func TestDerivedRecordsAreStoredOnce(t *testing.T) {
	st, _ := received(t, map[string][]byte{"a.json": document("lock")}, auditSource)
	l, kept, books := newLocal(t, st)
	up := stage.Upload{Reference: "r", Name: "made here", File: "d.json", Source: auditSource, LogGroup: "g", Received: time.Unix(1_700_000_000, 0)}
	for range 2 {
		if err := l.Derived(t.Context(), [32]byte{7}, up, document("lock", "update", "unlock")); err != nil {
			t.Fatal(err)
		}
	}
	if kept.rows() != 3 || books["d.json"].Rows != 3 || books["d.json"].Upload.Reference != "r" {
		t.Errorf("%d records, books %+v", kept.rows(), books)
	}
}
