package syntax

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// firstMessage parses a text that must fail.
func firstMessage(t *testing.T, text string) string {
	t.Helper()
	_, err := Parse(text)
	var es *Errors
	if !errors.As(err, &es) {
		t.Fatalf("%.60q… of %d bytes is accepted", text, len(text))
	}
	if n := len(err.Error()); n > 100_000 {
		t.Errorf("the error has %d bytes", n)
	}
	return es.List[0].Message
}

func TestLimits(t *testing.T) {
	deep := fmt.Sprintf("The query is nested more than %d levels deep", MaxDepth)
	for name, c := range map[string]struct{ text, want string }{
		"too long":             {strings.Repeat("a ", MaxBytes/2) + "b", fmt.Sprintf("The query has %d bytes; at most %d are allowed", MaxBytes+1, MaxBytes)},
		"parentheses":          {"* | where " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), deep},
		"search parentheses":   {strings.Repeat("(", 10_000) + "a" + strings.Repeat(")", 10_000), deep},
		"open parentheses":     {strings.Repeat("(", MaxBytes), deep},
		"brackets":             {strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), deep},
		"open brackets":        {strings.Repeat("[ a | addfields ", 10_000), "Missing input for SEARCH: the ] for this ["},
		"not":                  {strings.Repeat("not ", 10_000) + "a", deep},
		"where not":            {"* | where " + strings.Repeat("not ", 10_000) + "a", deep},
		"minus":                {"* | where " + strings.Repeat("-", 10_000) + "a", deep},
		"sum":                  {"* | where a" + strings.Repeat("+a", 100_000), deep},
		"product":              {"* | where a" + strings.Repeat("*a", 100_000), deep},
		"comparison":           {"* | where a" + strings.Repeat("=a", 100_000), deep},
		"chains in chains":     {"* | where " + strings.Repeat("(", 30) + "a" + strings.Repeat(strings.Repeat("+a", 200)+")", 30), deep},
		"calls":                {"* | eval x = " + strings.Repeat("lower(", 10_000), deep},
		"time calls":           {"Time > " + strings.Repeat("dateadd(", 10_000), deep},
		"commands":             {"*" + strings.Repeat(" | head", 1001), "The query has more than 1001 commands"},
		"commands in brackets": {strings.Repeat("[*|head]", 1000), "The query has more than 1001 commands"},
		"invalid UTF-8":        {"a = '\xff'", "The query is not valid UTF-8: byte 0xff"},
		"cut character":        {"a = 'ä" + "ä"[:1], "The query is not valid UTF-8: byte 0xc3"},
		"growing variables":    {growing(), "The variables make the query too long"},
	} {
		if got := firstMessage(t, c.text); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// growing doubles a variable with every block.
func growing() string {
	text := "init { $v0 = 'xxxxxxxxxxxxxxxx' } "
	for i := range 60 {
		text += fmt.Sprintf("init { $v%d = '$v%d$v%d' } ", i+1, i, i)
	}
	return text + "*"
}

func TestLargeQueriesParse(t *testing.T) {
	for name, text := range map[string]string{
		"1,000 pipes":       "*" + strings.Repeat(" | where a = 1", 1000),
		"a long list":       "A in (x" + strings.Repeat(", x", 50_000) + ")",
		"many conditions":   "a" + strings.Repeat(" or a", 30_000),
		"implicit and":      strings.Repeat("a ", MaxBytes/2),
		"where conditions":  "* | where a" + strings.Repeat(" and a", 30_000),
		"a long value":      "A = '" + strings.Repeat("x", MaxBytes-10) + "'",
		"many variables":    "init { $a = 'b' } A in ('$a'" + strings.Repeat(", '$a'", 20_000) + ")",
		"nested as allowed": "* | where " + strings.Repeat("(", MaxDepth) + "1" + strings.Repeat(")", MaxDepth),
	} {
		q, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %.300v", name, err)
			continue
		}
		printed := q.String()
		if len(printed) > MaxBytes {
			continue // quotes and `and` made it longer than may be read
		}
		again, err := Parse(printed)
		if err != nil {
			t.Errorf("%s: printed: %.300v", name, err)
		} else if d := difference(q, again); d != "" {
			t.Errorf("%s: %.300s", name, d)
		}
	}
}

// The list of mistakes is bounded, too.
func TestManyMistakes(t *testing.T) {
	_, err := Parse("*" + strings.Repeat(" | foo", 900))
	var es *Errors
	if !errors.As(err, &es) || len(es.List) != maxErrors {
		t.Errorf("not %d errors: %.200v", maxErrors, err)
	}
}
