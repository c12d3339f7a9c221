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

// spans returns where the pattern's groups, or without groups the whole of it,
// match in a text: in order, apart from each other, none of them empty.
func (p *pattern) spans(text string) (out []span, err error) {
	if p.fast != nil {
		if !strings.Contains(text, p.needs) {
			return nil, nil
		}
		for _, index := range p.fast.FindAllStringSubmatchIndex(text, -1) {
			out = p.add(out, func(g int) span { return span{index[2*g], index[2*g+1]} })
		}
		return merged(out), nil
	}
	runes := []rune(text) // the engine counts in them
	at := make([]int, len(runes)+1)
	for i, n := 0, 0; i < len(runes); i++ {
		n += utf8.RuneLen(runes[i])
		at[i+1] = n
	}
	m, err := p.slow.FindRunesMatch(runes)
	for ; m != nil && err == nil; m, err = p.slow.FindNextMatch(m) {
		out = p.add(out, func(g int) span {
			group := m.GroupByNumber(g)
			if len(group.Captures) == 0 {
				return span{-1, -1}
			}
			return span{at[group.Index], at[group.Index+group.Length]}
		})
	}
	if err != nil {
		return nil, errTimeout
	}
	return merged(out), nil
}

// add appends the spans of one match.
func (p *pattern) add(out []span, of func(group int) span) []span {
	groups := p.groups
	if len(groups) == 0 {
		groups = []int{0}
	}
	for _, g := range groups {
		if s := of(g); s.start < s.end {
			out = append(out, s)
		}
	}
	return out
}

// merged sorts spans and joins those that overlap: groups may lie within groups.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.start < out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}
