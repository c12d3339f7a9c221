package ops_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ledgerline/internal/query/ops"
)

// extract runs paths over documents, whose keys count from 0.
func extract(t testing.TB, documents []string, paths ...string) (rows [][]any, partial string) {
	t.Helper()
	in := func(yield func([]any) error) error {
		for i, d := range documents {
			if err := yield([]any{int64(i), d}); err != nil {
				return err
			}
		}
		return nil
	}
	partial, err := ops.XML{Paths: paths}.Run(t.Context(), in, func(row []any) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, partial
}

// nested is a document that is deep elements deep.
func nested(deep int) string {
	return strings.Repeat("<a>", deep) + strings.Repeat("</a>", deep)
}

func TestXMLRefuses(t *testing.T) {
	for name, d := range map[string]string{
		"no XML":           "disk full",
		"cut off":          "<a><b>",
		"wrong end":        "<a></b>",
		"two roots":        "<a/><a/>",
		"text before":      "x <a/>",
		"document type":    `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`,
		"unknown entity":   "<a>&e;</a>",
		"too deep":         nested(101),
		"too long":         "<a>" + strings.Repeat("x", 1<<20) + "</a>",
		"too many nodes":   "<a>" + strings.Repeat("<b/>", 60_000) + "</a>",
		"attribute twofer": "<a b=1/>",
	} {
		if rows, _ := extract(t, []string{d}, "/a", "true()"); len(rows) > 0 {
			t.Errorf("%s: got %v, want nothing", name, rows)
		}
	}
}

func TestXMLReads(t *testing.T) {
	documents := []string{
		nested(100),
		"\n<?xml version='1.0' encoding='ISO-8859-1'?><a b='&lt;1'>é<!-- c --><![CDATA[<x>]]></a>\n",
		`<s:a xmlns:s="urn:x"><s:b>1.5</s:b><s:b>2</s:b></s:a>`,
	}
	rows, partial := extract(t, documents, "/a/@b", "string(/a)", "sum(//s:b)", "count(//*)")
	want := [][]any{
		{int64(0), nil, "", "0", "100"},
		{int64(1), "<1", "é<x>", "0", "1"},
		{int64(2), nil, "", "3.5", "3"},
	}
	if partial != "" || !reflect.DeepEqual(rows, want) {
		t.Errorf("got %q %q, want %q", rows, partial, want)
	}
}

// TestXMLGivesUp wants an end to a path whose cost is the cube of the document's size.
func TestXMLGivesUp(t *testing.T) {
	d := "<a>" + strings.Repeat("<b/>", 10_000) + "</a>"
	rows, partial := extract(t, []string{d, "<a><b/></a>"}, "count(//*[count(//*[count(//*) > 1]) > 1])")
	if want := [][]any{{int64(1), "2"}}; partial == "" || !reflect.DeepEqual(rows, want) {
		t.Errorf("got %v, %q; want %v and a reason", rows, partial, want)
	}
}

func FuzzXML(f *testing.F) {
	f.Add("<a b='1'>x</a>", "/a/@b")
	f.Add("<a>x</a>", "sum(//a)")
	f.Fuzz(func(t *testing.T, document, path string) {
		if ops.CheckXPath(path) != nil {
			return
		}
		rows, _ := extract(t, []string{document}, path)
		for _, row := range rows {
			if _, ok := row[1].(string); !ok || len(row) != 2 {
				t.Errorf("%q in %q: %s", path, document, fmt.Sprint(row))
			}
		}
	})
}
