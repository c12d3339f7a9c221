package store_test

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"ledgerline/internal/store"
)

// TestHoldsPhrase compares with a regular expression that says the same.
func TestHoldsPhrase(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	letters := []string{"a", "A", "b", "é", "É", "k", "\u212a", "7", "_", " ", "-", "“", "日", "", "."}
	made := func(n int) (s string) {
		for range n {
			s += letters[r.IntN(len(letters))]
		}
		return s
	}
	const word = `[\pL\p{Nd}_]`
	begins, ends := regexp.MustCompile(`^`+word), regexp.MustCompile(word+`$`)
	found := 0
	for range 40 {
		phrase := made(1 + r.IntN(3))
		expression := regexp.QuoteMeta(phrase)
		if begins.MatchString(phrase) {
			expression = `(?:^|[^\pL\p{Nd}_])` + expression
		}
		if ends.MatchString(phrase) {
			expression += `(?:$|[^\pL\p{Nd}_])`
		}
		same := regexp.MustCompile(`(?is)` + expression)
		for range 500 {
			text := made(r.IntN(10))
			want := same.MatchString(text)
			if want {
				found++
			}
			if got := store.HoldsPhrase(text, phrase); got != want {
				t.Errorf("%q in %q: %t", phrase, text, got)
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d of the texts hold their phrase", found)
	}
}
