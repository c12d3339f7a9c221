package query

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/store"
)

// readRecords reads one record a line.
func readRecords(t testing.TB, path string) []rec {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []rec
	for line := range bytes.Lines(data) {
		var r struct {
			Ago                         float64
			At                          time.Time
			Source, Group, Upload, Text string
			Labels                      []string
			Fields                      map[string]any
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if r.Group == "b" {
			r.Group = groupB
		}
		out = append(out, rec{ago: r.Ago, at: r.At, source: r.Source, group: r.Group, upload: r.Upload, text: r.Text, labels: r.Labels, fields: r.Fields})
	}
	return out
}

// recordPlans rewrites the plan.txt of cases. Expected rows are never written by
// a program: they are worked out from the records.
var recordPlans = flag.Bool("record", false, "rewrite the plans of testdata/cases")

// TestCases runs each folder of testdata/cases over testdata/records.jsonl:
// query.txt gives the rows of expected.jsonl, whose first line is the columns,
// by the plan of plan.txt, or fails with every line of error.txt in its message.
func TestCases(t *testing.T) {
	recs := readRecords(t, "testdata/records.jsonl")
	whole := newStore(t)
	ingest(t, whole, 1, recs)
	// The same records in one segment each, whose columns differ.
	pieces := newStore(t)
	for i, r := range recs {
		ingest(t, pieces, i, []rec{r})
	}
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no cases", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			runCase(t, dir, whole)
			runCase(t, dir, pieces)
		})
	}
}

func runCase(t *testing.T, dir string, st *store.Store) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "query.txt"))
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(st)
	res, err := e.Run(t.Context(), request(strings.TrimSpace(string(text))))
	if wanted, readErr := os.ReadFile(filepath.Join(dir, "error.txt")); readErr == nil {
		if err == nil {
			t.Fatal("no error")
		}
		for line := range strings.Lines(string(wanted)) {
			if !strings.Contains(err.Error(), strings.TrimSpace(line)) {
				t.Errorf("the error lacks %q:\n%v", strings.TrimSpace(line), err)
			}
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, dir, e, strings.TrimSpace(string(text)))
	file, err := os.Open(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Scan()
	var columns, got []string
	if err := json.Unmarshal(lines.Bytes(), &columns); err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Columns {
		got = append(got, c.Name)
	}
	if !reflect.DeepEqual(got, columns) {
		t.Errorf("columns %q, want %q", got, columns)
	}
	var want [][]any
	for lines.Scan() {
		var row []any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		want = append(want, row)
	}
	if !sameRows(res.Rows, want) {
		x, _ := e.Explain(t.Context(), request(strings.TrimSpace(string(text))), false)
		t.Errorf("rows\n%v\nwant\n%v\n%s\n%s", res.Rows, want, x.Plan, x.SQL)
	}
}

// checkPlan compares the printed plan of a query with plan.txt of its case.
func checkPlan(t *testing.T, dir string, e *Engine, text string) {
	t.Helper()
	x, err := e.Explain(t.Context(), request(text), false)
	if err != nil {
		t.Fatal(err)
	}
	got := plainPlan(x.Plan)
	file := filepath.Join(dir, "plan.txt")
	if *recordPlans {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run this test with -record, then judge the plan it writes", err)
	}
	if got != string(want) {
		t.Errorf("plan\n%swant\n%s", got, want)
	}
}

// plainPlan writes the ends of the window that every case is asked for in words,
// so that other times stand out.
func plainPlan(plan string) string {
	w := request("").Window
	return strings.NewReplacer(
		w.From.Format(time.RFC3339), "now - 24h", w.To.Format(time.RFC3339), "now").Replace(plan)
}

func sameRows(got, want [][]any) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if !sameValue(got[i], want[i]) {
			return false
		}
	}
	return true
}

// sameValue compares a value of a result with one read from JSON.
func sameValue(got, want any) bool {
	switch g := got.(type) {
	case []any:
		w, ok := want.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range g {
			if !sameValue(g[i], w[i]) {
				return false
			}
		}
		return true
	case int64:
		return sameValue(float64(g), want)
	case float64:
		w, ok := want.(float64)
		return ok && (g == w || math.Abs(g-w) <= 1e-9*max(1, math.Abs(g), math.Abs(w)))
	case time.Time:
		return want == g.UTC().Format(time.RFC3339)
	}
	return got == want
}
