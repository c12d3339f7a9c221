package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/parquet/file"
)

// Merging segments that are large enough to make good row groups, and follow one
// another in time, is putting their row groups into one file: bytes are copied and
// the footers joined, some fifty times cheaper than writing the rows again. What
// is copied is checked against the SHA-256 that the manifest and the journal have,
// so the row hashes of the inputs hold for the output.

const parquetMagic = "PAR1"

// canSplice reports whether the segments may be put together unread: all large,
// of equal columns, and overlapping so little that a query of a short time has to
// read at most twice as many row groups as if the rows were sorted.
func (s *Store) canSplice(in []*Segment) bool {
	first := in[0]
	from, to, spans := first.From, first.To, int64(0)
	for _, seg := range in {
		if seg.Rows < s.opts.spliceRows || !slices.Equal(seg.Columns, first.Columns) {
			return false
		}
		from, to = min(from, seg.From), max(to, seg.To)
		spans += seg.To - seg.From + 1
	}
	return spans <= 2*(to-from+1)
}

// writeSpliced puts the row groups of all inputs together. It returns what it
// finished also with an error.
func (s *Store) writeSpliced(ctx context.Context, in []*Segment) (done []*Segment, err error) {
	mem := s.scratch.Get().(*scratch)
	defer s.scratch.Put(mem)
	for len(in) > 0 {
		w, err := newSegmentWriter(s.disk, s.segments, s.nextID.Add(1), in[0].Source, in[0].Day, in[0].Columns, s.opts.Clock(), mem)
		if err != nil {
			return done, err
		}
		for len(in) > 0 && w.seg.Rows < s.opts.SegmentRows {
			err := ctx.Err()
			if err == nil {
				err = w.splice(in[0])
			}
			if err != nil {
				w.abort()
				return done, err
			}
			in = in[1:]
		}
		seg, err := w.finish()
		if err != nil {
			return done, err
		}
		done = append(done, seg)
	}
	return done, nil
}

// splice appends a whole segment of the same columns.
func (w *segmentWriter) splice(in *Segment) (err error) {
	defer recoverAs(&err, in)
	content, err := readChecked(in.Path, in.SHA256)
	if err != nil {
		return err
	}
	filter, err := readChecked(in.Path+tokenSuffix, in.TokenSHA256)
	if err != nil {
		return err
	}
	known, blocks, err := parseTokens(filter)
	if err != nil {
		return err
	}
	f, err := file.NewParquetReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("segment %d: %w", in.ID, err)
	}
	defer f.Close()
	if err := w.spliceFile(f, content); err != nil {
		return err
	}
	if err := w.scratch.tokens.addBlocks(blocks, filter); err != nil {
		return err
	}
	w.scratch.tokens.addProfile(known, in.Rows)
	w.seg.absorb(in)
	addTo(&w.hasher.sum, &in.RowHash)
	return nil
}

// readChecked reads a file that must be as it was written.
func readChecked(path string, sum [32]byte) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err == nil && sha256.Sum256(content) == sum {
		return content, nil
	}
	return nil, fmt.Errorf("%s: %w", path, errDamaged)
}

// spliceFile copies the row groups of a file and moves them in its footer. The
// file is a magic, row groups, the footer with its length and the magic again
// (Apache Parquet, "File Format").
func (w *segmentWriter) spliceFile(f *file.Reader, content []byte) error {
	tail := len(content) - 4 - len(parquetMagic)
	groups := content[len(parquetMagic) : tail-int(binary.LittleEndian.Uint32(content[tail:]))]
	out := countingWriter{w}
	if w.spliced == nil {
		if _, err := out.Write([]byte(parquetMagic)); err != nil {
			return err
		}
	}
	moved := w.size - int64(len(parquetMagic))
	if _, err := out.Write(groups); err != nil {
		return err
	}
	footer := f.MetaData()
	for _, group := range footer.RowGroups {
		move(group.FileOffset, moved)
		for _, chunk := range group.Columns {
			chunk.FileOffset += moved
			chunk.MetaData.DataPageOffset += moved
			move(chunk.MetaData.DictionaryPageOffset, moved)
			move(chunk.MetaData.IndexPageOffset, moved)
		}
	}
	if w.spliced == nil {
		w.spliced = footer
		return nil
	}
	for _, group := range footer.RowGroups {
		ordinal := int16(len(w.spliced.RowGroups))
		group.Ordinal = &ordinal
		w.spliced.RowGroups = append(w.spliced.RowGroups, group)
	}
	w.spliced.FileMetaData.NumRows += footer.FileMetaData.NumRows
	return nil
}

func move(offset *int64, by int64) {
	if offset != nil {
		*offset += by
	}
}

// endSpliced writes the joined footer.
func (w *segmentWriter) endSpliced() error {
	out := countingWriter{w}
	n, err := w.spliced.WriteTo(out, nil)
	if err != nil {
		return err
	}
	if _, err := out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), parquetMagic...)); err != nil {
		return err
	}
	return w.locate(w.spliced)
}
