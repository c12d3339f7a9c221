package collect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// mostTwinIDs bounds the records without an id that are counted in one object.
const mostTwinIDs = 100_000

// readLines reads the lines of an object that are not staged yet into the part that
// has begun, and into further ones.
func (r *objectReading) readLines(ctx context.Context, o *object, f *os.File) error {
	if err := unpack(&r.zip, f); err != nil {
		return err
	}
	r.reader.Reset(&r.zip)
	lines := lineReader{r: r.reader, most: r.opts.MaxLine}
	b := r.parts[len(r.parts)-1].records
	twins := map[record.Identity]int{}
	skip, st := o.state.Lines, &o.state
	for n := 1; ; n++ {
		line, err := lines.next()
		if err == io.EOF {
			return nil
		}
		var e logEvent
		switch {
		case err == nil && len(line) == 0:
		case err == nil:
			e, err = readEvent(line)
		case !errors.Is(err, errLongLine):
			return err
		}
		if err == nil && len(line) > 0 && !e.named && (twins[e.id] > 0 || len(twins) < mostTwinIDs) {
			twins[e.id]++
		}
		if n <= skip {
			continue
		}
		st.Lines = n
		switch {
		case err != nil:
			r.refuseLine(o.info, n, err, st)
		case len(line) > 0:
			b.put(e, bytes.Clone(line), max(1, twins[e.id]))
			r.rows++
			r.bytes += len(line)
		}
		if r.full() {
			if err := r.flush(ctx); err != nil {
				return err
			}
			b = r.begin(o)
		}
	}
}

func (r *objectReading) refuseLine(info connect.ObjectInfo, n int, err error, st *objectState) {
	st.Refused++
	r.out.Refused++
	text := fmt.Sprintf("line %d of object %s %v", n, info.Name, err)
	if st.Reason == "" {
		st.Reason = text
	}
	r.out.note("%s", text)
}

// lineReader reads lines of bounded length.
type lineReader struct {
	r    *bufio.Reader
	most int
	buf  []byte
}

var errLongLine = errors.New("is longer than a record may be")

// next returns a line without its end, valid until the next call. A line that is
// too long is passed over and reported by errLongLine.
func (l *lineReader) next() ([]byte, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.buf)+len(part) > l.most+1 {
			long = true
			l.buf = l.buf[:0]
		}
		if !long {
			l.buf = append(l.buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(part) == 0 && len(l.buf) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		case long:
			return nil, errLongLine
		}
		return bytes.TrimSpace(l.buf), nil
	}
}
