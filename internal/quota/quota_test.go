package quota

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestSharesOfAUser(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := NewShares(func() time.Time { return now }, Limits{Requests: 10, Upload: 6000, Queries: 2})
	wait := func(err error) time.Duration {
		var e *Exceeded
		if !errors.As(err, &e) {
			return 0
		}
		return e.Wait
	}
	for i := range 20 { // two seconds' worth, saved up
		if err := s.Request("a", 0); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if w := wait(s.Request("a", 0)); w != time.Second {
		t.Errorf("the 21st waits %v", w)
	}
	if err := s.Request("b", 0); err != nil {
		t.Errorf("another user: %v", err)
	}
	now = now.Add(100 * time.Millisecond)
	if s.Request("a", 0) != nil || s.Request("a", 0) == nil {
		t.Error("a tenth of a second is worth one request")
	}
	now = now.Add(time.Hour)
	if err := s.Request("a", 6000); err != nil {
		t.Error(err)
	}
	if w := wait(s.Request("a", 3000)); w != 30*time.Second { // 100 bytes a second
		t.Errorf("3000 bytes more wait %v", w)
	}
	now = now.Add(30 * time.Second)
	if err := s.Request("a", 3000); err != nil {
		t.Error(err)
	}
	now = now.Add(time.Hour)
	if err := s.Request("a", 60_000); err != nil {
		t.Errorf("more than a minute's worth, after a rest: %v", err)
	}
	if s.Request("a", 1) == nil {
		t.Error("it is not for nothing")
	}
}

// Queries are counted while they run, each user's of its own.
func TestQueriesAtOnce(t *testing.T) {
	s := NewShares(time.Now, Limits{Queries: 1})
	done, err := s.Query("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Query("a"); err == nil {
		t.Error("a second at once")
	}
	if _, err := s.Query("b"); err != nil {
		t.Errorf("another user: %v", err)
	}
	done()
	if _, err := s.Query("a"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// However many take at once, no more is out than there is, and all of it comes back.
func TestBudget(t *testing.T) {
	b := NewBudget(100)
	var out atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if !b.Take(30) {
					continue
				}
				if out.Add(30) > 100 {
					t.Error("more than the budget is out")
				}
				out.Add(-30)
				b.Give(30)
			}
		})
	}
	all.Wait()
	if !b.Take(100) || b.Take(1) {
		t.Error("the budget is not what it was")
	}
}
