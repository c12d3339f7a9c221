package content

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

// Paths that an example has are those by which a parser finds its values.
func TestPathsOfExamples(t *testing.T) {
	nested := `{"meta":{"n":1},"items":[{"id":"a","at":{"x.y":true}},{"id":"b","tags":["t"]}]}`
	for _, tc := range []struct {
		name            string
		p               Parser
		fields, headers []string
	}{
		{"JSON", Parser{Kind: JSON, Example: nested},
			[]string{"$.items[*].at['x.y']", "$.items[*].id", "$.items[*].tags[*]", "$.meta.n"}, []string{"$:0", "$.items:2", "$.meta:0"}},
		{"JSON with entries", Parser{Kind: JSON, Example: nested, Header: "$.items:2"},
			[]string{"$.at['x.y']", "$.id", "$.tags[*]"}, []string{"$:0", "$.items:2", "$.meta:0"}},
		{"XML", Parser{Kind: XML, Example: `<log><meta>m</meta><r id="1"><who>ann</who></r></log>`, Header: "/log/r"},
			[]string{"/log/r/@id", "/log/r/who"}, []string{"/log", "/log/r"}},
		{"delimited", Parser{Kind: Delimited, Example: "\"a\"; b\r\n1;2\n", Delimiter: ";"}, []string{"a", "b"}, []string{`"a"; b`}},
	} {
		fields, err := tc.p.FieldPaths()
		if err != nil || !slices.Equal(fields, tc.fields) {
			t.Errorf("%s: %q, %v; want %q", tc.name, fields, err, tc.fields)
		}
		found, err := tc.p.EntryPaths()
		var headers []string
		for _, p := range found {
			headers = append(headers, p.Header)
		}
		if err != nil || !slices.Equal(headers, tc.headers) {
			t.Errorf("%s: %q, %v; want %q", tc.name, headers, err, tc.headers)
		}
	}
}

func TestPathsOfNoExamples(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for name, p := range map[string]Parser{
		"no JSON": {Kind: JSON, Example: "<a/>"}, "deep": {Kind: JSON, Example: deep}, "no XML": {Kind: XML, Example: "{}"}, "a regular expression": {Kind: Regex, Example: "a"},
	} {
		if _, err := p.FieldPaths(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := p.EntryPaths(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Sub-parsers that call each other are followed once.
func TestOrigins(t *testing.T) {
	library := map[string]*Parser{
		"sub":  {Name: "sub", Fields: []ParserField{{Seq: 1, Field: "usrname"}, {Seq: 2, Parser: "main"}, {Seq: 3, Field: "absent"}}},
		"main": {Name: "main", Fields: []ParserField{{Seq: 1, Field: "time"}, {Seq: 2, Parser: "sub"}, {Seq: 3, Field: "msg"}, {Seq: 4, Parser: "gone"}}},
	}
	find := func(name string) (*Parser, bool) { p, ok := library[name]; return p, ok }
	e := &record.Entry{Cells: []record.Cell{{Field: "msg"}, {Field: "usrname"}, {Field: "other"}}}
	want := []Origin{{"time", 1, "main"}, {"usrname", 1, "sub"}, {"msg", 3, "main"}}
	if got := Origins(library["main"], e, find); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
