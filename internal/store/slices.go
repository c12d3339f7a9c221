package store

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/zeebo/xxh3"
)

// The slices of a block say more exactly where a word may be. They are read where
// the filter of the block, which is kept in memory, says that it may be there.
//
//	per slice: rows (uint32), 64-bit words of its Bloom filter (uint32), the filter
//	xxh3-64 of everything before
const (
	sliceRows   = 256
	sliceBits   = 10 // bits a word: 0.9 % false positives with 5 probes
	sliceProbes = 5
)

// endSlice writes the words since the last slice, which are then words of the block.
func (t *tokenBuilder) endSlice() {
	if t.rows == t.sliced {
		return
	}
	size := (t.words.n*sliceBits + 63) / 64
	t.slices = binary.LittleEndian.AppendUint32(t.slices, uint32(t.rows-t.sliced))
	t.slices = binary.LittleEndian.AppendUint32(t.slices, uint32(size))
	t.slices = t.appendFilter(t.slices, &t.words, size, sliceProbes)
	for _, h := range t.words.slots {
		if h != 0 {
			t.all.add(h)
		}
	}
	t.sliced = t.rows
	t.words.clear()
	clear(t.recent[:])
}

// readSlices returns the ranges of rows, counted from the first of the block, of
// the slices that may hold all the words.
func (b *tokenBlock) readSlices(path string, words []uint64) ([][2]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, b.slices)
	if _, err := f.ReadAt(data, b.slicesAt); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parseSlices(data, int64(b.rows), words)
}

// parseSlices is readSlices of what a file holds of a block of so many rows.
func parseSlices(data []byte, rows int64, words []uint64) (ranges [][2]int64, err error) {
	end := len(data) - 8
	if end < 0 || binary.LittleEndian.Uint64(data[end:]) != xxh3.Hash(data[:end]) {
		return nil, errTokens
	}
	row := int64(0)
	for rest := data[:end]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, errTokens
		}
		next, size := row+int64(binary.LittleEndian.Uint32(rest)), int(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if size > len(rest)/8 {
			return nil, errTokens
		}
		if holdsAll(rest[:size*8], words) {
			ranges = append(ranges, [2]int64{row, next})
		}
		row, rest = next, rest[size*8:]
	}
	if row != rows {
		return nil, errTokens
	}
	return ranges, nil
}

func holdsAll(bits []byte, words []uint64) bool {
	for _, h := range words {
		if !hasBits(bits, h, sliceProbes) {
			return false
		}
	}
	return true
}
