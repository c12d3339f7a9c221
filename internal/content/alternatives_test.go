package content

import (
	"context"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

func TestSplitPath(t *testing.T) {
	for path, want := range map[string][]string{
		"$.a":                   {"$.a"},
		"$.a|$.b":               {"$.a", "$.b"},
		" $.a \n| ^$.b|$.c ":    {"$.a", "^$.b", "$.c"},
		"$.a|b":                 {"$.a|b"},
		"$['x|$.y']|$.z":        {"$['x|$.y']", "$.z"},
		`$["x'|$"]`:             {`$["x'|$"]`},
		"$.items:2|$[*].data:0": {"$.items:2", "$[*].data:0"},
		"":                      {""},
		"|$.a":                  {"", "$.a"},
	} {
		if got := splitPath(path); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestAlternativePaths(t *testing.T) {
	p := jsonParser("$.items:2|$.results[*].data:0|$:0",
		ParserField{1, "time", "", "$.w.at|$.received|$.at"},
		ParserField{2, "usrid", "", "$.w.userId|$.w.userid|$.userid|$.userId"},
		ParserField{3, "logorigin", "", "$.no"},
		ParserField{4, "endpoint", "", "^$.link|^$.links[0].href"},
		ParserField{5, "threatips", "", "$.ips[*]|$.ip"})
	l := mustParser(t, p)
	const nine, ten = 1714554000000, 1714557600000 // 2024-05-01T09:00:00Z and an hour later
	for _, tt := range []struct {
		name, body string
		time       int64
		user       string
	}{
		{"bare", `{"at":"2024-05-01T09:00:00Z","userId":"u"}`, nine, "u"},
		{"bare, other case", `{"at":"2024-05-01T09:00:00Z","userid":"u"}`, nine, "u"},
		{"wrapped", `{"received":1714557600000,"w":{"at":"2024-05-01T09:00:00Z","userId":"u"}}`, nine, "u"},
		{"wrapped, other case", `{"w":{"userid":"u","at":"2024-05-01T09:00:00Z"},"received":1714557600000}`, nine, "u"},
		{"wrapped without its time", `{"received":1714557600000,"w":{"userid":"u"}}`, ten, "u"},
		{"null and empty are no values", `{"received":1714557600000,"w":{"at":null,"userId":"","userid":"u"}}`, ten, "u"},
		{"both cases", `{"at":"2024-05-01T09:00:00Z","userId":"other","userid":"u"}`, nine, "u"},
		{"array", `[{"at":"2024-05-01T09:00:00Z","userId":"u"}]`, nine, "u"},
		{"items", `{"items":[{"at":"2024-05-01T09:00:00Z","userId":"u"}],"links":[]}`, nine, "u"},
		{"results", `{"results":[{"data":{"received":1714557600000,"w":{"at":"2024-05-01T09:00:00Z","userId":"u"}}}],"summary":{}}`, nine, "u"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries, warnings := parse(t, l, upload("test"), tt.body)
			if len(entries) != 1 || len(warnings) != 0 {
				t.Fatalf("%d entries, warnings %v", len(entries), warnings)
			}
			if entries[0].Time != tt.time {
				t.Errorf("time %d, want %d", entries[0].Time, tt.time)
			}
			wantCell(t, entries[0], "usrid", record.Text(tt.user))
		})
	}
	// A time that is there but cannot be read is not replaced by another.
	entries, warnings := parse(t, l, upload("test"), `{"received":1714557600000,"w":{"at":"soon"}}`)
	if len(entries) != 1 || entries[0].Time != receipt.UnixMilli() || !hasWarning(warnings, "TimeAssumed") {
		t.Errorf("%+v %v", entries, warnings)
	}
	entries, _ = parse(t, l, upload("test"), `{"links":[{"href":"h"}],"items":[{"at":"2024-05-01T09:00:00Z","ips":["a","b"],"ip":"c"},{"at":"2024-05-01T09:00:00Z","ips":[],"ip":"c"}]}`)
	wantCell(t, entries[0], "endpoint", record.Text("h"))
	wantCell(t, entries[0], "threatips", record.Value{Kind: record.String, Str: "a", List: []string{"b"}})
	wantCell(t, entries[1], "threatips", record.Text("c"))
}

// Documents of every shape may follow each other in one body, and damage to one is not the others'.
func TestAlternativeEntryPathsMixed(t *testing.T) {
	l := mustParser(t, jsonParser("$.items:2|$.results[*].data:0|$:0", msgField))
	body := strings.Join([]string{`{"m":1}`, `{"items":[{"m":2},{"m":3}]}`, `[{"m":4},{"m":5}]`, `{"m":`, `{"results":[{"data":{"m":6}}]}`,
		`{"items":[]}`, `7`, `{"m":8}`, `{"items":[{"m":9},{"m":"cut`}, "\n")
	entries, _ := parse(t, l, upload("test"), body)
	want := []string{`{"m":1}`, `{"m":2}`, `{"m":3}`, `{"m":4}`, `{"m":5}`, `{"m":`, `{"m":6}`, `7`, `{"m":8}`, `{"m":9}`, `{"m":"cut`}
	if got := texts(entries); !slices.Equal(got, want) {
		t.Fatalf("texts %q, want %q", got, want)
	}
	for i, e := range entries {
		if bad := i == 5 || i == 7 || i == 10; failed(e) != bad {
			t.Errorf("%s: failed %v, want %v", e.Text, failed(e), bad)
		}
	}
}

func TestAlternativesThatAreRefused(t *testing.T) {
	for header, path := range map[string]string{
		"$:0":                             "$.a|^$.b",
		"$:0 ":                            "$.a" + strings.Repeat("|$.b", maxAlternatives),
		"$:0|$.a":                         "$.m",
		strings.Repeat("$:0|", 8) + "$:0": "$.m",
	} {
		l, err := withParser(t, Options{}, jsonParser(header, ParserField{1, "msg", "", path}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Parse(context.Background(), upload("test"), []byte("{}"), func(*record.Entry) error { return nil }); err == nil {
			t.Errorf("header %q, path %q accepted", header, path)
		}
	}
}

// Oracle's service finds one plain path in each element; Ledgerline finds all of them again.
func TestAlternativesTravel(t *testing.T) {
	p := jsonParser("$.items:2|$:0", ParserField{1, "usrid", "", "$.w.userId|$.userId"}, ParserField{2, "msg", "", "$['a?>b']|$.m"})
	l := mustParser(t, p)
	z, err := l.Export(context.Background(), Names{Sources: []string{"test"}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := contentXML(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<HeaderContent>$:0</HeaderContent>", "<?ledgerline $.items:2?>", "<StructuredColInfo>$.userId</StructuredColInfo>", "<?ledgerline $.w.userId?>"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	fresh := openLibrary(t)
	if _, err := fresh.Import(context.Background(), z, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	got, _ := fresh.Parser("p0")
	if got.Header != p.Header || !slices.Equal(got.Fields, p.Fields) {
		t.Errorf("came back as %q %+v", got.Header, got.Fields)
	}
}
