package store

import (
	"cmp"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"

	"ledgerline/internal/record"
)

// fixedColumns are the columns that every segment has, in file order. Required
// ones are never null.
func fixedColumns() []Column {
	return []Column{
		{Name: ColTime, Type: record.Timestamp},
		{Name: ColIngest, Type: record.Timestamp},
		{Name: ColOrdinal, Type: record.Long},
		{Name: ColText, Type: record.String},
		{Name: ColSource, Type: record.String},
		{Name: ColGroup, Type: record.String},
		{Name: ColUpload, Type: record.String},
		{Name: ColUploadName, Type: record.String},
		{Name: ColOrigin, Type: record.String},
		{Name: ColEntity, Type: record.String},
		{Name: ColEntityType, Type: record.String},
		{Name: ColLogEntity, Type: record.String},
		{Name: ColLabels, Type: record.String, List: true},
	}
}

// Fixed reports whether every segment has a column of a name.
func Fixed(name string) bool {
	return slices.ContainsFunc(fixedColumns(), func(c Column) bool { return c.Name == name })
}

// Positions of fixed columns.
const (
	timeAt = iota
	ingestAt
	ordinalAt
	textAt
	sourceAt
	groupAt
	uploadAt
	uploadNameAt
	originAt
	entityAt
	entityTypeAt
	logEntityAt
	labelsAt
	fixedCount
	requiredCount = textAt + 1 // the first columns are required
)

// unionColumns joins the columns of several segments into the order that all
// segments keep: the fixed ones, then fields by name. One order for all makes
// the hash of a row the same in every segment it is ever moved to. A field that
// is a list anywhere is a list.
func unionColumns(sets ...[]Column) []Column {
	fields := map[string]Column{}
	for _, set := range sets {
		for _, c := range set[fixedCount:] {
			if known, ok := fields[c.Name]; ok {
				c.List = c.List || known.List
			}
			fields[c.Name] = c
		}
	}
	out := fixedColumns()
	for _, c := range fields {
		out = append(out, c)
	}
	slices.SortFunc(out[fixedCount:], func(a, b Column) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// columnKey is how column names are compared: DuckDB ignores letter case.
func columnKey(name string) string { return strings.ToLower(name) }

// batch is a number of rows in columns, in the shape that Parquet writes.
type batch struct {
	rows    int
	first   int64    // the number of its first row in the segment it was read from
	vectors []vector // parallel to the segment's columns
}

// vector holds the values of one column: those that are not null, and where they
// are. Strings refer to memory of whoever filled the vector.
type vector struct {
	rows int
	// Definition levels, nil when the column is required. A plain column has one
	// level a row, 1 for a value. A list has one a member, 2, or a single 0 for a
	// row without members.
	defs []int16
	reps []int16 // lists only: 0 starts a row
	strs []parquet.ByteArray
	ints []int64
	nums []float64

	owned int // while reading: strings before are no views of a page any more
}

func (b *batch) reset(columns int) {
	b.rows = 0
	if cap(b.vectors) < columns {
		b.vectors = append(b.vectors[:cap(b.vectors)], make([]vector, columns-cap(b.vectors))...)
	}
	b.vectors = b.vectors[:columns]
	for i := range b.vectors {
		b.vectors[i].reset()
	}
}

func (v *vector) reset() {
	v.rows, v.owned = 0, 0
	v.defs, v.reps = v.defs[:0], v.reps[:0]
	v.strs, v.ints, v.nums = v.strs[:0], v.ints[:0], v.nums[:0]
}

// pad makes the column, which is not required, null up to a row.
func (v *vector) pad(c Column, row int) {
	for ; v.rows < row; v.rows++ {
		v.defs = append(v.defs, 0)
		if c.List {
			v.reps = append(v.reps, 0)
		}
	}
}

// addString appends a value to a column of strings.
func (v *vector) addString(c Column, s parquet.ByteArray) {
	v.strs = append(v.strs, s)
	if c.List {
		v.defs, v.reps = append(v.defs, 2), append(v.reps, 0)
	} else {
		v.defs = append(v.defs, 1)
	}
	v.rows++
}

// addMember appends a further member to the last row of a list.
func (v *vector) addMember(s parquet.ByteArray) {
	v.strs = append(v.strs, s)
	v.defs, v.reps = append(v.defs, 2), append(v.reps, 1)
}

// cursor is a place between two rows of a vector.
type cursor struct{ level, value int }

// advance moves the cursor over a number of rows and returns which values
// belong to them.
func (v *vector) advance(at *cursor, rows int) (first, end int) {
	first = at.value
	switch {
	case len(v.defs) == 0:
		at.value += rows
	case len(v.reps) == 0:
		for _, d := range v.defs[at.level : at.level+rows] {
			at.value += int(d)
		}
		at.level += rows
	default:
		for ; at.level < len(v.reps); at.level++ {
			if v.reps[at.level] == 0 {
				if rows == 0 {
					break
				}
				rows--
			}
			at.value += int(v.defs[at.level]) / 2
		}
	}
	return first, at.value
}
