package query

import (
	"fmt"
	"testing"
)

// TestTables: what createtable, updatetable and link includeinfo attach.
func TestTables(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	for query, want := range map[string]string{
		// Groups with their numbers of records: Cy 2, Bob 2, Ada 2; bytes 1400, 200, 400.
		"createtable name = T select 'User Name', B as Bytes | updatetable name = t [ * | where Bytes > 300 | eval Half = Bytes / 2 | sort -Bytes ]": "T: [User Name Bytes Half] [[Cy 1400 700] [Ada 400 200]]",
		"createtable name = T select 'User Name', B | updatetable name = T [ 'User Name' != ada | top limit = 1 B ]":                                 "T: [User Name B] [[Cy 1400]]",
		"createtable name = T select 'User Name', B | updatetable name = T [ * | fields -B ]":                                                        "T: [User Name] [[Ada] [Bob] [Cy]]",
		"createtable name = T select 'User Name', B | updatetable name = T [ nobody | stats sum(B) as S ]":                                           "T: [S] [[<nil>]]",
		"addfields [ * | where B > 300 | createtable name = Large select 'User Name' ]":                                                              "Large: [User Name] [[Ada] [Cy]]",
	} {
		res := ask(t, e, "* | link 'User Name' | stats sum('Content Size Out') as B | "+query)
		if got := tables(res); got != want+"\n" {
			t.Errorf("%s\n%s\nwant\n%s", query, got, want)
		}
		if len(res.Rows) != 3 {
			t.Errorf("%s: rows %v", query, res.Rows)
		}
	}
	// Seven records in the window, one without a user; three groups, of which two have more than 300 bytes.
	res := ask(t, e, "* | link includeinfo = true 'User Name' | stats sum('Content Size Out') as B | where B > 300")
	want := "Query Information: [Total Matched Count Total Group Count Total Count Query Start Time Query End Time Trend Interval Trend Interval Unit] " +
		"[[7 3 2 2026-03-09 12:00:00 +0000 UTC 2026-03-10 12:00:00 +0000 UTC 15 MINUTE]]\n"
	if got := tables(res); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	res = ask(t, e, "'User Name' = nobody | link includeinfo = true 'User Name'")
	if len(res.Tables) != 1 || fmt.Sprint(res.Tables[0].Rows[0][:3]) != "[0 0 0]" {
		t.Errorf("of nothing: %v", res.Tables)
	}
	for _, bad := range []string{
		"* | link 'User Name' | updatetable name = T [ * | head 1 ]",
		"* | link 'User Name' | createtable name = T select Count | updatetable name = T [ * | cluster ]",
		"* | link 'User Name' | createtable name = T select Count | updatetable name = T [ * | where sqrt(Count, 1) ]",
	} {
		if _, err := e.Run(t.Context(), request(bad)); err == nil {
			t.Errorf("no error: %s", bad)
		}
	}
}

func tables(res *Result) string {
	s := ""
	for _, t := range res.Tables {
		var names []string
		for _, c := range t.Columns {
			names = append(names, c.Name)
		}
		s += fmt.Sprintf("%s: %v %v\n", t.Name, names, t.Rows)
	}
	return s
}

// TestInitCallsFunctions: an init block may use what eval does.
func TestInitCallsFunctions(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	for query, want := range map[string]string{
		"init { $u = upper('b') || lower('OB') } 'User Name' = '$u' | stats count as n":                    "[[2]]",
		"init { $n = 2 + 3 * 4 } * | stats count as n | eval n = '$n'":                                     "[[14]]",
		"init { $a = 'x' } init { $b = if(length('$a') = 1, 'one', many) } * | stats count as '$b'":        "[[7]]",
		"init { $q = concat(reverse('1 ro'), '+') } * | stats count as n | eval n = length('$q')":          "[[5]]",
		"init { $d = formatDate(toDate('2026-01-02'), 'yyyy') } * | stats count as n | eval n = '$d'":      "[[2026]]",
		"init { $no = if(null = 1, a, null) } * | stats count as n | eval n = length('$no') || '|' || $no": "[[0|]]",
	} {
		if got := fmt.Sprint(ask(t, e, query).Rows); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if _, err := e.Run(t.Context(), request("init { $x = sqrt('a') } * | stats count")); err == nil {
		t.Error("no error for a function of the wrong type")
	}
}
