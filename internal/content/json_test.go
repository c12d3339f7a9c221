package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/jsonscan"
	"ledgerline/internal/record"
)

func jsonParser(header string, fields ...ParserField) Parser {
	return Parser{Kind: JSON, Header: header, Fields: fields}
}

var msgField = ParserField{Seq: 1, Field: "msg", Path: "$.m"}

func TestJSONEntryPaths(t *testing.T) {
	tests := []struct {
		name, header, body string
		want               []string
		failed             int
	}{
		{"array", "$.items:2", `{"a":1,"items":[{"m":1}, {"m":2}],"z":[]}`, []string{`{"m":1}`, `{"m":2}`}, 0},
		{"array in quotes", "$['items']:2", `{"items":[{"m":1}]}`, []string{`{"m":1}`}, 0},
		{"several documents", "$.items:2", `{"items":[{"m":1}]}{"items":[{"m":2}]}`, []string{`{"m":1}`, `{"m":2}`}, 0},
		{"escaped name", "$.items:2", `{"\u0069tems":[{"m":1}]}`, []string{`{"m":1}`}, 0},
		{"name twice", "$.items:2", `{"items":[{"m":1}],"items":[{"m":2}]}`, []string{`{"m":1}`, `{"m":2}`}, 0},
		{"empty array", "$.items:2", `{"items":[]}`, nil, 0},
		{"null instead of array", "$.items:2", `{"items":null}`, nil, 0},
		{"number instead of array", "$.items:2", `{"items": 5}`, []string{`{"items": 5}`}, 1},
		{"path missing", "$.items:2", ` {"error":"x"} `, []string{`{"error":"x"}`}, 1},
		{"elements that are no objects", "$.items:2", `{"items":[{"m":1}, 7, "x", [{}]]}`, []string{`{"m":1}`, `7`, `"x"`, `[{}]`}, 3},
		{"root array", "$:2", "[{\"m\":1},\n{\"m\":2}]", []string{`{"m":1}`, `{"m":2}`}, 0},
		{"root object", "$:0", `{"m":1}`, []string{`{"m":1}`}, 0},
		{"NDJSON", "$:0", "{\"m\":1}\r\n\n{\"m\":2}\n", []string{`{"m":1}`, `{"m":2}`}, 0},
		{"concatenated", "$:0", `{"m":1}{"m":2}`, []string{`{"m":1}`, `{"m":2}`}, 0},
		{"objects in a root array", "$:0", `[{"m":1},{"m":2}]`, []string{`{"m":1}`, `{"m":2}`}, 0},
		{"byte order mark", "$:0", "\ufeff{\"m\":1}", []string{`{"m":1}`}, 0},
		{"one bad line", "$:0", "{\"m\":1}\n{\"m\":\n{\"m\":3}\n", []string{`{"m":1}`, `{"m":`, `{"m":3}`}, 1},
		{"deep", "$.results[*].data:0", `{"results":[{"data":{"m":1}},{"x":0,"data":{"m":2}}]}`, []string{`{"m":1}`, `{"m":2}`}, 0},
		{"deep, one without", "$.results[*].data:0", `{"results":[{"data":{"m":1}},{"x":0}]}`, []string{`{"m":1}`, `{"x":0}`}, 1},
		{"deep array", "$.a.b:2", `{"a":{"c":0,"b":[{"m":1}]}}`, []string{`{"m":1}`}, 0},
		{"scalar", "$:0", `12`, []string{`12`}, 1},
		{"no JSON", "$.items:2", "<html>\n<b>", []string{"<html>\n<b>"}, 1},
		{"blank", "$:0", " \n ", nil, 0},
		{"truncated element", "$.items:2", `{"items":[{"m":1},{"m":"ab`, []string{`{"m":1}`, `{"m":"ab`}, 1},
		{"truncated after element", "$.items:2", `{"items":[{"m":1}`, []string{`{"m":1}`}, 0},
		{"damage after items", "$.items:2", `{"items":[{"m":1}],"links":[{]}`, []string{`{"m":1}`, `"links":[{]}`}, 1},
		{"damage before items", "$.items:2", `{"x":tru,"items":[{"m":1}]}`, []string{`{"x":tru,"items":[{"m":1}]}`}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, warnings := parse(t, mustParser(t, jsonParser(tt.header, msgField)), upload("test"), tt.body)
			if got := texts(entries); !slices.Equal(got, tt.want) {
				t.Fatalf("texts %q, want %q", got, tt.want)
			}
			n := 0
			for _, e := range entries {
				if failed(e) {
					n++
				} else if v, ok := cell(e, "msg"); !ok || !strings.Contains(e.Text, v.Str) {
					t.Errorf("message %+v of %s", v, e.Text)
				}
			}
			if n != tt.failed || hasWarning(warnings, "ParseFailed") != (n > 0) {
				t.Errorf("%d failed, want %d; warnings %v", n, tt.failed, warnings)
			}
		})
	}
}

func TestJSONValues(t *testing.T) {
	l := mustParser(t, jsonParser("$:0",
		ParserField{1, "msg", "", "$.text"}, ParserField{2, "linenum", "", "$.long"}, ParserField{3, "latency", "", "$.a.float"},
		ParserField{4, "starttime", "", "$.when"}, ParserField{5, "data", "", "$.object"}, ParserField{6, "threatips", "", "$.ips[*].ip"},
		ParserField{7, "usergroups", "", "$.groups[*]"}, ParserField{8, "status", "", "$.flag"}, ParserField{9, "key", "", "$['odd name'][1]"}))
	parseOne := func(body string) (record.Entry, []Warning) {
		t.Helper()
		entries, warnings := parse(t, l, upload("test"), body)
		if len(entries) != 1 || failed(entries[0]) {
			t.Fatalf("%s: entries %v", body, entries)
		}
		return entries[0], warnings
	}
	e, w := parseOne(`{"text":"tab\t\u00e9\ud83d\ude00\/","long":12,"a":{"float":-1.5e2},"when":1714554902417,"object":{"x": [1]},
		"ips":[{"ip":"192.0.2.1"},{},{"ip":"192.0.2.2"}],"groups":["a","b"],"flag":true,"odd name":[0,"one"]}`)
	wantCell(t, e, "msg", record.Text("tab\té😀/"))
	wantCell(t, e, "linenum", record.Whole(12))
	wantCell(t, e, "latency", record.Fraction(-150))
	wantCell(t, e, "starttime", record.At(1714554902417))
	wantCell(t, e, "data", record.Text(`{"x": [1]}`))
	wantCell(t, e, "threatips", record.Value{Kind: record.String, Str: "192.0.2.1", List: []string{"192.0.2.2"}})
	wantCell(t, e, "usergroups", record.Text("a, b"))
	wantCell(t, e, "status", record.Text("true"))
	wantCell(t, e, "key", record.Text("one"))
	if len(w) != 1 || w[0].Code != "TimeAssumed" {
		t.Errorf("warnings %v", w)
	}
	// What does not fit is absent, and said.
	e, w = parseOne(`{"text":null,"long":"12.5","a":{"float":"NaN"},"when":"yesterday","ips":[],"flag":""}`)
	if len(e.Cells) != 1 || !hasWarning(w, "ValueDropped") || len(w) != 4 {
		t.Errorf("cells %v warnings %v", e.Cells, w)
	}
	e, _ = parseOne(`{"long":"3.0","a":[1]}`)
	wantCell(t, e, "linenum", record.Whole(3))
}

// Whatever is cut off or changed, the kept texts cover the items.
func TestJSONDamageLosesNothing(t *testing.T) {
	l := mustParser(t, jsonParser("$.items:2", msgField))
	doc, _ := auditDocument(3000)
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		body := slices.Clone(doc)
		if seed%2 == 0 {
			body = body[:r.IntN(len(body))]
		} else {
			body[r.IntN(len(body))] = `{}[]",:\x0`[r.IntN(10)]
		}
		entries, _ := parse(t, l, upload("test"), string(body))
		if err := covers(string(body), entries); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// covers checks that the texts of entries stand in the body in order, that
// between them is only what separates elements, and that nothing of a damaged
// body follows the last.
func covers(body string, entries []record.Entry) error {
	rest := body
	for i, e := range entries {
		before, after, ok := strings.Cut(rest, e.Text)
		if !ok {
			return fmt.Errorf("text %d is not in what follows the texts before it: %q", i, clip(e.Text))
		}
		if i > 0 && strings.Trim(before, " \n\r\t,") != "" && !failed(e) {
			return fmt.Errorf("%q stands between entries", clip(before))
		}
		rest = after
	}
	if !json.Valid([]byte(body)) && strings.Trim(rest, " \n\r\t,]}") != "" {
		return fmt.Errorf("%q is in no entry", clip(rest))
	}
	return nil
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"items":[{"m":1},{"m":"\u00e9"}],"links":[{"href":"x"}]}`, `[{"m":1}]`, "{\"m\":1}\n{\"m\":2", `{"items":5}`, "\xff{}", strings.Repeat("[", 600)} {
		f.Add(s)
	}
	array := mustParser(f, jsonParser("$.items:2", msgField, ParserField{2, "key", "", "^$.links[0].href"}))
	root := mustParser(f, jsonParser("$:0", msgField, ParserField{2, "key", "", "$.a[*].b[0]"}))
	either := mustParser(f, jsonParser("$.items:2|$.results[*].data:0|$:0", msgField, ParserField{2, "key", "", "$.a[*].b[0]"}))
	squeeze := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \n\r\t,[]", r) {
				return -1
			}
			return r
		}, s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		valid := strings.TrimPrefix(strings.ToValidUTF8(body, "\uFFFD"), "\ufeff")
		// Of a body whose root values are the entries, every byte is kept.
		entries, _ := parse(t, root, upload("test"), body)
		if got := squeeze(strings.Join(texts(entries), "")); got != squeeze(valid) {
			t.Fatalf("kept %q of %q", got, valid)
		}
		for _, e := range entries {
			if !failed(e) && !json.Valid([]byte(e.Text)) {
				t.Fatalf("accepted %q, which is no JSON", e.Text)
			}
		}
		// Alternatives that select nothing change nothing.
		if !strings.Contains(body, "items") && !strings.Contains(body, "results") && !strings.Contains(body, `\`) {
			if others, _ := parse(t, either, upload("test"), body); !slices.Equal(texts(others), texts(entries)) {
				t.Fatalf("%q, want %q", texts(others), texts(entries))
			}
		}
		// Of a document with items, each item is an entry, verbatim.
		entries, _ = parse(t, array, upload("test"), body)
		var doc map[string]json.RawMessage
		var items []json.RawMessage
		if json.Unmarshal([]byte(valid), &doc) == nil && json.Unmarshal(doc["items"], &items) == nil && strings.Count(valid, "items")+strings.Count(valid, `\`) == 1 {
			if slices.ContainsFunc(entries, failed) {
				return // deeper than we read, or elements that are no objects
			}
			if len(items) != len(entries) {
				t.Fatalf("%d entries of %d items", len(entries), len(items))
			}
			for i := range items {
				if entries[i].Text != string(items[i]) {
					t.Fatalf("entry %d is %q, want %q", i, entries[i].Text, items[i])
				}
			}
		}
	})
}

// Paths are followed through exactly what the scanner takes for JSON.
func FuzzExtract(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,null,"\ud83d\ude00\ud83d"]}`, `[01]`, `"\x"`, `{"a":1,}`, `{"a" 1}`, `[1}`, `{"a":[[1,2]],"a":{"b":3}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i := jsonscan.SkipBlank(s, 0)
		end, ok := jsonscan.SkipValue(s, i)
		b := branch{}
		b.add([]step{{key: "a"}, {kind: stepEach}, {kind: stepIndex, index: 1}}, 0)
		b.add([]step{{key: "a"}, {key: "b"}}, 1)
		if e, o := b.extract(s, i, make([]found, 2)); o != ok || ok && e != end {
			t.Fatalf("%q: extract says %v %d, skip %v %d", s, o, e, ok, end)
		}
	})
}

func TestHostileJSON(t *testing.T) {
	l := mustParser(t, jsonParser("$.items:2", msgField))
	deep := `{"items":[{"m":1},{"m":` + strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}]}`
	entries, _ := parse(t, l, upload("test"), deep)
	if len(entries) != 2 || failed(entries[0]) || !failed(entries[1]) {
		t.Errorf("deep nesting: %d entries", len(entries))
	}
	long := `{"items":[{"m":"` + strings.Repeat("x", 10<<20) + `"},{"m":2}]}`
	entries, warnings := parse(t, l, upload("test"), long)
	if len(entries) != 2 || len(entries[0].Text) != 1<<20 || !hasWarning(warnings, "TextTruncated") {
		t.Fatalf("10 MB record: %d entries, warnings %d", len(entries), len(warnings))
	}
	wantCell(t, entries[0], "truncated", record.Whole(1))
	wantNoCell(t, entries[1], "truncated")
	entries, warnings = parse(t, l, upload("test"), "{\"items\":[{\"m\":\"a\xffb\"}]}")
	if !hasWarning(warnings, "InvalidEncoding") {
		t.Errorf("warnings %v", warnings)
	}
	wantCell(t, entries[0], "msg", record.Text("a\uFFFDb"))
}

func TestParseStops(t *testing.T) {
	l := openLibrary(t)
	body, _ := auditDocument(200_000)
	want, calls := errors.New("store is full"), 0
	_, err := l.Parse(context.Background(), upload(auditSource), body, func(*record.Entry) error { calls++; return want })
	if !errors.Is(err, want) || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = l.Parse(ctx, upload(auditSource), body, func(*record.Entry) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
}
