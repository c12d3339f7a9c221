package store

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"path/filepath"
	"time"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"ledgerline/internal/record"
)

const (
	rowGroupRows  = 2 * tokenBlockRows // engines decompress a row group from its start to the rows they want
	dictionaryMax = 256 << 10          // bytes of a dictionary before a column is written plain
	dictionaryMin = 64                 // rows from which dictionaries are worth their pages
	pageSize      = 64 << 10           // few rows cost their pages
	writeRows     = 256                // rows after which sizes of pages and dictionaries are looked at
	statsMax      = 128                // longest string kept as least or greatest value
	tokenSuffix   = ".tok"
	unfinished    = ".tmp"
)

// segmentWriter writes one segment: a Parquet file and its token filter, under
// temporary names until finish.
type segmentWriter struct {
	disk    disk
	seg     *Segment
	root    *schema.GroupNode
	file    *diskFile
	sum     hash.Hash
	size    int64
	out     *file.Writer // nil before the first rows
	group   file.BufferedRowGroupWriter
	inGroup int
	spliced *metadata.FileMetaData // footer of row groups that were copied; then out is nil
	placed  []string               // columns of text
	groups  []placedGroup          // where they lie, when the file is whole
	hasher  *rowHasher
	scratch *scratch
}

// scratch is memory that one segment after the other uses.
type scratch struct {
	batch  batch
	buf    *bufio.Writer
	tokens tokenBuilder
}

func newScratch() *scratch { return &scratch{buf: bufio.NewWriterSize(nil, 1<<20)} }

// newSegmentWriter starts a segment in the day's folder of dir. The name holds
// random bits besides the number, so that it is never used twice, not even when
// a crash gave back the number.
func newSegmentWriter(d disk, dir string, id int64, source string, day time.Time, cols []Column, now time.Time, mem *scratch) (*segmentWriter, error) {
	root, err := parquetSchema(cols)
	if err != nil {
		return nil, err
	}
	var salt [4]byte
	rand.Read(salt[:])
	folder := filepath.Join(dir, day.Format(time.DateOnly))
	if err := d.mkdir(folder); err != nil {
		return nil, err
	}
	w := &segmentWriter{
		disk: d,
		seg: &Segment{
			ID: id, Path: filepath.Join(folder, fmt.Sprintf("%d-%s.parquet", id, hex.EncodeToString(salt[:]))),
			Source: source, Day: day, Columns: cols, Created: now,
		},
		root: root, sum: sha256.New(), hasher: newRowHasher(cols), scratch: mem,
	}
	if w.file, err = d.create(w.seg.Path + unfinished); err != nil {
		return nil, err
	}
	mem.buf.Reset(w.file)
	mem.tokens.reset(cols)
	return w, nil
}

// countingWriter hashes and counts what goes into the file.
type countingWriter struct{ w *segmentWriter }

func (c countingWriter) Write(p []byte) (int, error) {
	c.w.sum.Write(p)
	c.w.size += int64(len(p))
	return c.w.scratch.buf.Write(p)
}

func parquetSchema(cols []Column) (*schema.GroupNode, error) {
	var nodes schema.FieldList
	for i, c := range cols {
		rep := parquet.Repetitions.Optional
		if i < requiredCount || c.List {
			rep = parquet.Repetitions.Required
		}
		var n schema.Node
		var err error
		switch c.Type {
		case record.String:
			n, err = schema.NewPrimitiveNodeLogical(c.Name, rep, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1)
			if err == nil && c.List {
				n, err = schema.ListOfWithName(c.Name, n, parquet.Repetitions.Optional, -1)
			}
		case record.Timestamp:
			plain := schema.NewTimestampLogicalTypeWithOpts(schema.WithTSTimeUnitType(schema.TimeUnitMillis))
			n, err = schema.NewPrimitiveNodeLogical(c.Name, rep, plain, parquet.Types.Int64, -1, -1)
		case record.Double:
			n = schema.NewFloat64Node(c.Name, rep, -1)
		default:
			n = schema.NewInt64Node(c.Name, rep, -1)
		}
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
		nodes = append(nodes, n)
	}
	return schema.NewGroupNode("row", parquet.Repetitions.Required, nodes, -1)
}

// writerProperties chooses encodings by the kind of column and by how the first
// rows look.
func writerProperties(cols []Column, first *batch) *parquet.WriterProperties {
	props := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(1),
		parquet.WithDictionaryDefault(true), parquet.WithDictionaryPageSizeLimit(dictionaryMax),
		parquet.WithDataPageSize(pageSize), parquet.WithStats(true), parquet.WithMaxStatsSize(statsMax),
		parquet.WithBatchSize(writeRows), parquet.WithCreatedBy("ledgerline"),
		// Nearly every text is different: a dictionary and statistics of texts cost and give nothing.
		parquet.WithDictionaryFor(ColText, false), parquet.WithStatsFor(ColText, false),
		parquet.WithEncodingFor(ColText, parquet.Encodings.DeltaLengthByteArray),
	}
	if first.rows < dictionaryMin {
		props = append(props, parquet.WithDictionaryDefault(false))
	}
	for i, c := range cols {
		switch {
		case c.Type == record.Timestamp || i == ordinalAt:
			props = append(props, parquet.WithDictionaryFor(c.Name, false),
				parquet.WithEncodingFor(c.Name, parquet.Encodings.DeltaBinaryPacked))
		case c.Type == record.String && !c.List && i != textAt && mostlyDistinct(first.vectors[i].strs):
			// Identifiers: a dictionary would be built and then given up.
			props = append(props, parquet.WithDictionaryFor(c.Name, false),
				parquet.WithEncodingFor(c.Name, parquet.Encodings.DeltaLengthByteArray))
		}
	}
	return parquet.NewWriterProperties(props...)
}

// mostlyDistinct looks at a sample of values from all over a column.
func mostlyDistinct(values []parquet.ByteArray) bool {
	const sample = 512
	if len(values) < sample {
		return false
	}
	seen := make(map[string]bool, sample)
	for i := range sample {
		seen[string(values[i*len(values)/sample])] = true
	}
	return len(seen) > sample*9/10
}

// append writes rows, which must be in order and after all rows written before.
func (w *segmentWriter) append(b *batch) error {
	if b.rows == 0 {
		return nil
	}
	if w.out == nil {
		out, err := file.NewParquetWriterWithError(countingWriter{w}, w.root, file.WithWriterProps(writerProperties(w.seg.Columns, b)))
		if err != nil {
			return err
		}
		w.out = out
	}
	if w.group == nil {
		group, err := w.out.AppendBufferedRowGroupChecked()
		if err != nil {
			return err
		}
		w.group = group
	}
	for i := range w.seg.Columns {
		column, err := w.group.Column(i)
		if err != nil {
			return err
		}
		if err := writeVector(column, &b.vectors[i]); err != nil {
			return fmt.Errorf("column %q: %w", w.seg.Columns[i].Name, err)
		}
	}
	w.hasher.add(b)
	w.scratch.tokens.add(b)
	w.seg.note(b)
	if w.inGroup += b.rows; w.inGroup >= rowGroupRows {
		return w.endGroup()
	}
	return nil
}

func writeVector(column file.ColumnChunkWriter, v *vector) (err error) {
	var reps []int16
	if len(v.reps) > 0 {
		reps = v.reps
	}
	var defs []int16
	if len(v.defs) > 0 {
		defs = v.defs
	}
	switch c := column.(type) {
	case *file.ByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(v.strs, defs, reps)
	case *file.Int64ColumnChunkWriter:
		_, err = c.WriteBatch(v.ints, defs, reps)
	case *file.Float64ColumnChunkWriter:
		_, err = c.WriteBatch(v.nums, defs, reps)
	default:
		err = fmt.Errorf("no way to write a %T", column)
	}
	return err
}

func (w *segmentWriter) endGroup() error {
	if w.group == nil {
		return nil
	}
	err := w.group.Close()
	w.group, w.inGroup = nil, 0
	return err
}

func (w *segmentWriter) endFile() error {
	if w.spliced != nil {
		return w.endSpliced()
	}
	if err := w.endGroup(); err != nil {
		return err
	}
	if err := w.out.Close(); err != nil {
		return err
	}
	footer, err := w.out.FileMetadata()
	if err != nil {
		return err
	}
	return w.locate(footer)
}

// locate notes where the columns of text lie in the file.
func (w *segmentWriter) locate(footer *metadata.FileMetaData) (err error) {
	w.placed, w.groups, err = places(w.seg.Columns, footer)
	return err
}

// finish makes the segment durable under its final name, but for the sync of
// its folder, which may be shared with others.
func (w *segmentWriter) finish() (*Segment, error) {
	err := w.endFile()
	if err == nil {
		err = w.scratch.buf.Flush()
	}
	if err == nil {
		err = w.file.sync()
	}
	if err != nil {
		w.abort()
		return nil, err
	}
	if err := w.file.close(); err != nil {
		w.abort()
		return nil, err
	}
	tokens := w.scratch.tokens.file(w.placed, w.groups)
	w.seg.Bytes = w.size
	w.sum.Sum(w.seg.SHA256[:0])
	w.seg.RowHash = w.hasher.total()
	w.seg.TokenSHA256 = sha256.Sum256(tokens)
	if err := w.writeTokens(tokens); err != nil {
		w.abort()
		return nil, err
	}
	for _, name := range []string{w.seg.Path + tokenSuffix, w.seg.Path} {
		if err := w.disk.rename(name+unfinished, name); err != nil {
			w.abort()
			return nil, err
		}
	}
	return w.seg, nil
}

func (w *segmentWriter) writeTokens(content []byte) error {
	f, err := w.disk.create(w.seg.Path + tokenSuffix + unfinished)
	if err != nil {
		return err
	}
	defer f.close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.sync()
}

// abort removes what has been written. What it cannot remove is removed at the
// next start, because the manifest does not list it.
func (w *segmentWriter) abort() {
	w.file.close()
	for _, name := range segmentFiles(w.seg.Path) {
		w.disk.remove(name)
		w.disk.remove(name + unfinished)
	}
}

// segmentFiles are the files of a segment.
func segmentFiles(path string) []string { return []string{path, path + tokenSuffix} }
