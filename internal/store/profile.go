package store

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/zeebo/xxh3"

	"ledgerline/internal/record"
)

// profile is what the file beside a segment says of its columns, before the
// token filters, so that it can be read without them.
//
//	number of columns (uint32)
//	per column: name, number of values (uint32), per value: text, rows (uint64)
//	number of columns of text (uint32), per column: name
//	number of row groups (uint32)
//	per row group: rows (uint32), per column of text: offset and bytes of its chunk (uint64, uint32)
//
// Texts are their length (uint32) and bytes; all numbers are little-endian.
type profile struct {
	values map[string][]ValueCount // of the columns that have few
	placed []string                // columns of text, in the order of their places
	groups []placedGroup
	size   int // memory it takes, about
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// appendTallies encodes the tallies of the columns, as far as they fit.
func appendTallies(out []byte, cols []Column, tallies []valueTally) []byte {
	start := len(out)
	out = binary.LittleEndian.AppendUint32(out, 0)
	n := uint32(0)
	for i := range tallies {
		if tallies[i].many || !counted(i, cols[i]) {
			continue
		}
		before := len(out)
		out = appendText(out, cols[i].Name)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(tallies[i].counts)))
		for _, c := range tallies[i].counts {
			out = binary.LittleEndian.AppendUint64(appendText(out, c.Value), uint64(c.Rows))
		}
		if len(out)-start > countedBytes {
			out = out[:before]
			break
		}
		n++
	}
	binary.LittleEndian.PutUint32(out[start:], n)
	return out
}

// placedColumns bounds the columns of a segment whose places are kept.
const placedColumns = 200

// places finds where in a Parquet file the columns of text lie. Its columns are
// those of the segment, one after the other.
func places(cols []Column, footer *metadata.FileMetaData) (placed []string, groups []placedGroup, err error) {
	var at []int
	for i, c := range cols {
		if c.Type == record.String && !c.List && len(at) < placedColumns {
			at, placed = append(at, i), append(placed, c.Name)
		}
	}
	for i := range footer.NumRowGroups() {
		group := footer.RowGroup(i)
		g := placedGroup{rows: group.NumRows(), places: make([]place, len(at))}
		for j, column := range at {
			chunk, err := group.ColumnChunk(column)
			if err != nil {
				return nil, nil, err
			}
			g.places[j] = place{chunk.DataPageOffset(), chunk.TotalCompressedSize()}
			if chunk.HasDictionaryPage() {
				g.places[j].offset = chunk.DictionaryPageOffset()
			}
		}
		groups = append(groups, g)
	}
	return placed, groups, nil
}

// appendPlaces encodes the places of columns.
func appendPlaces(out []byte, placed []string, groups []placedGroup) []byte {
	out = binary.LittleEndian.AppendUint32(out, uint32(len(placed)))
	for _, name := range placed {
		out = appendText(out, name)
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(groups)))
	for _, g := range groups {
		out = binary.LittleEndian.AppendUint32(out, uint32(g.rows))
		for _, p := range g.places {
			out = binary.LittleEndian.AppendUint64(out, uint64(p.offset))
			out = binary.LittleEndian.AppendUint32(out, uint32(p.bytes))
		}
	}
	return out
}

// decoder reads what appendTallies and appendPlaces write. After the end it yields zeros and is short.
type decoder struct {
	data  []byte
	short bool
}

func (d *decoder) take(n int) []byte {
	if n > len(d.data) {
		d.short, d.data = true, nil
		return make([]byte, min(n, 8))
	}
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}

func (d *decoder) number() int     { return int(binary.LittleEndian.Uint32(d.take(4))) }
func (d *decoder) large() int64    { return int64(binary.LittleEndian.Uint64(d.take(8))) }
func (d *decoder) text() string    { return string(d.take(d.number())) }
func (d *decoder) more(n int) bool { return n > 0 && !d.short }

// parseProfile checks and decodes the profile in a file.
func (h besideHead) parseProfile(data []byte) (*profile, error) {
	if h.old {
		return parseProfile(nil)
	}
	end := int64(fileHead) + h.profile
	if end+8 > int64(len(data)) || binary.LittleEndian.Uint64(data[end:]) != xxh3.Hash(data[:end]) {
		return nil, errTokens
	}
	return parseProfile(data[fileHead:end])
}

// parseProfile decodes a profile, which is empty for a segment of few rows and in
// older files.
func parseProfile(data []byte) (*profile, error) {
	p := &profile{values: map[string][]ValueCount{}, size: 64 + 3*len(data)}
	if len(data) == 0 {
		return p, nil
	}
	d := decoder{data: data}
	for columns := d.number(); d.more(columns); columns-- {
		name := d.text()
		counts := []ValueCount{}
		for values := d.number(); d.more(values); values-- {
			counts = append(counts, ValueCount{d.text(), d.large()})
		}
		p.values[name] = counts
	}
	for n := d.number(); d.more(n); n-- {
		p.placed = append(p.placed, d.text())
	}
	for n := d.number(); d.more(n); n-- {
		g := placedGroup{rows: int64(d.number()), places: make([]place, len(p.placed))}
		for i := range g.places {
			g.places[i] = place{d.large(), int64(d.number())}
		}
		p.groups = append(p.groups, g)
	}
	if d.short {
		return nil, errTokens
	}
	return p, nil
}

// readProfile reads the profile in the file beside a segment.
func readProfile(path string) (p *profile, size int, err error) {
	data, err := readBeside(path, func(h besideHead) int64 { return h.profile + 8 })
	if err == nil {
		var head besideHead
		if head, err = parseHead(data); err == nil {
			p, err = head.parseProfile(data)
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return p, p.size, nil
}
