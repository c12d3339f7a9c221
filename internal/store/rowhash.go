package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"

	"ledgerline/internal/record"
)

// rowHasher computes the hash of a set of rows: the sum, modulo 2^256, of the
// SHA-256 of each row. The order of rows and how they are spread over segments
// do not count, so merging segments must keep the sum.
//
// A row is hashed as the digest of its origin and then its other values that are
// not null in the order of columns, each as length and name of the column, type,
// number of members and then the members: strings with their length, numbers as 8
// bytes. A column that a segment lacks hashes like a null, and a list of one
// member like a plain value. The digest of the origin is the SHA-256 of the
// columns from the log source to the log entity in the same form: many rows share
// one, and it is computed once for all of them.
//
// An additive hash tells an honest program's rows from altered ones. Who can
// choose very many rows freely can look for other sets of the same sum (Wagner,
// "A generalized birthday problem", 2002); the SHA-256 of each segment file,
// which the journal records as well, does not have this weakness.
type rowHasher struct {
	names   [][]byte // per column, the encoding's constant part
	cols    []Column
	sum     [4]uint64 // least significant first
	buf     []byte
	at      []cursor
	origin  []byte              // of the row before, encoded
	digest  [32]byte            // of it
	origins map[string][32]byte // digests of origins seen
}

// originsKept bounds what a hasher remembers of hostile uploads, in which every
// row has another origin.
const originsKept = 1024

func newRowHasher(cols []Column) *rowHasher {
	h := &rowHasher{cols: cols, at: make([]cursor, len(cols)), digest: sha256.Sum256(nil), origins: map[string][32]byte{}}
	for _, c := range cols {
		n := binary.AppendUvarint(nil, uint64(len(c.Name)))
		n = append(n, c.Name...)
		h.names = append(h.names, append(n, byte(c.Type)))
	}
	return h
}

func (h *rowHasher) add(b *batch) {
	clear(h.at)
	for range b.rows {
		buf := h.buf[:0]
		for i := sourceAt; i <= logEntityAt; i++ {
			buf = h.appendCell(buf, i, &b.vectors[i])
		}
		h.setOrigin(buf)
		buf = append(buf[:0], h.digest[:]...)
		for i := range sourceAt {
			buf = h.appendCell(buf, i, &b.vectors[i])
		}
		for i := logEntityAt + 1; i < len(h.cols); i++ {
			buf = h.appendCell(buf, i, &b.vectors[i])
		}
		h.buf = buf
		digest := sha256.Sum256(buf)
		addTo(&h.sum, &digest)
	}
}

func (h *rowHasher) setOrigin(encoded []byte) {
	if bytes.Equal(encoded, h.origin) {
		return
	}
	digest, ok := h.origins[string(encoded)]
	if !ok {
		digest = sha256.Sum256(encoded)
		if len(h.origins) >= originsKept {
			clear(h.origins)
		}
		h.origins[string(encoded)] = digest
	}
	h.origin, h.digest = append(h.origin[:0], encoded...), digest
}

// appendCell encodes the next row's cell of one column.
func (h *rowHasher) appendCell(buf []byte, column int, v *vector) []byte {
	at := &h.at[column]
	if len(v.defs) > 0 {
		def := v.defs[at.level]
		at.level++
		if def == 0 {
			return buf
		}
	}
	buf = append(buf, h.names[column]...)
	switch h.cols[column].Type {
	case record.String:
		first := at.value
		at.value++
		for at.level < len(v.reps) && v.reps[at.level] == 1 {
			at.level++
			at.value++
		}
		buf = binary.AppendUvarint(buf, uint64(at.value-first))
		for _, s := range v.strs[first:at.value] {
			buf = binary.AppendUvarint(buf, uint64(len(s)))
			buf = append(buf, s...)
		}
	case record.Double:
		buf = append(buf, 1)
		buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v.nums[at.value]))
		at.value++
	default:
		buf = append(buf, 1)
		buf = binary.LittleEndian.AppendUint64(buf, uint64(v.ints[at.value]))
		at.value++
	}
	return buf
}

func (h *rowHasher) total() (out [32]byte) {
	for i, w := range h.sum {
		binary.LittleEndian.PutUint64(out[i*8:], w)
	}
	return out
}

// addHash returns the row hash of two sets of rows together.
func addHash(a, b [32]byte) [32]byte {
	var h rowHasher
	addTo(&h.sum, &a)
	addTo(&h.sum, &b)
	return h.total()
}

// subHash is addHash backwards: addHash(subHash(a, b), b) is a.
func subHash(a, b [32]byte) (out [32]byte) {
	var borrow uint64
	for i := 0; i < len(out); i += 8 {
		var word uint64
		word, borrow = bits.Sub64(binary.LittleEndian.Uint64(a[i:]), binary.LittleEndian.Uint64(b[i:]), borrow)
		binary.LittleEndian.PutUint64(out[i:], word)
	}
	return out
}

func addTo(sum *[4]uint64, digest *[32]byte) {
	var carry uint64
	for i := range sum {
		sum[i], carry = bits.Add64(sum[i], binary.LittleEndian.Uint64(digest[i*8:]), carry)
	}
}
