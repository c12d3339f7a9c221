package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// TestSubqueryHasItsOwnTime: a sub-query that takes too long ends the query,
// whatever time the request has, and says that it was the sub-query.
func TestSubqueryHasItsOwnTime(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, []rec{{ago: 5, text: "x", fields: map[string]any{"User Name": "ada"}}})
	s, err := newEngine(st).open(t.Context(), request("[ * | distinct 'User Name' ] | stats count"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	locals := plan.Locals(s.plan.Root)
	if len(locals) != 1 || locals[0].Timeout != 30*time.Second || locals[0].Limit != 2000 {
		t.Fatalf("the sub-query is planned as %+v", locals)
	}
	locals[0].Timeout = time.Nanosecond
	_, err = s.query(t.Context(), s.plan.Columns, func([]any) error { return nil })
	if !errors.Is(err, ErrDeadline) || !strings.Contains(err.Error(), "sub-query") {
		t.Errorf("got %v", err)
	}
}

func TestExportHasTheTimeOfItsRequest(t *testing.T) {
	e := newEngine(newStore(t))
	req := request("* | stats count")
	req.Timeout = time.Nanosecond
	err := e.Export(t.Context(), req, func([]Column) error { return nil }, func([]any) error { return nil })
	if !errors.Is(err, ErrDeadline) {
		t.Errorf("got %v", err)
	}
}

// TestInitIsComputedWithoutARun: what only the engine can compute is known to
// those who plan a query and do not run it.
func TestInitIsComputedWithoutARun(t *testing.T) {
	e := newEngine(newStore(t))
	text := "init { $unit = lower('HOUR') } * | timestats span = 1hour count as '$unit'"
	if err := e.Check(text); err != nil {
		t.Error(err)
	}
	d, err := e.Describe(Request{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Columns[len(d.Columns)-1].Name; got != "hour" {
		t.Errorf("the column is called %s", got)
	}
}

func TestHints(t *testing.T) {
	e := newEngine(newStore(t))
	for text, want := range map[string]string{
		"* | where Severity = Statsu":             "'Status'",
		"* | where Severity = 'Statsu'":           "", // whoever quotes it means the text
		"* | where Severity = high":               "",
		"* | eval x = if(Status = Serverity,1,0)": "'Severity'",
	} {
		res := ask(t, e, text)
		if want == "" && len(res.Hints) > 0 || want != "" && !slices.ContainsFunc(res.Hints, func(h string) bool { return strings.Contains(h, want) }) {
			t.Errorf("%s: hints %q, want %s", text, res.Hints, want)
		}
	}
}

// TestOrderingFieldsKeepTheirNames: what records are ordered by is called as
// the catalogue calls it, when a query shows it.
func TestOrderingFieldsKeepTheirNames(t *testing.T) {
	st := newStore(t)
	ingest(t, st, 1, []rec{{ago: 1, text: "x"}})
	known := testFields()
	known.list = append(known.list,
		record.Field{Name: store.ColUpload, Display: "Upload ID", Type: record.String},
		record.Field{Name: store.ColOrdinal, Display: "Record Number", Type: record.Long})
	e := newEngine(st)
	e.catalogue = known
	res := ask(t, e, "x | fields -*, 'upload id', 'Record Number'")
	if len(res.Columns) != 2 || res.Columns[0].Name != "Upload ID" || res.Columns[1].Name != "Record Number" || fmt.Sprint(res.Rows) != "[[up1-0 0]]" {
		t.Errorf("%+v: %v", res.Columns, res.Rows)
	}
}
