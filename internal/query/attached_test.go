package query

import (
	"fmt"
	"testing"
)

// TestBesideTheRows: charts and tables of a link do not change its rows.
func TestBesideTheRows(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	res := ask(t, e, `Time >= '2026-03-10T11:00:00Z' | link 'User Name' | timestats name = 'By user' span = 30minute sum(Count) as n by 'User Name' `+
		`| createtable name = T select Count as N, literal(fixed) as K | highlightgroups [ * | where 'User Name' = ada ] as Mine | fields -*, 'User Name', Mine`)
	if got := fmt.Sprint(res.Rows); got != "[[Bob 0] [Ada 1]]" {
		t.Errorf("rows %s", got)
	}
	// Bob's group starts at 11:20, Ada's at 11:40; each has two records.
	if len(res.Charts) != 1 || res.Charts[0].Name != "By user" {
		t.Fatalf("charts %v", res.Charts)
	}
	got := ""
	for _, l := range res.Charts[0].Series.Lines {
		got += fmt.Sprint(l.Key, l.Points)
	}
	if want := "[Ada] [[<nil> 2]][Bob] [[2 <nil>]]"; got != want {
		t.Errorf("chart %s, want %s", got, want)
	}
	if len(res.Tables) != 1 || fmt.Sprint(res.Tables[0].Rows) != "[[2 fixed]]" {
		t.Errorf("tables %v", res.Tables)
	}
	// As the last command, timestats is the answer itself.
	res = ask(t, e, `Time >= '2026-03-10T11:00:00Z' | link 'User Name' | timestats span = 30minute count as n`)
	if got := fmt.Sprint(res.Series.Lines[0].Points); got != "[[1 1]]" || len(res.Charts) != 0 {
		t.Errorf("series %s, charts %v", got, res.Charts)
	}
}

// TestExplain shows what is read and what each step yields.
func TestExplain(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	x, err := e.Explain(t.Context(), request("'Log Source' = Audit and 'disk full' | stats count by Status"), true)
	if err != nil {
		t.Fatal(err)
	}
	want := `columns Status, Count
#1 sort fold(Status)
  #2 aggregate Count = count by fold(Status)
    #3 scan [2026-03-09T12:00:00Z, 2026-03-10T12:00:00Z) log source Audit words disk full where ((fold('Log Source') = 'audit') and (contains(fold('Original Log Content'), 'disk full') and phrase('Original Log Content', 'disk full')))
`
	if x.Plan != want {
		t.Errorf("plan\n%s\nwant\n%s", x.Plan, want)
	}
	if last := x.Steps[len(x.Steps)-1]; last.Rows != 1 || x.SQL == "" {
		t.Errorf("steps %v", x.Steps)
	}
}

// TestSeriesShown: a series has the numbers that the rows have, also when eval
// and fields come after timestats.
func TestSeriesShown(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	for clauses, want := range map[string]string{
		"":                              "[n] [[1 3]]",
		"| eval n = n * 10":             "[n] [[10 30]]",
		"| eval m = n * 10 | fields -n": "[m] [[10 30]]",
	} {
		s := ask(t, e, "Time >= '2026-03-10T11:00:00Z' | timestats span = 30minute count as n "+clauses).Series
		var names []string
		for _, v := range s.Values {
			names = append(names, v.Name)
		}
		if got := fmt.Sprint(names, " ", s.Lines[0].Points); got != want {
			t.Errorf("%q: %s, want %s", clauses, got, want)
		}
	}
}
