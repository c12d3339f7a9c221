package connect

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanRemovesWhatMustNotBeSeen(t *testing.T) {
	for in, want := range map[string]string{
		"plain words":                       "plain words",
		"two\r\nlines\tand\x00a\x1b[31mtab": "two lines anda[31mtab",
		"bidi \u202e override":              "bidi override",
		"Authorization: Bearer abc.def-1":   "Authorization: [removed]",
		"the secret is hunter2!":            "the secret is [removed]!",
		"split: hun\x00ter2":                "split: [removed]",
		`{"client_secret":"x y","a":1}`:     `{"[removed] y","a":1}`,
		"ST$eyJhbGciOi.x.y and more":        "[removed] and more",
		`headers="d",signature="QUJD=="`:    `headers="d",[removed]`,
		"token eyJhbGciOiJIUzI1NiJ9.e30.c2": "token [removed]",
	} {
		if got := clean(in, "hunter2"); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x00b", "secret")
	f.Add("\xb1", "\xef") // a secret may not cut the mark of bad text in two
	f.Add(strings.Repeat("ä", 1000), "")
	f.Fuzz(func(t *testing.T, text, hidden string) {
		got := clean(text, hidden)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxMessage {
			t.Fatalf("%q is not valid or too long", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || r == '\u2028' || r == '\u202e' {
				t.Fatalf("%q holds the control character %U", got, r)
			}
		}
	})
}

func TestWaitsAreBoundedAndHonourRetryAfter(t *testing.T) {
	p := RetryPolicy{Random: func() float64 { return 1 }}.withDefaults()
	// The ceiling doubles from a second to thirty.
	for n, want := range []float64{1, 2, 4, 8, 16, 30, 30} {
		if got := p.wait(n+1, 0).Seconds(); got != want {
			t.Errorf("wait %d is %v s, want %v", n+1, got, want)
		}
	}
	p.Random = func() float64 { return 0 }
	if got := p.wait(3, 7e9).Seconds(); got != 7 {
		t.Errorf("Retry-After of 7 s waited %v s", got)
	}
	if got := p.wait(1000, 0); got < 0 || got > p.Cap {
		t.Errorf("wait 1000 is %v", got)
	}
}
