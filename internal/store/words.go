package store

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// asciiFold maps each ASCII byte to itself in lower case when it belongs to a
// word, else to 0. It is a constant because a table must not be changed.
const asciiFold = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"0123456789\x00\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00_" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00"

// Words yields the words of s as token filters know them: the longest runs of
// letters, digits and underscores, with letter case folded. A filter of a block
// of rows holds every word of every text and string field in it, so a row whose
// text or field has s between two non-words holds all of them. A search for a
// part of a text needs [InnerWords].
func Words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var buf []byte
		for word, i := nextWord(s, 0, &buf); word != ""; word, i = nextWord(s, i, &buf) {
			if !yield(strings.Clone(word)) {
				return
			}
		}
	}
}

// InnerWords yields the words that a text is certain to hold when it contains s
// anywhere. A first or last word that touches the edge of s may be part of a
// longer word of the text, so it is left out.
func InnerWords(s string) iter.Seq[string] {
	first, size := utf8.DecodeRuneInString(s)
	for size > 0 && wordRune(first) {
		s = s[size:]
		first, size = utf8.DecodeRuneInString(s)
	}
	last, size := utf8.DecodeLastRuneInString(s)
	for size > 0 && wordRune(last) {
		s = s[:len(s)-size]
		last, size = utf8.DecodeLastRuneInString(s)
	}
	return Words(s)
}

// HoldsPhrase reports whether text holds the phrase, letter case aside, with
// no word of the text reaching beyond the words at the ends of the phrase.
func HoldsPhrase(text, phrase string) bool {
	first, _ := utf8.DecodeRuneInString(phrase)
	last, _ := utf8.DecodeLastRuneInString(phrase)
	before := ' '
	for i := 0; i <= len(text); {
		if !wordRune(before) || !wordRune(first) {
			if n, ok := startsWith(text[i:], phrase); ok {
				after, size := utf8.DecodeRuneInString(text[i+n:])
				if size == 0 || !wordRune(after) || !wordRune(last) {
					return true
				}
			}
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		before, i = r, i+max(1, size)
	}
	return false
}

// startsWith returns how long the prefix is in s, letter case aside.
func startsWith(s, prefix string) (n int, ok bool) {
	for _, want := range prefix {
		r, size := utf8.DecodeRuneInString(s[n:])
		if size == 0 || r != want && !(wordRune(r) && wordRune(want) && fold(r) == fold(want)) {
			return 0, false
		}
		n += size
	}
	return n, true
}

// nextWord finds the first word at or after s[i:]. It returns the word, folded,
// empty when there is none, and where to go on. The word is a part of s, or of
// buf when folding changes it, and then valid until buf is used again.
func nextWord(s string, i int, buf *[]byte) (word string, next int) {
	for i < len(s) && s[i] < utf8.RuneSelf && asciiFold[s[i]] == 0 {
		i++
	}
	start := i
	var changed byte
	for i < len(s) && s[i] < utf8.RuneSelf {
		f := asciiFold[s[i]]
		if f == 0 {
			break
		}
		changed |= f ^ s[i]
		i++
	}
	if i < len(s) && s[i] >= utf8.RuneSelf {
		return nextUnicodeWord(s, start, buf)
	}
	if changed == 0 {
		return s[start:i], i
	}
	b := append((*buf)[:0], s[start:i]...)
	for k, c := range b {
		b[k] = asciiFold[c&0x7f]
	}
	*buf = b
	return unsafe.String(unsafe.SliceData(b), len(b)), i
}

// nextUnicodeWord is nextWord where other letters than those of ASCII occur.
func nextUnicodeWord(s string, i int, buf *[]byte) (word string, next int) {
	b := (*buf)[:0]
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if wordRune(r) {
			b = utf8.AppendRune(b, fold(r))
		} else if len(b) > 0 {
			break
		}
		i += size
	}
	*buf = b
	return unsafe.String(unsafe.SliceData(b), len(b)), i
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return asciiFold[r] != 0
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// fold maps all letters that any usual comparison without letter case takes for
// the same to one of them: simple lower case (as strings.ToLower and SQL's lower
// do it) and then the least letter of the Unicode simple folding orbit.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(asciiFold[r])
	}
	r = unicode.ToLower(r)
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if wordRune(f) {
			least = min(least, f)
		}
	}
	return unicode.ToLower(least)
}

// unescape appends s to buf with the escape sequences of JSON strings decoded.
// It reports false, having done nothing, when decoding cannot change a word:
// without a backslash, or with none but before a quote, slash or backslash.
func unescape(s string, buf []byte) ([]byte, bool) {
	if !escapesLetters(s) {
		return buf, false
	}
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			buf = append(buf, s[i])
			i++
			continue
		}
		switch s[i+1] {
		case 'n', 't', 'r', 'b', 'f':
			buf = append(buf, ' ')
			i += 2
		case 'u':
			r, size := unescapeRune(s[i:])
			if size == 0 {
				buf = append(buf, '\\')
				i++
				continue
			}
			buf = utf8.AppendRune(buf, r)
			i += size
		default:
			buf = append(buf, s[i+1])
			i += 2
		}
	}
	return buf, true
}

func escapesLetters(s string) bool {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return false
		}
		switch s[i+1] {
		case 'n', 't', 'r', 'b', 'f', 'u':
			return true
		}
		s = s[i+2:]
	}
}

// unescapeRune decodes \uXXXX, or a surrogate pair of two, at the start of s.
func unescapeRune(s string) (r rune, size int) {
	r, ok := hexRune(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hexRune(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func hexRune(s string) (r rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
