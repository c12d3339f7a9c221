package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/zeebo/xxh3"

	"ledgerline/internal/record"
)

// A token filter file says which words each block of rows of a segment may hold,
// and each slice of a block.
//
//	magic "LLTOK3\n\x00", bytes of the profile and of the blocks (uint32 each)
//	the profile, xxh3-64 of everything before
//	number of blocks (uint32)
//	per block: rows (uint32), least and greatest time (int64), 64-bit words of its Bloom filter, bytes of its slices (uint32 each)
//	the Bloom filters of the blocks, one after the other
//	xxh3-64 of everything before
//	the slices of each block, see slices.go
//
// All numbers are little-endian. Before version 3, magic "LLTOK2\n\x00", the number
// of blocks followed the magic, and nothing was said of slices. A Bloom filter takes
// the hash of a word, see hashWord, and probes tokenProbes bits by double hashing
// (Kirsch and Mitzenmacher, "Less hashing, same performance", 2006).
const (
	tokenMagic     = "LLTOK3\n\x00"
	oldTokenMagic  = "LLTOK2\n\x00"
	tokenBlockRows = 8192
	tokenBlockMax  = 1 << 18 // words after which a block ends early
	tokenBits      = 10      // bits a word: 0.8 % false positives with 7 probes
	tokenProbes    = 7
	tokenHeadSize  = 28
	oldHeadSize    = 24
)

// tokenBlock is a run of rows and the words in them.
type tokenBlock struct {
	rows     int
	from, to int64
	bits     []byte // the Bloom filter's words, little-endian
	slicesAt int64  // where its slices are in the file
	slices   int    // bytes of them; 0 in an older file
}

// tokenBuilder collects the words of a segment, block by block, and its profile.
type tokenBuilder struct {
	cols     []Column
	tallies  []valueTally            // parallel to cols
	counted  int                     // rows in tallies
	words    hashSet                 // of the slice
	all      hashSet                 // of the slices of the block that have ended
	recent   [1 << recentBits]uint64 // hashes that are in words already
	fold     []byte
	plain    []byte
	at       []cursor
	rows     int // of the block
	sliced   int // of them, in slices that have ended
	from, to int64
	slices   []byte // of all blocks
	sliceAt  int    // where those of the block begin
	head     []byte
	filters  []byte
	blocks   uint32
	bits     []uint64
}

// recentBits is the size of a cache in front of the set of words: most words of
// logs are the same few in every row, and the set of a block is larger than the
// processor's nearest cache.
const recentBits = 10

// reset makes the builder ready for another segment.
func (t *tokenBuilder) reset(cols []Column) {
	t.words.clear()
	t.all.clear()
	clear(t.recent[:])
	t.sliced, t.slices, t.sliceAt = 0, t.slices[:0], 0
	t.cols, t.counted = cols, 0
	t.tallies = append(t.tallies[:0], make([]valueTally, len(cols))...)
	t.rows, t.blocks = 0, 0
	t.head, t.filters = t.head[:0], t.filters[:0]
}

// add takes the rows of b.
func (t *tokenBuilder) add(b *batch) {
	times := b.vectors[timeAt].ints
	for i, c := range t.cols {
		if counted(i, c) {
			t.tallies[i].add(b.vectors[i].strs)
		}
	}
	t.counted += b.rows
	t.at = append(t.at[:0], make([]cursor, len(t.cols))...)
	for from := 0; from < b.rows; {
		// Rows are added a few at a time so that a block of long texts ends early.
		to := min(b.rows, from+min(256, tokenBlockRows-t.rows))
		for i, c := range t.cols {
			if c.Type != record.String {
				continue
			}
			v := &b.vectors[i]
			first, end := v.advance(&t.at[i], to-from)
			t.addValues(v.strs[first:end])
		}
		if t.rows == 0 {
			t.from, t.to = times[from], times[from]
		}
		t.to = times[to-1]
		t.rows += to - from
		if t.rows-t.sliced >= sliceRows {
			t.endSlice()
		}
		if t.rows >= tokenBlockRows || t.words.n+t.all.n >= tokenBlockMax {
			t.endBlock()
		}
		from = to
	}
}

// addValues adds the words of values of one block and column. Values that repeat,
// as those that all rows of an upload share, are looked at once.
func (t *tokenBuilder) addValues(values []parquet.ByteArray) {
	last := ""
	for _, value := range values {
		if s := unsafe.String(unsafe.SliceData(value), len(value)); s != last {
			t.addText(s)
			last = s
		}
	}
}

// addText adds the words of s as it is and, when they differ, those of s with
// JSON's escapes decoded: nobody can tell whether \n in a text is a line end in
// a JSON string or part of a file name.
func (t *tokenBuilder) addText(s string) {
	t.addWords(s)
	var ok bool
	if t.plain, ok = unescape(s, t.plain[:0]); ok {
		t.addWords(unsafe.String(unsafe.SliceData(t.plain), len(t.plain)))
	}
}

// addWords adds the words of s, which it looks for 64 bytes at a time.
func (t *tokenBuilder) addWords(s string) {
	start := -1 // of a run of word bytes that reached the end of the last 64
	for base := 0; base < len(s); base += 64 {
		mask := wordBytes(s[base:])
		if start >= 0 {
			n := bits.TrailingZeros64(^mask)
			if n == 64 {
				continue
			}
			t.addRun(s, start, base+n)
			start = -1
			mask = mask >> (n & 63) << (n & 63)
		}
		for mask != 0 {
			from := bits.TrailingZeros64(mask)
			end := from + bits.TrailingZeros64(^(mask >> (from & 63)))
			if end == 64 {
				start = base + from
				break
			}
			t.addRun(s, base+from, base+end)
			mask = mask >> (end & 63) << (end & 63)
		}
	}
	if start >= 0 {
		t.addRun(s, start, len(s))
	}
}

// addRun adds what is a word if it is of ASCII, else may hold other characters
// and even several words.
func (t *tokenBuilder) addRun(s string, from, to int) {
	h, ascii := hashPart(s, from, to)
	if ascii {
		t.addHash(h)
		return
	}
	run := s[from:to]
	for word, i := nextUnicodeWord(run, 0, &t.fold); word != ""; word, i = nextUnicodeWord(run, i, &t.fold) {
		h, _ := hashWord(word)
		t.addHash(h)
	}
}

func (t *tokenBuilder) addHash(h uint64) {
	if seen := &t.recent[h>>(64-recentBits)]; *seen != h {
		*seen = h
		t.words.add(h)
	}
}

func (t *tokenBuilder) endBlock() {
	t.endSlice()
	if t.rows == 0 {
		return
	}
	t.slices = binary.LittleEndian.AppendUint64(t.slices, xxh3.Hash(t.slices[t.sliceAt:]))
	size := (t.all.n*tokenBits + 63) / 64
	t.head = appendTokenHead(t.head, t.rows, t.from, t.to, size, len(t.slices)-t.sliceAt)
	t.filters = t.appendFilter(t.filters, &t.all, size, tokenProbes)
	t.blocks++
	t.rows, t.sliced, t.sliceAt = 0, 0, len(t.slices)
	t.all.clear()
}

// appendFilter appends a Bloom filter of the words in a set.
func (t *tokenBuilder) appendFilter(out []byte, words *hashSet, size, probes int) []byte {
	if cap(t.bits) < size {
		t.bits = make([]uint64, size)
	}
	t.bits = t.bits[:size]
	clear(t.bits)
	for _, h := range words.slots {
		if h != 0 {
			setBits(t.bits, h, probes)
		}
	}
	for _, w := range t.bits {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return out
}

// addProfile adds what is known of another segment of the same columns.
func (t *tokenBuilder) addProfile(p *profile, rows int64) {
	for i, c := range t.cols {
		if counts, ok := p.values[c.Name]; ok {
			t.tallies[i].merge(counts)
		} else {
			t.tallies[i] = valueTally{many: true}
		}
	}
	t.counted += int(rows)
}

// addBlocks adds blocks of another filter, the file of which is given.
func (t *tokenBuilder) addBlocks(blocks []tokenBlock, file []byte) error {
	for _, b := range blocks {
		if b.slicesAt+int64(b.slices) > int64(len(file)) {
			return errTokens
		}
		t.head = appendTokenHead(t.head, b.rows, b.from, b.to, len(b.bits)/8, b.slices)
		t.filters = append(t.filters, b.bits...)
		t.slices = append(t.slices, file[b.slicesAt:b.slicesAt+int64(b.slices)]...)
		t.blocks++
	}
	t.sliceAt = len(t.slices)
	return nil
}

func appendTokenHead(head []byte, rows int, from, to int64, size, slices int) []byte {
	head = binary.LittleEndian.AppendUint32(head, uint32(rows))
	head = binary.LittleEndian.AppendUint64(head, uint64(from))
	head = binary.LittleEndian.AppendUint64(head, uint64(to))
	head = binary.LittleEndian.AppendUint32(head, uint32(size))
	return binary.LittleEndian.AppendUint32(head, uint32(slices))
}

// file ends the last block and returns the content of the filter file. The
// columns of text lie at the places that are given.
func (t *tokenBuilder) file(placed []string, groups []placedGroup) []byte {
	t.endBlock()
	out := make([]byte, fileHead, fileHead+16+len(t.head)+len(t.filters)+len(t.slices)+8)
	copy(out, tokenMagic)
	if t.counted >= countedRows {
		out = appendPlaces(appendTallies(out, t.cols, t.tallies), placed, groups)
	}
	binary.LittleEndian.PutUint32(out[len(tokenMagic):], uint32(len(out)-fileHead))
	binary.LittleEndian.PutUint32(out[len(tokenMagic)+4:], uint32(4+len(t.head)+len(t.filters)))
	out = binary.LittleEndian.AppendUint64(out, xxh3.Hash(out))
	out = binary.LittleEndian.AppendUint32(out, t.blocks)
	out = append(out, t.head...)
	out = append(out, t.filters...)
	out = binary.LittleEndian.AppendUint64(out, xxh3.Hash(out))
	return append(out, t.slices...)
}

var errTokens = errors.New("not a token filter, or a damaged one")

// readTokens reads the blocks of a filter file and checks them. It returns the
// memory they take, too.
func readTokens(path string) (blocks []tokenBlock, size int, err error) {
	data, err := readBeside(path, func(h besideHead) int64 { return h.profile + 8 + h.blocks + 8 })
	if err == nil {
		_, blocks, err = parseTokens(data)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return blocks, len(data) + len(blocks)*int(unsafe.Sizeof(tokenBlock{})), nil
}

// parseTokens decodes the file beside a segment, which may lack the slices.
func parseTokens(data []byte) (*profile, []tokenBlock, error) {
	head, err := parseHead(data)
	if err != nil {
		return nil, nil, err
	}
	p, err := head.parseProfile(data)
	if err != nil {
		return nil, nil, err
	}
	start, end, each := len(tokenMagic), int64(len(data)-8), oldHeadSize
	if !head.old {
		start, each = fileHead+int(head.profile)+8, tokenHeadSize
		end = int64(start) + head.blocks
	}
	if end < int64(start+4) || end+8 > int64(len(data)) || binary.LittleEndian.Uint64(data[end:]) != xxh3.Hash(data[:end]) {
		return nil, nil, errTokens
	}
	body := data[start+4 : end]
	n := int(binary.LittleEndian.Uint32(data[start:]))
	if n > len(body)/each {
		return nil, nil, errTokens
	}
	heads, filters := body[:n*each], body[n*each:]
	blocks := make([]tokenBlock, n)
	at := end + 8
	for i := range blocks {
		h := heads[i*each:]
		size := int(binary.LittleEndian.Uint32(h[20:]))
		if size > len(filters)/8 {
			return nil, nil, errTokens
		}
		bits := filters[: size*8 : size*8]
		filters = filters[size*8:]
		blocks[i] = tokenBlock{
			rows: int(binary.LittleEndian.Uint32(h)),
			from: int64(binary.LittleEndian.Uint64(h[4:])),
			to:   int64(binary.LittleEndian.Uint64(h[12:])),
			bits: bits,
		}
		if !head.old {
			blocks[i].slicesAt, blocks[i].slices = at, int(binary.LittleEndian.Uint32(h[24:]))
			at += int64(blocks[i].slices)
		}
	}
	return p, blocks, nil
}

// tokenHashes returns the hashes to look for when all of the tokens must occur.
func tokenHashes(tokens []string) []uint64 {
	var out []uint64
	for _, t := range tokens {
		for w := range Words(t) {
			h, _ := hashWord(w)
			out = append(out, h)
		}
	}
	return out
}

// mayHold reports whether the block may hold all the words.
func (b *tokenBlock) mayHold(words []uint64) bool {
	for _, h := range words {
		if !hasBits(b.bits, h, tokenProbes) {
			return false
		}
	}
	return true
}

func setBits(bits []uint64, h uint64, probes int) {
	n := uint64(len(bits)) * 64
	x, step := uint32(h), uint32(h>>32)|1
	for range probes {
		at := uint64(x) * n >> 32
		bits[at>>6] |= 1 << (at & 63)
		x += step
	}
}

// hasBits looks at what setBits made, as bytes: bit n of little-endian words is
// bit n%8 of byte n/8.
func hasBits(bits []byte, h uint64, probes int) bool {
	n := uint64(len(bits)) * 8
	if n == 0 {
		return false
	}
	x, step := uint32(h), uint32(h>>32)|1
	for range probes {
		at := uint64(x) * n >> 32
		if bits[at>>3]&(1<<(at&7)) == 0 {
			return false
		}
		x += step
	}
	return true
}

// hashSet is a set of hashes: open addressing, 0 is an empty slot. It exists
// because every word of every record passes through it, and a Go map takes
// three times as long and cannot be cleared as fast.
type hashSet struct {
	slots []uint64
	n     int
}

// add adds a hash, which is not 0.
func (s *hashSet) add(h uint64) {
	if s.n*2 >= len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case h:
			return
		case 0:
			s.slots[i] = h
			s.n++
			return
		}
	}
}

func (s *hashSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(1024, 2*len(old)))
	s.n = 0
	for _, h := range old {
		if h != 0 {
			s.add(h)
		}
	}
}

func (s *hashSet) clear() {
	clear(s.slots)
	s.n = 0
}
