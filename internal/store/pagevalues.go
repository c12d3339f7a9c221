package store

import "encoding/binary"

// span is where a value lies in a page.
type span struct{ from, to int32 }

// plainSpans finds the values of a page in plain encoding: each is its length
// (uint32) and its bytes.
func plainSpans(data []byte, n int, out []span) ([]span, error) {
	at := 0
	for range n {
		if at+4 > len(data) {
			return nil, errPage
		}
		size := int(binary.LittleEndian.Uint32(data[at:]))
		at += 4
		if size > len(data)-at {
			return nil, errPage
		}
		out = append(out, span{int32(at), int32(at + size)})
		at += size
	}
	return out, nil
}

// deltaLengthSpans finds the values of a page in delta length encoding: the
// lengths of all, then the bytes of all (Apache Parquet, "Encodings").
func deltaLengthSpans(data []byte, n int, out []span) ([]span, error) {
	lengths := deltaReader{varintReader: varintReader{data: data}}
	if total := lengths.begin(); total != uint64(n) {
		return nil, errPage
	}
	sum := int64(0)
	for range n {
		length := lengths.next()
		if length < 0 || length > maxPage || sum+length > maxPage {
			return nil, errPage
		}
		out = append(out, span{int32(sum), int32(sum + length)})
		sum += length
	}
	start := lengths.end()
	if lengths.broken || start+int(sum) > len(data) {
		return nil, errPage
	}
	for i := range out {
		out[i].from += int32(start)
		out[i].to += int32(start)
	}
	return out, nil
}

// deltaReader reads numbers of the encoding DELTA_BINARY_PACKED: blocks of
// miniblocks of differences, less the least of the block, in as many bits as the
// largest takes.
type deltaReader struct {
	varintReader

	size, minis int   // values of a miniblock, miniblocks of a block
	value       int64 // the last one
	least       int64
	widths      []byte // of the miniblocks left in the block
	left        int    // values left in the miniblock
	bit         int    // of data, where the next one begins
	width       int
	read        int
}

// begin reads the header and returns the number of values.
func (d *deltaReader) begin() uint64 {
	block, minis, total := d.uvarint(), d.uvarint(), d.uvarint()
	d.value = d.varint()
	if d.broken || minis == 0 || minis > 512 || block > 1<<20 || block%minis != 0 || block/minis%8 != 0 || block == 0 {
		d.broken = true
		return 0
	}
	d.size, d.minis = int(block/minis), int(minis)
	return total
}

func (d *deltaReader) next() int64 {
	if d.broken {
		return -1
	}
	if d.read++; d.read == 1 {
		return d.value
	}
	if d.left == 0 {
		d.miniblock()
		if d.broken {
			return -1
		}
	}
	d.left--
	d.value += d.least + int64(bitsAt(d.data, d.bit, d.width))
	d.bit += d.width
	return d.value
}

// miniblock goes to the next miniblock, of the next block when need be.
func (d *deltaReader) miniblock() {
	if len(d.widths) == 0 {
		d.least = d.varint()
		if d.broken || d.minis > len(d.data)-d.at {
			d.broken = true
			return
		}
		d.widths = d.data[d.at : d.at+d.minis]
		d.at += d.minis
	}
	d.width, d.widths = int(d.widths[0]), d.widths[1:]
	bytes := d.size / 8 * d.width
	if d.width > 56 || bytes > len(d.data)-d.at {
		d.broken = true
		return
	}
	d.left, d.bit = d.size, d.at*8
	d.at += bytes
}

// end returns where what follows the numbers begins: miniblocks are whole.
func (d *deltaReader) end() int { return d.at }

// bitsAt reads a number of at most 56 bits, the least significant first.
func bitsAt(data []byte, bit, width int) uint64 {
	at := bit >> 3
	var x uint64
	if at+8 <= len(data) {
		x = binary.LittleEndian.Uint64(data[at:])
	} else {
		var last [8]byte
		copy(last[:], data[min(at, len(data)):])
		x = binary.LittleEndian.Uint64(last[:])
	}
	return x >> (bit & 7) & (1<<width - 1)
}

// hybrid reads n numbers of the hybrid of runs and bit-packed groups of eight and
// calls run for each run of equal ones (Apache Parquet, "Encodings").
func hybrid(data []byte, width, n int, run func(value uint64, count int)) error {
	if width > 32 {
		return errPage
	}
	for at := 0; n > 0; {
		head, size := binary.Uvarint(data[min(at, len(data)):])
		if size <= 0 {
			return errPage
		}
		at += size
		if head&1 == 0 { // a run
			bytes := (width + 7) / 8
			if bytes > len(data)-at || head>>1 == 0 {
				return errPage
			}
			count := int(min(head>>1, uint64(n)))
			run(bitsAt(data, at*8, width), count)
			at += bytes
			n -= count
			continue
		}
		groups := int(min(head>>1, 1<<28))
		if groups == 0 || groups*width > len(data)-at {
			return errPage
		}
		for i := range min(groups*8, n) {
			run(bitsAt(data, at*8+i*width, width), 1)
		}
		n -= min(groups*8, n)
		at += groups * width
	}
	return nil
}
