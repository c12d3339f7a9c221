package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// columnReader reads one column of a segment into vectors. Values are views of
// the Parquet reader's page wherever they can be.
type columnReader struct {
	column   Column
	required bool
	chunk    file.ColumnChunkReader

	// Lists only: what has been read beyond the rows asked for, because a row ends
	// where another begins.
	ahead vector
	at    cursor
	ended bool // the chunk
}

func newColumnReader(c Column, required bool) columnReader {
	return columnReader{column: c, required: required}
}

func (c *columnReader) open(chunk file.ColumnChunkReader) error {
	err := c.close()
	c.chunk, c.ended, c.at = chunk, false, cursor{}
	c.ahead.reset()
	return err
}

func (c *columnReader) close() error {
	if c.chunk == nil {
		return nil
	}
	return c.chunk.Close()
}

// read fills v, which is empty, with the next rows. It holds until the next read.
func (c *columnReader) read(v *vector, rows int) error {
	if c.column.List {
		return c.readLists(v, rows)
	}
	for v.rows < rows {
		n, err := c.levels(v, rows-v.rows)
		if err != nil {
			return err
		}
		if n == 0 {
			return errShort
		}
		v.rows += n
	}
	return nil
}

var errShort = errors.New("ends before its row group does")

func (c *columnReader) readLists(v *vector, rows int) error {
	if c.ahead.rows <= rows {
		c.ahead.drop(&c.at)
	}
	for c.ahead.rows <= rows && !c.ended {
		from := len(c.ahead.reps)
		n, err := c.levels(&c.ahead, rows+1)
		if err != nil {
			return err
		}
		c.ended = n == 0
		for i := from; i < len(c.ahead.reps); i++ {
			if c.ahead.defs[i] == 1 {
				return errors.New("holds an empty list, which is written as null")
			}
			if c.ahead.reps[i] == 0 {
				c.ahead.rows++
			}
		}
	}
	if c.ahead.rows < rows {
		return errShort
	}
	v.copyRows(c.column, &c.ahead, &c.at, rows)
	c.ahead.rows -= rows
	return nil
}

// levels appends at most n levels, of one page, with their values to v, and
// returns how many; 0 at the end of the chunk. Strings of pages before are copied
// first, because their memory is used again.
func (c *columnReader) levels(v *vector, n int) (int, error) {
	var defs, reps []int16
	if !c.required {
		defs = slices.Grow(v.defs, n)[len(v.defs):][:n]
	}
	if c.column.List {
		reps = slices.Grow(v.reps, n)[len(v.reps):][:n]
	}
	var got int64
	var err error
	switch chunk := c.chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		v.own()
		got, err = readPage(chunk, &v.strs, n, defs, reps)
	case *file.Int64ColumnChunkReader:
		got, err = readPage(chunk, &v.ints, n, defs, reps)
	case *file.Float64ColumnChunkReader:
		got, err = readPage(chunk, &v.nums, n, defs, reps)
	default:
		err = fmt.Errorf("no way to read a %T", chunk)
	}
	if !c.required {
		v.defs = append(v.defs, defs[:got]...)
	}
	if c.column.List {
		v.reps = append(v.reps, reps[:got]...)
	}
	return int(got), err
}

type pageReader[T any] interface {
	ReadBatchInPage(batchSize int64, values []T, defs, reps []int16) (levels int64, read int, err error)
}

func readPage[T any](r pageReader[T], values *[]T, n int, defs, reps []int16) (int64, error) {
	had := len(*values)
	*values = slices.Grow(*values, n)
	levels, read, err := r.ReadBatchInPage(int64(n), (*values)[had:had+n], defs, reps)
	*values = (*values)[:had+read]
	return levels, err
}

// own copies the strings that are still views of a page.
func (v *vector) own() {
	views := v.strs[v.owned:]
	size := 0
	for _, s := range views {
		size += len(s)
	}
	memory := make([]byte, 0, size)
	for i, s := range views {
		from := len(memory)
		memory = append(memory, s...)
		views[i] = parquet.ByteArray(memory[from:len(memory):len(memory)])
	}
	v.owned = len(v.strs)
}

// drop removes what is before the cursor.
func (v *vector) drop(at *cursor) {
	v.defs = slices.Delete(v.defs, 0, at.level)
	v.reps = slices.Delete(v.reps, 0, at.level)
	v.strs = slices.Delete(v.strs, 0, at.value)
	v.owned = max(0, v.owned-at.value)
	*at = cursor{}
}
