package store

import (
	"github.com/apache/arrow-go/v18/parquet"

	"ledgerline/internal/record"
)

// ValueCount is a value of a column and how many rows of a segment have it.
type ValueCount struct {
	Value string
	Rows  int64
}

// Values are counted while they are few: what is counted are levels, states and
// kinds, by which people count and filter, and not identifiers.
const (
	countedRows   = 256      // a segment of fewer rows is as cheap to read
	countedValues = 64       // different values after which a column is not counted
	countedLength = 128      // bytes of the longest value that is counted
	countedBytes  = 64 << 10 // of the counts of a segment; further columns have none
)

// valueTally counts the values of one column of a segment.
type valueTally struct {
	counts []ValueCount
	at     map[string]int // value -> place in counts
	last   int            // place of the value before
	many   bool           // or too long: the column is not counted
}

// counted reports whether the values of a column are looked at.
func counted(i int, c Column) bool { return c.Type == record.String && !c.List && i != textAt }

// add counts values, which often repeat.
func (t *valueTally) add(values []parquet.ByteArray) {
	for _, v := range values {
		if t.many {
			return
		}
		if t.last < len(t.counts) && t.counts[t.last].Value == string(v) {
			t.counts[t.last].Rows++
		} else if at, ok := t.at[string(v)]; ok {
			t.last = at
			t.counts[at].Rows++
		} else {
			t.insert(ValueCount{string(v), 1})
		}
	}
}

// merge adds counts of other rows.
func (t *valueTally) merge(counts []ValueCount) {
	for _, c := range counts {
		if at, ok := t.at[c.Value]; ok {
			t.counts[at].Rows += c.Rows
		} else if !t.many {
			t.insert(c)
		}
	}
}

func (t *valueTally) insert(c ValueCount) {
	if len(t.counts) == countedValues || len(c.Value) > countedLength {
		*t = valueTally{many: true}
		return
	}
	if t.at == nil {
		t.at = map[string]int{}
	}
	t.last = len(t.counts)
	t.at[c.Value] = t.last
	t.counts = append(t.counts, c)
}

// Values returns the values that occur in a column of a listed segment and in how
// many rows each; the rows that are left have none. It reports false when they
// have not been counted, because there are many, or the program that wrote the
// segment did not count yet, or the file that says so is unusable.
func (s *Segment) Values(column string) ([]ValueCount, bool) {
	if s.profiles == nil {
		return nil, false
	}
	p, err := s.profiles.get(s)
	if err != nil {
		return nil, false
	}
	counts, ok := p.values[column]
	return counts, ok
}
