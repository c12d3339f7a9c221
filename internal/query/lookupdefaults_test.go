package query

import (
	"reflect"
	"testing"

	"ledgerline/internal/query/plan"
)

// What a lookup says of how it is matched is as if the query said it, and holds only
// where the query says nothing.
func TestDefaultsOfALookup(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, readRecords(t, "testdata/records.jsonl"))
	e := newEngine(st)
	plain := plan.Lookup{Columns: []string{"who", "team"}, Rows: [][]string{{"bob", "ops"}, {"bob", "second"}, {"ada", "core"}}}
	many, filled := plain, plain
	many.MaxMatches, filled.Defaults = 2, map[string]string{"team": "none"}
	e.catalogue = taught{testFields(), map[string]*plan.Lookup{"plain": &plain, "many": &many, "filled": &filled}}
	rows := func(options string) [][]any {
		t.Helper()
		res, err := e.Run(t.Context(), request("* | lookup table = "+options+" select team using 'User Name' = who | fields -*, 'User Name', team"))
		if err != nil {
			t.Fatal(err)
		}
		return res.Rows
	}
	for said, as := range map[string]string{"many": "plain maxmatches = 2", "filled": "plain default = none", "many maxmatches = 1": "plain", "filled default = other": "plain default = other"} {
		if got, want := rows(said), rows(as); !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives %v, %s %v", said, got, as, want)
		}
	}
	if reflect.DeepEqual(rows("many"), rows("plain")) || reflect.DeepEqual(rows("filled"), rows("plain")) {
		t.Error("the defaults change nothing")
	}
}
