package facet

import (
	"encoding/json"
	"strings"
	"testing"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

func fields(name string) (record.Field, bool) {
	switch strings.ToLower(name) {
	case "user name", "usrname":
		return record.Field{Name: "usrname", Display: "User Name", Type: record.String}, true
	case "time":
		return record.Field{Name: "time", Display: "Time", Type: record.Timestamp}, true
	}
	return record.Field{}, false
}

func filter(t *testing.T, operator, field, values string) Filter {
	t.Helper()
	f := Filter{Operator: operator, Field: field}
	if err := json.Unmarshal([]byte(values), &f.Values); err != nil {
		t.Fatal(err)
	}
	return f
}

// Clicks add up, and a click on what was clicked before replaces it. What each
// operator makes is compared in internal/api, through the official client.
func TestApply(t *testing.T) {
	q, err := syntax.Parse("failed | stats count")
	if err != nil {
		t.Fatal(err)
	}
	err = Apply(q, []Filter{filter(t, "EQUALS", "usrname", `["ann"]`), filter(t, "NOT_EQUALS", "Status", `[5]`), filter(t, "IS_LESS_THAN", "Time", `[0]`),
		filter(t, Replace, "USER NAME", `["bo"]`), filter(t, Clear, "status", `[]`)}, fields)
	if want := "failed and Time < '1970-01-01T00:00:00.000Z' and 'User Name' = bo | stats count"; err != nil || q.String() != want {
		t.Errorf("%s, %v; want %s", q, err, want)
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, f := range []Filter{filter(t, "RESEMBLES", "x", `["a"]`), filter(t, "EQUALS", "x", `[]`), filter(t, "EQUALS", "x", `[[]]`), filter(t, "CONTAINS", "x", `[1]`),
		filter(t, "IS_BETWEEN", "x", `[1]`), filter(t, "IS_LESS_THAN", "x", `[1,2]`), filter(t, AddSubquery, "", `["| x"]`), filter(t, AddSubquery, "", `[1]`)} {
		q, err := syntax.Parse("*")
		if err != nil {
			t.Fatal(err)
		}
		if err := Apply(q, []Filter{f}, fields); err == nil {
			t.Errorf("%s %s is taken: %s", f.Operator, f.Values, q)
		}
	}
}

// A filter on a value finds the records with that value, whatever it is.
func FuzzValue(f *testing.F) {
	for _, v := range []string{"a", "it's", `a\`, `\%`, "50% *?", "null", "5", "", "\n", "' | delete", `\'`, `\\`} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, operator := range []string{"EQUALS", "STARTS_WITH", "ENDS_WITH", "CONTAINS"} {
			q, err := syntax.Parse("x")
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if err := Apply(q, []Filter{{Operator: operator, Field: "User Name", Values: []json.RawMessage{text}}}, fields); err != nil {
				t.Fatal(err)
			}
			again, err := syntax.Parse(q.String())
			if err != nil {
				t.Fatalf("%q: %s: %v", v, q, err)
			}
			if len(again.Commands) != 1 || again.String() != q.String() {
				t.Errorf("%q: %s becomes %s", v, q, again)
			}
			and, ok := again.Commands[0].(*syntax.Search).Term.(*syntax.And)
			if !ok || len(and.Terms) != 2 {
				t.Fatalf("%q: %s", v, again)
			}
			if cmp, ok := and.Terms[1].(*syntax.Compare); operator == "EQUALS" {
				// JSON decodes each byte that is no text to U+FFFD, as the conversion to runes does.
				if value, isText := cmp.Value.(*syntax.Text); !ok || !isText || value.Text != string([]rune(v)) {
					t.Errorf("%q: %s", v, again)
				}
			}
		}
	})
}
