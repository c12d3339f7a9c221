package signature

import (
	"crypto/subtle"
	"hash"
	"io"
)

// hashedBody compares the digest of what was read when the body ends. It reports
// the end itself as soon as the announced length is reached, so that a reader
// that stops there has been told too.
type hashedBody struct {
	body io.ReadCloser
	hash hash.Hash
	want []byte
	left int64 // of the announced length; negative when none was announced
	err  error
}

func (b *hashedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.body.Read(p)
	b.hash.Write(p[:n])
	if b.left >= 0 {
		b.left -= int64(n)
	}
	if err == nil && b.left == 0 && n > 0 {
		err = io.EOF
	}
	if err == io.EOF && subtle.ConstantTimeCompare(b.hash.Sum(nil), b.want) != 1 {
		err = ErrBody
	}
	b.err = err
	return n, err
}

func (b *hashedBody) Close() error { return b.body.Close() }
