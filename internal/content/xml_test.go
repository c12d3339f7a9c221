package content

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

func xmlParser(header string, fields ...ParserField) Parser {
	return Parser{Kind: XML, Header: header, Fields: fields}
}

var (
	xmlFields = []ParserField{{Seq: 1, Field: "msg", Path: "/log/record/msg"}, {Seq: 2, Field: "key", Path: "/log/record/@id"}}
	xmlBody   = `<?xml version="1.0" encoding="ISO-8859-1"?>
<log xmlns="urn:x" xmlns:y="urn:y"><!-- all of it -->
 <node>n1</node><record id="1"><when>2024-05-01T10:00:00Z</when><y:msg> é &amp; <![CDATA[<b>]]> </y:msg><msg>second</msg></record>
 <node>n2</node><record id=""><user><msg>not this</msg></user></record>
</log>
`
)

func TestXMLEntries(t *testing.T) {
	l := mustParser(t, xmlParser("/log/record", append(xmlFields, ParserField{Seq: 3, Field: "time", Path: "/log/record/when"}, ParserField{Seq: 4, Field: "node", Path: "/log/node"})...))
	entries, warnings := parse(t, l, upload("test"), xmlBody)
	want := []string{`<record id="1"><when>2024-05-01T10:00:00Z</when><y:msg> é &amp; <![CDATA[<b>]]> </y:msg><msg>second</msg></record>`, `<record id=""><user><msg>not this</msg></user></record>`}
	if !slices.Equal(texts(entries), want) {
		t.Fatalf("%q, %v", texts(entries), warnings)
	}
	wantCell(t, entries[0], "msg", record.Text("é & <b>"))
	wantCell(t, entries[0], "key", record.Text("1"))
	wantCell(t, entries[0], "node", record.Text("n1"))
	if got := time.UnixMilli(entries[0].Time).UTC(); !got.Equal(time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("dated %v", got)
	}
	wantNoCell(t, entries[1], "msg")
	wantNoCell(t, entries[1], "key")
	wantCell(t, entries[1], "node", record.Text("n2"))
}

func TestXMLPaths(t *testing.T) {
	field := func(path string) ParserField { return ParserField{Seq: 1, Field: "msg", Path: path} }
	for _, tc := range []struct{ header, path, body, want string }{
		{"", "/e/@a", `<e a="1"/><e a="2"/>`, "1,2"}, // a root element is an entry
		{"", "@a", `<e a="1"/>`, "1"},
		{"", "/e", `<e> x </e>`, "x"},
		{"", "/any/b", `<e><b>x</b></e>`, "x"},
		{"/e/r", ".", `<e><r>x</r><r/></e>`, "x,-"},
		{"/e/r/", "./b/@c", `<e><r><b c="1"/></r></e>`, "1"},
		{"/e/r", "/e/rest", `<e><rest>x</rest><r/></e>`, "x"}, // not below the entry
		{"/e/r", "b", `<e><r><r><b>inner</b></r><b>x</b></r></e>`, "x"},
	} {
		entries, _ := parse(t, mustParser(t, xmlParser(tc.header, field(tc.path))), upload("test"), tc.body)
		var got []string
		for _, e := range entries {
			v, ok := cell(e, "msg")
			if !ok {
				v.Str = "-"
			}
			got = append(got, v.Str)
		}
		if strings.Join(got, ",") != tc.want {
			t.Errorf("%s of %s in %s: %q, want %s", tc.path, tc.header, tc.body, got, tc.want)
		}
	}
	for _, bad := range []Parser{xmlParser("log/record", field("/log/record/a")), xmlParser("/log/record", field(" "))} {
		bad.Name, bad.Display = "bad", "bad"
		if _, err := openLibrary(t).PutParser(t.Context(), bad, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// What cannot be read is kept, from where it begins, and what stands before is read.
func TestXMLThatIsNone(t *testing.T) {
	l := mustParser(t, xmlParser("/log/record", xmlFields...))
	first := `<log><record><msg>a</msg></record>`
	for name, tc := range map[string]struct {
		body string
		kept []string // texts of the entries; the last failed
	}{
		"cut off":             {first + `<record><msg>b`, []string{`<record><msg>a</msg></record>`, `<record><msg>b`}},
		"entities":            {`<!DOCTYPE log [<!ENTITY b "c">]><log/>`, []string{`<!DOCTYPE log [<!ENTITY b "c">]><log/>`}},
		"an unknown entity":   {first + `<record>&b;</record></log>`, []string{`<record><msg>a</msg></record>`, `<record>&b;</record></log>`}},
		"no XML":              {`{"log":1}`, []string{`{"log":1}`}},
		"text behind":         {first + `</log>and more`, []string{`<record><msg>a</msg></record>`, `</log>and more`}},
		"another root":        {`<logs><record/></logs>`, []string{`<logs><record/></logs>`}},
		"deep":                {strings.Repeat("<a>", maxXMLDepth+1), []string{strings.Repeat("<a>", maxXMLDepth+1)}},
		"long names":          {"<a><" + strings.Repeat("b", maxXMLPath) + "/></a>", []string{"<a><" + strings.Repeat("b", maxXMLPath) + "/></a>"}},
		"entities in entries": {first + `<record><msg>&#0;</msg></record></log>`, []string{`<record><msg>a</msg></record>`, `<record><msg>&#0;</msg></record></log>`}},
	} {
		entries, _ := parse(t, l, upload("test"), tc.body)
		if !slices.Equal(texts(entries), tc.kept) {
			t.Errorf("%s: %q, want %q", name, texts(entries), tc.kept)
			continue
		}
		for i, e := range entries {
			if failed(e) != (i == len(entries)-1) {
				t.Errorf("%s: entry %d: failed %v", name, i, failed(e))
			}
		}
	}
	if entries, _ := parse(t, l, upload("test"), "\ufeff\n \n"); len(entries) != 0 {
		t.Errorf("%q of nothing", texts(entries))
	}
}

// Whatever comes, something is read or kept; with whole documents as entries, every
// element is in one of them or in what failed.
func FuzzParseXML(f *testing.F) {
	for _, s := range []string{xmlBody, `<a/>`, `<a b="c">d</a><a>`, `<!DOCTYPE a>`, `&a;`, "\xff<a>", `<a:b xmlns:a="x"><?pi?></a:b>`} {
		f.Add(s)
	}
	l := mustParser(f, xmlParser("", ParserField{Seq: 1, Field: "msg", Path: "/a/@b"}, ParserField{Seq: 2, Field: "key", Path: "."}))
	other := mustParser(f, xmlParser("/log/record", xmlFields...))
	f.Fuzz(func(t *testing.T, body string) {
		for _, l := range []*Library{l, other} {
			entries, _ := parse(t, l, upload("test"), body)
			valid := strings.TrimSpace(strings.TrimPrefix(strings.ToValidUTF8(body, "\uFFFD"), "\ufeff"))
			if len(entries) == 0 && valid != "" {
				t.Fatalf("nothing is left of %q", body)
			}
			at := 0
			for _, e := range entries {
				i := strings.Index(strings.ToValidUTF8(body, "\uFFFD")[at:], strings.TrimSpace(e.Text))
				if i < 0 {
					t.Fatalf("%q is not in %q after %d", e.Text, body, at)
				}
				at += i + len(strings.TrimSpace(e.Text))
			}
		}
	})
}
