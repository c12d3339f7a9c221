package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is one mistake in a query.
type Error struct {
	Span
	Line, Column int    // of the start, from 1; the column counts characters
	Message      string // such as "Unexpected input for WHERE: like"
	Fragment     string // the command as far as the mistake, at most 80 characters
	Token        string // what is wrong; empty where something is missing
	Usage        string // "WHERE <expression>"; empty when it would not help
	Suggestion   string // what to write instead, if it can be guessed
}

// Error returns the message on a line.
func (e *Error) Error() string {
	s := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	if e.Suggestion != "" {
		s += " (did you mean " + e.Suggestion + "?)"
	}
	return s
}

// Service returns the message in the wording of the OCI service:
// "<fragment>.  <message>.  Syntax: <usage>".
func (e *Error) Service() string {
	s := e.Message + "."
	if e.Fragment != "" {
		s = e.Fragment + ".  " + s
	}
	if e.Usage != "" {
		s += "  Syntax: " + e.Usage
	}
	return s
}

// Errors is all the mistakes of a query, in the order of the text.
type Errors struct {
	Source string // the text of the query
	List   []*Error
}

// maxErrors bounds the list; a text with more mistakes than that is not a query.
const maxErrors = 50

// Add records a mistake at e.Span and fills in Line, Column and Token, as far as
// there is a text. The planner uses it for what only it can know.
func (es *Errors) Add(e Error) {
	if es.Full() {
		return
	}
	if e.End <= len(es.Source) {
		before := es.Source[:e.Start]
		e.Line = strings.Count(before, "\n") + 1
		e.Column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		if e.Token == "" {
			e.Token = shorten(es.Source[e.Start:e.End], 60)
		}
	}
	e.Message, e.Token, e.Suggestion = visible(e.Message), visible(e.Token), visible(e.Suggestion)
	es.List = append(es.List, &e)
}

// Full reports whether further mistakes are passed over.
func (es *Errors) Full() bool { return len(es.List) >= maxErrors }

// Err returns the errors, or nil when there is none.
func (es *Errors) Err() error {
	if es == nil || len(es.List) == 0 {
		return nil
	}
	return es
}

// Error prints every mistake with its line of the text, an underline, the usage
// of the command and a suggestion.
func (es *Errors) Error() string {
	var b strings.Builder
	for i, e := range es.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "line %d, column %d: %s", e.Line, e.Column, e.Message)
		es.underline(&b, e)
		if e.Usage != "" {
			b.WriteString("\n  Syntax: " + e.Usage)
		}
		suggest(&b, e)
	}
	return b.String()
}

// Service prints every mistake in the wording of the OCI service, then its place
// as Error does.
func (es *Errors) Service() string {
	var b strings.Builder
	for i, e := range es.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n  line %d, column %d:", e.Service(), e.Line, e.Column)
		es.underline(&b, e)
		suggest(&b, e)
	}
	return b.String()
}

func (es *Errors) underline(b *strings.Builder, e *Error) {
	text, mark := es.excerpt(e.Span)
	fmt.Fprintf(b, "\n  %s\n  %s", text, mark)
}

func suggest(b *strings.Builder, e *Error) {
	if e.Suggestion != "" {
		b.WriteString("\n  Did you mean " + e.Suggestion + "?")
	}
}

// Unwrap gives the single errors to errors.As.
func (es *Errors) Unwrap() []error {
	list := make([]error, len(es.List))
	for i, e := range es.List {
		list[i] = e
	}
	return list
}

// excerptBefore and excerptAfter bound, in bytes, what is shown of a long line.
const (
	excerptBefore = 60
	excerptAfter  = 60
)

// excerpt returns the line of a span, cut when it is long, and its underline.
func (es *Errors) excerpt(at Span) (text, mark string) {
	src := es.Source
	from := max(strings.LastIndexByte(src[:at.Start], '\n')+1, runeStart(src, at.Start-excerptBefore))
	to := runeStart(src, at.Start+excerptAfter)
	if n := strings.IndexByte(src[at.Start:to], '\n'); n >= 0 {
		to = at.Start + n
	}
	blank := func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}
	mark = strings.Map(blank, src[from:at.Start]) + "^"
	if n := utf8.RuneCountInString(src[at.Start:max(at.Start, min(at.End, to))]); n > 1 {
		mark += strings.Repeat("~", n-1)
	}
	return visible(strings.TrimRight(src[from:to], "\r")), mark
}

// visible replaces what a terminal would obey or could not show.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}

// runeStart moves an offset back to the start of a character and into the text.
// A text that is not UTF-8 may have none near; then it gives up.
func runeStart(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	for n := 1; n < utf8.UTFMax && i > 0 && !utf8.RuneStart(s[i]); n++ {
		i--
	}
	return max(i, 0)
}

// shorten cuts a text in the middle to about so many bytes.
func shorten(s string, limit int) string {
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	return s[:runeStart(s, limit/2)] + "…" + s[runeStart(s, len(s)-limit/2):]
}

// Closest returns the candidate that word most probably stands for, comparing
// without case by the number of letters to insert, delete, replace or swap; an
// empty string when none is near: a third of its letters, and at least one, may differ.
func Closest(word string, candidates []string) string {
	word = strings.ToLower(word)
	limit := max(1, len(word)/3)
	if len(word) > 64 {
		return ""
	}
	best, least := "", limit+1
	for _, c := range candidates {
		if len(c)-len(word) >= least || len(word)-len(c) >= least {
			continue
		}
		if d := distance(word, strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the optimal string alignment distance of two words, by bytes.
func distance(a, b string) int {
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, one[j]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}
