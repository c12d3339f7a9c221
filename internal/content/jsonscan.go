package content

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The JSON of uploads is read by a scanner of our own rather than a library,
// because three things are needed at once that none gives: the exact bytes of
// each element, going on after damage with what stood before it kept, and
// strings that are slices of the one copy of the body. It accepts exactly what
// RFC 8259 calls JSON, nested up to jsonMaxDepth; a fuzz test holds it against
// encoding/json.

const jsonMaxDepth = 512

// span is a range of bytes of the body.
type span struct{ start, end int }

func (s span) of(body string) string { return body[s.start:s.end] }

// skipBlank returns the index of the next byte that is no JSON white space.
func skipBlank(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// trimBlank drops JSON white space around a text. Other kinds of white space are
// content that must not be lost.
func trimBlank(s string) string { return strings.Trim(s, " \n\r\t") }

// skipValue returns the index after the value that starts at s[i], which is not
// blank. It does not call itself, so that depth costs no stack.
func skipValue(s string, i int) (int, bool) {
	var object [jsonMaxDepth / 64]uint64 // per level: is it an object?
	depth := 0
	for {
		if i >= len(s) {
			return i, false
		}
		ok := true
		switch c := s[i]; c {
		case '{', '[':
			i = skipBlank(s, i+1)
			if i < len(s) && s[i] == c+2 { // '}' is '{'+2, ']' is '['+2
				i++
				break
			}
			if depth == jsonMaxDepth {
				return i, false
			}
			if c == '{' {
				object[depth/64] |= 1 << (depth % 64)
				if i, ok = skipKey(s, i); !ok {
					return i, false
				}
			} else {
				object[depth/64] &^= 1 << (depth % 64)
			}
			depth++
			continue
		case '"':
			i, ok = skipString(s, i)
		default:
			i, ok = skipScalar(s, i)
		}
		if !ok {
			return i, false
		}
		for open := false; !open; {
			if depth == 0 {
				return i, true
			}
			inObject := object[(depth-1)/64]&(1<<((depth-1)%64)) != 0
			i = skipBlank(s, i)
			if i >= len(s) {
				return i, false
			}
			switch {
			case s[i] == ',':
				i, open = skipBlank(s, i+1), true
				if inObject {
					if i, ok = skipKey(s, i); !ok {
						return i, false
					}
				}
			case s[i] == '}' && inObject, s[i] == ']' && !inObject:
				i++
				depth--
			default:
				return i, false
			}
		}
	}
}

// skipKey skips a member name, the colon and blanks.
func skipKey(s string, i int) (int, bool) {
	if i >= len(s) || s[i] != '"' {
		return i, false
	}
	i, ok := skipString(s, i)
	if !ok {
		return i, false
	}
	i = skipBlank(s, i)
	if i >= len(s) || s[i] != ':' {
		return i, false
	}
	return skipBlank(s, i+1), true
}

// skipString skips the string that starts at s[i].
func skipString(s string, i int) (int, bool) {
	i++
	for ; i+8 <= len(s); i += 8 {
		if special(load8(s, i)) {
			break
		}
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1, true
		case c < 0x20:
			return i, false
		case c == '\\':
			i++
			if i >= len(s) {
				return i, false
			}
			switch s[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(s, i+1); !ok {
					return i, false
				}
				i += 4
			default:
				return i, false
			}
		}
	}
	return i, false
}

// load8 reads eight bytes; the compiler makes one load of it.
func load8(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// special reports whether one of eight bytes is a quote, a backslash or below
// 0x20 (the zero-byte test of Warren, Hacker's Delight, section 6-1). It may say
// so of bytes above 0x7F next to such a one, never the opposite.
func special(w uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^ones*'"', w^ones*'\\'
	return ((quote-ones)&^quote|(slash-ones)&^slash|(w-ones*0x20)&^w)&highs != 0
}

// skipScalar skips a number, true, false or null.
func skipScalar(s string, i int) (int, bool) {
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s[i:], word) {
			return i + len(word), true
		}
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	from := i
	if i = skipDigits(s, i); i == from || (s[from] == '0' && i > from+1) {
		return i, false
	}
	if i < len(s) && s[i] == '.' {
		from = i + 1
		if i = skipDigits(s, from); i == from {
			return i, false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from = i
		if i = skipDigits(s, from); i == from {
			return i, false
		}
	}
	return i, true
}

func skipDigits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unquote decodes a valid JSON string with its quotes. Without escapes the
// result is a slice of s. A lone surrogate becomes U+FFFD, as in encoding/json.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b = append(b, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(s, 0)
			s = s[4:]
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if strings.HasPrefix(s, `\u`) {
					low, _ = hex4(s, 2)
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					s = s[6:]
				}
			}
			b = utf8.AppendRune(b, r)
			continue
		}
		b = append(b, c)
	}
	return string(append(b, s...))
}
