package query

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSequenceTables: five failures and then a success within a time, of several users.
func TestSequenceTables(t *testing.T) {
	var recs []rec
	add := func(ago float64, user, status string, size int) {
		recs = append(recs, rec{ago: ago, text: "x", fields: map[string]any{"User Name": user, "Status": status, "Content Size Out": size}})
	}
	for i := range 5 { // at 60, 59, … 56 minutes ago
		add(60-float64(i), "Mallory", "failure", i)
	}
	add(55.5, "mallory", "other", 7)
	add(55, "mallory", "success", 8)
	for i := range 5 { // too slow
		add(60-10*float64(i), "Slow", "failure", i)
	}
	add(15, "Slow", "success", 9)
	for i := range 4 { // too few
		add(60-float64(i), "Few", "failure", i)
	}
	add(50, "Few", "success", 9)
	st := newStore(t)
	for i, r := range recs { // in an order that has nothing to do with time
		ingest(t, st, i, []rec{r, {ago: 30, text: "no user"}})
	}
	e := newEngine(st)
	res := ask(t, e, "* | link 'User Name' | sequence name = Attack span = 10min [ Status = failure ]{5,} then [ Status = success ]{1,} "+
		"select 'Content Size Out' as Bytes, Status | fields -*, 'User Name', Attack")
	got := map[string]string{}
	for _, r := range res.Rows {
		got[r[0].(string)] = ""
		if table, ok := r[1].(*Table); ok {
			for _, row := range table.Rows {
				got[r[0].(string)] += fmt.Sprintf("%v ago %v %v; ", testNow.Sub(row[0].(time.Time)), row[1].(int64), row[2])
			}
			if table.Columns[0].Name != "Time" || table.Columns[1].Name != "Bytes" {
				t.Errorf("columns %v", table.Columns)
			}
		}
	}
	want := map[string]string{"Few": "", "Slow": "", "Mallory": "1h0m0s ago 0 failure; 59m0s ago 1 failure; 58m0s ago 2 failure; " +
		"57m0s ago 3 failure; 56m0s ago 4 failure; 55m0s ago 8 success; "}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
	// Everything between the first failure and the success, the other record included; then without any group.
	res = ask(t, e, "'User Name' = mallory | link 'User Name' | sequence name = S maxpause = 2min between [ Status = failure ]{5} and [ * | where Status = success ]{1} select Status | fields -*, S")
	if table, ok := res.Rows[0][0].(*Table); !ok || len(table.Rows) != 7 || table.Rows[5][1] != "other" {
		t.Errorf("between: %v", res.Rows[0])
	}
	if res = ask(t, e, "'User Name' = nobody | link 'User Name' | sequence name = S [ * ]{1,} select Status"); len(res.Rows) != 0 || res.Columns[5].Table == nil {
		t.Errorf("of nothing: %v %v", res.Rows, res.Columns)
	}
	res = ask(t, e, "* | link includenulls = true 'User Name', 'Error Code' | sequence name = S [ * ]{1,} select Status | eval n = length(S) | where S != null | stats count as c by 'Error Code'")
	if len(res.Rows) != 1 || res.Rows[0][1] != int64(3) {
		t.Errorf("groups with a null key: %v", res.Rows)
	}
	for query, want := range map[string]string{
		"* | sequence name = S [ * ]{1,} select Status":                                             "link must come first",
		"* | link 'User Name' | sequence name = S field = Status [ * ]{1,} select Status":           "Status is not a time",
		"* | link 'User Name' | sequence name = S [ * ]{1,} select Nothing":                         "Invalid field for SEQUENCE",
		"* | link 'User Name' | sequence name = S [ * | stats count ]{1,} select Status":            "Unexpected input for SEQUENCE: stats",
		"* | link 'User Name' | sequence name = S [ Nothing = 1 ]{1,} then [ * ]{1,} select Status": "Nothing",
	} {
		if _, err := e.Run(t.Context(), request(query)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
}
