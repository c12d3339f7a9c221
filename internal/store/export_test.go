package store

import (
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// WithStep returns the options with a function that is asked before every
// change on disk and whose error stops the change.
func (o Options) WithStep(step func(op, path string) error) Options {
	o.step = step
	return o
}

// WithSpliceRows returns the options with another least size of segments that are
// merged without reading their rows.
func (o Options) WithSpliceRows(n int64) Options {
	o.spliceRows = n
	return o
}

// Called makes a purge mean rows of the given texts, judged without an engine.
func Called(mean func(text string) bool) func(context.Context, *Segment) ([]bool, error) {
	return func(_ context.Context, seg *Segment) ([]bool, error) {
		texts, err := textsOf(seg)
		meant := make([]bool, len(texts))
		for i, text := range texts {
			meant[i] = mean(text)
		}
		return meant, err
	}
}

// Texts returns the original texts of all rows, read without an engine: starting
// a query takes longer than all else a crash test does.
func Texts(segs []*Segment) (out []string, err error) {
	for _, seg := range segs {
		texts, err := textsOf(seg)
		if err != nil {
			return nil, err
		}
		out = append(out, texts...)
	}
	return out, nil
}

func textsOf(seg *Segment) (out []string, err error) {
	r, err := openSegment(seg)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for {
		b, err := r.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for _, text := range b.vectors[textAt].strs {
			out = append(out, string(text))
		}
	}
}

func zstdOf(data []byte) []byte {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil
	}
	defer encoder.Close()
	return encoder.EncodeAll(data, nil)
}
