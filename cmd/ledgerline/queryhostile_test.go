package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileQueriesFromTheCommandLine sends what could hurt a careless server
// or terminal through `ledgerline query`: each is answered rightly, as CSV, or
// is one clear error, and the server answers the next.
func TestHostileQueriesFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	n := w.serve(0)
	var lines []string
	for i := range 3 {
		at := n.now().UTC().Add(-time.Hour).Format("2006-01-02T15:04:05.000Z")
		lines = append(lines, fmt.Sprintf(`{"timeStamp":%q,"userName":"ann@example.com","operationName":"EDIT","resourceType":"Integration","resourceCode":"FLOW%d","auditTrailMessage":"flow %d"}`, at, i, i))
	}
	take(t, n, "OCI Integration Audit Logs", lines...)
	for _, c := range []struct {
		name, text string
		csv        string
		wrong      string // in what is said on the terminal
		flags      []string
	}{
		{name: "a megabyte in one phrase", text: "'" + strings.Repeat("x", 1<<20-30) + "' | stats count as n", csv: "n\n0\n"},
		{name: "more than a megabyte", text: strings.Repeat("x ", 1<<19) + "y", wrong: "at most 1048576"},
		{name: "10,000 parentheses", text: strings.Repeat("(", 10_000) + "x" + strings.Repeat(")", 10_000), wrong: "nested more than"},
		{name: "1,000 pipes", text: "*" + strings.Repeat(" | head 5", 1000), wrong: "commands"},
		{name: "a regular expression that explodes", text: `* | eval Text = 'Original Log Content' | extract field = Text '(?P<A>(a+)+$)' | stats count(A) as n`, csv: "n\n0\n"},
		{name: "a repetition that explodes", text: `* | extract '(?P<A>((a{1000}){1000}){1000})'`, wrong: "EXTRACT"},
		{name: "division by zero", text: "* | head 1 | eval x = 1 / 0, y = 1 % 0 | fields -*, x, y", csv: "x,y\n,\n"},
		{name: "1 ms over ten years", text: "* | timestats span = 1ms count", wrong: "1ms", flags: []string{"--last", "3650d"}},
		{name: "1 s over ten years", text: "* | timestats span = 1second count as n | where n > 0 | fields -*, n", csv: "n\n3\n", flags: []string{"--last", "3650d"}},
		{name: "a number that does not fit", text: "* | where 'Content Size' = 99999999999999999999 | stats count as n", csv: "n\n0\n"},
		{name: "an exponent that does not fit", text: "* | where 1e999 > 1 | stats count", wrong: "1e999"},
		{name: "a product that does not fit", text: "* | head 1 | eval x = 9223372036854775807 * 9223372036854775807, y = 1 | fields -*, x, y", csv: "x,y\n,1\n"},
		{name: "invalid UTF-8", text: "'User Name' = '\xff\xfe' | stats count as n", csv: "n\n0\n"},
		{name: "invalid UTF-8 outside of quotes", text: "* | stats \xff\xfe", wrong: "line 1, column 11"},
		{name: "a field named like a keyword", text: "* | stats count as 'by' | eval 'and' = 'by' + 1 | fields 'by', 'and'", csv: "by,and\n3,4\n"},
		{name: "keywords without quotes", text: "* | stats count as by", wrong: "STATS"},
		{name: "SQL in a value", text: `'User Name' = 'x\' or 1=1; drop table records; --' | stats count as n`, csv: "n\n0\n"},
		{name: "SQL in names", text: `* | stats count as 'n"; select 1; --'`, csv: "\"n\"\"; select 1; --\"\n3\n"},
		{name: "a function of the engine", text: "* | eval x = read_text('/etc/passwd')", wrong: "read_text"},
		{name: "a zero byte", text: "'User Name' = 'a\x00b' | stats count as n", csv: "n\n0\n"},
		{name: "a command for the terminal", text: "* | stats \x1b[2J", wrong: "STATS"},
		{name: "a flag", text: "--output=/etc/passwd", wrong: "is not a format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"query", "-o", "csv", "--last", "2h"}, c.flags...)
			if !strings.HasPrefix(c.text, "-") {
				args = append(args, "--")
			}
			out, problems, code := w.ask(append(args, c.text)...)
			if c.wrong == "" && (code != exitDone || out != c.csv) {
				t.Errorf("exit %d: %.300q %.600s, want %q", code, out, problems, c.csv)
			}
			if c.wrong != "" && (code == exitDone || out != "" || !strings.Contains(problems, c.wrong) || len(problems) > 20_000) {
				t.Errorf("exit %d: %.300q %.600s, want %s", code, out, problems, c.wrong)
			}
			if strings.Contains(problems, "\x1b") {
				t.Errorf("the terminal is told %.300q", problems)
			}
		})
	}
	if got := w.must("query", "-o", "csv", "* | stats count as n"); got != "n\n3\n" {
		t.Errorf("afterwards: %q", got)
	}
}
