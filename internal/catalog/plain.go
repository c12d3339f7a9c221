package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Plain reports whether a text can be a name: it is what it looks like, without
// control characters and without what cannot be seen or turns the direction of what
// follows (Unicode's categories Cf, Zl and Zp).
func Plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) })
}

// unmistakable reports whether no other spelling of a name is as good as this one:
// a long s or the Kelvin sign would be an s or a k in any letter case.
func unmistakable(name string) bool { return norm.NFKC.IsNormalString(name) }
