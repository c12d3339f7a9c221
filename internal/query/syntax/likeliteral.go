package syntax

import "strings"

// LikeLiteral makes a text a pattern of like that matches itself. The language has no
// way to write a backslash before a wildcard: there ? stands for it.
func LikeLiteral(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.IndexByte("*%?", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\\' && (i+1 == len(s) || strings.IndexByte(`*%?\`, s[i+1]) >= 0):
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
