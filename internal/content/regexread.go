package content

import (
	"errors"
	"fmt"
	"strings"
)

// regexReader reads text line by line (also when it says that entries have several
// lines but not how they start), or in entries of several lines that each
// start with a line the header matches. The expression is searched in the entry,
// not anchored, which is a reading of Oracle's documentation and not proved.
type regexReader struct {
	content *pattern
	header  *pattern // nil: every line is an entry
	footer  *pattern // nil: an entry ends before the next header
	refs    []groupTarget
	master  *regexReader // of a master_detail plugin: lines whose values the entries after them get
}

type groupTarget struct {
	group int // of the engine
	to    *target
}

// maxTimeouts is how many matches of one upload may take too long before its
// remaining entries are no longer tried.
const maxTimeouts = 20

func newRegexReader(p *Parser, c *compiler) (*regexReader, error) {
	r := &regexReader{}
	o := patternOptions{dotAll: !p.SingleLine, timeout: c.snap.opts.MatchTimeout}
	var err error
	if p.Content == "" {
		return nil, errors.New("it has no regular expression")
	}
	if r.content, err = compilePattern(p.Content, o); err != nil {
		return nil, err
	}
	if !p.SingleLine && p.Header != "" {
		if r.header, err = compilePattern(p.Header, patternOptions{atStart: true, timeout: o.timeout}); err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		if p.Footer != "" {
			if r.footer, err = compilePattern(p.Footer, patternOptions{timeout: o.timeout}); err != nil {
				return nil, fmt.Errorf("footer: %w", err)
			}
		}
	}
	for _, f := range p.Fields {
		if f.Seq < 1 || f.Seq > len(r.content.groups) {
			return nil, fmt.Errorf("field %d has no capture group: the regular expression has %d", f.Seq, len(r.content.groups))
		}
		t, err := c.target(f)
		if err != nil {
			return nil, err
		}
		r.refs = append(r.refs, groupTarget{r.content.groups[f.Seq-1], t})
	}
	if len(r.content.stamps) > 0 {
		t, err := c.fieldTarget(fieldTime)
		if err != nil {
			return nil, err
		}
		for _, g := range r.content.stamps {
			r.refs = append(r.refs, groupTarget{g, t})
		}
	}
	return r, r.addMaster(p, c)
}

// addMaster finds the header parser that a master_detail plugin names.
func (r *regexReader) addMaster(p *Parser, c *compiler) error {
	names, err := p.headerParsers()
	if err != nil {
		return err
	}
	for _, name := range names {
		t, err := c.target(ParserField{Parser: name})
		if err != nil {
			return err
		}
		if t.sub == nil {
			return fmt.Errorf("header parser %q does not exist: import it", clip(t.name))
		}
		r.master, _ = t.sub.(*regexReader)
	}
	return nil
}

func (r *regexReader) read(run *run, level int, piece span) error {
	s := run.body[:piece.end]
	var held []heldValue
	for i := piece.start; i < len(s) && run.err == nil; {
		if err := run.proceed(); err != nil {
			return err
		}
		end := r.entryEnd(run, s, i)
		text := trimLine(s, span{i, end})
		i = end
		if text.end == text.start {
			continue
		}
		if r.master != nil {
			if values, ok := r.master.capture(run, text.of(s)); ok {
				held = values
				run.begin(level)
				setHeld(run, held)
				_ = run.accept(text) // the loop ends on run.err
				continue
			}
		}
		values, ok := r.capture(run, text.of(s))
		if !ok {
			run.reject(level, text, "the regular expression does not match")
			continue
		}
		run.begin(level)
		setHeld(run, held)
		setHeld(run, values)
		_ = run.accept(text)
	}
	return run.err
}

// readValue reads the value of another parser's field.
func (r *regexReader) readValue(run *run, text string) bool {
	values, ok := r.capture(run, text)
	setHeld(run, values)
	return ok
}

// heldValue is a captured text on its way to its target.
type heldValue struct {
	to   *target
	text string
}

func setHeld(run *run, values []heldValue) {
	for _, v := range values {
		run.setText(v.to, v.text)
	}
}

// capture matches one entry. Of several stamps or groups of one field the last
// that is not empty counts.
func (r *regexReader) capture(run *run, text string) ([]heldValue, bool) {
	m, ok := run.find(r.content, text)
	if !ok {
		return nil, false
	}
	values := make([]heldValue, 0, len(r.refs))
	for _, ref := range r.refs {
		if v := m.group(ref.group); v != "" {
			values = append(values, heldValue{ref.to, v})
		}
	}
	return values, true
}

// find searches a pattern in the part of a text that is kept, and gives up on
// patterns that again and again take too long.
func (r *run) find(p *pattern, text string) (match, bool) {
	if limit := r.prog.snap.opts.MaxText; len(text) > limit {
		text = cut(text, limit)
	}
	if p.slow != nil && r.timeouts >= maxTimeouts {
		return match{}, false
	}
	m, ok, err := p.find(text)
	if err != nil {
		r.timeouts++
		r.warnings.add("MatchTimeout", "a regular expression takes too long; simplify it (nested quantifiers and lookaround are costly)", text)
	}
	return m, ok
}

// entryEnd returns where the entry that starts at i ends: after its line or, with
// a header, before the next line that starts an entry or after one with the footer.
func (r *regexReader) entryEnd(run *run, s string, i int) int {
	for first := true; i < len(s); first = false {
		end := len(s)
		if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
			end = i + n + 1
		}
		if r.header == nil {
			return end
		}
		line := s[i:end]
		if !first {
			if _, starts := run.find(r.header, line); starts {
				return i
			}
		}
		i = end
		if r.footer != nil {
			if _, ends := run.find(r.footer, line); ends {
				return i
			}
		}
	}
	return i
}

// trimLine drops white space around an entry.
func trimLine(s string, t span) span {
	for t.end > t.start && isBlank(s[t.end-1]) {
		t.end--
	}
	for t.start < t.end && isBlank(s[t.start]) {
		t.start++
	}
	return t
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
