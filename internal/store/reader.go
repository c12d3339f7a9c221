package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"ledgerline/internal/record"
)

// segmentReader reads a segment's rows in file order.
type segmentReader struct {
	seg    *Segment
	file   *file.Reader
	in     pqarrow.RecordReader
	record arrow.RecordBatch
	batch  batch
}

// openSegment opens a segment file and checks that it has the columns that the
// manifest lists.
func openSegment(ctx context.Context, seg *Segment) (_ *segmentReader, err error) {
	defer recoverAs(&err, seg)
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true // else whole column chunks are held
	f, err := file.OpenParquetFile(seg.Path, false, file.WithReadProps(props))
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", seg.ID, err)
	}
	in, err := openRecords(ctx, f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("segment %d: %w", seg.ID, err), f.Close())
	}
	r := &segmentReader{seg: seg, file: f, in: in}
	if err := checkColumns(seg, in.Schema()); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func openRecords(ctx context.Context, f *file.Reader) (pqarrow.RecordReader, error) {
	a, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: tokenBlockRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	return a.GetRecordReader(ctx, nil, nil)
}

func checkColumns(seg *Segment, schema *arrow.Schema) error {
	if schema.NumFields() != len(seg.Columns) {
		return fmt.Errorf("segment %d: the file has %d columns, the manifest lists %d", seg.ID, schema.NumFields(), len(seg.Columns))
	}
	for i, c := range seg.Columns {
		f := schema.Field(i)
		id := f.Type.ID()
		if list, ok := f.Type.(*arrow.ListType); ok && c.List {
			id = list.Elem().ID()
		}
		if f.Name != c.Name || id != arrowType(c.Type) {
			return fmt.Errorf("segment %d: column %d is %s %s in the file, the manifest lists %s %s", seg.ID, i, f.Name, f.Type, c.Name, c.Type)
		}
	}
	return nil
}

func arrowType(t record.Type) arrow.Type {
	switch t {
	case record.String:
		return arrow.STRING
	case record.Double:
		return arrow.FLOAT64
	case record.Timestamp:
		return arrow.TIMESTAMP
	}
	return arrow.INT64
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
	for {
		rec, err := r.in.Read()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", r.seg.ID, err)
		}
		if rec.NumRows() == 0 {
			continue
		}
		r.batch.reset(len(r.seg.Columns))
		r.batch.rows = int(rec.NumRows())
		for i, c := range r.seg.Columns {
			if err := r.batch.vectors[i].load(c, i < requiredCount, rec.Column(i)); err != nil {
				return nil, fmt.Errorf("segment %d: column %q: %w", r.seg.ID, c.Name, err)
			}
		}
		return &r.batch, nil
	}
}

func (r *segmentReader) close() {
	r.in.Release()
	r.file.Close()
}

// load takes over the values of an Arrow column. Strings go on referring to the
// memory of the array, which the garbage collector keeps.
func (v *vector) load(c Column, required bool, a arrow.Array) error {
	if required && a.NullN() > 0 {
		return errors.New("is null where a value is required")
	}
	n := a.Len()
	if list, ok := a.(*array.List); ok {
		members, ok := list.ListValues().(*array.String)
		if !ok {
			return fmt.Errorf("has members of type %s", list.ListValues().DataType())
		}
		for row := range n {
			first, end := list.ValueOffsets(row)
			if list.IsNull(row) || first == end {
				v.pad(c, row+1)
				continue
			}
			v.addString(c, viewBytes(members.Value(int(first))))
			for i := first + 1; i < end; i++ {
				v.addMember(viewBytes(members.Value(int(i))))
			}
		}
		return nil
	}
	if !required {
		for row := range n {
			def := int16(1)
			if a.IsNull(row) {
				def = 0
			}
			v.defs = append(v.defs, def)
		}
	}
	v.rows = n
	switch a := a.(type) {
	case *array.String:
		for row := range n {
			if a.IsValid(row) {
				v.strs = append(v.strs, viewBytes(a.Value(row)))
			}
		}
	case *array.Float64:
		v.nums = appendValid(v.nums, a, a.Float64Values())
	case *array.Int64:
		v.ints = appendValid(v.ints, a, a.Int64Values())
	case *array.Timestamp:
		times := a.TimestampValues()
		v.ints = appendValid(v.ints, a, unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(times))), len(times)))
	default:
		return fmt.Errorf("has the type %s", a.DataType())
	}
	return nil
}

func appendValid[T any](out []T, a arrow.Array, values []T) []T {
	if a.NullN() == 0 {
		return append(out, values...)
	}
	for i, x := range values {
		if a.IsValid(i) {
			out = append(out, x)
		}
	}
	return out
}

func viewBytes(s string) parquet.ByteArray { return unsafe.Slice(unsafe.StringData(s), len(s)) }
