package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"os"
	"unsafe"

	"github.com/zeebo/xxh3"

	"ledgerline/internal/record"
)

// A token filter file says which words each block of rows of a segment may hold.
//
//	magic "LLTOK1\n\x00", number of blocks (uint32)
//	per block: rows (uint32), least and greatest time (int64), 64-bit words of its Bloom filter (uint32)
//	the Bloom filters, one after the other
//	xxh3-64 of everything before
//
// All numbers are little-endian. A Bloom filter takes the xxh3-64 of a word and
// probes tokenProbes bits by double hashing (Kirsch and Mitzenmacher, "Less
// hashing, same performance", 2006).
const (
	tokenMagic     = "LLTOK1\n\x00"
	tokenBlockRows = 8192
	tokenBlockMax  = 1 << 18 // words after which a block ends early
	tokenBits      = 10      // bits a word: 0.8 % false positives with 7 probes
	tokenProbes    = 7
	tokenHeadSize  = 24
)

// tokenBlock is a run of rows and the words in them.
type tokenBlock struct {
	rows     int
	from, to int64
	bits     []byte // the Bloom filter's words, little-endian
}

// tokenBuilder collects the words of a segment, block by block.
type tokenBuilder struct {
	words    hashSet
	values   hashSet // string values of the block whose words are in already
	seed     maphash.Seed
	word     []byte
	plain    []byte
	at       []cursor
	rows     int
	from, to int64
	head     []byte
	filters  []byte
	blocks   uint32
	bits     []uint64
}

// reset makes the builder ready for another segment.
func (t *tokenBuilder) reset() {
	// The seed is secret and random because values come from outside: whoever
	// could make two values collide could hide one of them from search.
	t.seed = maphash.MakeSeed()
	t.words.clear()
	t.values.clear()
	t.rows, t.blocks = 0, 0
	t.head, t.filters = t.head[:0], t.filters[:0]
}

// add takes the rows of b, whose columns are those of cols.
func (t *tokenBuilder) add(cols []Column, b *batch) {
	times := b.vectors[timeAt].ints
	t.at = append(t.at[:0], make([]cursor, len(cols))...)
	for from := 0; from < b.rows; {
		// Rows are added a few at a time so that a block of long texts ends early.
		to := min(b.rows, from+min(256, tokenBlockRows-t.rows))
		for i, c := range cols {
			if c.Type != record.String {
				continue
			}
			v := &b.vectors[i]
			first, end := v.advance(&t.at[i], to-from)
			for _, s := range v.strs[first:end] {
				if i == textAt {
					t.addText(unsafe.String(unsafe.SliceData(s), len(s)))
				} else {
					t.addValue(unsafe.String(unsafe.SliceData(s), len(s)))
				}
			}
		}
		if t.rows == 0 {
			t.from, t.to = times[from], times[from]
		}
		t.to = times[to-1]
		t.rows += to - from
		if t.rows >= tokenBlockRows || t.words.n >= tokenBlockMax {
			t.endBlock()
		}
		from = to
	}
}

func (t *tokenBuilder) addValue(s string) {
	if t.values.add(maphash.String(t.seed, s)) {
		t.addText(s)
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

func (t *tokenBuilder) addWords(s string) {
	for word, i := nextWord(s, 0, &t.word); word != ""; word, i = nextWord(s, i, &t.word) {
		t.words.add(xxh3.HashString(word))
	}
}

func (t *tokenBuilder) endBlock() {
	if t.rows == 0 {
		return
	}
	size := (t.words.n*tokenBits + 63) / 64
	if cap(t.bits) < size {
		t.bits = make([]uint64, size)
	}
	t.bits = t.bits[:size]
	clear(t.bits)
	for _, h := range t.words.slots {
		if h != 0 {
			setBits(t.bits, h)
		}
	}
	t.head = binary.LittleEndian.AppendUint32(t.head, uint32(t.rows))
	t.head = binary.LittleEndian.AppendUint64(t.head, uint64(t.from))
	t.head = binary.LittleEndian.AppendUint64(t.head, uint64(t.to))
	t.head = binary.LittleEndian.AppendUint32(t.head, uint32(size))
	for _, w := range t.bits {
		t.filters = binary.LittleEndian.AppendUint64(t.filters, w)
	}
	t.blocks++
	t.rows = 0
	t.words.clear()
	t.values.clear()
}

// file ends the last block and returns the content of the filter file.
func (t *tokenBuilder) file() []byte {
	t.endBlock()
	out := make([]byte, 0, len(tokenMagic)+4+len(t.head)+len(t.filters)+8)
	out = append(out, tokenMagic...)
	out = binary.LittleEndian.AppendUint32(out, t.blocks)
	out = append(out, t.head...)
	out = append(out, t.filters...)
	return binary.LittleEndian.AppendUint64(out, xxh3.Hash(out))
}

var errTokens = errors.New("not a token filter, or a damaged one")

// readTokens reads a filter file and checks it.
func readTokens(path string) ([]tokenBlock, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	blocks, err := parseTokens(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return blocks, nil
}

func parseTokens(data []byte) ([]tokenBlock, error) {
	const fixed = len(tokenMagic) + 4
	if len(data) < fixed+8 || string(data[:len(tokenMagic)]) != tokenMagic {
		return nil, errTokens
	}
	body := data[:len(data)-8]
	if binary.LittleEndian.Uint64(data[len(body):]) != xxh3.Hash(body) {
		return nil, errTokens
	}
	n := int(binary.LittleEndian.Uint32(body[len(tokenMagic):]))
	if n > (len(body)-fixed)/tokenHeadSize {
		return nil, errTokens
	}
	head, filters := body[fixed:fixed+n*tokenHeadSize], body[fixed+n*tokenHeadSize:]
	blocks := make([]tokenBlock, n)
	for i := range blocks {
		h := head[i*tokenHeadSize:]
		size := int(binary.LittleEndian.Uint32(h[20:]))
		if size > len(filters)/8 {
			return nil, errTokens
		}
		bits := filters[: size*8 : size*8]
		filters = filters[size*8:]
		blocks[i] = tokenBlock{
			rows: int(binary.LittleEndian.Uint32(h)),
			from: int64(binary.LittleEndian.Uint64(h[4:])),
			to:   int64(binary.LittleEndian.Uint64(h[12:])),
			bits: bits,
		}
	}
	return blocks, nil
}

// tokenHashes returns the hashes to look for when all of the tokens must occur.
func tokenHashes(tokens []string) []uint64 {
	var out []uint64
	for _, t := range tokens {
		for w := range Words(t) {
			out = append(out, hashWord(xxh3.HashString(w)))
		}
	}
	return out
}

// mayHold reports whether the block may hold all the words.
func (b *tokenBlock) mayHold(words []uint64) bool {
	for _, h := range words {
		if !hasBits(b.bits, h) {
			return false
		}
	}
	return true
}

func setBits(bits []uint64, h uint64) {
	n := uint64(len(bits)) * 64
	x, step := uint32(h), uint32(h>>32)|1
	for range tokenProbes {
		at := uint64(x) * n >> 32
		bits[at>>6] |= 1 << (at & 63)
		x += step
	}
}

// hasBits looks at what setBits made, as bytes: bit n of little-endian words is
// bit n%8 of byte n/8.
func hasBits(bits []byte, h uint64) bool {
	n := uint64(len(bits)) * 8
	if n == 0 {
		return false
	}
	x, step := uint32(h), uint32(h>>32)|1
	for range tokenProbes {
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

// hashWord keeps a hash out of the way of the empty slot.
func hashWord(h uint64) uint64 {
	if h == 0 {
		return math.MaxUint64
	}
	return h
}

// add reports whether h is new.
func (s *hashSet) add(h uint64) bool {
	h = hashWord(h)
	if s.n*2 >= len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case h:
			return false
		case 0:
			s.slots[i] = h
			s.n++
			return true
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
