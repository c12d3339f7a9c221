package login

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestThrottleIsBounded(t *testing.T) {
	now := time.Now()
	th := newThrottle(func() time.Time { return now }, 1, time.Minute)
	for i := range 3 * maxThrottled {
		th.take(strconv.Itoa(i))
	}
	if len(th.seen) > maxThrottled {
		t.Errorf("%d keys", len(th.seen))
	}
	if th.take("x") != 0 || th.take("x") != time.Minute {
		t.Error("one event a minute")
	}
	now = now.Add(40 * time.Second)
	if w := th.take("x"); w != 20*time.Second {
		t.Errorf("wait %v", w)
	}
}

// Who tries at many users, and many who try at one, are slowed; a password that was
// right is no attempt to guess it.
func TestAttempts(t *testing.T) {
	now := time.Now()
	a := NewAttempts(func() time.Time { return now })
	peer := netip.MustParseAddr("192.0.2.1")
	for range 3 * mostByPair {
		if wait := a.Password("ana", netip.MustParseAddr("2001:db8::1")); wait > 0 {
			t.Fatalf("waits %v after a password that was right", wait)
		}
		a.Succeeded("ANA", netip.MustParseAddr("2001:db8::2")) // the same network, and user
	}
	for i := range mostByPeer {
		if wait := a.Password("user"+strconv.Itoa(i), peer); wait > 0 {
			t.Fatalf("attempt %d waits %v", i, wait)
		}
	}
	if wait := a.Password("another", peer); wait != window {
		t.Errorf("one address, many users: %v", wait)
	}
	now = now.Add(window)
	for i := range mostByUser {
		if wait := a.Password("root", netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})); wait > 0 {
			t.Fatalf("attempt %d waits %v", i, wait)
		}
	}
	if wait := a.Password("root", peer); wait != window {
		t.Errorf("one user, many addresses: %v", wait)
	}
}

func TestPasswordsAreComparedInTurn(t *testing.T) {
	a := NewAttempts(time.Now)
	var first func()
	for range atOnce {
		done, err := a.Compare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first = done
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := a.Compare(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	first()
	if _, err := a.Compare(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLinks(t *testing.T) {
	now := time.Now()
	l := NewLinks(func() time.Time { return now })
	token := l.Make("ana")
	if user, ok := l.Take(token); user != "ana" || !ok {
		t.Error(user, ok)
	}
	if _, ok := l.Take(token); ok {
		t.Error("a link was good twice")
	}
	late := l.Make("ana")
	now = now.Add(linkLife)
	if _, ok := l.Take(late); ok {
		t.Error("a link was good after its hour")
	}
	for range 3 * maxLinks {
		token = l.Make("ana")
	}
	if _, ok := l.Take(token); !ok || len(l.made) > maxLinks {
		t.Errorf("%v, %d links", ok, len(l.made))
	}
}

// An attempt ends once and in time, and is not remembered among too many.
func TestAttemptsAtTheProvider(t *testing.T) {
	now := time.Now()
	p := NewProvider(OIDC{Issuer: "https://id.example.com"}, "https://ledger.example.com/back", func() time.Time { return now })
	state, a := p.begin()
	if other, b := p.begin(); other == state || a.nonce == b.nonce || a.verifier == b.verifier {
		t.Error("two attempts share a secret")
	}
	if got, ok := p.end(state); !ok || got != a {
		t.Error(ok)
	}
	if _, err := p.Finish(t.Context(), Answer{State: state, Code: "c"}); err == nil {
		t.Error("an attempt ended twice")
	}
	late, _ := p.begin()
	now = now.Add(AttemptLife)
	if _, ok := p.end(late); ok {
		t.Error("an attempt ended late")
	}
	for range 2 * maxAttempts {
		state, _ = p.begin()
	}
	if _, ok := p.end(state); !ok || len(p.pending) > maxAttempts {
		t.Errorf("%v, %d attempts", ok, len(p.pending))
	}
}

func TestGroupsOf(t *testing.T) {
	claim := []any{"Auditors", map[string]any{"name": "Readers", "id": "1"}, map[string]any{"display": "none"}, 7, nil}
	if got, want := groupsOf(claim), []string{"Auditors", "Readers"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := groupsOf("Auditors"); got != nil {
		t.Errorf("%q", got)
	}
}
