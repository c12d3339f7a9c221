package stage

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zeebo/xxh3"
)

// A frame of the journal, integers little-endian:
//
//	0   4  magic "LLU1"
//	4   4  length of the header
//	8   8  length of the body
//	16  8  XXH3-64 of header and body
//	24  8  XXH3-64 of the 24 bytes before
//	32     header: an Upload as JSON
//	       body
const (
	frameMagic   = "LLU1"
	framePrefix  = 32
	maxHeader    = 1 << 20
	maxFrameBody = 1 << 30
)

// errTorn says that the bytes at the reader's offset are no whole frame.
var errTorn = errors.New("damaged or incomplete frame")

// frameHead returns what stands before the body in a frame.
func frameHead(u *Upload, body []byte) ([]byte, error) {
	header, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	if len(header) > maxHeader {
		return nil, fmt.Errorf("the upload's parameters take %d bytes: at most %d are allowed", len(header), maxHeader)
	}
	if len(body) > maxFrameBody {
		return nil, fmt.Errorf("the body has %d bytes: at most %d are allowed", len(body), maxFrameBody)
	}
	h := xxh3.New()
	h.Write(header)
	h.Write(body)
	var p [framePrefix]byte
	copy(p[:], frameMagic)
	binary.LittleEndian.PutUint32(p[4:], uint32(len(header)))
	binary.LittleEndian.PutUint64(p[8:], uint64(len(body)))
	binary.LittleEndian.PutUint64(p[16:], h.Sum64())
	binary.LittleEndian.PutUint64(p[24:], xxh3.Hash(p[:24]))
	return append(p[:], header...), nil
}

// frameReader reads frames one by one. The size bounds what a damaged length
// can make it allocate.
type frameReader struct {
	r      *bufio.Reader
	offset int64 // of the next frame
	size   int64
}

func newFrameReader(r io.Reader, size int64) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(r, 256<<10), size: size}
}

// next returns the next frame, io.EOF after the last one, or errTorn.
func (fr *frameReader) next() (Upload, []byte, error) {
	var u Upload
	var p [framePrefix]byte
	switch _, err := io.ReadFull(fr.r, p[:]); {
	case errors.Is(err, io.EOF):
		return u, nil, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return u, nil, errTorn
	case err != nil:
		return u, nil, err
	}
	header, body, sum, ok := parsePrefix(p[:])
	if !ok || header+body > fr.size-fr.offset-framePrefix {
		return u, nil, errTorn
	}
	payload := make([]byte, header+body)
	if _, err := io.ReadFull(fr.r, payload); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return u, nil, errTorn
		}
		return u, nil, err
	}
	if xxh3.Hash(payload) != sum || json.Unmarshal(payload[:header], &u) != nil {
		return u, nil, errTorn
	}
	fr.offset += framePrefix + header + body
	return u, payload[header:], nil
}

func parsePrefix(p []byte) (header, body int64, sum uint64, ok bool) {
	if string(p[:4]) != frameMagic || binary.LittleEndian.Uint64(p[24:]) != xxh3.Hash(p[:24]) {
		return 0, 0, 0, false
	}
	h, b := binary.LittleEndian.Uint32(p[4:]), binary.LittleEndian.Uint64(p[8:])
	if h > maxHeader || b > maxFrameBody {
		return 0, 0, 0, false
	}
	return int64(h), int64(b), binary.LittleEndian.Uint64(p[16:]), true
}

// ReadReceived calls visit for each upload of a received file, in order, after
// the file's hash was compared. Of an erased upload there is the head alone. The
// body belongs to visit. An error of visit ends the reading and is returned.
func (s *Stage) ReadReceived(ctx context.Context, f File, visit func(ReceivedUpload) error) error {
	if f.Kind != Received {
		return fmt.Errorf("stage: file %d holds no uploads", f.ID)
	}
	file, err := s.openNow(ctx, f.ID)
	if err != nil {
		return fmt.Errorf("stage: file %d: %w", f.ID, err)
	}
	defer file.Close()
	return readFrames(ctx, file, visit)
}

// openNow opens the bytes that stand for a file now, which Erase may have changed
// since the file was listed.
func (s *Stage) openNow(ctx context.Context, id int64) (*os.File, error) {
	s.bytes.RLock()
	defer s.bytes.RUnlock()
	f, err := s.File(ctx, id)
	if err != nil {
		return nil, err
	}
	return openChecked(f)
}

// openChecked opens a file whose bytes have the hash they should have.
func openChecked(f File) (*os.File, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	if err == nil && [sha256.Size]byte(h.Sum(nil)) != f.Content {
		err = fmt.Errorf("%s: %w", f.Path, ErrDamaged)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// readFrames visits the uploads of a whole file.
func readFrames(ctx context.Context, file *os.File, visit func(ReceivedUpload) error) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	fr := newFrameReader(file, info.Size())
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		u, body, err := fr.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("stage: %s, upload %d: %w", file.Name(), n, err)
		}
		if err := visit(ReceivedUpload{Upload: u, Number: n, Body: body}); err != nil {
			return err
		}
	}
}
