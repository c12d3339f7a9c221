package logfile

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

var (
	errZIP   = errors.New("this is a ZIP archive, which cannot be read as a stream: unpack it first")
	errUTF16 = errors.New("the text is UTF-16: convert it to UTF-8, for instance with iconv -f UTF-16 -t UTF-8")
)

// input is a window on a stream: buf[pos:] is not consumed yet.
type input struct {
	src    io.Reader
	buf    []byte
	pos    int
	offset int64 // of buf[0] in the (unpacked) stream
	line   int64 // of buf[pos], from 1
	lineAt int64 // offset at which that line begins
	left   int64 // bytes that may still be unpacked
	packed bool
	err    error // what ended the stream
}

const firstBuffer = 64 << 10

// open finds out how the stream is packed and encoded. The error says that it
// is nothing that can be read.
func (in *input) open(r io.Reader, maxUnpacked int64) error {
	b := bufio.NewReaderSize(r, 32<<10)
	head, err := b.Peek(4)
	in.src, in.left = b, maxUnpacked
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
		return nil
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		in.packed = true
		z, err := gzip.NewReader(b)
		if err != nil {
			in.err = damaged(err)
			return nil
		}
		in.src = z
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return errZIP
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return errUTF16
	}
	return nil
}

// fill reads more behind the window; false at the end of the stream. It moves
// the window, so that indexes relative to pos stay true.
func (in *input) fill() bool {
	if in.err != nil {
		return false
	}
	if in.pos > 0 && (in.pos == len(in.buf) || len(in.buf) == cap(in.buf)) {
		in.offset += int64(in.pos)
		in.buf = in.buf[:copy(in.buf, in.buf[in.pos:])]
		in.pos = 0
	}
	if len(in.buf) >= cap(in.buf)/4*3 {
		in.buf = append(make([]byte, 0, max(firstBuffer, 2*cap(in.buf))), in.buf...)
	}
	for range 100 {
		n, err := in.src.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
		if in.packed {
			if in.left -= int64(n); in.left < 0 {
				err = &damage{errors.New("it unpacks to more than is allowed")}
			} else if err != nil && err != io.EOF {
				err = damaged(err)
			}
		}
		in.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	in.err = io.ErrNoProgress
	return false
}

// at returns the i-th byte behind pos; false at the end of the stream.
func (in *input) at(i int) (byte, bool) {
	for in.pos+i >= len(in.buf) {
		if !in.fill() {
			return 0, false
		}
	}
	return in.buf[in.pos+i], true
}

// consume moves the window on by n bytes, which are in it.
func (in *input) consume(n int) {
	taken := in.buf[in.pos : in.pos+n]
	if last := bytes.LastIndexByte(taken, '\n'); last >= 0 {
		in.line += int64(bytes.Count(taken, newline))
		in.lineAt = in.offset + int64(in.pos+last+1)
	}
	in.pos += n
}

var newline = []byte("\n")

// lineEnd returns how many bytes there are up to the next line break, which is
// counted. whole is false when neither a break nor the end is within the limit.
func (in *input) lineEnd(limit int) (n int, whole bool) {
	for seen := 0; ; {
		if i := bytes.IndexByte(in.buf[min(in.pos+seen, len(in.buf)):], '\n'); i >= 0 {
			return seen + i + 1, true
		}
		seen = len(in.buf) - in.pos
		if seen >= limit {
			return seen, false
		}
		if !in.fill() {
			return len(in.buf) - in.pos, true
		}
	}
}

// skipLine consumes the rest of the line, however long, and reports whether a
// line break ended it.
func (in *input) skipLine() bool {
	for {
		n, whole := in.lineEnd(firstBuffer)
		ended := n > 0 && in.buf[in.pos+n-1] == '\n'
		in.consume(n)
		if whole {
			return ended
		}
	}
}

// lineBegins consumes blanks and returns the first other byte, or line break,
// and its column.
func (in *input) lineBegins() (c byte, column int64, ok bool) {
	for {
		c, ok := in.at(0)
		if !ok || c != ' ' && c != '\t' && c != '\r' {
			return c, in.column(), ok
		}
		in.consume(1)
	}
}

// column of buf[pos] in its line, from 0.
func (in *input) column() int64 { return in.offset + int64(in.pos) - in.lineAt }

// failed is the error that ended the stream, unless that was its end.
func (in *input) failed() error {
	if in.err == nil || errors.Is(in.err, io.EOF) {
		return nil
	}
	return in.err
}

// damage is a packed stream that cannot be read to its end.
type damage struct{ cause error }

func (d *damage) Error() string { return "the packed data is damaged: " + d.cause.Error() }

// damaged tells a broken gzip stream from a file that cannot be read.
func damaged(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &damage{errors.New("it is cut off")}
	case errors.Is(err, gzip.ErrHeader):
		return &damage{errors.New("what follows is no gzip data")}
	case errors.Is(err, gzip.ErrChecksum):
		return &damage{errors.New("its checksum is wrong")}
	case errors.As(err, &corrupt):
		return &damage{fmt.Errorf("at byte %d", int64(corrupt))}
	}
	return err
}
