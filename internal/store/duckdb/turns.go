package duckdb

import (
	"context"
	"slices"
	"sync"
)

// turns hands out places, of which there are a number. One that becomes free goes,
// of those who wait, to whoever holds the fewest, and among equals to who came
// first: nobody waits for all that somebody else asks at once.
type turns struct {
	mu      sync.Mutex
	free    int
	held    map[string]int // by who asks
	waiting []*waiter      // in the order of their coming
}

type waiter struct {
	who  string
	turn chan struct{} // closed when it is this one's turn
}

func newTurns(places int) *turns { return &turns{free: places, held: map[string]int{}} }

// take waits for a place, until ctx ends. The place must be given back.
func (t *turns) take(ctx context.Context, who string) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.held[who]++
		t.mu.Unlock()
		return nil
	}
	w := &waiter{who, make(chan struct{})}
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	at := slices.Index(t.waiting, w)
	if at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
	}
	t.mu.Unlock()
	if at < 0 { // the turn came meanwhile
		t.give(who)
	}
	return ctx.Err()
}

// give gives a place back.
func (t *turns) give(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held[who]--; t.held[who] == 0 {
		delete(t.held, who)
	}
	if len(t.waiting) == 0 {
		t.free++
		return
	}
	next := 0
	for i, w := range t.waiting {
		if t.held[w.who] < t.held[t.waiting[next].who] {
			next = i
		}
	}
	w := t.waiting[next]
	t.waiting = slices.Delete(t.waiting, next, next+1)
	t.held[w.who]++
	close(w.turn)
}
