package login

import (
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// throttle allows each key so many events in a window, which begins with the
// first of them.
type throttle struct {
	clock func() time.Time
	most  int
	every time.Duration

	mu   sync.Mutex
	seen map[string]attempts
}

type attempts struct {
	began time.Time
	n     int
}

// maxThrottled bounds the keys that are remembered.
const maxThrottled = 10_000

func newThrottle(clock func() time.Time, most int, every time.Duration) *throttle {
	return &throttle{clock: clock, most: most, every: every, seen: map[string]attempts{}}
}

// take counts an event, or answers how long to wait before the next one.
func (t *throttle) take(key string) (wait time.Duration) {
	now := t.clock()
	t.mu.Lock()
	defer t.mu.Unlock()
	w, ok := t.seen[key]
	if !ok && len(t.seen) >= maxThrottled {
		t.sweep(now)
	}
	if !ok || now.Sub(w.began) >= t.every {
		w = attempts{began: now}
	}
	if w.n >= t.most {
		return t.every - now.Sub(w.began)
	}
	w.n++
	t.seen[key] = w
	return 0
}

// sweep makes room: of what is over, or else of a tenth of anything, so that not
// every key that comes has all others looked at.
func (t *throttle) sweep(now time.Time) {
	for key, w := range t.seen {
		if now.Sub(w.began) >= t.every {
			delete(t.seen, key)
		}
	}
	for key := range t.seen {
		if len(t.seen) < maxThrottled*9/10 {
			return
		}
		delete(t.seen, key)
	}
}

func (t *throttle) clear(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.seen, key)
}

// userKey is short whatever name somebody types.
func userKey(name string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	return string(sum[:16])
}

// peerKey is an address, or for IPv6 the network that one customer has.
func peerKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
