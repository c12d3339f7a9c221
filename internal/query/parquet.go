package query

import (
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"ledgerline/internal/record"
)

// A row group is held in memory until it is written. It ends with so many rows, or
// so many bytes of values.
const parquetRows, parquetBytes = 1 << 16, 16 << 20

// Parquet writes rows as an Apache Parquet file: texts, 64-bit numbers and times in
// milliseconds UTC, lists of these, and of other values the text.
type Parquet struct {
	to      io.Writer
	text    func(any) (string, error)
	shown   []int // columns that are not hidden
	rows    *array.RecordBuilder
	out     *pqarrow.FileWriter
	waiting int // rows in the builder
	bytes   int // of their values, about
}

// NewParquet returns a writer that must be closed in the end. text shows the values
// of columns that are texts, and nested tables.
func NewParquet(w io.Writer, text func(any) (string, error)) *Parquet {
	return &Parquet{to: w, text: text}
}

// Header names the columns; it is called once, before the rows.
func (p *Parquet) Header(columns []Column) error {
	var fields []arrow.Field
	taken := map[string]bool{}
	for i, c := range columns {
		if c.Hidden {
			continue
		}
		name := c.Name
		for n := 2; taken[name]; n++ { // readers refuse a name that is there twice
			name = fmt.Sprintf("%s %d", c.Name, n)
		}
		taken[name] = true
		p.shown = append(p.shown, i)
		fields = append(fields, arrow.Field{Name: name, Type: parquetType(c), Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	p.rows = array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var err error
	p.out, err = pqarrow.NewFileWriter(schema, p.to, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithCreatedBy("ledgerline"), parquet.WithMaxRowGroupLength(parquetRows)), pqarrow.DefaultWriterProps())
	return err
}

func parquetType(c Column) arrow.DataType {
	var t arrow.DataType = arrow.BinaryTypes.String
	switch c.Type {
	case record.Long, record.Integer:
		t = arrow.PrimitiveTypes.Int64
	case record.Float, record.Double:
		t = arrow.PrimitiveTypes.Float64
	case record.Timestamp:
		t = arrow.FixedWidthTypes.Timestamp_ms
	}
	switch {
	case c.Table != nil:
		return arrow.BinaryTypes.String
	case c.List:
		return arrow.ListOf(t)
	}
	return t
}

// Row writes a row. It may be used again when Row has returned.
func (p *Parquet) Row(row []any) error {
	for i, at := range p.shown {
		if err := p.put(p.rows.Field(i), row[at]); err != nil {
			return fmt.Errorf("column %q: %w", p.rows.Schema().Field(i).Name, err)
		}
	}
	if p.waiting++; p.waiting == parquetRows || p.bytes >= parquetBytes {
		return p.flush()
	}
	return nil
}

// put adds one value to a column.
func (p *Parquet) put(column array.Builder, v any) error {
	if v == nil {
		column.AppendNull()
		return nil
	}
	p.bytes += 8
	switch b := column.(type) {
	case *array.StringBuilder:
		text, err := p.text(v)
		if err != nil {
			return err
		}
		p.bytes += len(text)
		b.Append(text)
		return nil
	case *array.Int64Builder:
		if n, ok := v.(int64); ok {
			b.Append(n)
			return nil
		}
	case *array.Float64Builder:
		switch n := v.(type) {
		case float64:
			b.Append(n)
			return nil
		case int64:
			b.Append(float64(n))
			return nil
		}
	case *array.TimestampBuilder:
		if t, ok := v.(time.Time); ok {
			b.Append(arrow.Timestamp(t.UnixMilli()))
			return nil
		}
	case *array.ListBuilder:
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		b.Append(true)
		for _, member := range list {
			if err := p.put(b.ValueBuilder(), member); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%T cannot be written as %s", v, column.Type())
}

func (p *Parquet) flush() error {
	batch := p.rows.NewRecordBatch()
	defer batch.Release()
	p.waiting, p.bytes = 0, 0
	return p.out.Write(batch)
}

// Close writes the end of the file, without which it cannot be read.
func (p *Parquet) Close() error {
	if p.waiting > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	return p.out.Close()
}
