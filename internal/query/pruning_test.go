package query

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// TestPruningChangesNoAnswer asks generated questions of a store twice: with what
// lies beside its segments, by which most of them are answered or read in part,
// and without it, so that every row of every segment is read. The answers are
// equal before and after merging and purging.
func TestPruningChangesNoAnswer(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	now := testNow
	st := openIn(t, dir, &now)
	for piece := range 4 {
		ingest(t, st, piece, pruned(r, piece))
	}
	compare := func() {
		t.Helper()
		bare := openIn(t, withoutFilters(t, dir), &now)
		defer bare.Close()
		with, without := newEngine(st), newEngine(bare)
		for range 25 {
			req := prunedRequest(r)
			got, err := with.Run(t.Context(), req)
			if err != nil {
				t.Fatalf("%s: %v", req.Text, err)
			}
			want, err := without.Run(t.Context(), req)
			if err != nil {
				t.Fatalf("%s: %v", req.Text, err)
			}
			if !reflect.DeepEqual(got.Rows, want.Rows) || got.Matched != want.Matched {
				t.Fatalf("%s in %v of %v: %v (%d matched), reading everything gives %v (%d)",
					req.Text, req.Window, req.Scope.Groups, got.Rows, got.Matched, want.Rows, want.Matched)
			}
		}
	}
	compare()
	if _, err := st.Purge(t.Context(), store.Purge{Uploads: []string{"up1-0"}, Actor: "test", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	compare()
	now = now.AddDate(0, 0, 3)
	if report, err := st.Merge(t.Context()); err != nil || report.Merges == 0 {
		t.Fatal(report, err)
	}
	now = testNow
	compare()
}

// openIn opens the store of a folder.
func openIn(t *testing.T, dir string, now *time.Time) *store.Store {
	t.Helper()
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(dir)}, TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir, engine, store.Options{Clock: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// withoutFilters copies a store but for the files beside its segments.
func withoutFilters(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".tok") {
			return os.Remove(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// prunedWords are rare and frequent, of letters that fold in unusual ways, and
// such that one is a part of another.
var prunedWords = strings.Fields("refused Refused ref used by remote naïve NAÏVE İstanbul istanbul Kelvin \u212Aelvin ſtatus status x_1 10.0.0.7")

func phraseOf(r *rand.Rand, words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = pick(r, prunedWords)
	}
	return strings.Join(list, pick(r, []string{" ", " ", "-", ""}))
}

// pruned makes records of which some words and values are in few places.
func pruned(r *rand.Rand, piece int) []rec {
	statuses := []string{"ok", "OK", "Failed", "failed", "ünbekannt", "Kelvin", "\u212Aelvin", ""}
	recs := make([]rec, 1200)
	for i := range recs {
		x := rec{ago: float64(i)/4 + float64(piece)*200, source: pick(r, []string{"Audit", "audit", "Access"}), group: pick(r, []string{groupA, groupA, groupB})}
		if piece == 2 {
			x.group = groupB
		}
		x.fields = map[string]any{"User Name": fmt.Sprintf("user%d", r.IntN(500))}
		if r.IntN(10) > 0 && x.source != "Access" {
			x.fields["Status"] = statuses[r.IntN(1+piece*2+r.IntN(2))]
		}
		if r.IntN(2) == 0 {
			x.fields["Severity"] = pick(r, []string{"info", "WARN"})
		}
		message := fmt.Sprintf("flow %d done", r.IntN(100_000))
		if r.IntN([]int{3, 40, 1000, 1}[piece]) == 0 {
			message = phraseOf(r, 1+r.IntN(4)) + " " + message
		}
		if r.IntN(5) > 0 {
			x.fields["Message"] = message
		}
		x.text = fmt.Sprintf(`{"user":"%s","n":%d,"message":"%s"}`, x.fields["User Name"], r.Uint64(), message)
		if r.IntN(500) == 0 {
			x.text = ""
		}
		recs[i] = x
	}
	return recs
}

func prunedRequest(r *rand.Rand) Request {
	status := func() string { return pick(r, []string{"ok", "FAILED", "ünbekannt", "kelvin", "nothing", "''"}) }
	term := func() string {
		switch r.IntN(12) {
		case 0:
			return "*"
		case 1:
			return "Status = " + status()
		case 2:
			return "Status != " + status()
		case 3:
			return fmt.Sprintf("Status in (%s, %s)", status(), status())
		case 4:
			return "Status " + pick(r, []string{"=", "!="}) + " null"
		case 5:
			return fmt.Sprintf("'User Name' = user%d", r.IntN(600))
		case 6:
			return "'Log Source' = " + pick(r, []string{"audit", "access"})
		case 7:
			return "Message like '*" + phraseOf(r, 1+r.IntN(3)) + pick(r, []string{"*'", "'", "? flow*'"})
		case 8:
			return "Status like '" + pick(r, []string{"*a*", "f*", "?k", "*"}) + "'"
		case 9:
			return "not Status = " + status()
		default:
			return "'" + phraseOf(r, 1+r.IntN(3)) + "'"
		}
	}
	text := term()
	if r.IntN(2) == 0 {
		text += pick(r, []string{" and ", " or "}) + term()
	}
	text += pick(r, []string{
		" | stats count", " | stats count", " | stats count by Status | sort Status", " | stats count by 'Log Source', Status | sort 'Log Source', Status",
		" | stats count, distinctcount('User Name') by Severity | sort Severity", " | timestats span = 1hour count by Status",
		" | fields 'User Name', Message | sort -Time | head 20", " | top limit = 3 Status", " | stats count by 'Log Source' | sort 'Log Source'",
	})
	at := func(minutes int) time.Time { return testNow.Add(-time.Duration(minutes) * time.Minute) }
	req := Request{Text: text, Window: record.Window{From: at(1000 - r.IntN(2)*r.IntN(500)), To: at(r.IntN(2) * r.IntN(300))}, Matched: r.IntN(3) == 0}
	req.Scope.Groups = [][]string{nil, nil, {groupA}, {groupB}, {groupA, groupB}, {}}[r.IntN(6)]
	return req
}
