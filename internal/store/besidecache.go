package store

import (
	"container/list"
	"sync"
)

// Bounds of what a store keeps in memory of the files beside its segments.
const (
	tokenCacheBytes   = 64 << 20
	profileCacheBytes = 16 << 20
)

// besideCache keeps what was last asked for of the files beside segments.
// Segments are never changed, so what was read once holds until the segment is gone.
type besideCache[T any] struct {
	read func(path string) (value T, size int, err error)

	mu      sync.Mutex
	limit   int
	size    int
	entries map[int64]*list.Element // by segment
	order   list.List               // of *besideEntry[T], the last used first
}

type besideEntry[T any] struct {
	segment int64
	value   T
	size    int
}

func newBesideCache[T any](limit int, read func(path string) (T, int, error)) *besideCache[T] {
	return &besideCache[T]{read: read, limit: limit, entries: map[int64]*list.Element{}}
}

// get returns what is beside a segment, from its file when need be.
func (c *besideCache[T]) get(seg *Segment) (T, error) {
	c.mu.Lock()
	if e, ok := c.entries[seg.ID]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*besideEntry[T]).value, nil
	}
	c.mu.Unlock()
	value, size, err := c.read(seg.Path + tokenSuffix)
	if err == nil {
		c.put(&besideEntry[T]{seg.ID, value, size})
	}
	return value, err
}

func (c *besideCache[T]) put(e *besideEntry[T]) {
	if e.size > c.limit {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[e.segment]; ok {
		return // another query read it meanwhile
	}
	c.entries[e.segment] = c.order.PushFront(e)
	c.size += e.size
	for c.size > c.limit {
		c.remove(c.order.Back())
	}
}

// drop forgets a segment that is gone.
func (c *besideCache[T]) drop(segment int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[segment]; ok {
		c.remove(e)
	}
}

func (c *besideCache[T]) remove(e *list.Element) {
	entry := c.order.Remove(e).(*besideEntry[T])
	delete(c.entries, entry.segment)
	c.size -= entry.size
}
