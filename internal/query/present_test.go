package query

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

// Fields are those of the segments that a search keeps open: by log source, time
// and the log groups of the caller.
func TestPresentFields(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, []rec{
		{ago: 10, source: "Orders", text: "a", fields: map[string]any{"Status": "open", "Duration": 5}},
		{ago: 20, source: "Logins", group: groupB, text: "b", fields: map[string]any{"User Name": "ada"}},
		{ago: 10, source: "Shared", text: "d", fields: map[string]any{"Status": "open"}},
		{ago: 10, source: "Shared", group: groupB, text: "e", fields: map[string]any{"Source IP": "192.0.2.2", "User Name": "ada"}},
		{ago: 3 * 24 * 60, source: "Old", text: "c", fields: map[string]any{"Source IP": "192.0.2.1"}},
	})
	e := newEngine(st)
	for _, c := range []struct {
		query  string
		groups []string // nil: all
		want   string
	}{
		{"*", nil, "Duration, Source IP, Status, User Name"},
		{"'Log Source' = Shared", nil, "Source IP, Status, User Name"},
		{"'Log Source' = Shared", []string{groupA}, "Status"}, // of what else the segment holds nothing is told
		{"'Log Source' = Shared", []string{groupB}, "Source IP, User Name"},
		{"'Source IP' != null", []string{groupA}, "Duration, Status"},
		{"'Log Source' = Orders", nil, "Duration, Status"},
		{"'Log Source' = Logins | stats count by 'User Name'", nil, "User Name"},
		{"Status = open", nil, "Duration, Source IP, Status, User Name"}, // which records match is not looked at
		{"*", []string{groupB}, "Source IP, User Name"},
		{"*", []string{}, ""},
	} {
		r := request(c.query)
		r.Scope.Groups = c.groups
		found, err := e.Present(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		var names []string
		for _, f := range found {
			if slices.Contains([]string{"Status", "Duration", "User Name", "Source IP"}, f.Display) {
				names = append(names, f.Display)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s for %v: %s, want %s", c.query, c.groups, got, c.want)
		}
		if len(found) > 0 && !slices.ContainsFunc(found, func(f record.Field) bool { return f.Display == "Log Source" }) {
			t.Errorf("%s: what every record has is missing", c.query)
		}
	}
	long := request("*")
	long.Window.From = testNow.Add(-7 * 24 * time.Hour)
	found, err := e.Present(t.Context(), long)
	if err != nil || !slices.ContainsFunc(found, func(f record.Field) bool { return f.Display == "Source IP" }) {
		t.Errorf("a longer window: %v, %v", found, err)
	}
	if _, err := e.Present(t.Context(), request("* | sorrt")); err == nil {
		t.Error("a mistake is no error")
	}
}
