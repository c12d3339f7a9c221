package content

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// DataFilter keeps what must not be searched out of the entries of a source. It
// works on the text before a parser sees it, line by line, so that no field can
// hold what the text no longer does. What came stays as it is in the stage.
//
// Of an expression with capture groups the groups are replaced, else all that it
// matches; this is a reading of Oracle's documentation.
type DataFilter struct {
	Name        string
	Description string
	Kind        FilterKind
	Match       string // regular expression
	Replacement string // of MASK, taken literally
	Order       int
	Enabled     bool
}

// FilterKind is what a data filter does with what it matches.
type FilterKind string

// The kinds of data filters. A hash is the SHA-256 of the text in hexadecimal: equal
// texts stay equal, and texts that one can guess can be found out.
const (
	Mask       FilterKind = "MASK"
	HashMask   FilterKind = "HASH_MASK"
	DropString FilterKind = "DROP_STRING"
	DropEntry  FilterKind = "DROP_LOG_ENTRY"
)

// filterProgram is one enabled data filter.
type filterProgram struct {
	*DataFilter
	pattern *pattern
}

// maxDataFilters bounds what is done to each line.
const maxDataFilters = 100

func compileFilters(src *Source, o Options) (texts, entries []filterProgram, err error) {
	if len(src.DataFilters) > maxDataFilters {
		return nil, nil, fmt.Errorf("it has %d data filters; at most %d are run", len(src.DataFilters), maxDataFilters)
	}
	filters := slices.Clone(src.DataFilters)
	slices.SortStableFunc(filters, func(a, b DataFilter) int { return a.Order - b.Order })
	for i := range filters {
		f := &filters[i]
		if !f.Enabled {
			continue
		}
		if f.Match == "" {
			return nil, nil, fmt.Errorf("data filter %q has no regular expression", clip(f.Name))
		}
		p, err := compilePattern(f.Match, patternOptions{timeout: o.MatchTimeout, dotAll: f.Kind == DropEntry})
		if err != nil {
			return nil, nil, fmt.Errorf("data filter %q: %w", clip(f.Name), err)
		}
		switch f.Kind {
		case Mask, HashMask, DropString:
			texts = append(texts, filterProgram{f, p})
		case DropEntry:
			entries = append(entries, filterProgram{f, p})
		default:
			return nil, nil, fmt.Errorf("data filter %q: the type %q is unknown", clip(f.Name), clip(string(f.Kind)))
		}
	}
	return texts, entries, nil
}

// filtered returns the body without what the source's filters hide. A line that a
// filter takes too long for is left out, since nobody knows what it would have hidden.
func (r *run) filtered(body string) (string, error) {
	if len(r.prog.filters) == 0 {
		return body, nil
	}
	var b strings.Builder
	b.Grow(len(body))
	for line := range strings.Lines(body) {
		if err := r.proceed(); err != nil {
			return "", err
		}
		text := strings.TrimRight(line, "\r\n")
		b.WriteString(r.filteredLine(text))
		b.WriteString(line[len(text):])
	}
	return b.String(), nil
}

func (r *run) filteredLine(line string) string {
	for _, f := range r.prog.filters {
		err := errTimeout
		if f.pattern.fast != nil || r.timeouts < maxTimeouts {
			line, err = f.apply(line)
		}
		if err != nil {
			r.timeouts++
			r.warnings.add("DataFilterFailed", fmt.Sprintf("lines were left out, because the data filter %q takes too long; simplify it", clip(f.Name)), "")
			return ""
		}
	}
	return line
}

// apply replaces every match in one line.
func (f *filterProgram) apply(line string) (string, error) {
	spans, err := f.pattern.spans(line)
	if err != nil || len(spans) == 0 {
		return line, err
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(line[at:s.start])
		switch f.Kind {
		case Mask:
			b.WriteString(f.Replacement)
		case HashMask:
			sum := sha256.Sum256([]byte(s.of(line)))
			b.WriteString(hex.EncodeToString(sum[:]))
		}
		at = s.end
	}
	b.WriteString(line[at:])
	return b.String(), nil
}

// drops reports whether a filter leaves the entry out. An entry that cannot be
// judged in time is left out as well.
func (r *run) drops(text string) bool {
	for _, f := range r.prog.drops {
		matches, err := false, errTimeout
		if f.pattern.fast != nil || r.timeouts < maxTimeouts {
			_, matches, err = f.pattern.find(text)
		}
		if err != nil {
			r.timeouts++
		}
		if matches || err != nil {
			r.warnings.add("DroppedByFilter", fmt.Sprintf("records were left out by the data filter %q", clip(f.Name)), "")
			return true
		}
	}
	return false
}
