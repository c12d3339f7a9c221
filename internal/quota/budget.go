package quota

import "sync/atomic"

// Budget is a number of bytes that requests share.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{}
	b.left.Store(bytes)
	return b
}

// Take reserves bytes, or reports that there are not enough.
func (b *Budget) Take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

// Give returns bytes that were taken.
func (b *Budget) Give(n int64) { b.left.Add(n) }

// Left is how many bytes nobody has taken.
func (b *Budget) Left() int64 { return b.left.Load() }
