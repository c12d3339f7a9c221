package logfile

import "errors"

// maxDepth bounds how deep values are nested. No service nests a tenth of it.
const maxDepth = 128

// scanner finds where a JSON value ends, byte by byte. It knows the grammar of
// RFC 8259 but for the spelling of numbers and escapes, so that a value that
// breaks off is noticed where the next record begins.
type scanner struct {
	stack []byte // open brackets
	state scanState
	str   bool // in a string
	esc   bool // behind a backslash
	key   bool // the string is a key
	lit   bool // in a number or a word
}

type scanState uint8

const (
	wantValue       scanState = iota
	wantValueOrEnd            // behind [
	wantKeyOrEnd              // behind {
	wantKey                   // behind a comma
	wantColon                 // behind a key
	wantCommaOrEnd            // behind a value
	scannedOneValue           // at depth 0
)

var (
	errBreakInText = errors.New("a text has no end on its line")
	errTooDeep     = errors.New("it is nested too deep")
	errNotJSON     = errors.New("it is not valid JSON")
)

func (s *scanner) reset() { *s = scanner{stack: s.stack[:0]} }

// step takes the next byte. done reports that the value ended: with this byte,
// or before it when the value is no more than a number or a word.
func (s *scanner) step(c byte) (done bool, err error) {
	switch {
	case s.str:
		return s.inString(c)
	case s.lit:
		if isLiteral(c) {
			return false, nil
		}
		s.lit = false
		if s.valueEnds() {
			return true, nil
		}
	}
	if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
		return false, nil
	}
	switch s.state {
	case wantValue, wantValueOrEnd:
		if c == ']' && s.state == wantValueOrEnd {
			return s.closes('[')
		}
		return false, s.opens(c)
	case wantKey, wantKeyOrEnd:
		switch {
		case c == '"':
			s.str, s.key = true, true
			return false, nil
		case c == '}' && s.state == wantKeyOrEnd:
			return s.closes('{')
		}
	case wantColon:
		if c == ':' {
			s.state = wantValue
			return false, nil
		}
	case wantCommaOrEnd:
		switch c {
		case ',':
			s.state = wantValue
			if s.stack[len(s.stack)-1] == '{' {
				s.state = wantKey
			}
			return false, nil
		case '}':
			return s.closes('{')
		case ']':
			return s.closes('[')
		}
	}
	return false, errNotJSON
}

func (s *scanner) inString(c byte) (bool, error) {
	switch {
	case s.esc:
		s.esc = false
	case c == '\\':
		s.esc = true
	case c == '"':
		s.str = false
		if s.key {
			s.key, s.state = false, wantColon
			return false, nil
		}
		return s.valueEnds(), nil
	}
	if c == '\n' {
		return false, errBreakInText
	}
	return false, nil
}

func (s *scanner) opens(c byte) error {
	switch {
	case c == '{' || c == '[':
		if len(s.stack) == maxDepth {
			return errTooDeep
		}
		s.stack = append(s.stack, c)
		s.state = wantKeyOrEnd
		if c == '[' {
			s.state = wantValueOrEnd
		}
	case c == '"':
		s.str = true
	case isLiteral(c):
		s.lit = true
	default:
		return errNotJSON
	}
	return nil
}

func (s *scanner) closes(open byte) (bool, error) {
	if s.stack[len(s.stack)-1] != open {
		return false, errNotJSON
	}
	s.stack = s.stack[:len(s.stack)-1]
	return s.valueEnds(), nil
}

func (s *scanner) valueEnds() (done bool) {
	if len(s.stack) == 0 {
		s.state = scannedOneValue
		return true
	}
	s.state = wantCommaOrEnd
	return false
}

func isLiteral(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// plainText counts the bytes of a string that end nothing.
func plainText(b []byte) int {
	for i, c := range b {
		if c == '"' || c == '\\' || c == '\n' {
			return i
		}
	}
	return len(b)
}
