package syntax

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TokenKind says what a token is.
type TokenKind uint8

// The kinds of tokens. Commands, keywords and functions are words to the
// parser; Tokens tells them apart for highlighting.
const (
	TokenEnd TokenKind = iota // end of the command or the text
	TokenWord
	TokenString
	TokenNumber
	TokenDuration
	TokenVariable
	TokenColor
	TokenPipe
	TokenOperator // comparison or ||
	TokenPunct
	TokenComment
	TokenCommand
	TokenKeyword
	TokenFunction
	TokenInvalid // what cannot start a token, or a string or comment without an end
)

// Token is a piece of the text.
type Token struct {
	Kind TokenKind
	Span
}

// lex splits text into tokens, comments included.
func lex(text string) []Token {
	tokens := make([]Token, 0, len(text)/5+1)
	for i := 0; ; {
		t := scan(text, i)
		if t.Kind == TokenEnd {
			return tokens
		}
		tokens = append(tokens, t)
		i = t.End
	}
}

// scan returns the first token at or after offset i.
func scan(text string, i int) Token {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !isSpace(r) {
			break
		}
		i += n
	}
	if i == len(text) {
		return Token{TokenEnd, Span{i, i}}
	}
	kind, n := classify(text, i)
	return Token{kind, Span{i, i + n}}
}

// classify returns kind and length of the token that starts at offset i.
func classify(text string, i int) (TokenKind, int) {
	rest := text[i:]
	two := rest[:min(2, len(rest))]
	switch {
	case two == "/*":
		if end := strings.Index(rest[2:], "*/"); end >= 0 {
			return TokenComment, end + 4
		}
		return TokenInvalid, len(rest)
	case two == "//" && afterSpace(text, i):
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			return TokenComment, end
		}
		return TokenComment, len(rest)
	case two == "||", two == "<=", two == ">=", two == "!=":
		return TokenOperator, 2
	}
	switch c := rest[0]; c {
	case '$':
		if n := identifier(rest[1:]); n > 0 {
			return TokenVariable, n + 1
		}
		return TokenInvalid, 1
	case '#':
		return color(rest)
	case '\'', '"':
		return quoted(rest)
	case '=', '<', '>':
		return TokenOperator, 1
	case '|':
		return TokenPipe, 1
	case ',', '(', ')', '[', ']', '{', '}', '+', '-', '/':
		return TokenPunct, 1
	}
	r, n := utf8.DecodeRuneInString(rest)
	if !startsWord(r) {
		return TokenInvalid, n
	}
	for n < len(rest) {
		r, size := utf8.DecodeRuneInString(rest[n:])
		if !continuesWord(r) {
			break
		}
		n += size
	}
	return wordKind(rest[:n]), n
}

// wordKind tells numbers and durations from words.
func wordKind(s string) TokenKind {
	digits := 0
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	if digits == 0 {
		return TokenWord
	}
	if _, ok := unitOf(s[digits:]); ok {
		return TokenDuration
	}
	if isNumber(s, digits) {
		return TokenNumber
	}
	return TokenWord
}

// isNumber reports whether s, which starts with so many digits, is a decimal
// number with an optional fraction and exponent.
func isNumber(s string, digits int) bool {
	s = s[digits:]
	skip := func() bool {
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if strings.HasPrefix(s, ".") {
		if s = s[1:]; !skip() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; !skip() {
			return false
		}
	}
	return s == ""
}

// unitOf returns the unit of time that a word names.
func unitOf(word string) (Unit, bool) {
	switch strings.ToLower(word) {
	case "s", "sec", "secs", "second", "seconds":
		return Second, true
	case "m", "min", "mins", "minute", "minutes":
		return Minute, true
	case "h", "hr", "hrs", "hour", "hours":
		return Hour, true
	case "d", "day", "days":
		return Day, true
	case "w", "week", "weeks":
		return Week, true
	case "mon", "month", "months":
		return Month, true
	case "y", "year", "years":
		return Year, true
	}
	return "", false
}

// splitDuration returns the parts of a duration token; false when the number
// does not fit.
func splitDuration(s string) (count int64, unit Unit, ok bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	count, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil {
		return 0, "", false
	}
	unit, ok = unitOf(s[i:])
	return count, unit, ok
}

func quoted(s string) (TokenKind, int) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return TokenString, i + 1
		}
	}
	return TokenInvalid, len(s)
}

func color(s string) (TokenKind, int) {
	n := 1
	for n < len(s) && n < 8 && isHex(s[n]) {
		n++
	}
	if n == 7 || n == 4 {
		return TokenColor, n
	}
	return TokenInvalid, n
}

// identifier returns the length of the variable name that s starts with.
func identifier(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || isLetter(s[n]) || n > 0 && isDigit(s[n])) {
		n++
	}
	return n
}

func afterSpace(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return i == 0 || isSpace(r)
}

// isSpace takes a byte-order mark outside of quotes for space, too.
func isSpace(r rune) bool { return r == '\uFEFF' || unicode.IsSpace(r) }

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func startsWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isLetter(byte(r)) || isDigit(byte(r)) || strings.ContainsRune("_*%?", r)
	}
	return unicode.IsLetter(r)
}

func continuesWord(r rune) bool {
	if r < utf8.RuneSelf {
		return startsWord(r) || strings.ContainsRune(".$:@", r)
	}
	return !isSpace(r) && r != utf8.RuneError
}

// sameWord compares ASCII words without case. The length keeps out letters from
// elsewhere that fold into ASCII.
func sameWord(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// reserved reports whether a word must be quoted to be a name.
func reserved(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "not", "in", "like", "between", "by", "as", "null", "true", "false",
		"select", "using", "then":
		return true
	}
	return false
}

// isBare reports whether a name or value may stand without quotes in canonical
// form: letters, digits, _ and ., not a number or duration and not reserved.
func isBare(s string) bool {
	for i, r := range s {
		letter := r == '_' || r < utf8.RuneSelf && (isLetter(byte(r)) || isDigit(byte(r))) || r >= utf8.RuneSelf && unicode.IsLetter(r)
		if !letter && (r != '.' || i == 0) {
			return false
		}
	}
	return s != "" && wordKind(s) == TokenWord && !reserved(s)
}
