package content

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

func regexParser(content string, fields ...ParserField) Parser {
	return Parser{Kind: Regex, Content: content, SingleLine: true, Fields: fields}
}

// Each expression is Java's; the captures are what java.util.regex would give.
func TestJavaExpressions(t *testing.T) {
	tests := []struct{ expr, text, want string }{
		{`a(\d+)b`, "xa12b", "12"},
		{`"(?:[^"\\]|\\.)*+"\s(\w++)`, `"a\"b" word`, "word"},
		{`(?>a+)(\w)`, "aaab", "b"},
		{`(?<=user=)(\w+)`, "user=ana", "ana"},
		{`(\w+)(?! failed)$`, "login ok", "ok"},
		{`(\w)\1(\d)`, "xaa7", "a"},
		{`(?<year>\d{4})-(?<month>\d\d)`, "2024-05", "2024"},
		{`\p{Alpha}+=(\p{XDigit}+)`, "key=fF09z", "fF09"},
		{`[^\p{Punct}]+\[([^\]]*)\]`, "app[x y]", "x y"},
		{`(?i)ERROR:\s*(.*)`, "error: disk", "disk"},
		{`\Qa.b(\E(\d)`, "a.b(7", "7"},
		{`x\u0041(.)`, "xAz", "z"},
		{`{device="(\w+)"}`, `{device="mlx5_9"}`, "mlx5_9"},
		{`a{2,3}(b)`, "aaab", "b"},
		{`(a|b{2})\h(c)`, "bb\tc", "bb"},
		{`é+(.)`, "ééx", "x"},
		{`{TIMEDATE} (\w+)`, "2024-05-01 10:00:00 word", "word"},
		{`(\w+) (?=(\d))`, "n 1", "n"},
	}
	for _, tt := range tests {
		l, err := withParser(t, Options{}, regexParser(tt.expr, ParserField{Seq: 1, Field: "msg"}))
		if err != nil {
			t.Fatal(err)
		}
		entries, warnings := parse(t, l, upload("test"), tt.text)
		if len(entries) != 1 || failed(entries[0]) {
			t.Errorf("%s does not match %q: %v", tt.expr, tt.text, warnings)
			continue
		}
		wantCell(t, entries[0], "msg", record.Text(tt.want))
	}
}

// What would silently mean something else is refused, with the reason.
func TestRefusedExpressions(t *testing.T) {
	for _, expr := range []string{`[a-z&&[^b]]`, `[a[b]]`, `(a`, `a)`, `\`, `[a`, `\k<x>`, `*a`, `\u00`, `{TIMEDATE`, strings.Repeat("a", maxPatternBytes+1)} {
		_, err := compilePattern(expr, patternOptions{})
		if expr == `{TIMEDATE` {
			if err != nil {
				t.Errorf("%q is literal text: %v", expr, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%.20q must be refused", expr)
		}
	}
}

func TestSlowExpressionIsGivenUp(t *testing.T) {
	l, err := withParser(t, Options{MatchTimeout: time.Millisecond}, regexParser(`^(?=(a|aa)+$)(.)`, ParserField{Seq: 1, Field: "msg"}))
	if err != nil {
		t.Fatal(err)
	}
	const lines = 500
	entries, warnings := parse(t, l, upload("test"), strings.Repeat(strings.Repeat("a", 40)+"!\n", lines))
	if len(entries) != lines || !failed(entries[lines-1]) || !hasWarning(warnings, "MatchTimeout") {
		t.Errorf("%d entries, warnings %v", len(entries), warnings)
	}
	for _, w := range warnings {
		if w.Code == "MatchTimeout" && w.Count > maxTimeouts {
			t.Errorf("%d matches took too long; at most %d are tried", w.Count, maxTimeouts)
		}
	}
}

// Every stamp that {TIMEDATE} finds is read, and means what it says.
func TestTimeStamps(t *testing.T) {
	utc := func(y int, mo time.Month, d, h, m, s, ms int) int64 {
		return time.Date(y, mo, d, h, m, s, ms*1e6, time.UTC).UnixMilli()
	}
	l := mustParser(t, regexParser(`^<{TIMEDATE}>(.*)`, ParserField{Seq: 1, Field: "msg"}))
	tests := map[string]int64{
		"2024-05-01T09:15:02.417+0000":   utc(2024, 5, 1, 9, 15, 2, 417),
		"2024-05-01T09:15:02.417Z":       utc(2024, 5, 1, 9, 15, 2, 417),
		"2024-05-01T09:15:02.417+00:00":  utc(2024, 5, 1, 9, 15, 2, 417),
		"2024-05-01T09:15:02+02:00":      utc(2024, 5, 1, 7, 15, 2, 0),
		"2024-05-01T09:15:02-0730":       utc(2024, 5, 1, 16, 45, 2, 0),
		"2024-05-01 09:15:02":            utc(2024, 5, 1, 9, 15, 2, 0),
		"2024-05-01 09:15:02,417":        utc(2024, 5, 1, 9, 15, 2, 417),
		"2024-05-01  3:27:07":            utc(2024, 5, 1, 3, 27, 7, 0),
		"2024/05/01 09:15:02.250":        utc(2024, 5, 1, 9, 15, 2, 250),
		"2024-02-29 00:00:00.123456 UTC": utc(2024, 2, 29, 0, 0, 0, 123),
		"Wed May  1 09:15:02 UTC 2024":   utc(2024, 5, 1, 9, 15, 2, 0),
		"Wed May 1 09:15:02 2024":        utc(2024, 5, 1, 9, 15, 2, 0),
		"01/May/2024:09:15:02 +0200":     utc(2024, 5, 1, 7, 15, 2, 0),
		"Wed, 01 May 2024 09:15:02 GMT":  utc(2024, 5, 1, 9, 15, 2, 0),
		"01-MAY-2024 09:15:02":           utc(2024, 5, 1, 9, 15, 2, 0),
		"01-MAY-24 09.15.02.417000 PM":   utc(2024, 5, 1, 21, 15, 2, 417),
		"May 1, 2024 9:15:02 PM":         utc(2024, 5, 1, 21, 15, 2, 0),
		"5/1/2024 09:15:02":              utc(2024, 5, 1, 9, 15, 2, 0),
		"20240501-091502":                utc(2024, 5, 1, 9, 15, 2, 0),
		"20240501T09:15:02":              utc(2024, 5, 1, 9, 15, 2, 0),
		"20240501T091502Z":               utc(2024, 5, 1, 9, 15, 2, 0),
		"20240501091502":                 utc(2024, 5, 1, 9, 15, 2, 0),
		"1714554902":                     utc(2024, 5, 1, 9, 15, 2, 0),
		"1714554902417":                  utc(2024, 5, 1, 9, 15, 2, 417),
		"Feb 28 09:15:02":                utc(2026, 2, 28, 9, 15, 2, 0), // received on 1 March 2026
		"Dec 31 23:59:59":                utc(2025, 12, 31, 23, 59, 59, 0),
	}
	for stamp, want := range tests {
		entries, warnings := parse(t, l, upload("test"), "<"+stamp+">x")
		if len(entries) != 1 || failed(entries[0]) || len(warnings) > 0 || entries[0].Time != want {
			t.Errorf("%s: %d, want %d; warnings %v", stamp, entries[0].Time, want, warnings)
		}
	}
	for _, stamp := range []string{"2024-02-30 00:00:00", "2023-02-29 00:00:00", "2024-13-01 00:00:00", "2024-05-01 24:00:00", "Wed May 1 09:15:02 XYZ 2024"} {
		entries, warnings := parse(t, l, upload("test"), "<"+stamp+">x")
		if entries[0].Time != receipt.UnixMilli() || !hasWarning(warnings, "TimeAssumed") {
			t.Errorf("%s is no time: %d, %v", stamp, entries[0].Time, warnings)
		}
		wantCell(t, entries[0], "timeassumed", record.Whole(1))
	}
}

// The hand-written reader of ISO 8601 agrees with package time on every day.
func TestISOTimes(t *testing.T) {
	p := timeParser{zone: time.UTC}
	for d := time.Date(1899, 12, 25, 13, 1, 59, 7e6, time.UTC); d.Year() < 2110; d = d.Add(25*time.Hour + 61*time.Second) {
		if got, ok := p.iso(d.Format("2006-01-02T15:04:05.000-0700")); !ok || got != d.UnixMilli() {
			t.Fatalf("%v: %d, want %d", d, got, d.UnixMilli())
		}
	}
}

func TestTimeRules(t *testing.T) {
	l := mustParser(t, regexParser(`{TIMEDATE} (.*)`, ParserField{Seq: 1, Field: "msg"}))
	line := func(at time.Time) string { return at.UTC().Format(time.RFC3339) + " x" }
	entries, _ := parse(t, l, upload("test"), line(receipt.Add(24*time.Hour))+"\n"+line(receipt.Add(24*time.Hour+time.Second)))
	if entries[0].Time != receipt.Add(24*time.Hour).UnixMilli() || entries[1].Time != receipt.UnixMilli() {
		t.Errorf("24 hours ahead is the limit: %d %d", entries[0].Time, entries[1].Time)
	}
	wantNoCell(t, entries[0], "timeassumed")
	wantCell(t, entries[1], "timeassumed", record.Whole(1))

	up := upload("test")
	up.Timezone = "America/New_York"
	entries, _ = parse(t, l, up, "2024-07-01 00:00:00 x\n2024-01-01 00:00:00 x\n2024-01-01T00:00:00Z x")
	for i, want := range []string{"2024-07-01T04:00:00Z", "2024-01-01T05:00:00Z", "2024-01-01T00:00:00Z"} {
		if got := time.UnixMilli(entries[i].Time).UTC().Format(time.RFC3339); got != want {
			t.Errorf("entry %d at %s, want %s", i, got, want)
		}
	}
	up = upload("test")
	up.DateFormat = "dd/MM/yyyy HH:mm:ss" // else read as month first
	entries, _ = parse(t, l, up, "02/01/2024 00:00:00 x")
	if got := time.UnixMilli(entries[0].Time).UTC().Format(time.RFC3339); got != "2024-01-02T00:00:00Z" {
		t.Errorf("date format ignored: %s", got)
	}
	up = upload("test")
	up.DateYear = 2019
	entries, _ = parse(t, l, up, "Feb 28 09:15:02 x")
	if got := time.UnixMilli(entries[0].Time).UTC().Year(); got != 2019 {
		t.Errorf("year %d", got)
	}
}

// Lines that one parser cannot read go to the next, in order, several as one
// when the next reads entries of several lines.
func TestParsersInSequence(t *testing.T) {
	l := mustParser(t, jsonParser("$:0", msgField),
		Parser{Kind: Regex, Content: `start (.*) end`, Header: `start`, Fields: []ParserField{{Seq: 1, Field: "msg"}}},
		regexParser(`plain (\w+)`, ParserField{Seq: 1, Field: "msg"}))
	entries, warnings := parse(t, l, upload("test"), "plain one\nstart a\nb end\n{\"m\":\"two\"}\nnothing\n{\"m\":\"three\"}\nplain four")
	want := []string{"plain one", "start a\nb end", `{"m":"two"}`, "nothing", `{"m":"three"}`, "plain four"}
	if got := texts(entries); !slices.Equal(got, want) {
		t.Fatalf("texts %q", got)
	}
	for i, m := range []string{"one", "a\nb", "two", "", "three", "four"} {
		if m == "" {
			if !failed(entries[i]) {
				t.Errorf("entry %d must have failed", i)
			}
			continue
		}
		wantCell(t, entries[i], "msg", record.Text(m))
	}
	if !hasWarning(warnings, "ParseFailed") {
		t.Error("no warning")
	}
}

func TestHeaderLinesAndSubParsers(t *testing.T) {
	plugins := `<ParserPlugins><ParserPlugin><Type>master_detail</Type><IsEnabled>1</IsEnabled><Params><Param name="header_parser_name">head</Param></Params></ParserPlugin></ParserPlugins>`
	clock := Parser{Name: "clock", Description: "sub", Kind: Regex, SingleLine: true, Content: `(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)`, Fields: []ParserField{
		{Seq: 1, Field: "timeyearlong"}, {Seq: 2, Field: "timemonthnum"}, {Seq: 3, Field: "timeday"}, {Seq: 4, Field: "timehour24"}, {Seq: 5, Field: "timeminute"}, {Seq: 6, Field: "timesecond"}}}
	head := Parser{Name: "head", Description: "sub", Kind: Regex, SingleLine: true, Content: `run at (\S+) by (\w+)`, Fields: []ParserField{{Seq: 1, Parser: "clock"}, {Seq: 2, Field: "usrname"}}}
	detail := regexParser(`job=(\w+)`, ParserField{Seq: 1, Field: "jobid"})
	detail.Plugins = []byte(plugins)
	l := mustParser(t, detail, head, clock)
	entries, warnings := parse(t, l, upload("test"), "run at 20240501T09:15:02 by ana\njob=1\njob=2\nrun at 20240501T10:00:00 by bob\njob=3\nrun at 20241301T00:00:00 by eve")
	if len(entries) != 6 || len(warnings) != 1 || warnings[0].Code != "TimeAssumed" {
		t.Fatalf("%d entries, warnings %v", len(entries), warnings)
	}
	for i, want := range []struct{ user, at string }{{"ana", "09:15:02"}, {"ana", "09:15:02"}, {"ana", "09:15:02"}, {"bob", "10:00:00"}, {"bob", "10:00:00"}} {
		wantCell(t, entries[i], "usrname", record.Text(want.user))
		if got := time.UnixMilli(entries[i].Time).UTC().Format(time.TimeOnly); got != want.at {
			t.Errorf("entry %d at %s, want %s", i, got, want.at)
		}
	}
	wantCell(t, entries[4], "jobid", record.Text("3"))
	wantNoCell(t, entries[4], "timeday")
}

func TestDelimited(t *testing.T) {
	p := Parser{Kind: Delimited, SingleLine: true, Delimiter: ",", Qualifier: `"`, Header: "at,name,n", Fields: []ParserField{{Seq: 1, Field: "time"}, {Seq: 2, Field: "msg"}, {Seq: 3, Field: "linenum"}}}
	l := mustParser(t, p)
	entries, warnings := parse(t, l, upload("test"), "at,name,n\r\n2024-05-01 09:15:02,\"a, \"\"b\"\"\",3\r\n2024-05-01 09:15:02,\"open,4\nno delimiter\n2024-05-01 09:15:02,,\n")
	if len(entries) != 4 || failed(entries[0]) || !failed(entries[2]) {
		t.Fatalf("entries %q, warnings %v", texts(entries), warnings)
	}
	wantCell(t, entries[0], "msg", record.Text(`a, "b"`))
	wantCell(t, entries[0], "linenum", record.Whole(3))
	wantCell(t, entries[1], "msg", record.Text(`"open`))
	wantNoCell(t, entries[3], "msg")
	if entries[0].Text != `2024-05-01 09:15:02,"a, ""b""",3` {
		t.Errorf("text %q", entries[0].Text)
	}
}

// No byte of a text is lost, whatever the expression.
func FuzzRegexMacro(f *testing.F) {
	for _, s := range []string{`{TIMEDATE}\s+(.*)`, `(?>a+)b`, `[^\]]+`, `\((a|b)\)++`, `(?<n>x)\p{Punct}`, `{x:y}`, `\Q[\E`, `(?i)a`} {
		f.Add(s, "", "2024-05-01 10:00:00 a\nb\r\n\n (a)")
	}
	f.Add(`(.*)`, `{TIMEDATE}`, "x\n2024-05-01 10:00:00 a\n b")
	f.Fuzz(func(t *testing.T, expr, header, body string) {
		if len(expr)+len(header) > 200 || len(body) > 2000 {
			return
		}
		p := Parser{Name: "p", Kind: Regex, Content: expr, Header: header, SingleLine: header == ""}
		snap := newSnapshot(Options{MatchTimeout: 2 * time.Millisecond}.withDefaults())
		if err := snap.addBuiltinFields(); err != nil {
			t.Fatal(err)
		}
		snap.parsers.put(&p)
		snap.sources.put(&Source{Name: "test", Parsers: []string{"p"}})
		l := &Library{opts: snap.opts}
		l.current.Store(snap)
		if src, _ := snap.sources.find("test"); src != nil {
			if _, err := snap.program(src); err != nil {
				return // refused with a reason
			}
		}
		entries, _ := parse(t, l, upload("test"), body)
		blanks := strings.NewReplacer(" ", "", "\n", "", "\r", "", "\t", "")
		squeeze := func(s string) string { return blanks.Replace(strings.ToValidUTF8(s, "\uFFFD")) }
		if got := squeeze(strings.Join(texts(entries), "")); got != squeeze(body) {
			t.Fatalf("kept %q of %q", got, body)
		}
	})
}

// What a match must contain is found, and its absence tells nothing wrong.
func TestLiteralOf(t *testing.T) {
	for expr, want := range map[string]string{
		`(?s)^[\s#]*-{20}\s*Rows\s+(\d+),\s+retrieved\s+from`: "retrieved", `a(bcd)+e?`: "bcd", `abc|abd`: "ab", `(?:abc)?d`: "d", `(?i)abc`: "", `x{0,3}`: "", `\d+`: "", `(?:abc){2}de`: "abc", "\uFFFDabc": "",
	} {
		p, err := compilePattern(expr, patternOptions{})
		if err != nil || p.needs != want {
			t.Errorf("%s needs %q, %v; want %q", expr, p.needs, err, want)
		}
	}
}

func FuzzLiteralOf(f *testing.F) {
	f.Add(`(?s)^[\s#]*-{2}\s*Rows\s+(?:\d+|x),`, "--Rows 1,")
	f.Add(`a\Qb\Ec|ad*(?i:e)`, "abc")
	f.Fuzz(func(t *testing.T, expr, text string) {
		re, err := regexp.Compile(expr)
		if err != nil || len(expr) > 200 {
			return
		}
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return
		}
		if needs := literalOf(tree); re.MatchString(text) && !strings.Contains(text, needs) {
			t.Errorf("%q matches %q without %q", expr, text, needs)
		}
	})
}
