package store

import (
	"context"
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// Counting the rows whose text holds something needs no engine: pages are
// decompressed and searched as they are, values one after the other, while an
// engine makes a value of each first. Only the pages of the rows asked for are.

// maxChunk bounds the column chunks that are searched. A searcher holds one, and a
// page; there are as many searchers as processors, whoever asks.
const maxChunk = 16 << 20

// place is where the pages of a column lie in a row group.
type place struct {
	offset int64
	bytes  int64
}

// placedGroup is a row group and the places of its columns.
type placedGroup struct {
	rows   int64
	places []place // parallel to the names in the profile
}

// Count counts the rows of each part whose value in a column holds the text. It is
// -1 where that cannot be told here, such as for a segment that an older program
// wrote; an engine can.
func (sn *Snapshot) Count(ctx context.Context, parts []Part, column string, text Text) ([]int64, error) {
	out := make([]int64, len(parts))
	var tasks []searchTask
	for i, p := range parts {
		found, ok := sn.tasks(p, column)
		if !ok {
			out[i] = -1
		}
		for _, t := range found {
			t.part = i
			tasks = append(tasks, t)
		}
	}
	// Column chunks are taken in turn, so that all workers end together.
	var next atomic.Int64
	var group sync.WaitGroup
	workers := min(len(tasks), runtime.GOMAXPROCS(0))
	failures := make([]error, workers)
	var mu sync.Mutex
	for w := range workers {
		group.Go(func() {
			select {
			case sn.store.searching <- struct{}{}:
				defer func() { <-sn.store.searching }()
			case <-ctx.Done():
				failures[w] = ctx.Err()
				return
			}
			s := sn.store.searchers.Get().(*searcher)
			defer sn.store.searchers.Put(s)
			s.text, s.finder = text, nil
			defer s.close()
			for failures[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(tasks) {
					return
				}
				t := tasks[i]
				if failures[w] = ctx.Err(); failures[w] != nil {
					return
				}
				n := int64(0)
				err := s.search(t, func(int64) { n++ })
				mu.Lock()
				if err != nil || out[t.part] < 0 {
					out[t.part] = -1
				} else {
					out[t.part] += n
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// searchTask is a column chunk and the rows of it that are asked for.
type searchTask struct {
	part     int
	path     string
	place    place
	required bool
	from, to int64 // rows of the row group
	all      bool  // the row group has no others
}

// tasks are the column chunks that hold the rows of a part.
func (sn *Snapshot) tasks(p Part, column string) ([]searchTask, bool) {
	known, err := sn.store.profiles.get(p.Segment)
	if err != nil {
		return nil, false
	}
	at := slices.Index(known.placed, column)
	if at < 0 {
		return nil, false
	}
	var tasks []searchTask
	first := int64(0)
	for _, g := range known.groups {
		from, to := max(p.FirstRow, first), min(p.EndRow, first+g.rows)
		if from < to {
			if g.places[at].bytes > maxChunk {
				return nil, false
			}
			tasks = append(tasks, searchTask{path: p.Segment.Path, place: g.places[at], required: column == ColText, from: from - first, to: to - first, all: to-from == g.rows})
		}
		first += g.rows
	}
	return tasks, true
}

// searcher is what searching needs of memory and files, for one goroutine.
type searcher struct {
	text    Text
	finder  *textFinder
	zstd    *zstd.Decoder
	file    *os.File
	chunk   []byte // of the column chunk, what was read last
	chunkAt int64  // where it begins in the column chunk
	page    []byte
	words   []byte // of the dictionary
	spans   []span
	entries []span
	rows    []int32 // of the values of a page; nil: each row has one
	holds   []bool  // which entries of the dictionary hold the text
}

func newSearcher() *searcher {
	// The only error is of options.
	d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.IgnoreChecksum(true), zstd.WithDecoderMaxMemory(maxPage))
	return &searcher{zstd: d}
}

// close lets go of the file that was read last.
func (s *searcher) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// open goes to the file of a task.
func (s *searcher) open(t searchTask) (err error) {
	s.chunk = s.chunk[:0]
	if s.file != nil && s.file.Name() == t.path {
		return nil
	}
	s.close()
	s.file, err = os.Open(t.path)
	return err
}

// bytes returns n bytes of a column chunk from a place on, fewer when it ends
// before. Of a chunk whose rows are all asked for, all the rest is read at once.
func (s *searcher) bytes(t searchTask, at, n int64) ([]byte, error) {
	end := min(at+n, t.place.bytes)
	if at < s.chunkAt || end > s.chunkAt+int64(len(s.chunk)) {
		size := end - at
		if t.all {
			size = t.place.bytes - at
		}
		s.chunk = slices.Grow(s.chunk[:0], int(size))[:size]
		s.chunkAt = at
		if _, err := s.file.ReadAt(s.chunk, t.place.offset+at); err != nil {
			s.chunk = s.chunk[:0]
			return nil, err
		}
	}
	return s.chunk[at-s.chunkAt : end-s.chunkAt], nil
}

// pageHead is more than a page's header takes, its two texts of [statsMax] included.
const pageHead = 1 << 10

// search calls hit with each row of the row group, among those asked for, whose
// value holds the text.
func (s *searcher) search(t searchTask, hit func(row int64)) error {
	if err := s.open(t); err != nil {
		return err
	}
	dictionary := 0
	row := int64(0)
	for at := int64(0); at < t.place.bytes && row < t.to; {
		head, err := s.bytes(t, at, pageHead)
		if err != nil {
			return err
		}
		h, size, err := readPageHeader(head)
		if err != nil {
			return err
		}
		begin := at + int64(size)
		at = begin + h.packed
		first := row
		if h.kind == pageData {
			if row += h.values; row <= t.from {
				continue
			}
		}
		packed, err := s.bytes(t, begin, h.packed)
		if err != nil {
			return err
		}
		if h.kind == pageDictionary {
			if err := s.readDictionary(h, packed); err != nil {
				return err
			}
			dictionary = int(h.values)
			continue
		}
		err = s.searchPage(h, packed, t.required, dictionary, func(i int64) {
			if at := first + i; at >= t.from && at < t.to {
				hit(at)
			}
		})
		if err != nil {
			return err
		}
	}
	if row < t.to {
		return errPage
	}
	return nil
}

func (s *searcher) unpack(h pageHeader, packed, into []byte) ([]byte, error) {
	out, err := s.zstd.DecodeAll(packed, slices.Grow(into[:0], int(h.uncompressed)))
	if err == nil && len(out) != int(h.uncompressed) {
		err = errPage
	}
	return out, err
}

// readDictionary reads the values of a dictionary and looks which hold the text.
func (s *searcher) readDictionary(h pageHeader, packed []byte) (err error) {
	if s.words, err = s.unpack(h, packed, s.words); err != nil {
		return err
	}
	if s.entries, err = plainSpans(s.words, int(h.values), s.entries[:0]); err != nil {
		return err
	}
	s.holds = append(s.holds[:0], make([]bool, len(s.entries))...)
	newTextFinder(s.text, s.words).find(s.words, s.entries, func(i int) { s.holds[i] = true })
	return nil
}

// searchPage calls hit with the rows of a page.
func (s *searcher) searchPage(h pageHeader, packed []byte, required bool, dictionary int, hit func(row int64)) (err error) {
	if s.page, err = s.unpack(h, packed, s.page); err != nil {
		return err
	}
	data, values := s.page, int(h.values)
	s.rows = s.rows[:0]
	if !required {
		if data, values, err = s.levels(data, values); err != nil {
			return err
		}
	}
	if values == 0 {
		return nil
	}
	rowOf := func(i int) int64 {
		if len(s.rows) > 0 {
			return int64(s.rows[i])
		}
		return int64(i)
	}
	switch h.encoding {
	case encodingPlain:
		s.spans, err = plainSpans(data, values, s.spans[:0])
	case encodingDeltaLength:
		s.spans, err = deltaLengthSpans(data, values, s.spans[:0])
	case encodingIndices, encodingOldIndices:
		return s.indices(data, values, dictionary, func(i int) { hit(rowOf(i)) })
	default:
		err = errPage
	}
	if err != nil {
		return err
	}
	if s.finder == nil {
		s.finder = newTextFinder(s.text, data)
	}
	s.finder.find(data, s.spans, func(i int) { hit(rowOf(i)) })
	return nil
}

// levels reads which rows of a page have a value, and cuts them off.
func (s *searcher) levels(data []byte, rows int) (rest []byte, values int, err error) {
	if len(data) < 4 {
		return nil, 0, errPage
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if size > int64(len(data)-4) {
		return nil, 0, errPage
	}
	row := 0
	err = hybrid(data[4:4+size], 1, rows, func(level uint64, count int) {
		if level == 1 {
			for i := range count {
				s.rows = append(s.rows, int32(row+i))
			}
		}
		row += count
	})
	return data[4+size:], len(s.rows), err
}

// indices goes through a page whose values are places in the dictionary.
func (s *searcher) indices(data []byte, values, dictionary int, hit func(i int)) error {
	if len(data) == 0 {
		return errPage
	}
	at, unknown := 0, false
	err := hybrid(data[1:], int(data[0]), values, func(entry uint64, count int) {
		if entry >= uint64(dictionary) {
			unknown = true
		} else if s.holds[entry] {
			for i := range count {
				hit(at + i)
			}
		}
		at += count
	})
	if unknown {
		return errPage
	}
	return err
}
