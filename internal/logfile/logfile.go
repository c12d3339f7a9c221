package logfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ledgerline/internal/jsonscan"
)

// Options of a Reader. The zero value is usable.
type Options struct {
	MaxRecord   int   // bytes of one record; default 8 MiB
	MaxUnpacked int64 // bytes that a packed file may unpack to; default 64 GiB
	Line        int64 // number of the first line, when reading does not begin at the file's; default 1
	// Growing says that more may be written: an end inside a record is no
	// problem then, but left for later (Torn).
	Growing bool
	// Packed says that the caller unpacks the file: what it unpacks to is
	// bounded, and there is no resuming.
	Packed bool
}

const (
	defaultMaxRecord   = 8 << 20
	defaultMaxUnpacked = 64 << 30
)

// Record is one record of a file.
type Record struct {
	Raw  []byte // one JSON object; valid until the next call of Next
	Line int64  // where it begins
	List int    // number of the array or answer it stands in; 0 when it stands alone
}

// Problem is a part of the file that is no record. Reading goes on behind it.
type Problem struct {
	Line, Last int64
	Reason     string
}

func (p *Problem) Error() string {
	if p.Last > p.Line {
		return fmt.Sprintf("lines %d to %d: %s", p.Line, p.Last, p.Reason)
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Reason)
}

// Reader reads one file from front to back.
type Reader struct {
	in     input
	opts   Options
	scan   scanner
	inside container
	lists  int  // begun so far
	tail   bool // behind the records of an answer, before its end
	torn   bool
	told   bool // damage of the packed data has been reported
	mark   place
	alien  error // the file is none that can be read
}

// container is what the records at hand stand in.
type container uint8

const (
	nothing container = iota
	array
	items
	results
)

// place is where reading may begin again.
type place struct{ offset, line int64 }

// NewReader returns a reader of a file. Nothing but its first bytes is read.
func NewReader(r io.Reader, opts Options) *Reader {
	opts.MaxRecord = cmp.Or(max(opts.MaxRecord, 0), defaultMaxRecord)
	opts.MaxUnpacked = cmp.Or(max(opts.MaxUnpacked, 0), defaultMaxUnpacked)
	opts.Line = max(opts.Line, 1)
	out := &Reader{opts: opts, mark: place{0, opts.Line}}
	out.in.line, out.in.packed = opts.Line, opts.Packed
	out.alien = out.in.open(r, opts.MaxUnpacked)
	return out
}

// Resume returns the offset, from where this reader began, and the number of the
// line behind what has been read completely: where a later Reader of the grown
// file begins. A packed file begins anew, and so does a list that has not ended.
func (r *Reader) Resume() (offset, line int64) {
	if r.in.packed {
		return 0, 1
	}
	return r.mark.offset, r.mark.line
}

// Torn reports whether the file ended inside a record, or inside a list of them.
func (r *Reader) Torn() bool { return r.torn }

// Next returns the next record. A *Problem says that something was refused and
// that reading goes on; io.EOF is the end of the file; any other error means
// that the file cannot be read.
func (r *Reader) Next() (Record, error) {
	if r.alien != nil {
		p := &Problem{r.in.line, r.in.line, r.alien.Error()}
		r.alien, r.in.err = nil, io.EOF
		return Record{}, p
	}
	for {
		if r.tail {
			if err := r.skipTail(); err != nil {
				return Record{}, err
			}
		}
		c, ok := r.skipSpace()
		switch {
		case !ok:
			return Record{}, r.end()
		case c == ']' && r.inside != nothing:
			r.in.consume(1)
			r.tail = r.inside != array
			r.inside = nothing
			if !r.tail {
				r.done()
			}
		case c == '[' && r.inside == nothing:
			if r.beginsWithTime() {
				return r.consoleLine()
			}
			r.in.consume(1)
			r.inside = array
			r.lists++
		case c == '{' || r.inside != nothing:
			rec, err := r.value(c)
			if err != nil || rec.Raw != nil {
				return rec, err
			}
		default:
			return Record{}, r.refuse(r.in.line, notJSON, noColumn)
		}
	}
}

const (
	notJSON  = "this is neither JSON nor a line of the console's audit download"
	noColumn = int64(1) << 62
)

// done notes that everything up to here has been read.
func (r *Reader) done() {
	if r.inside == nothing && !r.tail {
		r.mark = place{r.in.offset + int64(r.in.pos), r.in.line}
	}
}

// skipSpace returns the first byte of what comes next. Commas may stand between
// records also where there is no array, as in lists that were cut by hand.
func (r *Reader) skipSpace() (byte, bool) {
	if r.in.offset == 0 && r.in.pos == 0 {
		if _, ok := r.in.at(2); ok && bytes.HasPrefix(r.in.buf, []byte("\xef\xbb\xbf")) {
			r.in.consume(3)
		}
	}
	for {
		c, ok := r.in.at(0)
		if !ok {
			return 0, false
		}
		window := r.in.buf[r.in.pos:]
		n := len(window) - len(bytes.TrimLeft(window, " \t\r\n,"))
		if n == 0 {
			return c, true
		}
		r.in.consume(n)
	}
}

// end says how the file ended.
func (r *Reader) end() error {
	err := r.in.failed()
	broken, isDamage := errors.AsType[*damage](err)
	switch {
	case err != nil && !isDamage:
		return err
	case r.opts.Growing && (isDamage || r.inside != nothing || r.tail):
		r.torn = true
		return io.EOF
	case isDamage && !r.told:
		r.told = true
		return &Problem{r.in.line, r.in.line, broken.Error()}
	case r.inside != nothing || r.tail:
		r.inside, r.tail, r.torn = nothing, false, true
		if !r.told {
			return &Problem{r.in.line, r.in.line, "the file ends before the list of its records does"}
		}
	}
	if !r.torn {
		r.done()
	}
	return io.EOF
}

// value reads one value. It returns neither record nor error when the value
// turns out to hold records, which are read next.
func (r *Reader) value(first byte) (Record, error) {
	in, s := &r.in, &r.scan
	s.reset()
	line, column := in.line, in.column()
	env := envelope{possible: first == '{' && r.inside == nothing}
	over := false
	for i := 0; ; i++ {
		if end := min(len(in.buf), in.pos+r.opts.MaxRecord+1); s.str && !s.esc && in.pos+i < end {
			i += plainText(in.buf[in.pos+i : end])
		}
		if i > r.opts.MaxRecord {
			over, env.possible = true, false
			in.consume(i)
			i = 0
		}
		c, ok := in.at(i)
		if !ok && (!s.lit || len(s.stack) > 0) {
			return Record{}, r.cutOff(line, column)
		}
		if env.possible {
			if kind := env.step(s, c, i, in.buf[in.pos:]); kind != nothing {
				in.consume(i + 1)
				r.inside = kind
				r.lists++
				return Record{}, nil
			}
		}
		bare := s.lit && len(s.stack) == 0 // a number or word ends before this byte
		done, err := s.step(c)
		if err != nil {
			return Record{}, r.refuse(line, err.Error(), column)
		}
		if !done {
			continue
		}
		n := i + 1
		if bare {
			n = i
		}
		raw := in.buf[in.pos : in.pos+n]
		in.consume(n)
		r.done()
		return r.record(raw, first, line, over)
	}
}

func (r *Reader) record(raw []byte, first byte, line int64, over bool) (Record, error) {
	problem := func(reason string) (Record, error) { return Record{}, &Problem{line, r.in.line, reason} }
	switch {
	case over:
		return problem(fmt.Sprintf("the record is larger than %d bytes", r.opts.MaxRecord))
	case first != '{':
		return problem("a record must be a JSON object")
	case !jsonscan.Valid(raw):
		return problem(errNotJSON.Error())
	}
	if r.inside == results {
		var wrapped struct {
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(raw, &wrapped) == nil && bytes.HasPrefix(wrapped.Data, []byte("{")) {
			raw = wrapped.Data
		}
	}
	rec := Record{Raw: raw, Line: line}
	if r.inside != nothing {
		rec.List = r.lists
	}
	return rec, nil
}

// cutOff is for a value that the stream ends in.
func (r *Reader) cutOff(line, column int64) error {
	err := r.in.failed()
	broken, isDamage := errors.AsType[*damage](err)
	reason := "the file ends inside a record"
	switch {
	case err != nil && !isDamage:
		return err
	case r.opts.Growing:
		r.torn = true
		return io.EOF
	case isDamage:
		reason, r.told = "the record is cut off: "+broken.Error(), true
	}
	return r.refuse(line, reason, column)
}

// refuse skips a line and those after it until one begins a record, at most as
// far indented as the one refused: so no part of it is taken for a record.
func (r *Reader) refuse(line int64, reason string, column int64) error {
	for {
		if r.in.skipLine() {
			r.done()
		} else {
			r.torn = true // more of the line may follow
		}
		c, at, ok := r.in.lineBegins()
		begins := c == '{' || c == ']' && r.inside != nothing || c == '[' && r.inside == nothing
		if !ok || begins && at <= column {
			return &Problem{line, max(line, r.in.line-1), reason}
		}
	}
}

// skipTail skips what an answer says behind its records.
func (r *Reader) skipTail() error {
	line, column := r.in.line, r.in.column()
	r.scan.reset()
	r.scan.stack = append(r.scan.stack, '{')
	r.scan.state = wantCommaOrEnd
	for size := 0; ; size++ {
		c, ok := r.in.at(0)
		if !ok {
			return r.end()
		}
		done, err := r.scan.step(c)
		if err != nil || size > r.opts.MaxRecord {
			r.tail = false
			return r.refuse(line, "what follows the list of records is not valid JSON", column)
		}
		r.in.consume(1)
		if done {
			r.tail = false
			r.done()
			return nil
		}
	}
}
