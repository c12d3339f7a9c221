package catalog

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReadTable(t *testing.T) {
	got, err := ReadTable([]byte("\uFEFF\"code, long\", Meaning\r\n1,\"a \"\"b\"\"\"\r\n,\r\n2,\"two\nlines\"\r\n"))
	want := Table{Columns: []string{"\uFEFFcode, long", "Meaning"}, Rows: [][]string{{"1", `a "b"`}, {"2", "two\nlines"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for text, hint := range map[string]string{
		"":                                       "is empty",
		"a,A\n":                                  `two columns are named "A"`,
		"a,\n":                                   "column 2 has no name",
		"\uFEFF,b\n":                             "column 1 has no name",
		"a,b\n1,2\n1\n":                          "line 3 has 1 values, the first line has 2",
		"a\n\"x\n":                               "line 2",
		"a\nx\"y\n":                              "double the quotes",
		"a\nb\n\xff\n":                           "line 3 is not text in UTF-8",
		"a\nb\x00c\n":                            "line 2 is not text",
		"\x00\xff":                               "line 1",
		strings.Repeat("a,", maxColumns) + "a\n": "at most 1000",
	} {
		if _, err := ReadTable([]byte(text)); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%.20q: %v, want %q", text, err, hint)
		}
	}
}

func TestTableIsBoundedInCells(t *testing.T) {
	if rows, err := readUpTo([]byte("a,b\n1,2\n3,4\n"), 6); err != nil || len(rows) != 3 {
		t.Errorf("six values: %q, %v", rows, err)
	}
	if _, err := readUpTo([]byte("a,b\n1,2\n3,4\n5,6\n"), 6); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "more than 6 values") {
		t.Errorf("eight values: %v", err)
	}
}

// What is stored of a table is what was read of it.
func FuzzTable(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\ny\"\n"))
	f.Add([]byte("a\n\"\r\r\n\"\n"))
	f.Add([]byte("\uFEFFa\n\"\"\n\r\n\"\r\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := readRows(text)
		if err != nil {
			return
		}
		stored, err := encodeRows(rows)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readRows(stored)
		if err != nil || len(rows) != len(again) || len(rows) > 0 && !reflect.DeepEqual(rows, again) {
			t.Errorf("%q becomes %q: %v", rows, again, err)
		}
	})
}

func table(t *testing.T, text string) Table {
	t.Helper()
	out, err := ReadTable([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLookups(t *testing.T) {
	clock, ctx, dir := newClock(), context.Background(), t.TempDir()
	c := open(t, dir, clock, Seeds{})
	retry := Retry{Scope: "u register", Token: "one", Payload: Payload([]byte("p"))}
	made, err := c.CreateLookup(ctx, Lookup{Name: "Owners", Description: "who owns what"}, table(t, "ip,owner\n10.0.0.1,ana\n"), retry)
	if err != nil || made.Rows != 1 || made.Etag == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	if again, err := c.CreateLookup(ctx, Lookup{Name: "Owners"}, table(t, "ip,owner\n"), retry); err != nil || again.ID != made.ID || again.Etag != made.Etag {
		t.Errorf("retry: %+v, %v", again, err)
	}
	if _, err := c.CreateLookup(ctx, Lookup{Name: "OWNERS"}, table(t, "a\n"), Retry{}); !errors.Is(err, ErrExists) {
		t.Errorf("same name: %v", err)
	}
	if _, err := c.CreateLookup(ctx, Lookup{Name: " x"}, table(t, "a\n"), Retry{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("bad name: %v", err)
	}
	rows := func() [][]string {
		t.Helper()
		l, got, err := c.LookupTable(ctx, "owners")
		if err != nil || int(l.Rows) != len(got.Rows) || !reflect.DeepEqual(got.Columns, l.Columns) {
			t.Fatalf("%+v, %v", l, err)
		}
		return got.Rows
	}

	clock.advance(time.Second)
	first := LookupChange{Name: "owners", IfMatch: made.Etag, Retry: Retry{Scope: "u append", Token: "two"}}
	id, err := c.AppendLookup(ctx, first, []byte("IP,Owner\n10.0.0.2,bo\n"))
	if err != nil {
		t.Fatal(err)
	}
	if same, err := c.AppendLookup(ctx, first, []byte("IP,Owner\n10.0.0.2,bo\n")); err != nil || same != id {
		t.Errorf("retry appended again: %s, %v", same, err)
	}
	w, err := c.WorkRequest(ctx, id)
	if err != nil || w.Operation != "APPEND_LOOKUP_DATA" || w.Lookup != made.Number || w.Finished.IsZero() {
		t.Errorf("%+v, %v", w, err)
	}
	if _, err := c.AppendLookup(ctx, LookupChange{Name: "owners", IfMatch: made.Etag}, []byte("a,b\n")); !errors.Is(err, ErrEtag) {
		t.Errorf("old etag: %v", err)
	}
	if _, err := c.AppendLookup(ctx, LookupChange{Name: "owners"}, []byte("a,b,c\n")); !errors.Is(err, ErrInvalid) {
		t.Errorf("three values: %v", err)
	}
	if _, err := c.AppendLookup(ctx, LookupChange{Name: "owners"}, []byte("10.0.0.3,cy\n")); err != nil {
		t.Error(err)
	}
	if got := rows(); !reflect.DeepEqual(got, [][]string{{"10.0.0.1", "ana"}, {"10.0.0.2", "bo"}, {"10.0.0.3", "cy"}}) {
		t.Errorf("%q", got)
	}

	if _, err := c.ReplaceLookup(ctx, LookupChange{Name: "owners"}, table(t, "net\n10\n")); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "isForce") {
		t.Errorf("other columns: %v", err)
	}
	if got := rows(); len(got) != 3 {
		t.Errorf("a refused change changed it: %q", got)
	}
	if _, err := c.ReplaceLookup(ctx, LookupChange{Name: "owners", Force: true}, table(t, "net\n10\n")); err != nil {
		t.Error(err)
	}
	if got := rows(); !reflect.DeepEqual(got, [][]string{{"10"}}) {
		t.Errorf("%q", got)
	}
	if _, err := c.CreateLookup(ctx, Lookup{Name: "blocked"}, table(t, "ip\n"), Retry{}); err != nil {
		t.Error(err)
	}
	list, _, err := c.Lookups(ctx, LookupFilter{Text: "OWNS"}, Page{})
	if err != nil || len(list) != 1 || list[0].Name != "Owners" {
		t.Errorf("%+v, %v", list, err)
	}

	c.Close()
	c = open(t, dir, clock, Seeds{}) // all of it is on disk
	last, err := c.Lookup(ctx, "Owners")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteLookup(ctx, LookupChange{Name: "Owners", IfMatch: last.Etag}); err != nil {
		t.Error(err)
	}
	if _, err := c.Lookup(ctx, "Owners"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	next, err := c.CreateLookup(ctx, Lookup{Name: "Owners"}, table(t, "ip\n"), Retry{})
	if err != nil || next.Etag == last.Etag || next.Number == made.Number {
		t.Errorf("a new lookup is taken for the old one: %+v, %v", next, err)
	}
	clock.advance(workRequestLife + time.Second)
	if _, err := c.DeleteLookup(ctx, LookupChange{Name: "Owners"}); err != nil {
		t.Error(err)
	}
	requests, _, err := c.WorkRequests(ctx, nil, Page{})
	if err != nil || len(requests) != 1 || requests[0].Operation != "DELETE_LOOKUP" {
		t.Errorf("%+v, %v", requests, err)
	}
}

func TestSavedSearches(t *testing.T) {
	clock, ctx, dir := newClock(), context.Background(), t.TempDir()
	c := open(t, dir, clock, Seeds{})
	made, err := c.SaveSearch(ctx, SavedSearch{Name: "Off hours", Query: "* | stats count", Last: 36 * time.Hour, Zone: "Europe/Rome"}, "")
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Minute)
	if _, err := c.SaveSearch(ctx, SavedSearch{Name: "off hours", Query: "x"}, "r9"); !errors.Is(err, ErrEtag) {
		t.Errorf("%v", err)
	}
	if _, err := c.SaveSearch(ctx, SavedSearch{Name: "none", Query: "x"}, "r1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	changed, err := c.SaveSearch(ctx, SavedSearch{Name: "off hours", Query: "x", Description: "d"}, made.Etag)
	if err != nil || changed.Etag == made.Etag || !changed.Created.Equal(made.Created) || !changed.Updated.After(made.Updated) {
		t.Errorf("%+v, %v", changed, err)
	}
	for _, bad := range []SavedSearch{{Name: "", Query: "x"}, {Name: "a\nb", Query: "x"}, {Name: "a"}, {Name: "a", Query: "x", Last: -1}} {
		if _, err := c.SaveSearch(ctx, bad, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	c.Close()
	c = open(t, dir, clock, Seeds{})
	list, _, err := c.SavedSearches(ctx, Page{})
	if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], changed) {
		t.Errorf("%+v, want %+v; %v", list, changed, err)
	}
	if err := c.DeleteSearch(ctx, "OFF HOURS", changed.Etag); err != nil {
		t.Error(err)
	}
	if err := c.DeleteSearch(ctx, "off hours", ""); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
