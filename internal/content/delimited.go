package content

import (
	"errors"
	"fmt"
	"strings"

	"ledgerline/internal/jsonscan"
)

// delimitedReader reads lines of values between delimiters.
type delimitedReader struct {
	delimiter string
	qualifier byte   // 0 without
	header    string // the line that names the columns; not an entry
	columns   int    // that the header names; 0 without a header
	refs      []*target
	column    []int // 0-based, per ref
}

func newDelimitedReader(p *Parser, c *compiler) (*delimitedReader, error) {
	r := &delimitedReader{delimiter: unescapeDelimiter(p.Delimiter), header: strings.TrimSpace(p.Header)}
	if r.delimiter == "" {
		return nil, errors.New("it has no delimiter")
	}
	if q := strings.TrimSpace(p.Qualifier); len(q) > 1 {
		return nil, fmt.Errorf("the qualifier %q must be one character", clip(q))
	} else if q != "" {
		r.qualifier = q[0]
	}
	if r.header != "" {
		r.columns = strings.Count(r.header, r.delimiter) + 1
	}
	for _, f := range p.Fields {
		if f.Seq < 1 {
			return nil, fmt.Errorf("column %d: columns are numbered from 1", f.Seq)
		}
		t, err := c.target(f)
		if err != nil {
			return nil, err
		}
		r.refs = append(r.refs, t)
		r.column = append(r.column, f.Seq-1)
	}
	c.markAlone(r.refs)
	return r, nil
}

func unescapeDelimiter(d string) string {
	switch strings.ToLower(strings.TrimSpace(d)) {
	case `\t`, "tab":
		return "\t"
	case "space":
		return " "
	case "":
		return d // a blank or a tab as it is
	}
	return strings.TrimSpace(d)
}

func (r *delimitedReader) read(run *run, level int, piece span) error {
	s := run.body[:piece.end]
	var values []string
	for i := piece.start; i < len(s); {
		if err := run.proceed(); err != nil {
			return err
		}
		end := len(s)
		if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
			end = i + n + 1
		}
		line := span{i, end}
		for line.end > line.start && (s[line.end-1] == '\n' || s[line.end-1] == '\r') {
			line.end--
		}
		i = end
		text := line.of(s)
		if jsonscan.TrimBlank(text) == "" || strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")) == r.header {
			continue
		}
		values = r.split(values[:0], text)
		if len(values) == 1 && r.columns > 1 {
			run.reject(level, line, "the line has no delimiter")
			if run.err != nil {
				return run.err
			}
			continue
		}
		run.begin(level)
		r.set(run, values)
		if err := run.accept(line); err != nil {
			return err
		}
	}
	return run.err
}

func (r *delimitedReader) readValue(run *run, text string) bool {
	r.set(run, r.split(nil, text))
	return true
}

func (r *delimitedReader) set(run *run, values []string) {
	for n, t := range r.refs {
		if c := r.column[n]; c < len(values) {
			run.setText(t, strings.TrimSpace(values[c]))
		}
	}
}

// split cuts a line into values. A value between qualifiers may hold delimiters,
// and the qualifier doubled; a qualifier that is not closed counts as text.
func (r *delimitedReader) split(out []string, line string) []string {
	for {
		if v, rest, more, ok := r.qualified(line); ok {
			out = append(out, v)
			if !more {
				return out
			}
			line = rest
			continue
		}
		v, rest, more := strings.Cut(line, r.delimiter)
		out = append(out, v)
		if !more {
			return out
		}
		line = rest
	}
}

func (r *delimitedReader) qualified(line string) (value, rest string, more, ok bool) {
	s := strings.TrimLeft(line, " ")
	if r.qualifier == 0 || s == "" || s[0] != r.qualifier {
		return "", "", false, false
	}
	q := s[:1]
	for i := 1; i < len(s); i++ {
		if s[i] != r.qualifier {
			continue
		}
		if i+1 < len(s) && s[i+1] == r.qualifier {
			i++
			continue
		}
		after := strings.TrimLeft(s[i+1:], " ")
		if after != "" && !strings.HasPrefix(after, r.delimiter) {
			return "", "", false, false
		}
		value = strings.ReplaceAll(s[1:i], q+q, q)
		rest, more = strings.CutPrefix(after, r.delimiter)
		return value, rest, more, true
	}
	return "", "", false, false
}
