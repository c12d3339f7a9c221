package syntax

import (
	"errors"
	"testing"
	"unicode/utf8"
)

func seeds(f *testing.F) {
	for _, text := range acceptedQueries() {
		f.Add(text)
	}
	for seed := range uint64(60) {
		f.Add(newGenerator(seed, 0).query(true).String())
	}
	for _, text := range []string{"", "* |", "'", `'\`, "/*", "a//b", "[", "[]", "| |", "$", "#12345", "5..5", "a*b*", "\xff", "\ufeff", "init {", "init{$a=b}$a"} {
		f.Add(text)
	}
}

// FuzzLex checks that tokens cover the text but for space, and that an editor
// can ask about every offset.
func FuzzLex(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, token := range Tokens(text) {
			if token.Start < end || token.End <= token.Start || token.End > len(text) {
				t.Fatalf("%q: token %v after offset %d", text, token, end)
			}
			for _, r := range text[end:token.Start] {
				if !isSpace(r) {
					t.Fatalf("%q: %q between tokens", text, r)
				}
			}
			end = token.End
		}
		for _, r := range text[end:] {
			if !isSpace(r) {
				t.Fatalf("%q: %q after the last token", text, r)
			}
		}
		for offset := 0; offset <= min(len(text), 50); offset++ {
			c := Complete(text, offset)
			if c.Start > c.End || c.End > offset {
				t.Fatalf("%q: completion at %d replaces %v", text, offset, c.Span)
			}
		}
	})
}

// FuzzParse checks that every text is refused with places inside it, or reads
// the same after printing.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			var es *Errors
			if !errors.As(err, &es) || len(es.List) == 0 {
				t.Fatalf("%q: not a list of errors: %v", text, err)
			}
			for _, e := range es.List {
				if e.Start < 0 || e.Start > e.End || e.End > len(text) || e.Line < 1 || e.Column < 1 || e.Message == "" {
					t.Fatalf("%q: error %+v", text, e)
				}
			}
			if !utf8.ValidString(es.Error()) {
				t.Fatalf("%q: the message is not UTF-8: %q", text, es.Error())
			}
			return
		}
		printed := q.String()
		if len(printed) > MaxBytes {
			return
		}
		again, err := Parse(printed)
		if err != nil {
			t.Fatalf("%q prints as %q, which does not parse:\n%v", text, printed, err)
		}
		if diff := difference(q, again); diff != "" {
			t.Fatalf("%q prints as %q, which differs: %s", text, printed, diff)
		}
		checkSpans(t, text, q)
	})
}
