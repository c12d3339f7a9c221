// Package jsonscan finds where JSON values lie in a text, without decoding them.
//
// It is a scanner of our own rather than a library, because three things are
// needed at once that none gives: the exact bytes of each element, going on after
// damage with what stood before it kept, and strings that are slices of the one
// copy of the text. It accepts exactly what RFC 8259 calls JSON, nested up to
// MaxDepth; a fuzz test holds it against encoding/json.
package jsonscan

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// MaxDepth is how deep values may be nested.
const MaxDepth = 512

// Valid is json.Valid in a fraction of its time.
func Valid(b []byte) bool {
	s := Text(b)
	end, ok := SkipValue(s, SkipBlank(s, 0))
	return ok && SkipBlank(s, end) == len(s) || json.Valid(b) // which knows deeper nesting
}

// Members calls visit for each member of the object that s is, in their order:
// its decoded name, and its value as it stands. It reports whether s is an object
// and nothing else; when it is not, some members may have been visited.
func Members(s string, visit func(name, value string)) bool {
	i := SkipBlank(s, 0)
	if i >= len(s) || s[i] != '{' {
		return false
	}
	i = SkipBlank(s, i+1)
	if i < len(s) && s[i] == '}' {
		return SkipBlank(s, i+1) == len(s)
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return false
		}
		name := i
		end, ok := SkipString(s, name)
		if !ok {
			return false
		}
		if i = SkipBlank(s, end); i >= len(s) || s[i] != ':' {
			return false
		}
		value := SkipBlank(s, i+1)
		if i, ok = SkipValue(s, value); !ok {
			return false
		}
		visit(Unquote(s[name:end]), s[value:i])
		i = SkipBlank(s, i)
		switch {
		case i >= len(s):
			return false
		case s[i] == ',':
			i = SkipBlank(s, i+1)
		case s[i] == '}':
			return SkipBlank(s, i+1) == len(s)
		default:
			return false
		}
	}
}

// Text looks at bytes as a string, without a copy: it changes when they do.
func Text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// SkipBlank returns the index of the next byte that is no JSON white space.
func SkipBlank(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// TrimBlank drops JSON white space around a text. Other kinds of white space are
// content that must not be lost.
func TrimBlank(s string) string { return strings.Trim(s, " \n\r\t") }

// SkipValue returns the index after the value that starts at s[i], which is not
// blank. It does not call itself, so that depth costs no stack.
func SkipValue(s string, i int) (int, bool) {
	var object [MaxDepth / 64]uint64 // per level: is it an object?
	depth := 0
	for {
		if i >= len(s) {
			return i, false
		}
		ok := true
		switch c := s[i]; c {
		case '{', '[':
			i = SkipBlank(s, i+1)
			if i < len(s) && s[i] == c+2 { // '}' is '{'+2, ']' is '['+2
				i++
				break
			}
			if depth == MaxDepth {
				return i, false
			}
			if c == '{' {
				object[depth/64] |= 1 << (depth % 64)
				if i, ok = SkipKey(s, i); !ok {
					return i, false
				}
			} else {
				object[depth/64] &^= 1 << (depth % 64)
			}
			depth++
			continue
		case '"':
			i, ok = SkipString(s, i)
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
			i = SkipBlank(s, i)
			if i >= len(s) {
				return i, false
			}
			switch {
			case s[i] == ',':
				i, open = SkipBlank(s, i+1), true
				if inObject {
					if i, ok = SkipKey(s, i); !ok {
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

// SkipKey skips a member name, the colon and blanks.
func SkipKey(s string, i int) (int, bool) {
	if i >= len(s) || s[i] != '"' {
		return i, false
	}
	i, ok := SkipString(s, i)
	if !ok {
		return i, false
	}
	i = SkipBlank(s, i)
	if i >= len(s) || s[i] != ':' {
		return i, false
	}
	return SkipBlank(s, i+1), true
}

// SkipString skips the string that starts at s[i].
func SkipString(s string, i int) (int, bool) {
	for i++; i < len(s); {
		for i+8 <= len(s) && !special(load8(s, i)) {
			i += 8
		}
		for end := min(i+8, len(s)); i < end; i++ {
			switch c := s[i]; {
			case c == '"':
				return i + 1, true
			case c < 0x20:
				return i, false
			case c == '\\':
				n := escape(s[i:])
				if n == 0 {
					return i, false
				}
				i += n - 1
			}
		}
	}
	return i, false
}

// escape is the length of the escape that s starts with; 0 when it is none.
func escape(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(s, 2); ok {
			return 6
		}
	}
	return 0
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

// Unquote decodes a valid JSON string with its quotes. Without escapes the
// result is a slice of s. A lone surrogate becomes U+FFFD, as in encoding/json.
func Unquote(s string) string {
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
