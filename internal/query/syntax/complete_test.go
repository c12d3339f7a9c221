package syntax

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The caret marks the offset. What is expected reads
// "command: expectations; prefix; field or option".
func TestComplete(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"^", "search: field; ;"},
		{"Sev^", "search: field; Sev;"},
		{"'Log So^", "search: field; Log So;"},
		{"'Log Source' ^", "search: operator; ;"},
		{"'Log Source' = ^", "search: value; ; Log Source"},
		{"'Log Source' = 'Lin^ux'", "search: value; Lin; Log Source"},
		{"Severity not in (a, ^", "search: value; ; Severity"},
		{"Severity not like in (^", "search: value; ; Severity"},
		{"Time between a and ^", "search: value; ; Time"},
		{"a and (^", "search: field; ;"},
		{"a | ^", ": command; ;"},
		{"a | sta^", ": command; sta;"},
		{"a | stats ^", "stats: function; ;"},
		{"a | stats count, ^", "stats: function; ;"},
		{"a | stats sum(^", "stats: field; ;"},
		{"a | stats sum(b) ^", "stats: operator; ;"},
		{"a | stats sum(b) by c, ^", "stats: field; ;"},
		{"a | timestats ^", "timestats: option function; ;"},
		{"a | timestats span = ^", "timestats: value; ; span"},
		{"a | timestats span = 5min ^count", "timestats: option function; ;"},
		{"a | compare timeshift = -7d ^", "compare: option field; ;"},
		{"a | where ^", "where: field function value; ;"},
		{"a | where b > ^", "where: field function value; ;"},
		{"a | where b ^", "where: operator; ;"},
		{"a | eval ^", "eval: field; ;"},
		{"a | eval b = concat(c, ^", "eval: field function value; ;"},
		{"a | eval b = concat(c, d), ^", "eval: field; ;"},
		{"a | sort -^", "sort: field; ;"},
		{"a | link A | addfields [ ^", "search: field; ;"},
		{"a | addfields [ b | ^", ": command; ;"},
		{"a | addfields [ b | stats count ] | ^", ": command; ;"},
		{"init { $a = ^", "init: field function value; ;"},
		{"init { $a = 1 } ^", "search: field; ;"},
		{"a /* no ^ */", ": ; ;"},
		{"searchlookup ^", "searchlookup: option field; ;"},
	} {
		before, after, _ := strings.Cut(c.text, "^")
		got := Complete(before+after, len(before))
		var words []string
		for _, e := range got.Expect {
			words = append(words, string(e))
		}
		s := fmt.Sprintf("%s: %s; %s; %s", got.Command, strings.Join(words, " "), got.Prefix, got.Field+got.Option)
		if strings.TrimSpace(s) != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, s, c.want)
		}
		if got.End != len(before) || !strings.HasSuffix(before[got.Start:], got.Prefix) {
			t.Errorf("%s: replaces %v", c.text, got.Span)
		}
	}
	// Options already given are not offered again.
	got := Complete("* | timestats span = 5min name = 'x' ", 100)
	if want := []string{"field", "topcount", "bottomcount", "maxvalues"}; !slices.Equal(got.Options, want) {
		t.Errorf("options %v, want %v", got.Options, want)
	}
}

func TestTokens(t *testing.T) {
	const text = "init { $a = 1 } 'Log Source' in (x, 5min) // note\n| stats count(y) as stats by #fff 2.5 | bad 'open"
	kinds := map[TokenKind]string{TokenWord: "word", TokenString: "string", TokenNumber: "number", TokenDuration: "duration",
		TokenVariable: "variable", TokenColor: "color", TokenPipe: "pipe", TokenOperator: "operator", TokenPunct: "punct",
		TokenComment: "comment", TokenCommand: "command", TokenKeyword: "keyword", TokenFunction: "function", TokenInvalid: "invalid"}
	var got []string
	for _, token := range Tokens(text) {
		if token.Kind != TokenPunct {
			got = append(got, kinds[token.Kind]+" "+text[token.Start:token.End])
		}
	}
	want := []string{"command init", "variable $a", "operator =", "number 1", "string 'Log Source'", "keyword in", "word x", "duration 5min",
		"comment // note", "pipe |", "command stats", "function count", "word y", "keyword as", "word stats", "keyword by", "color #fff",
		"number 2.5", "pipe |", "word bad", "invalid 'open"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The table of commands and the parser agree: each option it lists is read,
// and each command it lists has a parser.
func TestCommandTable(t *testing.T) {
	for i, info := range CommandInfos() {
		if i > 0 && CommandInfos()[i-1].Name >= info.Name {
			t.Errorf("%s is out of order", info.Name)
		}
		for _, option := range info.Options {
			message := firstMessage(t, "* | "+info.Name+" "+option+" = ")
			if message != "Missing input for "+strings.ToUpper(info.Name) {
				t.Errorf("%s %s =: %s", info.Name, option, message)
			}
		}
		if _, err := Parse("* | " + info.Name + " )"); err == nil && info.Usage != "..." {
			t.Errorf("%s reads anything", info.Name)
		}
	}
}
