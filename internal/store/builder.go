package store

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/parquet"

	"ledgerline/internal/record"
)

// hold says that a segment has rows of an upload.
type hold struct {
	segment int64
	upload  string
}

// builder turns entries into batches of columns. It serves one call of Ingest.
type builder struct {
	store    *Store
	now      int64 // ingest time
	dropped  int64
	holds    map[hold]bool
	lastHold hold

	at    map[string]int // field as entries spell it -> column, -1 when it has none
	hints []hint         // per position in an entry's cells
}

// hint remembers which column the cell at some position of an entry last went
// to. Entries of one parser have their cells in the same order, so that nearly
// every look-up ends here.
type hint struct {
	field  string
	column int
}

// groups splits entries by source and UTC day and sorts each group.
func (b *builder) groups(entries []record.Entry) []*group {
	b.holds = map[hold]bool{}
	groups := map[dayKey]*group{}
	var last *group
	var lastKey dayKey
	for i := range entries {
		e := b.dated(&entries[i])
		key := dayKey{sourceOf(e), startOfDay(e.Time)}
		if last == nil || key != lastKey {
			lastKey, last = key, groups[key]
			if last == nil {
				last = &group{source: key.source, day: time.UnixMilli(key.day).UTC()}
				groups[key] = last
			}
		}
		last.entries = append(last.entries, e)
	}
	var out []*group
	for _, g := range groups {
		if !slices.IsSortedFunc(g.entries, byTime) {
			slices.SortStableFunc(g.entries, byTime)
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *group) int {
		return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.source, b.source))
	})
	return out
}

// dated returns the entry with a time that engines can read.
func (b *builder) dated(e *record.Entry) *record.Entry {
	if validTime(e.Time) {
		return e
	}
	b.dropped++
	copied := *e
	copied.Time = e.Origin.Received
	if !validTime(copied.Time) {
		copied.Time = b.now
	}
	return &copied
}

// sourceOf is the log source's name, in UTF-8.
func sourceOf(e *record.Entry) string { return clean(e.Origin.Source) }

// clean replaces what is not UTF-8, which engines refuse to read.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// bytesOf returns the bytes of s without copying them. Nobody writes to them.
func bytesOf(s string) parquet.ByteArray {
	s = clean(s)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// columns finds the columns that entries need and remembers where each field goes.
func (b *builder) columns(entries []*record.Entry) []Column {
	b.at = map[string]int{}
	b.hints = b.hints[:0]
	var fields []Column
	taken := map[string]int{} // by column name
	for _, e := range entries {
		for i := range e.Cells {
			cell := &e.Cells[i]
			n, ok := b.find(i, cell.Field)
			if !ok {
				n = b.place(cell, &fields, taken)
			}
			if n >= 0 && len(cell.Value.List) > 0 && fields[n].Type == record.String {
				fields[n].List = true
			}
		}
	}
	cols := unionColumns(append(fixedColumns(), fields...))
	position := map[string]int{}
	for i, c := range cols {
		position[c.Name] = i
	}
	for field, n := range b.at {
		if n >= 0 {
			b.at[field] = position[fields[n].Name]
		}
	}
	b.hints = b.hints[:0]
	return cols
}

// find looks a field up, first where the last entry had it.
func (b *builder) find(position int, field string) (column int, ok bool) {
	if position < len(b.hints) && b.hints[position].field == field {
		return b.hints[position].column, true
	}
	n, ok := b.at[field]
	if ok && position <= 64 {
		for len(b.hints) <= position {
			b.hints = append(b.hints, hint{column: -1})
		}
		b.hints[position] = hint{field, n}
	}
	return n, ok
}

// place gives a field seen for the first time its column.
func (b *builder) place(cell *record.Cell, fields *[]Column, taken map[string]int) int {
	c, ok := b.store.columnFor(cell.Field, cell.Value.Kind)
	if !ok {
		b.at[cell.Field] = -1
		return -1
	}
	n, known := taken[c.Name]
	switch {
	case known:
	case len(*fields) >= b.store.opts.MaxFields:
		n = -1
	default:
		n = len(*fields)
		*fields = append(*fields, c)
		taken[c.Name] = n
	}
	b.at[cell.Field] = n
	return n
}

// columnFor returns the column of a field: the one it has in any segment, else a
// new one of the given kind. Fields named like a fixed column have none.
func (s *Store) columnFor(field string, kind record.Type) (Column, bool) {
	field = clean(field)
	key := columnKey(field)
	if key == "" || strings.ContainsRune(key, 0) {
		return Column{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.types[key]; ok {
		return c, c.Name != ""
	}
	switch kind {
	case record.String, record.Long, record.Double, record.Timestamp:
	case record.Integer:
		kind = record.Long
	case record.Float:
		kind = record.Double
	default:
		return Column{}, false
	}
	c := Column{Name: field, Type: kind}
	s.types[key] = c
	return c, true
}

// learn notes the columns of a listed segment. Fixed names stay closed to fields.
func (s *Store) learn(cols []Column) {
	for i, c := range cols {
		key := columnKey(c.Name)
		if i < fixedCount {
			s.types[key] = Column{}
		} else {
			s.types[key] = Column{Name: c.Name, Type: c.Type}
		}
	}
}

const originColumns = logEntityAt - sourceAt + 1

// originOf returns the values of the columns that say where an entry came from.
func originOf(o *record.Origin) (out [originColumns]parquet.ByteArray) {
	for i, s := range [originColumns]string{o.Source, o.LogGroup, o.Upload, o.UploadName, o.File, o.Entity, o.EntityType, o.LogEntity} {
		out[i] = bytesOf(s)
	}
	return out
}

// fill makes a batch hold the entries.
func (b *builder) fill(out *batch, cols []Column, entries []*record.Entry) {
	out.reset(len(cols))
	out.rows = len(entries)
	v := out.vectors
	var origin *record.Origin
	var shared [originColumns]parquet.ByteArray
	for row, e := range entries {
		if e.Origin != origin {
			origin = e.Origin
			shared = originOf(origin)
		}
		v[timeAt].ints = append(v[timeAt].ints, e.Time)
		v[ingestAt].ints = append(v[ingestAt].ints, b.now)
		v[ordinalAt].ints = append(v[ordinalAt].ints, e.Ordinal)
		v[textAt].strs = append(v[textAt].strs, bytesOf(e.Text))
		for i, s := range shared {
			if len(s) > 0 {
				v[sourceAt+i].pad(cols[sourceAt+i], row)
				v[sourceAt+i].addString(cols[sourceAt+i], s)
			}
		}
		for i, l := range e.Labels {
			if i == 0 {
				v[labelsAt].pad(cols[labelsAt], row)
				v[labelsAt].addString(cols[labelsAt], bytesOf(l))
			} else {
				v[labelsAt].addMember(bytesOf(l))
			}
		}
		for i := range e.Cells {
			cell := &e.Cells[i]
			n, ok := b.find(i, cell.Field)
			if !ok || n < 0 || !v[n].set(cols[n], row, &cell.Value) {
				b.dropped++
			}
		}
	}
	for i := requiredCount; i < len(cols); i++ {
		v[i].pad(cols[i], len(entries))
	}
}

// set stores a value in a row. It reports false when the row has a value already
// or the value does not fit the column.
func (v *vector) set(c Column, row int, value *record.Value) bool {
	if v.rows > row {
		return false
	}
	if c.Type == record.String {
		s, ok := asText(value)
		if !ok {
			return false
		}
		v.pad(c, row)
		v.addString(c, bytesOf(s))
		for _, more := range value.List {
			v.addMember(bytesOf(more))
		}
		return true
	}
	if c.Type == record.Double {
		f, ok := asFraction(value)
		if !ok {
			return false
		}
		v.pad(c, row)
		v.nums = append(v.nums, f)
	} else {
		n, ok := asWhole(c.Type, value)
		if !ok {
			return false
		}
		v.pad(c, row)
		v.ints = append(v.ints, n)
	}
	v.defs = append(v.defs, 1)
	v.rows++
	return true
}

// A field's type may change in the catalogue while segments keep the column's.
// What can be said in the column's type without loss still is.

func asText(v *record.Value) (string, bool) {
	switch v.Kind {
	case record.String:
		return v.Str, true
	case record.Long, record.Integer:
		return strconv.FormatInt(v.Int, 10), true
	case record.Double, record.Float:
		return strconv.FormatFloat(v.Num, 'g', -1, 64), true
	case record.Timestamp:
		return time.UnixMilli(v.Int).UTC().Format("2006-01-02T15:04:05.000Z07:00"), true
	}
	return "", false
}

func asFraction(v *record.Value) (float64, bool) {
	switch v.Kind {
	case record.Double, record.Float:
		return v.Num, true
	case record.Long, record.Integer:
		f := float64(v.Int)
		return f, math.Abs(f) <= 1<<53
	case record.String:
		f, err := strconv.ParseFloat(v.Str, 64)
		return f, err == nil && len(v.List) == 0
	}
	return 0, false
}

func asWhole(t record.Type, v *record.Value) (int64, bool) {
	if t == record.Timestamp {
		return v.Int, v.Kind == record.Timestamp && validTime(v.Int)
	}
	switch v.Kind {
	case record.Long, record.Integer:
		return v.Int, true
	case record.Double, record.Float:
		n := int64(v.Num)
		return n, math.Abs(v.Num) <= 1<<53 && float64(n) == v.Num
	case record.String:
		n, err := strconv.ParseInt(v.Str, 10, 64)
		return n, err == nil && len(v.List) == 0
	}
	return 0, false
}
