package query

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
)

// entry is one question of a table of cases.
type entry struct {
	name, kind string
	query      string
	want       [][]any
	mistake    string // what the error says; empty when there is none
	line       int
}

// readTable reads a file of testdata/tables. A line `name kind: text` asks the
// query that the last line `with:` makes of the text, in place of its …, or the
// text itself. Below it are its rows, `= [cell, cell]` or `= cell`, or, after !,
// what its error says.
func readTable(t *testing.T, path string) []entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	with, number := "…", 0
	for line := range strings.Lines(string(data)) {
		line, number = strings.TrimSpace(line), number+1
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "with: "):
			with = line[len("with: "):]
		case strings.HasPrefix(line, "! "):
			out[len(out)-1].mistake = line[2:]
		case strings.HasPrefix(line, "= "):
			var cell any
			if err := json.Unmarshal([]byte(line[2:]), &cell); err != nil {
				t.Fatalf("%s:%d: %v", path, number, err)
			}
			row, ok := cell.([]any)
			if !ok {
				row = []any{cell}
			}
			out[len(out)-1].want = append(out[len(out)-1].want, row)
		default:
			head, text, ok := strings.Cut(line, ": ")
			name, kind, both := strings.Cut(head, " ")
			if !ok || !both {
				t.Fatalf("%s:%d: %s", path, number, line)
			}
			out = append(out, entry{name: name, kind: kind, query: strings.Replace(with, "…", text, 1), line: number})
		}
	}
	return out
}

func tablePaths(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/tables/" + pattern)
	if err != nil || len(paths) == 0 {
		t.Fatal("no tables ", pattern, err)
	}
	return paths
}

// TestTableCases asks the questions of testdata/tables over testdata/records.jsonl,
// which lie in two segments of different columns. Expected rows are worked out
// from the records, as those of the other cases.
func TestTableCases(t *testing.T) {
	recs := readRecords(t, "testdata/records.jsonl")
	st := newStore(t)
	ingest(t, st, 1, recs[:5])
	ingest(t, st, 2, recs[5:])
	e := newEngine(st)
	people := &plan.Lookup{Columns: []string{"who", "team"}, Rows: [][]string{{"ADA", "core"}, {"bob", "ops"}, {"bob", "second"}, {"eve", ""}}}
	e.catalogue = taught{testFields(), map[string]*plan.Lookup{"people": people, "nobody": {Columns: people.Columns}}}
	for _, path := range tablePaths(t, "*.txt") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			for _, x := range readTable(t, path) {
				res, err := e.Run(t.Context(), request(x.query))
				var bad *syntax.Errors
				switch {
				case x.mistake != "":
					if !errors.As(err, &bad) || !strings.Contains(err.Error(), x.mistake) {
						t.Errorf("%s:%d: %s\n%v\nwant %s", path, x.line, x.query, err, x.mistake)
					}
				case err != nil:
					t.Errorf("%s:%d: %s\n%v", path, x.line, x.query, err)
				case !sameRows(res.Rows, x.want):
					t.Errorf("%s:%d: %s\nrows %v\nwant %v", path, x.line, x.query, res.Rows, x.want)
				}
			}
		})
	}
}

// kinds are the cases that everything in the language has.
func kinds() []string { return []string{"normal", "null", "empty", "error"} }

// TestEverythingHasItsCases: each command, aggregate and scalar function has a
// case with usual values, with missing ones, with nothing at all, and with a mistake.
func TestEverythingHasItsCases(t *testing.T) {
	tables := func(pattern string) map[string]bool {
		has := map[string]bool{}
		for _, path := range tablePaths(t, pattern) {
			for _, x := range readTable(t, path) {
				if x.kind == "error" != (x.mistake != "") {
					t.Errorf("%s:%d: an error case says so, and no other does", path, x.line)
				}
				has[x.name+"_"+x.kind] = true
			}
		}
		return has
	}
	check := func(what string, names []string, has map[string]bool, without map[string][]string) {
		for _, name := range names {
			for _, kind := range kinds() {
				exempt := slices.Contains(without[name], kind)
				if has[name+"_"+kind] == exempt {
					t.Errorf("the %s %s: has a case %s: %t", what, name, kind, !exempt)
				}
			}
		}
	}
	var scalars, aggregates, commands []string
	for _, f := range syntax.Scalars() {
		scalars = append(scalars, f.Name)
	}
	for _, f := range syntax.Aggregates() {
		aggregates = append(aggregates, f.Name)
	}
	refused := map[string][]string{}
	for _, c := range syntax.CommandInfos() {
		commands = append(commands, c.Name)
		if c.Usage == "..." {
			refused[c.Name] = []string{"normal", "null", "empty"}
		}
	}
	check("function", scalars, tables("functions_*.txt"), map[string][]string{
		"now": {"null", "empty"}, "daterelative": {"null", "empty"}, "literal": {"null"}, // of constants alone
	})
	check("aggregate", aggregates, tables("aggregates*.txt"), nil)
	has := tables("commands*.txt")
	dirs, err := os.ReadDir("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		has[d.Name()] = true
	}
	check("command", commands, has, refused)
}
