package store

import (
	"encoding/binary"
	"errors"
)

// errPage says that a page is damaged or of a kind that segments are not written
// with. What it holds is then left to the engine.
var errPage = errors.New("a page that cannot be searched")

// pageHeader is what precedes a page of a Parquet column chunk, as far as
// searching needs it (Apache Parquet, parquet.thrift, PageHeader).
type pageHeader struct {
	kind                 int64 // pageData or pageDictionary
	uncompressed, packed int64 // bytes after and before decompression
	values               int64 // nulls included
	encoding             int64
}

const (
	pageData       = 0
	pageDictionary = 2

	encodingPlain       = 0
	encodingOldIndices  = 2 // PLAIN_DICTIONARY
	encodingDeltaLength = 6
	encodingIndices     = 8 // RLE_DICTIONARY
)

// Numbers of the fields of a PageHeader.
const (
	fieldKind         = 1
	fieldUncompressed = 2
	fieldPacked       = 3
	fieldData         = 5 // a struct: values is field 1, encoding is field 2
	fieldDictionary   = 7 // likewise
)

// varintReader reads numbers of variable length, as Thrift and Parquet's delta
// encodings write them. After the end of its data it is broken and yields zeros.
type varintReader struct {
	data   []byte
	at     int
	broken bool
}

func (r *varintReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data[min(r.at, len(r.data)):])
	if n <= 0 {
		r.broken, r.at = true, len(r.data)
		return 0
	}
	r.at += n
	return v
}

func (r *varintReader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// thriftReader reads values of Thrift's compact protocol.
type thriftReader struct{ varintReader }

// Types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftStruct = 12

	thriftDepth = 8 // of structs in structs and lists
)

func (r *thriftReader) skip(n int) {
	if n < 0 || n > len(r.data)-r.at {
		r.broken, r.at = true, len(r.data)
		return
	}
	r.at += n
}

func (r *thriftReader) byte() byte {
	if r.at >= len(r.data) {
		r.broken = true
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// fields calls field for each field of a struct with its number and type; it has
// to read or pass over the value.
func (r *thriftReader) fields(field func(id int64, kind byte)) {
	id := int64(0)
	for !r.broken {
		head := r.byte()
		if head == 0 {
			return
		}
		if delta := int64(head >> 4); delta > 0 {
			id += delta
		} else {
			id = r.varint()
		}
		field(id, head&15)
	}
}

// pass skips a value.
func (r *thriftReader) pass(kind byte, depth int) {
	if depth > thriftDepth {
		r.broken = true
	}
	if r.broken {
		return
	}
	switch kind {
	case thriftTrue, thriftFalse:
	case thriftByte:
		r.skip(1)
	case thriftI16, thriftI32, thriftI64:
		r.uvarint()
	case thriftDouble:
		r.skip(8)
	case thriftBinary:
		r.skip(int(min(r.uvarint(), 1<<31)))
	case thriftList, thriftSet:
		head := r.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = r.uvarint()
		}
		for ; n > 0 && !r.broken; n-- {
			if k := head & 15; k == thriftTrue || k == thriftFalse {
				r.skip(1)
			} else {
				r.pass(k, depth+1)
			}
		}
	case thriftStruct:
		r.fields(func(_ int64, kind byte) { r.pass(kind, depth+1) })
	default:
		r.broken = true
	}
}

// readPageHeader reads the header at the start of data and returns its length. The
// page may be longer than data.
func readPageHeader(data []byte) (h pageHeader, size int, err error) {
	r := thriftReader{varintReader: varintReader{data: data}}
	h.kind = -1
	values := func(kind byte) {
		if kind != thriftStruct {
			r.pass(kind, 0)
			return
		}
		r.fields(func(id int64, kind byte) {
			switch {
			case id == 1 && kind == thriftI32:
				h.values = r.varint()
			case id == 2 && kind == thriftI32:
				h.encoding = r.varint()
			default:
				r.pass(kind, 1)
			}
		})
	}
	r.fields(func(id int64, kind byte) {
		switch {
		case id == fieldKind && kind == thriftI32:
			h.kind = r.varint()
		case id == fieldUncompressed && kind == thriftI32:
			h.uncompressed = r.varint()
		case id == fieldPacked && kind == thriftI32:
			h.packed = r.varint()
		case id == fieldData || id == fieldDictionary:
			values(kind)
		default:
			r.pass(kind, 0)
		}
	})
	if r.broken || h.kind != pageData && h.kind != pageDictionary || h.values < 0 || h.packed < 0 || h.packed > maxChunk ||
		h.uncompressed < 0 || h.uncompressed > maxPage || h.values > h.uncompressed*8+maxValues {
		return h, 0, errPage
	}
	return h, r.at, nil
}

const (
	maxPage   = 32 << 20 // bytes of the largest page that is searched
	maxValues = 1 << 20  // in a page that holds no bytes: all are null
)
