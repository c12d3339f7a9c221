// Package quota shares a server among its users: how often each may call, how much
// upload and how many queries run (shares.go), and the memory that requests have
// together (budget.go).
package quota

import (
	"cmp"
	"math"
	"sync"
	"time"
)

// Limits bound what one user may ask for. Zero members stand for the defaults.
type Limits struct {
	Requests int   // a second; default 1000
	Upload   int64 // bytes a minute; default 8 GiB
	Queries  int   // at once; default 32
}

func (l Limits) withDefaults() Limits {
	l.Requests = cmp.Or(l.Requests, 1000)
	l.Upload = cmp.Or(l.Upload, 8<<30)
	l.Queries = cmp.Or(l.Queries, 32)
	return l
}

// Exceeded refuses what is more than a user's share.
type Exceeded struct {
	Message string
	Wait    time.Duration // until it is worth trying again
}

func (e *Exceeded) Error() string { return e.Message }

// Shares says how much each user has left of what it may ask for. Users are those
// of the books, whose number is bounded. It is safe for use by many goroutines.
type Shares struct {
	clock  func() time.Time
	limits Limits

	mu    sync.Mutex
	users map[string]*share
}

// share is of one user: two buckets that fill while time passes, and a count.
type share struct {
	requests, bytes float64
	at              time.Time
	queries         int
}

// burst is how long a user may save up what it does not use.
const burst = 2 * time.Second

// NewShares returns the shares of users who have asked for nothing yet.
func NewShares(clock func() time.Time, limits Limits) *Shares {
	return &Shares{clock: clock, limits: limits.withDefaults(), users: map[string]*share{}}
}

// of returns the share of a user as it is now.
func (s *Shares) of(user string) *share {
	now := s.clock()
	u, ok := s.users[user]
	if !ok {
		u = &share{requests: s.mostRequests(), bytes: float64(s.limits.Upload), at: now}
		s.users[user] = u
	}
	if passed := now.Sub(u.at).Seconds(); passed > 0 {
		u.at = now
		u.requests = min(u.requests+passed*float64(s.limits.Requests), s.mostRequests())
		u.bytes = min(u.bytes+passed*float64(s.limits.Upload)/60, float64(s.limits.Upload))
	}
	return u
}

func (s *Shares) mostRequests() float64 { return max(1, float64(s.limits.Requests)*burst.Seconds()) }

// Request counts a request, with the bytes it uploads, or refuses it as Exceeded. An
// upload larger than a minute's share is taken when the share is whole.
func (s *Shares) Request(user string, upload int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.of(user)
	if u.requests < 1 {
		return &Exceeded{"this user sends too many requests", seconds((1 - u.requests) / float64(s.limits.Requests))}
	}
	if want := min(float64(upload), float64(s.limits.Upload)); upload > 0 && u.bytes < want {
		return &Exceeded{"this user has uploaded as much as it may in a minute", seconds((want - u.bytes) / (float64(s.limits.Upload) / 60))}
	}
	u.requests--
	u.bytes -= float64(upload)
	return nil
}

// seconds rounds up, so that who waits so long need not wait again.
func seconds(s float64) time.Duration { return time.Duration(math.Ceil(s)) * time.Second }

// Query begins a query, or refuses it as Exceeded. done ends it.
func (s *Shares) Query(user string) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.of(user)
	if u.queries >= s.limits.Queries {
		return nil, &Exceeded{"this user runs as many queries at once as it may", time.Second}
	}
	u.queries++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		u.queries--
	}, nil
}
