package query

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/plan"
)

// planted are messages of a few templates, a thousand each, with parameters
// that vary, and one rare problem; some are in Message, some JSON.
func planted(r *rand.Rand) []rec {
	var out []rec
	add := func(source, text string, fields map[string]any) {
		out = append(out, rec{ago: 1 + 1400*r.Float64(), source: source, text: text, fields: fields})
	}
	for range 1000 {
		user := []string{"alice", "bert", "carla"}[r.IntN(3)]
		add("App", fmt.Sprintf("user %s logged in from 10.0.%d.%d at terminal %x", user, r.IntN(256), r.IntN(256), r.Uint32()), nil)
		add("App", fmt.Sprintf("<%d> raw text", r.IntN(1000)), map[string]any{"Message": fmt.Sprintf("read '%s file' in %d ms", user, r.IntN(9000))})
		add("Audit", fmt.Sprintf(`{"id": "%x", "op": "flow saved", "by": "u%d@example.com", "n": %d}`, r.Uint64(), r.IntN(10), r.IntN(99)), nil)
		add("Audit", fmt.Sprintf(`{"id":"%x","op":"flow removed for good","by":null}`, r.Uint64()), nil)
	}
	add("Audit", `{"id":"7","op":"flow failed for good","by":null}`, map[string]any{"Problem Priority": "low"})
	add("Audit", `{"id":"8","op":"flow failed for good","by":null}`, map[string]any{"Problem Priority": "High"})
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// The engine finds the planted templates, whatever the order and the segments
// of the records; the planted problem is first.
func TestClusterFindsWhatWasPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	recs := planted(r)
	var first [][]any
	for _, segments := range []int{1, 5} {
		r.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
		st := newStore(t)
		for i := range segments {
			ingest(t, st, i, recs[i*len(recs)/segments:(i+1)*len(recs)/segments])
		}
		res := ask(t, newEngine(st), "* | cluster | fields -Collection, -ID, -'Cluster Sample', -Shape, -Trend, -Score")
		want := [][]any{
			{"Audit", int64(2), int64(1), "1", "High"},
			{"App", int64(1000), int64(1), "0", nil}, {"App", int64(1000), int64(3), "0", nil},
			{"Audit", int64(1000), int64(1), "0", nil}, {"Audit", int64(1000), int64(1), "0", nil},
		}
		got := append([][]any{}, res.Rows...)
		if len(got) == len(want) { // those of one score come in the order of their identifiers
			sortRows(got[1:])
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%v", got)
		}
		whole := ask(t, newEngine(st), "* | cluster").Rows
		if first == nil {
			first = whole
		} else if !reflect.DeepEqual(first, whole) {
			t.Errorf("the order of records matters:\n%v\n%v", first, whole)
		}
		if sample := whole[0][4]; sample != `{"id":"7","op":"flow failed for good","by":null}` {
			t.Errorf("the sample is %v", sample)
		}
	}
}

func sortRows(rows [][]any) {
	for i := range rows {
		for j := range i {
			if fmt.Sprint(rows[i]...) < fmt.Sprint(rows[j]...) {
				rows[i], rows[j] = rows[j], rows[i]
			}
		}
	}
}

// What cluster names can be looked into by the values of its columns alone.
func TestClusterDrillDown(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, planted(rand.New(rand.NewPCG(4, 4))))
	e := newEngine(st)
	for _, row := range ask(t, e, "* | cluster similarity = 0.5 | fields -*, Collection, ID, Count, 'Sample Count'").Rows {
		what := fmt.Sprintf("collection = '%v' '%v'", row[0], row[1])
		if n := ask(t, e, "* | clusterdetails "+what+" | stats count").Rows[0][0]; n != row[2] {
			t.Errorf("clusterdetails %s finds %v records, want %v", what, n, row[2])
		}
		if parts := ask(t, e, "* | clustersplit "+what+" | stats count, sum(Count)").Rows[0]; !reflect.DeepEqual(parts, []any{row[3], row[2]}) {
			t.Errorf("clustersplit %s finds %v, want %v signatures of %v records", what, parts, row[3], row[2])
		}
	}
}

// The engine makes the same signatures as the plain implementation.
func TestSignaturesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	parts := []string{"word", "don't", "'quoted text'", `"quoted`, `"`, "'", "12.5", "a1-b2", "10.0.0.1:80", "deadbeefcafe", "/a/b c", "x/y", "http://h/p?q=1&r=é", "me@example.com",
		"{", "}", "[", "]", `"key":`, `"k\"ey" : `, ",", "=", "(", ")", "\n", "\t", " ", " ", " ", "é", "日本", "٣", "*", "<", ">", "|", `\`, ":", "#3"}
	var recs []rec
	var texts []string
	for range 2000 {
		var b strings.Builder
		if r.IntN(3) == 0 {
			b.WriteString("{")
		}
		for range 1 + r.IntN(14) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		texts = append(texts, b.String())
		recs = append(recs, rec{ago: 5, text: b.String()})
	}
	st := newStore(t)
	ingest(t, st, 1, recs)
	e := newEngine(st)
	mask := ops.Masker()
	want := map[string]int64{}
	for _, s := range texts {
		want[mask(s)]++
	}
	got := map[string]int64{}
	s, err := e.open(t.Context(), request("* | cluster"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	l := plan.Locals(s.plan.Root)[0]
	sql, err := s.sql(t.Context(), l.Source(), l.Read)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.rows(t.Context(), sql, len(l.Read), func(row []any) error { got[row[2].(string)] += row[4].(int64); return nil }); err != nil {
		t.Fatal(err)
	}
	for m, n := range want {
		if got[m] != n {
			t.Errorf("signature %q: %d records, want %d", m, got[m], n)
		}
	}
}

// TestLinkDetailsOfEveryGroup goes back to the records of each group of a link,
// and wants as many as the group counts.
func TestLinkDetailsOfEveryGroup(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	for _, keys := range []string{"", " 'User Name'", " Time, 'Log Source'", " includenulls = true 'Content Size Out', Load", " Label", " span = 1hour Time, cluster()"} {
		link := "* | link" + keys
		groups := ask(t, e, link+" | fields -*, ID, Count").Rows
		if len(groups) == 0 {
			t.Errorf("%s makes no groups", link)
		}
		seen := map[any]bool{}
		for _, g := range groups {
			if seen[g[0]] {
				t.Errorf("%s has two groups with the ID %v", link, g[0])
			}
			seen[g[0]] = true
			if n := ask(t, e, fmt.Sprintf("%s | linkdetails '%v' | stats count", link, g[0])).Rows[0][0]; n != g[1] {
				t.Errorf("%s: the group %v has %v records, want %v", link, g[0], n, g[1])
			}
		}
	}
}
