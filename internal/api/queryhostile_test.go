package api

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostileQuery is a query that could hurt a careless server, and what is answered:
// rows, or a message that holds wrong.
type hostileQuery struct {
	name, text string
	from       time.Time // zero: the minutes of the records
	rows       string    // as JSON
	wrong      string
}

func hostileQueries() []hostileQuery {
	years := begin.AddDate(-10, 0, 0)
	return []hostileQuery{
		{name: "a megabyte in one phrase", text: "'" + strings.Repeat("x", 1<<20-20) + "' | stats count", rows: `[[0]]`},
		{name: "more than a megabyte", text: strings.Repeat("x ", 1<<19) + "y", wrong: "The query has 1048577 bytes; at most 1048576 are allowed"},
		{name: "a megabyte of words", text: strings.Repeat("x ", 1<<19-1), wrong: "words and phrases"},
		{name: "10,000 parentheses", text: strings.Repeat("(", 10_000) + "x" + strings.Repeat(")", 10_000), wrong: "nested more than"},
		{name: "10,000 parentheses in an expression", text: "* | where " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), wrong: "nested more than"},
		{name: "1,000 pipes", text: "*" + strings.Repeat(" | head 5", 1000), wrong: "commands"},
		{name: "a regular expression that explodes", text: `* | eval Text = 'Original Log Content' | extract field = Text '(?P<A>(a+)+$)' | stats count(A)`, rows: `[[0]]`},
		{name: "a repetition that explodes", text: `* | extract '(?P<A>((a{1000}){1000}){1000})'`, wrong: "EXTRACT"},
		{name: "division by zero", text: "* | head 1 | eval x = 1 / 0, y = 1 % 0, z = 0 / 0 | fields -*, x, y, z", rows: `[[null,null,null]]`},
		{name: "division of groups by zero", text: "* | stats count as n | eval x = n / (n - n) | fields -*, x", rows: `[[null]]`},
		{name: "1 ms over ten years", text: "* | timestats span = 1ms count", from: years, wrong: "1ms"},
		{name: "1 s over ten years", text: "* | timestats span = 1second count as n | where n > 0 | fields -*, n", from: years, rows: `[[30]]`},
		{name: "a trend of 1 s over ten years", text: "* | stats trend(count, 1second) as t | fields -*", from: years, rows: `[[]]`},
		{name: "a number that does not fit", text: "* | where 'Content Size' = 99999999999999999999 | stats count", rows: `[[0]]`},
		{name: "a product that does not fit", text: "* | head 1 | eval x = 9223372036854775807 * 9223372036854775807 | fields -*, x", rows: `[[null]]`},
		{name: "squares that do not fit", text: "* | eval x = if('Resource Operations' = DELETE, 1e300, 0) | stats stddev(x) as s", wrong: "LimitExceeded a number that the query computes does not fit"},
		{name: "powers that do not fit", text: "* | head 1 | eval x = power(0, -1), y = power(1e300, 2), z = power(-8, 0.5), f = 1e300 * 1e300 | fields -*, x, y, z, f", rows: `[[null,null,null,null]]`},
		{name: "an exponent that does not fit", text: "* | where 1e999 > 1 | stats count", wrong: "1e999"},
		{name: "a limit that does not fit", text: "* | head 99999999999999999999", wrong: "HEAD"},
		{name: "a field named like a keyword", text: "* | stats count as 'by' | eval 'and' = 'by' + 1 | sort -'by' | fields 'by', 'and'", rows: `[[30,31]]`},
		{name: "keywords without quotes", text: "* | stats count as by", wrong: "STATS"},
		{name: "SQL in a value", text: `'User Name' = 'x\' or 1=1; drop table records; --' | stats count`, rows: `[[0]]`},
		{name: "SQL in a pattern", text: `'User Name' like '%\' or \'1\'=\'1' | stats count`, rows: `[[0]]`},
		{name: "SQL in names", text: `* | stats count as 'n"; select 1; --' by 'User Name' | sort -'n"; select 1; --', 'User Name' | head 1`, rows: `[["ann@example.com",10]]`},
		{name: "SQL in a format", text: `* | head 1 | eval x = formatdate(Time, '\'); select 1; --') | fields -*, x`, rows: `[["); select 1; --"]]`},
		{name: "a function of the engine", text: "* | eval x = read_text('/etc/passwd')", wrong: "read_text"},
		{name: "a zero byte", text: "'User Name' = 'a\x00b' or 'c\x00d' | stats count as 'e\x00f'", rows: `[[0]]`},
	}
}

// TestHostileQueries asks through the real API and engine. An answer takes no
// more memory than a few copies of the longest query.
func TestHostileQueries(t *testing.T) {
	g := realRig(t)
	for _, c := range hostileQueries() {
		t.Run(c.name, func(t *testing.T) {
			from := c.from
			if from.IsZero() {
				from = begin
			}
			body, err := json.Marshal(map[string]any{"query": c.text, "from": from, "to": begin.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			code, m := g.local("POST", "/ledgerline/v1/query", string(body))
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			t.Logf("%v, %d kB", took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>10)
			if got := after.TotalAlloc - before.TotalAlloc; got > 400<<20 {
				t.Errorf("%d MB were allocated", got>>20)
			}
			if c.wrong != "" {
				if text := fmt.Sprint(m["code"], " ", m["message"]); code != 400 || !strings.Contains(text, c.wrong) || len(text) > 20_000 {
					t.Errorf("%d %.600s, want %s", code, text, c.wrong)
				}
				return
			}
			rows, err := json.Marshal(m["rows"])
			if err != nil || code != 200 || string(rows) != c.rows {
				t.Errorf("%d %.300s %.300v, want %s", code, rows, m["message"], c.rows)
			}
		})
	}
	// Bytes that are no UTF-8 do not survive JSON: they become the replacement character.
	if code, m := g.local("POST", "/ledgerline/v1/query", "{\"query\":\"'User Name' = '\xff\xfe' | stats count\"}"); code != 200 && code != 400 {
		t.Errorf("invalid UTF-8: %d %v", code, m)
	}
}

// An answer carries what looks like a slip of the text: in our own call, in
// Oracle's, and while the query is typed.
func TestHintsReachTheCaller(t *testing.T) {
	g := realRig(t)
	const text = "* | where 'User Name' = Statsu"
	for target, body := range map[string]string{
		"/ledgerline/v1/query":                           `{"query":"` + text + `"}`,
		"/ledgerline/v1/check":                           `{"query":"` + text + `"}`,
		"/20200601/namespaces/demo/search/actions/query": `{"compartmentId":"` + tenancy + `","subSystem":"LOG","queryString":"` + text + `"}`,
	} {
		code, m := g.local("POST", target, body)
		if hints := fmt.Sprint(m["hints"]); code != 200 || !strings.Contains(hints, "'Status'") {
			t.Errorf("%s: %d, hints %v", target, code, hints)
		}
	}
}

// Clients of Oracle's calls read mistakes in the wording of its service, with
// their places; our own calls show them with an underline.
func TestMistakesInTheServicesWording(t *testing.T) {
	g := realRig(t)
	const text = "* | where 'User Name' like 'a%' | sort Nam"
	code, m := g.local("POST", "/20200601/namespaces/demo/search/actions/query", `{"compartmentId":"`+tenancy+`","subSystem":"LOG","queryString":"`+text+`"}`)
	message := fmt.Sprint(m["message"])
	if want := "where 'User Name' like.  Unexpected input for WHERE: like.  Syntax: WHERE <expression>\n  line 1, column 23:\n  " + text +
		"\n                        ^~~~\n  Did you mean "; code != 400 ||
		m["code"] != "InvalidParameter" || !strings.HasPrefix(message, want) {
		t.Errorf("%d %s", code, message)
	}
	if code, m = g.local("POST", "/ledgerline/v1/query", `{"query":"`+text+`"}`); code != 400 || !strings.Contains(fmt.Sprint(m["message"]), "\n                        ^~~~\n") {
		t.Errorf("%d %v", code, m["message"])
	}
}
