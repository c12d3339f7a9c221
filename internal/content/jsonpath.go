package content

import (
	"fmt"
	"strconv"
	"strings"

	"ledgerline/internal/jsonscan"
)

// step is one part of a path: a member name, an index, or every element.
type step struct {
	key   string
	index int
	kind  stepKind
}

type stepKind uint8

const (
	stepKey stepKind = iota
	stepIndex
	stepEach
)

const maxPathSteps = 32

// parsePath reads the subset of JSONPath that parsers use: $, .name, ['name'],
// [n] and [*].
func parsePath(p string) ([]step, error) {
	if !strings.HasPrefix(p, "$") {
		return nil, fmt.Errorf("path %q does not start with $", clip(p))
	}
	var steps []step
	for rest := p[1:]; rest != ""; {
		if len(steps) == maxPathSteps {
			return nil, fmt.Errorf("path %q has more than %d steps", clip(p), maxPathSteps)
		}
		var s step
		switch {
		case strings.HasPrefix(rest, "[*]"):
			s.kind, rest = stepEach, rest[3:]
		case strings.HasPrefix(rest, ".*"):
			return nil, fmt.Errorf("path %q: .* is not supported; name the member", clip(p))
		case strings.HasPrefix(rest, "['"), strings.HasPrefix(rest, `["`):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return nil, fmt.Errorf("path %q: the quote is not closed", clip(p))
			}
			s.key, rest = rest[2:2+end], rest[2+end+2:]
		case rest[0] == '[':
			num, after, ok := strings.Cut(rest[1:], "]")
			n, err := strconv.ParseUint(num, 10, 31)
			if !ok || err != nil {
				return nil, fmt.Errorf("path %q: only [*], [n] and ['name'] are supported in brackets", clip(p))
			}
			s.kind, s.index, rest = stepIndex, int(n), after
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			if end == 0 {
				return nil, fmt.Errorf("path %q has an empty name", clip(p))
			}
			s.key, rest = rest[1:1+end], rest[1+end:]
		default:
			return nil, fmt.Errorf("path %q: expected . or [ before %q", clip(p), clip(rest))
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// branch is a node of the tree that the paths of a parser form, so that one walk
// over a record finds all of them.
type branch struct {
	slots []int // what ends here
	many  bool  // reached through [*]: several values
	keys  []keyBranch
	index []indexBranch
	each  *branch
}

type keyBranch struct {
	key  string
	next *branch
}

type indexBranch struct {
	index int
	next  *branch
}

// add hangs a path into the tree.
func (b *branch) add(path []step, slot int) {
	for _, s := range path {
		b = b.child(s)
	}
	b.slots = append(b.slots, slot)
}

func (b *branch) child(s step) *branch {
	switch s.kind {
	case stepEach:
		if b.each == nil {
			b.each = &branch{many: true}
		}
		return b.each
	case stepIndex:
		for _, c := range b.index {
			if c.index == s.index {
				return c.next
			}
		}
		c := indexBranch{s.index, &branch{many: b.many}}
		b.index = append(b.index, c)
		return c.next
	}
	for _, c := range b.keys {
		if c.key == s.key {
			return c.next
		}
	}
	c := keyBranch{s.key, &branch{many: b.many}}
	b.keys = append(b.keys, c)
	return c.next
}

// span is a range of bytes of the body.
type span struct{ start, end int }

func (s span) of(body string) string { return body[s.start:s.end] }

// found is what a path selected: nothing when end is 0.
type found struct {
	span
	more []span // further values, of paths with [*]
}

// extract walks the value at s[i] and fills slots. It checks the syntax on the
// way, so that no second pass is needed; after false the slots mean nothing.
func (b *branch) extract(s string, i int, slots []found) (int, bool) {
	if i >= len(s) {
		return i, false
	}
	start := i
	var ok bool
	switch {
	case s[i] == '{' && len(b.keys) > 0:
		i, ok = b.object(s, i, slots)
	case s[i] == '[' && (b.each != nil || len(b.index) > 0):
		i, ok = b.array(s, i, slots)
	default:
		i, ok = jsonscan.SkipValue(s, i)
	}
	if !ok {
		return i, false
	}
	for _, n := range b.slots {
		f := &slots[n]
		if b.many && f.end > 0 {
			f.more = append(f.more, span{start, i})
		} else {
			f.span = span{start, i}
		}
	}
	return i, true
}

func (b *branch) object(s string, i int, slots []found) (int, bool) {
	i = jsonscan.SkipBlank(s, i+1)
	if i < len(s) && s[i] == '}' {
		return i + 1, true
	}
	hint := 0
	for {
		key := i
		var ok bool
		if i >= len(s) || s[i] != '"' {
			return i, false
		}
		if i, ok = jsonscan.SkipString(s, i); !ok {
			return i, false
		}
		quoted := s[key:i]
		i = jsonscan.SkipBlank(s, i)
		if i >= len(s) || s[i] != ':' {
			return i, false
		}
		i = jsonscan.SkipBlank(s, i+1)
		if next := b.match(quoted, &hint); next != nil {
			i, ok = next.extract(s, i, slots)
		} else {
			i, ok = jsonscan.SkipValue(s, i)
		}
		if !ok {
			return i, false
		}
		i = jsonscan.SkipBlank(s, i)
		if i >= len(s) {
			return i, false
		}
		switch s[i] {
		case ',':
			i = jsonscan.SkipBlank(s, i+1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

// match finds the branch of a member. Records repeat the order of their members,
// so the search starts after the last hit.
func (b *branch) match(quoted string, hint *int) *branch {
	name := jsonscan.Unquote(quoted)
	for n := range b.keys {
		k := (*hint + n) % len(b.keys)
		if b.keys[k].key == name {
			*hint = k + 1
			return b.keys[k].next
		}
	}
	return nil
}

func (b *branch) array(s string, i int, slots []found) (int, bool) {
	i = jsonscan.SkipBlank(s, i+1)
	if i < len(s) && s[i] == ']' {
		return i + 1, true
	}
	for n := 0; ; n++ {
		start := i
		var ok bool
		if i, ok = jsonscan.SkipValue(s, i); !ok {
			return i, false
		}
		for _, c := range b.index {
			if c.index == n {
				c.next.extract(s, start, slots)
			}
		}
		if b.each != nil {
			b.each.extract(s, start, slots)
		}
		i = jsonscan.SkipBlank(s, i)
		if i >= len(s) {
			return i, false
		}
		switch s[i] {
		case ',':
			i = jsonscan.SkipBlank(s, i+1)
		case ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}
