package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// TestVerifyFinds damages a store in one way each and looks for the report.
func TestVerifyFinds(t *testing.T) {
	flip := func(at func(size int) int) func(t *testing.T, dir string, segs []*store.Segment) {
		return func(t *testing.T, _ string, segs []*store.Segment) {
			edit(t, segs[0].Path, func(b []byte) []byte { b[at(len(b))] ^= 1; return b })
		}
	}
	exec := func(statements ...string) func(t *testing.T, dir string, segs []*store.Segment) {
		return func(t *testing.T, dir string, _ []*store.Segment) {
			db, err := sql.Open("sqlite", filepath.Join(dir, "manifest.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for _, s := range append([]string{"DROP TRIGGER journal_is_kept", "DROP TRIGGER journal_stands"}, statements...) {
				if _, err := db.Exec(s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
		}
	}
	cases := map[string]struct {
		damage func(t *testing.T, dir string, segs []*store.Segment)
		want   string
	}{
		"first byte of a segment": {flip(func(int) int { return 0 }), "SHA-256 differs"},
		"byte inside a segment":   {flip(func(n int) int { return n / 2 }), "SHA-256 differs"},
		"truncated segment": {func(t *testing.T, _ string, segs []*store.Segment) {
			edit(t, segs[0].Path, func(b []byte) []byte { return b[:len(b)-1] })
		}, "bytes"},
		"missing segment": {func(t *testing.T, _ string, segs []*store.Segment) {
			if err := os.Remove(segs[0].Path); err != nil {
				t.Fatal(err)
			}
		}, "cannot be read"},
		"token filter": {func(t *testing.T, _ string, segs []*store.Segment) {
			edit(t, segs[0].Path+".tok", func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
		}, "searches may miss rows"},
		"first journal entry gone":  {exec("DELETE FROM journal WHERE seq = 1"), "missing"},
		"middle journal entry gone": {exec("DELETE FROM journal WHERE seq = 2"), "missing"},
		"last journal entry gone":   {exec("DELETE FROM journal WHERE seq = 3"), "never added"},
		"journal entry altered":     {exec("UPDATE journal SET reason = 'x' WHERE seq = 2"), "altered"},
		"rows count altered":        {exec(`UPDATE segments SET "rows" = "rows" + 1 WHERE id = 2`), "not those in the journal"},
		"hidden by time":            {exec(`UPDATE segments SET "to" = "from" WHERE id = 1`), "queries may leave it out"},
		"hidden by group":           {exec(`UPDATE segments SET groups = '[]' WHERE id = 1`), "queries may leave it out"},
		"hidden by source":          {exec(`UPDATE segments SET source = 'other' WHERE id = 1`), "the manifest lists"},
		"unlisted":                  {exec(`DELETE FROM segments WHERE id = 2`), "the manifest does not"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := filled(t, dir)
			sn := s.Snapshot()
			segs := sn.Segments(store.Filter{})
			sn.Release()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			c.damage(t, dir, segs)
			s, err := store.Open(dir, nil, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			report, err := s.Verify(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range report.Problems {
				if strings.Contains(p.Text, c.want) {
					return
				}
			}
			t.Fatalf("no problem says %q: %+v", c.want, report.Problems)
		})
	}
}

// The journal and the manifest are checked against memory too, so that an edit
// under a running program does not pass until its next start.
func TestVerifySeesAnEditUnderARunningProgram(t *testing.T) {
	dir := t.TempDir()
	s := filled(t, dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "manifest.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DROP TRIGGER journal_is_kept; DELETE FROM journal WHERE seq = 3; DELETE FROM segments WHERE id = 3"); err != nil {
		t.Fatal(err)
	}
	report, err := s.Verify(context.Background())
	if err != nil || len(report.Problems) < 2 {
		t.Fatalf("%v %+v", err, report)
	}
}

// filled returns a store with three segments of two rows and three journal entries.
func filled(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir, nil, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i := range 3 {
		ingest(t, s, chunk(1, i, entry(origin("a"), noon, int64(2*i), "one", record.Cell{Field: "f", Value: record.Text("v")}),
			entry(origin("a"), noon+1, int64(2*i+1), "two")))
	}
	report, err := s.Verify(context.Background())
	if err != nil || len(report.Problems) > 0 || report.Segments != 3 || report.Entries != 3 || report.Rows != 6 {
		t.Fatalf("fresh store: %v %+v", err, report)
	}
	return s
}

func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A damaged segment is kept, not merged away, and does not stop the others.
func TestMergeLeavesDamagedSegments(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir, nil, store.Options{MergeAbove: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 4 {
		ingest(t, s, chunk(1, i, entry(origin("a"), noon, int64(i), strings.Repeat("text ", 20))))
	}
	sn := s.Snapshot()
	bad := sn.Segments(store.Filter{})[1]
	sn.Release()
	// Another segment's content in its place: readable, but not the rows listed.
	other := sn.Segments(store.Filter{})[2]
	b, err := os.ReadFile(other.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad.Path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := s.Merge(context.Background())
	if err == nil || !strings.Contains(err.Error(), "see verify") || report.In != 3 {
		t.Fatalf("%+v %v", report, err)
	}
	stats, err := s.Stats(context.Background())
	if err != nil || stats.Rows != 4 || stats.Segments != 2 {
		t.Fatalf("%+v %v", stats, err)
	}
}
