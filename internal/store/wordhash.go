package store

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Finding and hashing the words of every text is the largest part of the work of
// ingesting after compression. Both go eight bytes at a time here, in one pass
// and without folding into a buffer first, which takes a third of the time of a
// loop over bytes with xxh3 of each folded word.

const (
	eachByte = 0x0101010101010101
	topBits  = 0x80 * eachByte
)

// wordBytes says which of the first 64 bytes of s belong to a run that makes
// words: letters, digits, underscores, and all bytes beyond ASCII, of which
// nextUnicodeWord knows more. Bit i is byte i; there are none after the end.
func wordBytes(s string) (mask uint64) {
	n := min(len(s), 64)
	i := 0
	for ; i+8 <= n; i += 8 {
		mask |= wordMask(load64(s, i)) << i
	}
	if i < n {
		var last [8]byte // of zeros, which are in no word
		copy(last[:], s[i:n])
		mask |= wordMask(binary.LittleEndian.Uint64(last[:])) << i
	}
	return mask
}

// wordMask is wordBytes of eight bytes. Comparisons are additions that carry
// into a byte's top bit, which is free because bytes beyond ASCII are told apart
// before (Warren, "Hacker's Delight", 2nd edition, chapter 6).
func wordMask(c uint64) uint64 {
	low := c &^ topBits
	letter := low | 0x20*eachByte
	letter = (letter + (0x80-'a')*eachByte) &^ (letter + (0x7f-'z')*eachByte)
	digit := (low + (0x80-'0')*eachByte) &^ (low + (0x7f-'9')*eachByte)
	other := ^(low ^ '_'*eachByte + 0x7f*eachByte)
	in := (letter | digit | other | c) & topBits
	return in >> 7 * 0x0102040810204080 >> 56 // the top bit of byte i becomes bit i
}

// The fractions of the golden ratio and of the square root of three, as 64 bits.
const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xbb67ae8584caa73b
)

// hashWord returns the hash of a word as token filters hold it, never 0. Letter
// case of ASCII does not count. It reports whether all of the word is ASCII.
//
// The word is taken as numbers of 8 bytes, little-endian, each byte below 0x80
// with bit 0x20 set, which makes letters lower and keeps digits and underscores
// apart. The last number ends with the word and overlaps the one before; a word
// shorter than 8 bytes makes one number with zeros after it. Starting from
// h = length, each number x makes h = the halves of the 128-bit product of
// x xor mixB and h xor mixA, xored (the folded product of Wang Yi's wyhash).
func hashWord(w string) (h uint64, ascii bool) { return hashPart(w, 0, len(w)) }

// hashPart is hashWord of s[from:to]. It loads bytes of s beyond where it can, for
// a loop over the length of short words is what the processor cannot foresee.
func hashPart(s string, from, to int) (h uint64, ascii bool) {
	n := to - from
	h = uint64(n)
	var all uint64
	switch {
	case n > 8:
		for i := from; i < to-8; i += 8 {
			x := load64(s, i)
			all |= x
			h = mix(h, x)
		}
		x := load64(s, to-8)
		all |= x
		h = mix(h, x)
	case from+8 <= len(s):
		all = load64(s, from) << (64 - 8*n) >> (64 - 8*n)
		h = mix(h, all)
	default:
		all = loadShort(s[from:to])
		h = mix(h, all)
	}
	return max(h, 1), all&topBits == 0
}

func mix(h, x uint64) uint64 {
	x |= ^x >> 2 & (0x20 * eachByte)
	high, low := bits.Mul64(x^mixB, h^mixA)
	return high ^ low
}

// load64 reads the 8 bytes at s[i], which must be there.
func load64(s string, i int) uint64 {
	return binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s), len(s))[i:])
}

// loadShort reads a string of fewer than 8 bytes.
func loadShort(s string) (x uint64) {
	switch n := len(s); {
	case n >= 4:
		b := unsafe.Slice(unsafe.StringData(s), n)
		first, last := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[n-4:])
		return uint64(first) | uint64(last)<<(8*(n-4))
	case n >= 1:
		return uint64(s[0]) | uint64(s[n/2])<<(8*(n/2)) | uint64(s[n-1])<<(8*(n-1))
	}
	return 0
}
