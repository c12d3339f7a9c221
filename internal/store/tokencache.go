package store

import (
	"container/list"
	"sync"
)

// tokenCacheBytes bounds the token filters that a store keeps in memory.
const tokenCacheBytes = 64 << 20

// tokenCache keeps the token filters that were asked for last. Segments are never
// changed, so what was read once holds until the segment is gone.
type tokenCache struct {
	mu      sync.Mutex
	limit   int
	size    int
	entries map[int64]*list.Element // by segment
	order   list.List               // of *tokenEntry, the last used first
}

type tokenEntry struct {
	segment int64
	blocks  []tokenBlock
	size    int
}

func newTokenCache(limit int) *tokenCache {
	return &tokenCache{limit: limit, entries: map[int64]*list.Element{}}
}

// get returns the blocks of a segment's filter, from its file when need be.
func (c *tokenCache) get(seg *Segment) ([]tokenBlock, error) {
	c.mu.Lock()
	if e, ok := c.entries[seg.ID]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*tokenEntry).blocks, nil
	}
	c.mu.Unlock()
	blocks, size, err := readTokens(seg.Path + tokenSuffix)
	if err != nil {
		return nil, err
	}
	c.put(&tokenEntry{seg.ID, blocks, size})
	return blocks, nil
}

func (c *tokenCache) put(e *tokenEntry) {
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
func (c *tokenCache) drop(segment int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[segment]; ok {
		c.remove(e)
	}
}

func (c *tokenCache) remove(e *list.Element) {
	entry := c.order.Remove(e).(*tokenEntry)
	delete(c.entries, entry.segment)
	c.size -= entry.size
}
