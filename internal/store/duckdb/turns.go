package duckdb

import (
	"context"
	"fmt"
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
	closed  bool
}

type waiter struct {
	who  string
	turn chan error // nil: it is this one's turn
}

func newTurns(places int) *turns { return &turns{free: places, held: map[string]int{}} }

// take waits for a place, until ctx ends or there are none any more. The place must
// be given back.
func (t *turns) take(ctx context.Context, who string) error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return errClosed
	}
	if t.free > 0 {
		t.free--
		t.held[who]++
		t.mu.Unlock()
		return nil
	}
	w := &waiter{who, make(chan error, 1)}
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
	}
	t.mu.Lock()
	at := slices.Index(t.waiting, w)
	if at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
	}
	t.mu.Unlock()
	if at < 0 && <-w.turn == nil { // it came meanwhile
		t.give(who)
	}
	return fmt.Errorf("duckdb: no turn for the query in time, others are running: %w", ctx.Err())
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
	w.turn <- nil
}

// close lets nobody have a place any more who has none.
func (t *turns) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, w := range t.waiting {
		w.turn <- errClosed
	}
	t.waiting = nil
}
