package query

import (
	"fmt"
	"strings"
	"testing"
)

// TestClassify: the groups pass, and a table of classes comes beside them.
func TestClassify(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	res := ask(t, e, "* | link 'User Name' | stats unique(Status) as S, max(Load) as L | classify topcount = 5 correlate = -*, S Count, 'User Name' as 'My chart' | classify L")
	if len(res.Rows) != 3 || len(res.Tables) != 2 || res.Tables[0].Name != "My chart" {
		t.Fatalf("%v %v", res.Rows, res.Tables)
	}
	got := strings.Split(strings.TrimSpace(tables(res)), "\n")
	// Three groups with two records each. Ada's statuses by time are 500, 200; Bob's 404, 200; Cy's 200, 500.
	want := "My chart: [Id Group Count Percentage Distance Anomaly Anomaly Baseline Minimum Count Maximum Count User Name S] " +
		"[[1 1 33.333333333333336 0 0 3.5 2 2 Ada 500, 200] [2 1 33.333333333333336 0 0 3.5 2 2 Bob 404, 200] [3 1 33.333333333333336 0 0 3.5 2 2 Cy 200, 500]]"
	if got[0] != want {
		t.Errorf("%s\nwant\n%s", got[0], want)
	}
	res = ask(t, e, "'User Name' = nobody | link 'User Name' | classify 'Start Time', Count")
	if len(res.Tables) != 1 || len(res.Tables[0].Rows) != 0 {
		t.Errorf("of nothing: %v", res.Tables)
	}
	res = ask(t, e, "* | link 'User Name' | eval n = null | classify n, 'Start Time'")
	if fmt.Sprint(res.Tables[0].Rows[0][6]) != "<nil>" {
		t.Errorf("nulls: %v", res.Tables[0].Rows)
	}
	for query, want := range map[string]string{
		"* | classify Status":                                     "a grouping command such as link must come first",
		"* | link 'User Name' | classify Nothing":                 "Invalid field for CLASSIFY",
		"* | link 'User Name' | classify correlate = Other Count": "Invalid field for CLASSIFY",
	} {
		if _, err := e.Run(t.Context(), request(query)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
}
