// Package login is what stands before a session of a browser: how often one may try
// to get one (attempts.go), logins by an identity provider (provider.go), and links
// that open one without a password (links.go). All of it is held in memory; users
// and sessions are the catalogue's.
package login

import (
	"context"
	"net/netip"
	"time"
)

// How often one may try to log in, within a window.
const (
	window     = 15 * time.Minute
	mostByPair = 5
	mostByPeer = 30
	mostByUser = 100
	mostBegun  = 100
	atOnce     = 2
)

// Attempts says whether one may try to log in. It is safe for use by many goroutines.
type Attempts struct {
	byPair *throttle     // of an address at a user
	byPeer *throttle     // of an address
	byUser *throttle     // at a user
	begun  *throttle     // that an address begins at the identity provider
	slots  chan struct{} // passwords compared at once; each takes 19 MiB
}

// NewAttempts returns the attempts of a server, of which there were none.
func NewAttempts(clock func() time.Time) *Attempts {
	return &Attempts{byPair: newThrottle(clock, mostByPair, window), byPeer: newThrottle(clock, mostByPeer, window),
		byUser: newThrottle(clock, mostByUser, window), begun: newThrottle(clock, mostBegun, window), slots: make(chan struct{}, atOnce)}
}

// Password counts an attempt of an address at a user, or answers how long to wait
// before the next one. It counts before passwords are compared, so that many at once
// are no way around the limits.
func (a *Attempts) Password(user string, peer netip.Addr) (wait time.Duration) {
	if wait = a.byPeer.take(peerKey(peer)); wait > 0 {
		return wait
	}
	if wait = a.byPair.take(pairKey(user, peer)); wait > 0 {
		return wait
	}
	return a.byUser.take(userKey(user))
}

// Compare waits until a password may be compared; done says that it was.
func (a *Attempts) Compare(ctx context.Context) (done func(), err error) {
	select {
	case a.slots <- struct{}{}:
		return func() { <-a.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Succeeded forgets the attempts of an address at a user.
func (a *Attempts) Succeeded(user string, peer netip.Addr) { a.byPair.clear(pairKey(user, peer)) }

// Begin counts a login that an address begins at the identity provider, or answers
// how long to wait: those that are begun and not ended push others out.
func (a *Attempts) Begin(peer netip.Addr) (wait time.Duration) { return a.begun.take(peerKey(peer)) }

func pairKey(user string, peer netip.Addr) string { return userKey(user) + " " + peerKey(peer) }
