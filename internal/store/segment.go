package store

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"ledgerline/internal/record"
)

const (
	rowGroupRows  = 12 * tokenBlockRows // blocks of token filters do not cross row groups
	dictionaryMax = 256 << 10           // bytes of a dictionary before a column is written plain
	pageSize      = 256 << 10
	statsMax      = 128 // longest string kept as least or greatest value
	tokenSuffix   = ".tok"
	unfinished    = ".tmp"
)

// segmentWriter writes one segment: a Parquet file and its token filter, under
// temporary names until finish.
type segmentWriter struct {
	disk    disk
	seg     *Segment
	file    *diskFile
	buf     *bufio.Writer
	sum     hash.Hash
	size    int64
	out     *file.Writer
	group   file.BufferedRowGroupWriter
	inGroup int
	hasher  *rowHasher
	tokens  *tokenBuilder
}

// newSegmentWriter starts a segment in the day's folder of dir. The name holds
// random bits besides the number, so that it is never used twice, not even when
// a crash gave back the number.
func newSegmentWriter(d disk, dir string, id int64, source string, day time.Time, cols []Column, now time.Time) (*segmentWriter, error) {
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
		sum:    sha256.New(),
		hasher: newRowHasher(cols),
		tokens: newTokenBuilder(),
	}
	if w.file, err = d.create(w.seg.Path + unfinished); err != nil {
		return nil, err
	}
	w.buf = bufio.NewWriterSize(w.file, 1<<20)
	w.out, err = file.NewParquetWriterWithError(countingWriter{w}, root, file.WithWriterProps(writerProperties(cols)))
	if err != nil {
		w.abort()
		return nil, err
	}
	return w, nil
}

// countingWriter hashes and counts what goes into the file.
type countingWriter struct{ w *segmentWriter }

func (c countingWriter) Write(p []byte) (int, error) {
	c.w.sum.Write(p)
	c.w.size += int64(len(p))
	return c.w.buf.Write(p)
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

func writerProperties(cols []Column) *parquet.WriterProperties {
	props := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(1),
		parquet.WithDictionaryDefault(true), parquet.WithDictionaryPageSizeLimit(dictionaryMax),
		parquet.WithDataPageSize(pageSize), parquet.WithStats(true), parquet.WithMaxStatsSize(statsMax),
		parquet.WithBatchSize(tokenBlockRows), parquet.WithCreatedBy("ledgerline"),
		// Nearly every text is different: a dictionary and statistics of texts cost and give nothing.
		parquet.WithDictionaryFor(ColText, false), parquet.WithStatsFor(ColText, false),
		parquet.WithEncodingFor(ColText, parquet.Encodings.DeltaLengthByteArray),
	}
	for i, c := range cols {
		if c.Type == record.Timestamp || i == ordinalAt {
			props = append(props, parquet.WithDictionaryFor(c.Name, false),
				parquet.WithEncodingFor(c.Name, parquet.Encodings.DeltaBinaryPacked))
		}
	}
	return parquet.NewWriterProperties(props...)
}

// append writes rows, which must be in order and after all rows written before.
func (w *segmentWriter) append(b *batch) error {
	if b.rows == 0 {
		return nil
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
	w.tokens.add(w.seg.Columns, b)
	w.note(b)
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

// note keeps what the manifest says about the rows.
func (w *segmentWriter) note(b *batch) {
	times, s := b.vectors[timeAt].ints, w.seg
	if s.Rows == 0 {
		s.From, s.Ingested = times[0], b.vectors[ingestAt].ints[0]
	}
	s.To = times[b.rows-1]
	for _, t := range b.vectors[ingestAt].ints {
		s.Ingested = max(s.Ingested, t)
	}
	s.Rows += int64(b.rows)
	last := ""
	for _, g := range b.vectors[groupAt].strs {
		if string(g) != last {
			last = string(g)
			if at, found := slices.BinarySearch(s.Groups, last); !found {
				s.Groups = slices.Insert(s.Groups, at, last)
			}
		}
	}
}

func (w *segmentWriter) endGroup() error {
	if w.group == nil {
		return nil
	}
	err := w.group.Close()
	w.group, w.inGroup = nil, 0
	return err
}

// finish makes the segment durable under its final name, but for the sync of
// its folder, which may be shared with others.
func (w *segmentWriter) finish() (*Segment, error) {
	err := w.endGroup()
	if err == nil {
		err = w.out.Close()
	}
	if err == nil {
		err = w.buf.Flush()
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
	tokens := w.tokens.file()
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
