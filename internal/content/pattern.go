package content

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// pattern is one of Oracle's regular expressions made ready. They are written in
// Java's dialect with two additions: {TIMEDATE} stands for any time stamp, and
// in extended fields {name:regex} captures into a field. RE2 runs them when it
// can, in linear time; what RE2 lacks (lookaround, atomic groups, possessive
// quantifiers, back references) runs on regexp2 with a limit on the time of a match.
type pattern struct {
	fast   *regexp.Regexp
	needs  string // a text without it does not match; empty when none is known
	slow   *regexp2.Regexp
	groups []int // capture group n+1 of the author → group of the engine
	stamps []int // groups of {TIMEDATE}
	names  []namedGroup
}

type namedGroup struct {
	name  string
	group int
}

// errTimeout is returned by find when a match takes too long.
var errTimeout = errors.New("matching took too long")

const (
	stampGroup      = "LLSTAMP"
	fieldGroup      = "LLFIELD"
	maxPatternBytes = 64 << 10
)

type patternOptions struct {
	dotAll   bool // . matches line breaks, for entries of several lines
	atStart  bool // match only where the text begins
	captures bool // {name:regex} is allowed
	timeout  time.Duration
}

// compilePattern translates and compiles an expression.
func compilePattern(expr string, o patternOptions) (*pattern, error) {
	if len(expr) > maxPatternBytes {
		return nil, fmt.Errorf("the regular expression is longer than %d bytes", maxPatternBytes)
	}
	t := translation{captures: o.captures}
	text, err := t.translate(expr)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", clip(expr), err)
	}
	if o.atStart {
		text = `\A(?:` + text + `)`
	}
	flags := ""
	if o.dotAll {
		flags = "(?s)"
	}
	p := &pattern{}
	var name func(group int) string
	var count int
	if p.fast, err = regexp.Compile(flags + text); err == nil {
		if tree, err := syntax.Parse(flags+text, syntax.Perl); err == nil {
			p.needs = literalOf(tree)
		}
		names := p.fast.SubexpNames()
		name, count = func(g int) string { return names[g] }, len(names)
	} else {
		fast := err
		p.fast = nil
		if p.slow, err = regexp2.Compile(flags+forRegexp2(text), regexp2.None); err != nil {
			return nil, fmt.Errorf("regular expression %q cannot be used: %w", clip(expr), fast)
		}
		p.slow.MatchTimeout = o.timeout
		numbers := p.slow.GetGroupNumbers()
		name, count = p.slow.GroupNameFromNumber, len(numbers)
	}
	for g := 1; g < count; g++ {
		n := name(g)
		switch {
		case strings.HasPrefix(n, stampGroup):
			p.stamps = append(p.stamps, g)
		case strings.HasPrefix(n, fieldGroup):
			i, _ := strconv.Atoi(n[len(fieldGroup):])
			p.names = append(p.names, namedGroup{t.fields[i], g})
		default:
			p.groups = append(p.groups, g)
		}
	}
	return p, nil
}

// match is where a pattern was found. Groups that took no part are empty.
type match struct {
	text  string
	index []int    // of the fast engine: start and end of each group
	parts []string // of the slow engine
}

func (m *match) group(g int) string {
	if m.parts != nil {
		return m.parts[g]
	}
	if i := m.index[2*g]; i >= 0 {
		return m.text[i:m.index[2*g+1]]
	}
	return ""
}

// find searches text.
func (p *pattern) find(text string) (match, bool, error) {
	if p.fast != nil {
		if !strings.Contains(text, p.needs) {
			return match{}, false, nil
		}
		idx := p.fast.FindStringSubmatchIndex(text)
		return match{text: text, index: idx}, idx != nil, nil
	}
	m, err := p.slow.FindStringMatch(text)
	if err != nil {
		return match{}, false, errTimeout
	}
	if m == nil {
		return match{}, false, nil
	}
	groups := m.Groups()
	parts := make([]string, len(groups))
	for i := range groups {
		parts[i] = groups[i].String()
	}
	return match{text: text, parts: parts}, true, nil
}

// literalOf returns the longest text that is part of all that an expression
// matches. Most messages match none of a source's expressions, and to look for a
// word takes a tenth of the time of finding out by the expression.
func literalOf(re *syntax.Regexp) (longest string) {
	switch re.Op {
	case syntax.OpLiteral:
		// An invalid byte of the text counts as U+FFFD for the expression.
		if re.Flags&syntax.FoldCase == 0 && !slices.Contains(re.Rune, utf8.RuneError) {
			return string(re.Rune)
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literalOf(re.Sub[0])
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literalOf(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if text := literalOf(sub); len(text) > len(longest) {
				longest = text
			}
		}
	}
	return longest
}
