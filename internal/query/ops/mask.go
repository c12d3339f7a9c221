package ops

import (
	"regexp"
	"slices"
	"strings"
)

// MaskLength is how many characters of a message its signature looks at.
const MaskLength = 2000

// Wildcard stands in a signature for what varies.
const Wildcard = "*"

// Replacement is a step of making a signature: every match of Pattern (RE2)
// becomes With.
type Replacement struct{ Pattern, With string }

// separators end a word beside white space.
const separators = `\s=,;()\[\]{}<>|"'`

// JSONSteps come before MaskStep for a text that starts with a brace: the words
// of values stay, names and punctuation go.
func JSONSteps() []Replacement {
	return []Replacement{{`"(?:[^"\\]|\\.)*"\s*:`, " "}, {`[{}\[\],"]+`, " "}}
}

// MaskStep replaces what obviously varies: quoted text, addresses of mail and
// of the web, paths, hexadecimal numbers, and every word with a digit (numbers,
// times, IP addresses, identifiers).
func MaskStep() Replacement {
	word := `[^` + separators + `]`
	return Replacement{strings.Join([]string{
		`"[^"\n]*"`,
		`\B'[^'\n]*'\B`,
		`[^` + separators + `:]*(?:\d` + word + `*|@` + word + `+|://[^\s"'<>]+)`,
		`\B/` + word + `+`,
		`\b[a-fA-F]{8,}\b`,
	}, "|"), Wildcard}
}

// Masker returns the function that makes the signature of a message. It says
// what the steps above mean; engines compute the same from them.
func Masker() func(message string) string {
	type step struct {
		find *regexp.Regexp
		with string
	}
	var json, all []step
	for _, r := range JSONSteps() {
		json = append(json, step{regexp.MustCompile(r.Pattern), r.With})
	}
	last := MaskStep()
	all = append(all, step{regexp.MustCompile(last.Pattern), last.With})
	return func(message string) string {
		if r := []rune(message); len(r) > MaskLength {
			message = string(r[:MaskLength])
		}
		steps := all
		if strings.HasPrefix(message, "{") {
			steps = slices.Concat(json, all)
		}
		for _, s := range steps {
			message = s.find.ReplaceAllLiteralString(message, s.with)
		}
		return message
	}
}
