package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zeebo/xxh3"
)

// profile is what the file beside a segment says of its columns, before the
// token filters, so that it can be read without them.
//
//	number of columns (uint32)
//	per column: name, number of values (uint32), per value: text, rows (uint64)
//
// Texts are their length (uint32) and bytes; all numbers are little-endian.
type profile struct {
	values map[string][]ValueCount // of the columns that have few
	size   int                     // memory it takes, about
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// appendProfile encodes the tallies of the columns, as far as they fit.
func appendProfile(out []byte, cols []Column, tallies []valueTally) []byte {
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

// decoder reads what appendProfile wrote. After the end it yields zeros and is short.
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
	if d.short {
		return nil, errTokens
	}
	return p, nil
}

// readProfile reads the beginning of the file beside a segment. An older one has
// no profile.
func readProfile(path string) (p *profile, size int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	head := make([]byte, profileHead)
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, errors.Join(errTokens, err))
	}
	if string(head[:len(tokenMagic)]) == oldTokenMagic {
		p, err := parseProfile(nil)
		return p, p.size, err
	}
	n := int64(binary.LittleEndian.Uint32(head[len(tokenMagic):]))
	if info, err := f.Stat(); err != nil || n > info.Size() {
		return nil, 0, fmt.Errorf("%s: %w", path, errors.Join(errTokens, err))
	}
	content := append(head, make([]byte, n+8)...)
	if _, err := io.ReadFull(f, content[profileHead:]); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, errors.Join(errTokens, err))
	}
	data, err := cutProfile(content)
	if err == nil {
		p, err = parseProfile(data)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return p, p.size, nil
}

// profileHead is the size of what is before a profile: magic and length.
const profileHead = len(tokenMagic) + 4

// cutProfile returns the profile at the beginning of a file: nil in an older one.
func cutProfile(data []byte) ([]byte, error) {
	if len(data) < profileHead {
		return nil, errTokens
	}
	switch string(data[:len(tokenMagic)]) {
	case oldTokenMagic:
		return nil, nil
	case tokenMagic:
	default:
		return nil, errTokens
	}
	n := int(binary.LittleEndian.Uint32(data[len(tokenMagic):]))
	if n > len(data)-profileHead-8 {
		return nil, errTokens
	}
	end := profileHead + n
	if binary.LittleEndian.Uint64(data[end:]) != xxh3.Hash(data[:end]) {
		return nil, errTokens
	}
	return data[profileHead:end], nil
}
