package store

import (
	"cmp"
	"container/heap"
	"errors"
	"io"
	"slices"

	"ledgerline/internal/record"
)

// merger reads several segments as one, in the order of rows. It holds one batch
// of each.
type merger struct {
	cols   []Column
	drop   *cut // rows it names are left out; nil: none
	inputs inputs
	all    []*input
	runs   []run
	ended  bool // the batch of the first input
	out    batch
}

// input is a segment being merged, standing at a row of its current batch.
type input struct {
	reader *segmentReader
	batch  *batch
	row    int
	from   []int    // per column of the output, the column here, -1 when absent
	at     []cursor // per column of the output
	gone   []bool   // per row of the batch: it is left out; nil: none is
}

// run is a number of successive rows of one input.
type run struct {
	in   *input
	rows int
	gone bool
}

func newMerger(segs []*Segment, cols []Column, drop *cut) (*merger, error) {
	m := &merger{cols: cols, drop: drop}
	for _, seg := range segs {
		r, err := openSegment(seg)
		if err != nil {
			m.close()
			return nil, err
		}
		for _, part := range r.split() {
			if err := m.addInput(part); err != nil {
				m.close()
				return nil, err
			}
		}
	}
	heap.Init(&m.inputs)
	return m, nil
}

func (m *merger) addInput(r *segmentReader) error {
	in := &input{reader: r, from: make([]int, len(m.cols)), at: make([]cursor, len(m.cols))}
	m.all = append(m.all, in)
	position := map[string]int{}
	for i, c := range r.seg.Columns {
		position[c.Name] = i
	}
	for i, c := range m.cols {
		at, ok := position[c.Name]
		if !ok {
			at = -1
		}
		in.from[i] = at
	}
	switch err := in.load(m.drop); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return err
	default:
		m.inputs = append(m.inputs, in)
	}
	return nil
}

// close closes the parts of a file before the file, which is with the first.
func (m *merger) close() {
	for _, in := range slices.Backward(m.all) {
		in.reader.close()
	}
}

func (in *input) load(drop *cut) (err error) {
	in.batch, err = in.reader.next()
	in.row = 0
	clear(in.at)
	if err == nil && drop != nil {
		in.gone = drop.rows(in.batch, in.gone)
	}
	return err
}

// isGone reports whether the next row is left out.
func (in *input) isGone() bool { return in.gone != nil && in.gone[in.row] }

// compare orders inputs by their next row, and equal rows by segment.
func (in *input) compare(o *input) int {
	a, b := in.batch.vectors, o.batch.vectors
	return cmp.Or(cmp.Compare(a[timeAt].ints[in.row], b[timeAt].ints[o.row]),
		cmp.Compare(a[ordinalAt].ints[in.row], b[ordinalAt].ints[o.row]),
		cmp.Compare(in.reader.seg.ID, o.reader.seg.ID))
}

// next returns the next rows, none when all of them were left out, or io.EOF. They
// are valid until the next call: they
// are views of the inputs' batches. So they stop where one of these ends, and the
// input reads on only then.
func (m *merger) next() (*batch, error) {
	if err := m.refill(); err != nil {
		return nil, err
	}
	if len(m.inputs) == 0 {
		return nil, io.EOF
	}
	m.runs = m.runs[:0]
	for rows := 0; rows < tokenBlockRows && !m.ended; {
		in := m.inputs[0]
		limit := min(in.batch.rows-in.row, tokenBlockRows-rows)
		rival := m.inputs.second()
		n, gone := 0, in.isGone()
		for n < limit && in.isGone() == gone && (rival == nil || in.compare(rival) <= 0) {
			n++
			if in.row++; in.row == in.batch.rows {
				m.ended = true
				break
			}
		}
		if !gone {
			rows += n
		}
		m.runs = append(m.runs, run{in, n, gone})
		if !m.ended {
			heap.Fix(&m.inputs, 0)
		}
	}
	m.gather()
	return &m.out, nil
}

// refill reads on in the first input when its batch has ended.
func (m *merger) refill() error {
	if !m.ended {
		return nil
	}
	m.ended = false
	switch err := m.inputs[0].load(m.drop); {
	case errors.Is(err, io.EOF):
		heap.Pop(&m.inputs)
	case err != nil:
		return err
	default:
		heap.Fix(&m.inputs, 0)
	}
	return nil
}

// gather copies the runs, column by column.
func (m *merger) gather() {
	m.out.reset(len(m.cols))
	for i, c := range m.cols {
		v := &m.out.vectors[i]
		rows := 0
		for _, r := range m.runs {
			at := r.in.from[i]
			if r.gone {
				if at >= 0 {
					r.in.batch.vectors[at].advance(&r.in.at[i], r.rows)
				}
				continue
			}
			rows += r.rows
			if at >= 0 {
				v.copyRows(c, &r.in.batch.vectors[at], &r.in.at[i], r.rows)
			} else {
				v.pad(c, rows)
			}
		}
		m.out.rows = rows
	}
}

// copyRows appends the next rows of another vector of the same type; one of them
// or both may be lists.
func (v *vector) copyRows(c Column, from *vector, at *cursor, rows int) {
	level := at.level
	first, end := from.advance(at, rows)
	switch c.Type {
	case record.String:
		v.strs = append(v.strs, from.strs[first:end]...)
	case record.Double:
		v.nums = append(v.nums, from.nums[first:end]...)
	default:
		v.ints = append(v.ints, from.ints[first:end]...)
	}
	levels := from.defs[level:at.level]
	switch {
	case c.List && len(from.reps) == 0: // a plain value becomes a list of one
		for _, d := range levels {
			v.defs, v.reps = append(v.defs, 2*d), append(v.reps, 0)
		}
	case c.List:
		v.defs = append(v.defs, levels...)
		v.reps = append(v.reps, from.reps[level:at.level]...)
	default:
		v.defs = append(v.defs, levels...)
	}
	v.rows += rows
}

// inputs is a heap, the input with the least next row first.
type inputs []*input

func (h inputs) Len() int           { return len(h) }
func (h inputs) Less(i, j int) bool { return h[i].compare(h[j]) < 0 }
func (h inputs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *inputs) Push(x any)        { *h = append(*h, x.(*input)) }

func (h *inputs) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// second returns the input whose next row follows that of the first, or nil.
func (h inputs) second() *input {
	switch {
	case len(h) < 2:
		return nil
	case len(h) == 2 || h[1].compare(h[2]) < 0:
		return h[1]
	}
	return h[2]
}
