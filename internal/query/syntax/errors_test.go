package syntax

import (
	"errors"
	"strings"
	"testing"
)

// Each mistake is given as "token|message|suggestion"; an empty token is
// something missing. Place and token must agree with the text.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"* |", []string{"|Missing input for COMMAND|"}},
		{"* | | head", []string{"|Missing input for COMMAND|"}},
		{"* | foo", []string{"foo|Unexpected input for COMMAND: foo|"}},
		{"* | statz count", []string{"statz|Unexpected input for COMMAND: statz|stats"}},
		{"* | link A | timecluster sum(Count)", []string{"|Missing input for TIMECLUSTER|"}},
		{"* | timestats topcount = 5 bottomcount = 6 count by A", []string{"6|Unexpected input for TIMESTATS: topcount and bottomcount together (give one of the two)|"}},
		{"* | where X like 'a%'", []string{"like|Unexpected input for WHERE: like|contains(<field>, '<text>'), or like in the search clause"}},
		{"* | where X between 1 and 2", []string{"between|Unexpected input for WHERE: between|>= and <="}},
		{`'Pipe' = '\'`, []string{`'\'|Unexpected input for SEARCH: '\' (the quote is not closed; a backslash before a quote makes it part of the string)|`}},
		{"* | where (:id = null)", []string{":|Unexpected input for WHERE: :|"}},
		{"* | stats sum()", []string{")|Missing input for SUM|"}},
		{"* | stats sum", []string{"|Missing input for SUM|"}},
		{"* | stats sum(a, b)", []string{"b|Unexpected input for SUM: b|"}},
		{"* | stats coutn by x", []string{"coutn|Unexpected input for STATS: coutn|count"}},
		{"* | eval x = lenght(y)", []string{"lenght|Unexpected input for EVAL: lenght|length"}},
		{"* | eval x = round(lenght(y))", []string{"lenght|Unexpected input for EVAL: lenght|length"}},
		{"A in ()", []string{")|Unexpected input for SEARCH: )|"}},
		{"A in (a, )", []string{")|Unexpected input for SEARCH: )|"}},
		{"A = ", []string{"|Missing input for SEARCH|"}},
		{"a and", []string{"|Missing input for SEARCH|"}},
		{"(a or b", []string{"|Missing input for SEARCH|"}},
		{"a )", []string{")|Unexpected input for SEARCH: )|"}},
		{"a || b", []string{"|||Unexpected input for SEARCH: |||or"}},
		{"A = by", []string{"by|Unexpected input for SEARCH: by|'by'"}},
		{"Time > dateRelativ(1hour)", []string{"dateRelativ|Unexpected input for SEARCH: dateRelativ|daterelative"}},
		{"stats count by A", []string{"by|Unexpected input for SEARCH: by|* | stats"}},
		{"* | where a == 1", []string{"=|Unexpected input for WHERE: =|a single ="}},
		{"* | where a <> 1", []string{">|Unexpected input for WHERE: >|!="}},
		{"* | where a = 1 adn b = 2", []string{"adn|Unexpected input for WHERE: adn|and"}},
		{"* | where a = $b", []string{"$b|Unexpected input for WHERE: $b (no init block defines it)|"}},
		{"init { $bb = 1 } x = $b", []string{"$b|Unexpected input for SEARCH: $b (no init block defines it)|$bb"}},
		{"* | eval not = 3", []string{"not|Unexpected input for EVAL: not|'not'"}},
		{"* | stats count usin A", []string{"usin|Unexpected input for STATS: usin|"}},
		{"* | rename a sa b", []string{"sa|Unexpected input for RENAME: sa|as"}},
		{"* | stats count,", []string{"|Missing input for STATS|"}},
		{"* | timestats spam = 5min count", []string{"spam|Unexpected input for TIMESTATS: spam|span"}},
		{"* | timestats span = 5 count", []string{"5|Unexpected input for TIMESTATS: 5|"}},
		{"* | timestats span = 0min count", []string{"0min|Unexpected input for TIMESTATS: 0min (it must be longer than zero)|"}},
		{"* | timestats span = 1h span = 2h count", []string{"span|Unexpected input for TIMESTATS: span (given twice)|"}},
		{"* | timestats span = 99999999999999999999s count", []string{"99999999999999999999s|Unexpected input for TIMESTATS: 99999999999999999999s (the number is too large)|"}},
		{"* | head 99999999999999999999", []string{"99999999999999999999|Unexpected input for HEAD: 99999999999999999999 (a whole number of at most 18 digits is needed)|"}},
		{"* | head 1.5", []string{"1.5|Unexpected input for HEAD: 1.5 (a whole number of at most 18 digits is needed)|"}},
		{"* | head lmit", []string{"lmit|Unexpected input for HEAD: lmit|limit"}},
		{"* | link includenulls = yes A", []string{"yes|Unexpected input for LINK: yes|"}},
		{"* | lookup select a using b", []string{"select|Unexpected input for LOOKUP: select (table = must stand before it)|"}},
		{"* | searchlookup", []string{"|Missing input for SEARCHLOOKUP: table =|"}},
		{"* | outlier action = filtre a", []string{"filtre|Unexpected input for OUTLIER: filtre|filter"}},
		{"* | compare timeshift = -1d timerange = 'a' to 'b'", []string{"compare timeshift = -1d timerange = 'a' to 'b'|Unexpected input for COMPARE: timerange together with timeshift, size or count|"}},
		{"* | sequence name = s [ a ]{3,2} select b", []string{"3,2|Unexpected input for SEQUENCE: the maximum is less than the minimum|"}},
		{"* | geostats include = custom,client count", []string{"client|Unexpected input for GEOSTATS: client|"}},
		{"* | fields -a as b", []string{"as|Unexpected input for FIELDS: as|"}},
		{"* | macro 'x", []string{"'x|Unexpected input for MACRO: 'x (the quote is not closed; a backslash before a quote makes it part of the string)|"}},
		{"* /* no end", []string{"/* no end|Unexpected input for SEARCH: /* no end (the comment is not closed)|"}},
		{"* | stats count by user-id", []string{"-|Unexpected input for STATS: -|'user-id'"}},
		{"[ a", []string{"[|Missing input for SEARCH: the ] for this [|"}},
		{"a ]", []string{"]|Unexpected input for SEARCH: ]|"}},
		// Several at once, also within a sub-query and around it.
		{"A in () | foo | stats sum() | head 5", []string{")|Unexpected input for SEARCH: )|", "foo|Unexpected input for COMMAND: foo|", ")|Missing input for SUM|"}},
		{"* | addfields [ a = | stats coun ] x\n| haed", []string{"|Missing input for SEARCH|", "coun|Unexpected input for STATS: coun|count",
			"x|Unexpected input for ADDFIELDS: x|", "haed|Unexpected input for COMMAND: haed|head"}},
		{"init { $a = } init { $b = 2 } A in () and B = $a | where = $b", []string{"}|Unexpected input for INIT: }|", ")|Unexpected input for SEARCH: )|",
			"=|Unexpected input for WHERE: =|"}},
	} {
		_, err := Parse(c.text)
		var es *Errors
		if !errors.As(err, &es) {
			t.Errorf("%s: no mistake found", c.text)
			continue
		}
		var got []string
		for _, e := range es.List {
			got = append(got, e.Token+"|"+e.Message+"|"+e.Suggestion)
			line := strings.Split(c.text, "\n")[e.Line-1]
			if rest := string([]rune(line)[e.Column-1:]); !strings.HasPrefix(rest, e.Token) {
				t.Errorf("%s: %q is not at line %d, column %d", c.text, e.Token, e.Line, e.Column)
			}
			if c.text[e.Start:e.End] != e.Token {
				t.Errorf("%s: span %v is not %q", c.text, e.Span, e.Token)
			}
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s\ngot\n%s\nwant\n%s", c.text, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestErrorText(t *testing.T) {
	_, err := Parse("'Größe' = 5 |\n\twhere X like 'a%' | stats coutn")
	want := `line 2, column 10: Unexpected input for WHERE: like
  	where X like 'a%' | stats coutn
  	        ^~~~
  Syntax: WHERE <expression>
  Did you mean contains(<field>, '<text>'), or like in the search clause?
line 2, column 28: Unexpected input for STATS: coutn
  	where X like 'a%' | stats coutn
  	                          ^~~~~
  Syntax: STATS <function> [as <name>] {, <function> [as <name>]} [by <field> {, <field>}]
  Did you mean count?`
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal("no single error inside")
	}
	if got, want := e.Service(), "where X like.  Unexpected input for WHERE: like.  Syntax: WHERE <expression>"; got != want {
		t.Errorf("service wording %q, want %q", got, want)
	}
}

// A long line is cut around the mistake, between characters.
func TestErrorTextOfLongLine(t *testing.T) {
	_, err := Parse("'" + strings.Repeat("ä", 1000) + "' ) '" + strings.Repeat("ö", 1000) + "'")
	lines := strings.Split(err.Error(), "\n")
	if n := len(lines[1]); n > 130 {
		t.Errorf("%d bytes are shown: %s", n, lines[1])
	}
	text, caret := []rune(lines[1]), strings.Index(lines[2], "^")
	if text[caret] != ')' {
		t.Errorf("the caret is under %q:\n%s\n%s", text[caret], lines[1], lines[2])
	}
	if strings.ContainsRune(lines[1], '\uFFFD') || strings.ContainsRune(lines[1], '?') {
		t.Errorf("a character is cut: %s", lines[1])
	}
}

func TestClosest(t *testing.T) {
	names := []string{"Severity", "Log Source", "Status", "Entity"}
	for word, want := range map[string]string{"severty": "Severity", "LogSource": "Log Source", "satus": "Status", "x": "", "": "", "Message": "", "Sattus": "Status"} {
		if got := Closest(word, names); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}

// The planner reports its own mistakes in the same form.
func TestPlannersError(t *testing.T) {
	es := &Errors{Source: "Severty = fatal"}
	if es.Err() != nil {
		t.Error("an empty list is an error")
	}
	es.Add(Error{Span: Span{0, 7}, Message: "Invalid field for SEARCH = operator: Severty", Suggestion: "Severity"})
	want := "line 1, column 1: Invalid field for SEARCH = operator: Severty\n  Severty = fatal\n  ^~~~~~~\n  Did you mean Severity?"
	if got := es.Err().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
