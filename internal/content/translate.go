package content

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// translation rewrites a Java regular expression so that Go's engines read it as
// Java does. Constructs that would silently mean something else are refused.
type translation struct {
	captures bool
	fields   []string // names of {name:regex} captures, by number
	stamps   int
	out      strings.Builder
	starts   []int // out positions of open groups
	atom     int   // out position of the latest complete atom, for possessive quantifiers; -1 none
}

var captureName = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_]*):`)

var authorName = regexp.MustCompile(`^\(\?<[A-Za-z][A-Za-z0-9]*>`)

var repeatCount = regexp.MustCompile(`^\{\d+(,\d*)?\}`)

func (t *translation) translate(expr string) (string, error) {
	if err := t.sequence(expr, 0); err != nil {
		return "", err
	}
	if len(t.starts) > 0 {
		return "", errors.New("a group is not closed")
	}
	return t.out.String(), nil
}

const maxCaptureDepth = 8

func (t *translation) sequence(expr string, depth int) error {
	if depth > maxCaptureDepth {
		return errors.New("captures are nested too deep")
	}
	t.atom = -1
	outer := len(t.starts)
	for i := 0; i < len(expr); {
		c := expr[i]
		start := t.out.Len()
		switch {
		case strings.HasPrefix(expr[i:], "{TIMEDATE}"):
			fmt.Fprintf(&t.out, "(?P<%s%d>%s)", stampGroup, t.stamps, stampPattern)
			t.stamps++
			t.atom = start
			i += len("{TIMEDATE}")
		case c == '{' && t.captures && captureName.MatchString(expr[i:]):
			name := captureName.FindStringSubmatch(expr[i:])[1]
			inner := expr[i+len(name)+2:]
			end := closingBrace(inner)
			if end < 0 {
				return fmt.Errorf("the capture {%s:… is not closed", clip(name))
			}
			fmt.Fprintf(&t.out, "(?P<%s%d>", fieldGroup, len(t.fields))
			t.fields = append(t.fields, name)
			if err := t.sequence(inner[:end], depth+1); err != nil {
				return err
			}
			t.out.WriteByte(')')
			t.atom = start
			i += len(name) + 2 + end + 1
		case c == '\\':
			n, err := t.escape(expr[i:], false)
			if err != nil {
				return err
			}
			t.atom = start
			i += n
		case c == '[':
			n, err := t.class(expr[i:])
			if err != nil {
				return err
			}
			t.atom = start
			i += n
		case c == '(':
			t.starts = append(t.starts, start)
			n := groupOpening(expr[i:])
			if authorName.MatchString(expr[i:]) {
				t.out.WriteByte('(') // groups count by position; names would renumber them in regexp2
			} else {
				t.out.WriteString(expr[i : i+n])
			}
			t.atom = -1
			i += n
		case c == ')':
			if len(t.starts) == outer {
				return errors.New("a group is closed that was not opened")
			}
			t.out.WriteByte(')')
			t.atom = t.starts[len(t.starts)-1]
			t.starts = t.starts[:len(t.starts)-1]
			i++
		case c == '*' || c == '+' || c == '?' || c == '{' && repeatCount.MatchString(expr[i:]):
			n := 1
			if c == '{' {
				n = len(repeatCount.FindString(expr[i:]))
			}
			t.out.WriteString(expr[i : i+n])
			i += n
			switch {
			case i < len(expr) && expr[i] == '?':
				t.out.WriteByte('?')
				i++
			case i < len(expr) && expr[i] == '+':
				if t.atom < 0 {
					return errors.New("a quantifier follows nothing")
				}
				// X*+ is (?>X*) in engines that know atomic groups only.
				whole := t.out.String()
				t.out.Reset()
				t.out.WriteString(whole[:t.atom] + "(?>" + whole[t.atom:] + ")")
				i++
			}
		case c == '{' || c == '}':
			t.out.WriteString(`\` + string(c)) // a literal brace; engines disagree on bare ones
			t.atom = start
			i++
		case c == '|':
			t.out.WriteByte(c)
			t.atom = -1
			i++
		default:
			n := 1
			for i+n < len(expr) && expr[i+n]&0xC0 == 0x80 {
				n++ // the whole of a UTF-8 character is one atom
			}
			t.out.WriteString(expr[i : i+n])
			t.atom = start
			i += n
		}
	}
	if len(t.starts) != outer {
		return errors.New("a group is not closed")
	}
	return nil
}

// closingBrace finds the brace that ends a capture, passing over escaped
// characters, character classes and balanced braces.
func closingBrace(s string) int {
	depth, class := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if strings.HasPrefix(s[i+1:], "^") {
				i++
			}
			if strings.HasPrefix(s[i+1:], "]") {
				i++ // a bracket that comes first is literal
			}
		case c == '{':
			depth++
		case c == '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// groupOpening returns the length of "(" with what makes it special.
func groupOpening(s string) int {
	for _, p := range []string{"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"} {
		if strings.HasPrefix(s, p) {
			return len(p)
		}
	}
	if strings.HasPrefix(s, "(?") {
		if end := strings.IndexAny(s, ">:)"); end > 0 {
			if s[end] == ')' {
				return end // (?i) closes like any group
			}
			return end + 1
		}
	}
	return 1
}

var posixClasses = map[string]string{
	"Lower": "a-z", "Upper": "A-Z", "ASCII": `\x00-\x7F`, "Alpha": "A-Za-z", "Digit": "0-9", "Alnum": "A-Za-z0-9",
	"Punct": `!-/:-@\[-` + "`" + `{-~`, "Graph": "!-~", "Print": " -~", "Blank": ` \t`, "Cntrl": `\x00-\x1F\x7F`,
	"XDigit": "0-9A-Fa-f", "Space": `\t-\r `, "IsAlphabetic": `\p{L}`, "IsDigit": `\p{Nd}`, "IsLetter": `\p{L}`,
}

// escape translates the escape at the start of s and returns its length.
func (t *translation) escape(s string, inClass bool) (int, error) {
	if len(s) < 2 {
		return 0, errors.New("it ends with a backslash")
	}
	set := func(body string) {
		if inClass {
			t.out.WriteString(body)
		} else {
			t.out.WriteString("[" + body + "]")
		}
	}
	switch c := s[1]; c {
	case 'Q':
		end := strings.Index(s, `\E`)
		body, n := s[2:], len(s)
		if end > 0 {
			body, n = s[2:end], end+2
		}
		t.out.WriteString(regexp.QuoteMeta(body))
		return n, nil
	case 'h':
		set(` \t\xA0`)
		return 2, nil
	case 'R':
		if inClass {
			return 0, errors.New(`\R in a character class`)
		}
		t.out.WriteString(`(?:\r\n|[\n-\r])`)
		return 2, nil
	case 'Z':
		t.out.WriteString(`(?:\n?\z)`)
		return 2, nil
	case 'e':
		t.out.WriteString(`\x1B`)
		return 2, nil
	case 'u':
		if len(s) >= 6 {
			if r, err := strconv.ParseUint(s[2:6], 16, 16); err == nil {
				if r < 0x100 {
					fmt.Fprintf(&t.out, `\x%02X`, r)
				} else {
					t.out.WriteRune(rune(r))
				}
				return 6, nil
			}
		}
		return 0, errors.New(`\u needs four hexadecimal digits`)
	case '0':
		n := 2
		for n < len(s) && n < 5 && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, err := strconv.ParseUint(s[2:n], 8, 8)
		if err != nil {
			return 0, errors.New(`\0 needs up to three octal digits`)
		}
		fmt.Fprintf(&t.out, `\x%02X`, v)
		return n, nil
	case 'p', 'P':
		if end := strings.IndexByte(s, '}'); end > 0 && s[2] == '{' {
			body, ok := posixClasses[s[3:end]]
			switch {
			case !ok:
				t.out.WriteString(s[:end+1])
			case c == 'p':
				set(body)
			case inClass:
				return 0, fmt.Errorf("%s in a character class is not supported", clip(s[:end+1]))
			default:
				t.out.WriteString("[^" + body + "]")
			}
			return end + 1, nil
		}
	case 'G', 'X', 'N', 'k':
		return 0, fmt.Errorf(`\%c is not supported`, c)
	}
	n := 2
	for n < len(s) && s[n]&0xC0 == 0x80 {
		n++
	}
	t.out.WriteString(s[:n])
	return n, nil
}

// class copies a character class. Java's unions and intersections of classes
// mean something else elsewhere, so they are refused.
func (t *translation) class(s string) (int, error) {
	t.out.WriteByte('[')
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		t.out.WriteByte('^')
		i++
	}
	for first := true; i < len(s); first = false {
		switch c := s[i]; {
		case c == ']' && !first:
			t.out.WriteByte(']')
			return i + 1, nil
		case c == ']':
			t.out.WriteString(`\]`)
			i++
		case c == '\\':
			n, err := t.escape(s[i:], true)
			if err != nil {
				return 0, err
			}
			i += n
		case strings.HasPrefix(s[i:], "&&"):
			return 0, errors.New("intersections of character classes (&&) are not supported; write the class out")
		case c == '[':
			return 0, errors.New(`character classes inside character classes are not supported; write \[ for a bracket`)
		default:
			t.out.WriteByte(c)
			i++
		}
	}
	return 0, errors.New("a character class is not closed")
}

// forRegexp2 spells our named groups without P. regexp2 numbers them after the
// author's unnamed ones, which thus keep their numbers for back references.
func forRegexp2(text string) string {
	text = strings.ReplaceAll(text, "(?P<"+stampGroup, "(?<"+stampGroup)
	return strings.ReplaceAll(text, "(?P<"+fieldGroup, "(?<"+fieldGroup)
}
