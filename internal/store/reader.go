package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// readRows is the number of rows that are read at once. Merging holds so many of
// each of its inputs.
const readRows = 1024

// segmentReader reads a segment's rows in file order.
type segmentReader struct {
	seg     *Segment
	file    *file.Reader
	group   int   // next row group
	row     int64 // of the segment, at which the next rows begin
	end     int   // row group at which to stop
	shared  bool  // the file, with the reader it was split from
	left    int64 // rows left in the row group before
	columns []columnReader
	batch   batch
}

// openSegment opens a segment file and checks that it has the columns that the
// manifest lists.
func openSegment(seg *Segment) (_ *segmentReader, err error) {
	defer recoverAs(&err, seg)
	f, err := openFile(seg)
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", seg.ID, err)
	}
	r := newSegmentReader(seg, f, 0, f.NumRowGroups())
	if err := r.checkColumns(); err != nil {
		return nil, errors.Join(fmt.Errorf("segment %d: %w", seg.ID, err), f.Close())
	}
	return r, nil
}

func newSegmentReader(seg *Segment, f *file.Reader, group, end int) *segmentReader {
	r := &segmentReader{seg: seg, file: f, group: group, end: end}
	for i, c := range seg.Columns {
		r.columns = append(r.columns, newColumnReader(c, i < requiredCount))
	}
	return r
}

// split returns a reader for each row group, r the first: rows are in order in a
// row group, but those of a segment put together of others may overlap in time.
// All end with r.
func (r *segmentReader) split() []*segmentReader {
	all := []*segmentReader{r}
	for g := r.group + 1; g < r.end; g++ {
		part := newSegmentReader(r.seg, r.file, g, g+1)
		part.shared, part.row = true, all[len(all)-1].row+r.file.RowGroup(g-1).NumRows()
		all = append(all, part)
	}
	r.end = min(r.end, r.group+1)
	return all
}

// openFile reads a little file whole, which is what merging mostly sees.
func openFile(seg *Segment) (*file.Reader, error) {
	const little = 256 << 10
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	if seg.Bytes > little {
		props.BufferedStreamEnabled = true // else whole column chunks are held
		return file.OpenParquetFile(seg.Path, false, file.WithReadProps(props))
	}
	content, err := os.ReadFile(seg.Path)
	if err != nil {
		return nil, err
	}
	return file.NewParquetReader(bytes.NewReader(content), file.WithReadProps(props))
}

func (r *segmentReader) checkColumns() error {
	want, err := parquetSchema(r.seg.Columns)
	if err != nil {
		return err
	}
	have := r.file.MetaData().Schema.Root()
	if have.NumFields() != want.NumFields() {
		return fmt.Errorf("the file has %d columns, the manifest lists %d", have.NumFields(), want.NumFields())
	}
	for i := range want.NumFields() {
		if !have.Field(i).Equals(want.Field(i)) {
			return fmt.Errorf("column %d is %v in the file, the manifest lists %v", i, have.Field(i), want.Field(i))
		}
	}
	return nil
}

// recoverAs turns a panic of the Parquet reader over a damaged file into an error.
func recoverAs(err *error, seg *Segment) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("segment %d: unreadable: %v", seg.ID, p)
	}
}

// next returns the next rows, or io.EOF. They are valid until the next call.
func (r *segmentReader) next() (_ *batch, err error) {
	defer recoverAs(&err, r.seg)
	for r.left == 0 {
		if r.group == r.end {
			return nil, io.EOF
		}
		if err := r.openGroup(); err != nil {
			return nil, fmt.Errorf("segment %d: %w", r.seg.ID, err)
		}
	}
	n := int(min(r.left, readRows))
	r.left -= int64(n)
	r.batch.reset(len(r.columns))
	r.batch.rows, r.batch.first = n, r.row
	r.row += int64(n)
	for i := range r.columns {
		if err := r.columns[i].read(&r.batch.vectors[i], n); err != nil {
			return nil, fmt.Errorf("segment %d: column %q: %w", r.seg.ID, r.seg.Columns[i].Name, err)
		}
	}
	return &r.batch, nil
}

func (r *segmentReader) openGroup() error {
	group := r.file.RowGroup(r.group)
	r.group++
	r.left = group.NumRows()
	for i := range r.columns {
		chunk, err := group.Column(i)
		if err != nil {
			return err
		}
		if err := r.columns[i].open(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (r *segmentReader) close() {
	for i := range r.columns {
		r.columns[i].close()
	}
	if !r.shared {
		r.file.Close()
	}
}

// rehash computes a segment's row hash, and what the manifest should say, from its file.
func rehash(ctx context.Context, seg *Segment) (sum [32]byte, summary Segment, err error) {
	r, err := openSegment(seg)
	if err != nil {
		return sum, summary, err
	}
	defer r.close()
	h := newRowHasher(seg.Columns)
	for {
		b, err := r.next()
		if errors.Is(err, io.EOF) {
			return h.total(), summary, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return sum, summary, err
		}
		h.add(b)
		summary.note(b)
		for _, name := range b.vectors[sourceAt].strs {
			if string(name) != seg.Source {
				return sum, summary, fmt.Errorf("segment %d: holds rows of %q, the manifest lists %q", seg.ID, name, seg.Source)
			}
		}
	}
}
