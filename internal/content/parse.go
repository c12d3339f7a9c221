package content

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"ledgerline/internal/jsonscan"
	"ledgerline/internal/record"
)

// maxAhead is how far after its receipt a record may claim to have happened.
const maxAhead = 24 * time.Hour

// minTime is 1990-01-01T00:00:00Z. Clocks that were never set stand at 1970 or
// 1980, and a record so dated would be out of every search and retention.
const minTime = 631152000000

// Parse reads the body of one upload (already expanded) with the parsers of
// up.Origin.Source and calls emit for each entry, in the order of the body. What
// no parser can read becomes entries too, with their text, "Parse Failed" = 1 and
// a warning. An error means that not everything was emitted: the source is
// unknown or cannot be run, the encoding is unknown, ctx ended, or emit failed.
//
// The entry given to emit is reused: copy the struct to keep it. What it refers
// to — cells, labels, strings — is not reused and may be kept; the strings are
// slices of one copy of the body, which stays in memory as long as any of them.
// body itself is not retained.
func (l *Library) Parse(ctx context.Context, up Upload, body []byte, emit func(*record.Entry) error) ([]Warning, error) {
	if up.Origin == nil {
		return nil, fmt.Errorf("parse: the upload has no origin")
	}
	snap := l.current.Load()
	src, ok := snap.sources.find(up.Origin.Source)
	if !ok {
		return nil, fmt.Errorf("log source %q does not exist; import it or name another", clip(up.Origin.Source))
	}
	prog, err := snap.program(src)
	if err != nil {
		return nil, err
	}
	return prog.parse(ctx, up, body, emit)
}

func (prog *program) parse(ctx context.Context, up Upload, body []byte, emit func(*record.Entry) error) ([]Warning, error) {
	r, err := newRun(ctx, prog, up, emit)
	if err != nil {
		return nil, err
	}
	if r.body, err = r.decode(body); err != nil {
		return nil, err
	}
	if r.body, err = r.filtered(r.body); err != nil {
		return nil, err
	}
	err = prog.readers[0].read(r, 0, span{0, len(r.body)})
	if err == nil {
		err = r.flush(1)
	}
	return r.warnings.list(), err
}

// run is the state of reading one body.
type run struct {
	ctx      context.Context
	prog     *program
	up       Upload
	emit     func(*record.Entry) error
	body     string
	warnings warnings
	times    timeParser
	received int64
	metadata []record.Cell
	held     []span // per level: what the parsers before could not read
	timeouts int    // matches that took too long
	matches  []memo // per extended field, see enrich.go
	lookups  []openLookup
	key      []byte // of the latest look-up
	err      error  // first error of emit or the context

	entry record.Entry
	slab  []record.Cell // cells of entries are cut from it
	cells []record.Cell // of the entry under way
	when  int64
	timed bool
	parts [timeParts]int
	given uint8 // bit per time part
	bad   string
	count int
}

func newRun(ctx context.Context, prog *program, up Upload, emit func(*record.Entry) error) (*run, error) {
	r := &run{ctx: ctx, prog: prog, up: up, emit: emit, received: up.Origin.Received, warnings: newWarnings(),
		held: make([]span, len(prog.readers)+1), matches: make([]memo, len(prog.extended))}
	if r.received == 0 {
		r.received = prog.snap.opts.Clock().UnixMilli()
	}
	zone := time.UTC
	if up.Timezone != "" {
		var err error
		if zone, err = time.LoadLocation(up.Timezone); err != nil {
			return nil, fmt.Errorf("time zone %q is unknown; give an IANA name such as Europe/Paris", clip(up.Timezone))
		}
	}
	r.times = timeParser{zone: zone, year: up.DateYear, now: r.received}
	if up.DateFormat != "" {
		var ok bool
		if r.times.custom, ok = javaLayout(up.DateFormat); !ok {
			r.warnings.add("DateFormatIgnored", fmt.Sprintf("the date format %q is not understood; known spellings are tried instead", clip(up.DateFormat)), "")
		}
	}
	r.entry = record.Entry{Origin: up.Origin, Ordinal: up.First}
	r.setMetadata()
	r.openLookups()
	return r, nil
}

// setMetadata casts the values that every entry of the upload gets.
func (r *run) setMetadata() {
	for _, name := range sortedKeys(r.up.Metadata) {
		f, ok := r.prog.snap.fields.find(r.prog.source.metadataField(name))
		if !ok || r.prog.snap.every[f.Name] {
			r.warnings.add("UnknownField", fmt.Sprintf("the upload's metadata names %q, which is no field one can set", clip(name)), "")
			continue
		}
		if v, ok := r.cast(f, strings.Clone(r.up.Metadata[name])); ok {
			r.metadata = append(r.metadata, record.Cell{Field: f.Name, Value: v})
		}
	}
}

// decode makes the one copy of the body: UTF-8, whatever it was.
func (r *run) decode(body []byte) (string, error) {
	name := r.up.Encoding
	if name == "" {
		name = r.prog.encoding
	}
	text, err := decodeText(name, body)
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(text) {
		r.warnings.add("InvalidEncoding", "bytes that are not UTF-8 were replaced by U+FFFD; name the encoding in the upload", "")
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return text, nil
}

// proceed looks from time to time whether the caller still wants the result.
func (r *run) proceed() error {
	if r.count++; r.count&255 == 0 && r.err == nil {
		r.err = r.ctx.Err()
	}
	return r.err
}

// begin starts an entry found by the parser of this level.
func (r *run) begin(level int) {
	if r.err == nil {
		r.err = r.flush(level + 1)
	}
	const room = 1024
	if cap(r.slab)-len(r.slab) < 48 {
		r.slab = make([]record.Cell, 0, room)
	}
	r.cells = r.slab[len(r.slab):]
	r.timed, r.given, r.bad = false, 0, ""
}

// accept ends an entry whose values have been set.
func (r *run) accept(text span) error {
	if r.err != nil {
		return r.err
	}
	r.finish(text.of(r.body))
	return r.err
}

// reject hands a piece to the next parser of the source, or keeps it as an entry
// that failed. Neighbouring pieces go on as one, so that a parser of several
// lines sees them together.
func (r *run) reject(level int, piece span, reason string) {
	if r.err = r.proceed(); r.err != nil {
		return
	}
	next := level + 1
	if next >= len(r.prog.readers) {
		r.failed(piece, reason)
		return
	}
	h := &r.held[next]
	if h.end > 0 && jsonscan.TrimBlank(r.body[h.end:piece.start]) == "" {
		h.end = piece.end
		return
	}
	if r.err = r.flush(next); r.err == nil {
		*h = piece
	}
}

// flush lets the parser of the level read what was held for it.
func (r *run) flush(level int) error {
	if level >= len(r.prog.readers) || r.err != nil {
		return r.err
	}
	if piece := r.held[level]; piece.end > 0 {
		r.held[level] = span{}
		if err := r.prog.readers[level].read(r, level, piece); err != nil {
			return err
		}
	}
	return r.flush(level + 1)
}

// failed keeps a piece that no parser can read.
func (r *run) failed(piece span, reason string) {
	text := jsonscan.TrimBlank(piece.of(r.body))
	if text == "" {
		return
	}
	r.warnings.add("ParseFailed", "a record was kept without fields: "+reason, text)
	r.begin(len(r.prog.readers))
	r.put(fieldParseFailed, record.Whole(1))
	r.finish(text)
}

// finish completes the entry and gives it away.
func (r *run) finish(text string) {
	e := &r.entry
	e.Text = text
	if limit := r.prog.snap.opts.MaxText; len(text) > limit {
		e.Text = cut(text, limit)
		r.put(fieldTruncated, record.Whole(1))
		r.warnings.add("TextTruncated", fmt.Sprintf("a record was longer than %d bytes and was cut", limit), text)
	}
	r.date()
	for _, c := range r.metadata {
		r.put(c.Field, c.Value)
	}
	e.Labels = nil
	r.enrich()
	n := len(r.cells)
	e.Cells = r.cells[:n:n]
	if n <= cap(r.slab)-len(r.slab) {
		r.slab = r.slab[:len(r.slab)+n]
	}
	if r.err == nil && !r.drops(text) {
		r.err = r.emit(e)
	}
	e.Ordinal++
}

// date decides the time of the entry.
func (r *run) date() {
	if !r.timed && r.given&(1<<partYear|1<<partMonth|1<<partDay) == 1<<partYear|1<<partMonth|1<<partDay {
		p := r.parts
		t := time.Date(p[partYear], time.Month(p[partMonth]), p[partDay], p[partHour], p[partMinute], p[partSecond], 0, r.times.zone)
		if t.Year() == p[partYear] && int(t.Month()) == p[partMonth] && t.Day() == p[partDay] {
			r.when, r.timed = t.UnixMilli(), true
		} else {
			r.bad = "its parts are no date"
		}
	}
	switch ahead := r.when - r.received; {
	case r.timed && r.when < minTime:
		r.warnings.add("TimeAssumed", "a record's time is before 1990, as of a clock that was never set; the upload's time was taken", r.entry.Text)
	case r.timed && ahead <= maxAhead.Milliseconds():
		r.entry.Time = r.when
		return
	case r.timed:
		r.warnings.add("TimeAssumed", "a record's time is more than 24 hours after its upload; the upload's time was taken", r.entry.Text)
	case r.bad != "":
		r.warnings.add("TimeAssumed", "a record's time cannot be read; the upload's time was taken", r.bad)
	default:
		r.warnings.add("TimeAssumed", "a record carries no time, or its parser maps none; the upload's time was taken", r.entry.Text)
	}
	r.entry.Time = r.received
	r.put(fieldTimeAssumed, record.Whole(1))
}

// cut shortens text without splitting a character.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
