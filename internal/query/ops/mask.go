package ops

import (
	"regexp"
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
		`[a-zA-Z]+://` + word + `+`,
		`[\w.%+-]+@[\w-]+\.[\w.-]+`,
		`\B/` + word + `+`,
		`\b[0-9a-fA-F]{8,}\b`,
		`[^` + separators + `:]*\d` + word + `*`,
	}, "|"), Wildcard}
}

// Mask returns the signature of a message. Engines compute the same from the
// steps above.
func Mask(message string) string {
	if r := []rune(message); len(r) > MaskLength {
		message = string(r[:MaskLength])
	}
	steps := []Replacement{MaskStep()}
	if strings.HasPrefix(message, "{") {
		steps = append(JSONSteps(), steps...)
	}
	for _, s := range steps {
		message = regexp.MustCompile(s.Pattern).ReplaceAllLiteralString(message, s.With)
	}
	return message
}
