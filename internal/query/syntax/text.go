package syntax

import "strings"

// unquote decodes the body of a quoted string: \' \" \\ and \n \r \t. Any other
// backslash stays, because patterns are written in such strings.
func unquote(body string) string {
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c != '\\' || i+1 == len(body) {
			b.WriteByte(c)
			continue
		}
		i++
		switch body[i] {
		case '\'', '"', '\\':
			b.WriteByte(body[i])
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		default:
			b.WriteByte('\\')
			b.WriteByte(body[i])
		}
	}
	return b.String()
}

// unquotePattern decodes the body of a regular expression, in which only the
// single quote needs its backslash for the sake of the query's syntax.
func unquotePattern(body string) string {
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] == '\\' && i+1 < len(body) {
			i++
			if body[i] != '\'' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(body[i])
	}
	return b.String()
}

// quote is the inverse of unquote. It doubles a backslash only where it must.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\'':
			b.WriteString(`\'`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\\':
			b.WriteByte('\\')
			if i+1 == len(s) || strings.IndexByte("'\"\\nrt\n\r\t", s[i+1]) >= 0 {
				b.WriteByte('\\')
			}
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// quotePattern is the inverse of unquotePattern.
func quotePattern(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			b.WriteString(`\'`)
		case s[i] == '\\' && i+1 < len(s) && s[i+1] != '\'':
			b.WriteString(s[i : i+2])
			i++
		case s[i] == '\\' && i+1 == len(s):
			b.WriteString(`\\`)
		case s[i] == '\\':
			// An escaped quote: the next round writes its backslash.
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// expand replaces each $name in s that vars knows; done says whether there was one.
func expand(s string, vars map[string]string) (out string, done bool) {
	if len(vars) == 0 || strings.IndexByte(s, '$') < 0 {
		return s, false
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "$")
		b.WriteString(before)
		if !found {
			return b.String(), done
		}
		n := identifier(after)
		if value, ok := vars[after[:n]]; ok && n > 0 {
			b.WriteString(value)
			done = true
		} else {
			b.WriteString("$" + after[:n])
		}
		s = after[n:]
	}
}
