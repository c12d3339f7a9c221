package query

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/store"
)

// Every search clause of the cases means, as the condition of a purge, the records
// that it finds as a query: in one segment, and in one segment a record.
func TestMatchingIsTheSearch(t *testing.T) {
	recs := readRecords(t, "testdata/records.jsonl")
	whole, pieces := newStore(t), newStore(t)
	ingest(t, whole, 1, recs)
	for i, r := range recs {
		ingest(t, pieces, i, []rec{r})
	}
	files, err := filepath.Glob("testdata/cases/*/query.txt")
	if err != nil {
		t.Fatal(err)
	}
	clauses := []string{"*", "'User Name' = null", "'User Name' != null and not error", "'Log Group' = Beta", "Time < dateRelative(1h)"}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := syntax.Parse(string(text)); err == nil {
			clauses = append(clauses, syntax.FormatCommand(q.Commands[0]))
		}
	}
	slices.Sort(clauses)
	clauses = slices.Compact(clauses)
	tried := 0
	for _, st := range []*store.Store{whole, pieces} {
		e := newEngine(st)
		for _, text := range clauses {
			for _, groups := range [][]string{nil, {groupB}} {
				if st == pieces && groups != nil {
					continue // takes long, and tells no more
				}
				r := request(text)
				r.Scope.Groups = groups
				match, err := e.Matching(r)
				if err != nil {
					continue // a sub-query, or what no query may ask either
				}
				tried++
				count, err := st.CountPurge(t.Context(), store.Purge{Before: testNow.UnixMilli(), Match: match})
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				r.Text += " | stats count"
				found, err := e.Run(t.Context(), r)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if want := found.Rows[0][0]; want != count.Rows {
					t.Errorf("%s in %v: %d rows would be purged, the query finds %v", text, groups, count.Rows, want)
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d conditions", tried)
	}
}

// What a purge deletes is gone from every query, and nothing else is.
func TestPurgedRecordsAreGone(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	count := func(text string) int64 { return ask(t, e, text+" | stats count").Rows[0][0].(int64) }
	all, meant := count("*"), count("'User Name' != null")
	if meant == 0 || meant == all {
		t.Fatalf("%d of %d", meant, all)
	}
	match, err := e.Matching(request("'User Name' != null"))
	if err != nil {
		t.Fatal(err)
	}
	did, err := st.Purge(t.Context(), store.Purge{Before: testNow.UnixMilli(), Match: match})
	if err != nil || did.Rows != meant {
		t.Fatalf("%+v, %v, want %d", did, err, meant)
	}
	if left, rest := count("'User Name' != null"), count("*"); left != 0 || rest != all-meant {
		t.Errorf("%d left, %d others of %d", left, rest, all-meant)
	}
}

func TestMatchingRefusesMoreThanASearch(t *testing.T) {
	e := newEngine(newStore(t))
	for _, text := range []string{"* | stats count", "* | where Status = x", "'User Name' in [ * | distinct 'User Name' ]", "[ * | distinct 'User Name' ]", "searchlookup table = T", "'No Such Field' = 1", "'"} {
		if _, err := e.Matching(request(text)); err == nil {
			t.Errorf("%s is no error", text)
		}
	}
}
