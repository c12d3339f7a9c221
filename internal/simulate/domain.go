package simulate

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// Domain is what can be wrong with the identity domain, for who tries what a
// client says of it.
type Domain struct {
	Deactivated bool     `json:"deactivated"` // the client application
	Foreign     bool     `json:"foreign"`     // tokens are of a domain that the services do not trust
	Locked      []string `json:"locked"`      // users who get no tokens
	NoRole      []string `json:"noRole"`      // clients and users without a role in Integration
}

func (d Domain) lacksRole(subject string) bool { return slices.Contains(d.NoRole, subject) }

// domain is what the identity domain remembers: codes and logins under way, and
// assertions that were used.
type domain struct {
	mu    sync.Mutex
	wrong Domain
	codes map[string]code
	// logins by each refresh token that was ever given for them, until they end.
	logins map[string]*login
	seen   map[string]time.Time // ids of assertions, and when they expire
}

// code waits to be exchanged.
type code struct {
	user, redirect, challenge string
	scopes                    []string
	expires                   time.Time
}

// login is one user's consent, continued by refresh tokens. The token before
// the current one still works, since the answer with its successor may have been
// lost; an older one is taken for stolen, and ends the login (RFC 9700, section 4.14.2).
type login struct {
	user              string
	scopes            []string
	current, previous string
	expires           time.Time
}

func newDomain() *domain {
	return &domain{codes: map[string]code{}, logins: map[string]*login{}, seen: map[string]time.Time{}}
}

// Domain returns what is wrong at present.
func (s *Simulator) Domain() Domain {
	s.domain.mu.Lock()
	defer s.domain.mu.Unlock()
	return s.domain.wrong
}

// SetDomain says what is wrong from now on.
func (s *Simulator) SetDomain(d Domain) {
	s.domain.mu.Lock()
	defer s.domain.mu.Unlock()
	s.domain.wrong = d
}

// RevokeLogins ends every login; access tokens go on until they expire.
func (s *Simulator) RevokeLogins() {
	s.domain.mu.Lock()
	defer s.domain.mu.Unlock()
	clear(s.domain.logins)
}

const mostLogins = 10_000

// begin remembers a code until it is exchanged, at most a minute.
func (d *domain) begin(c code) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.codes) >= mostLogins {
		clear(d.codes)
	}
	name := rand.Text()
	d.codes[name] = c
	return name
}

// take gives a code away, once.
func (d *domain) take(name string, now time.Time) (code, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.codes[name]
	delete(d.codes, name)
	return c, ok && now.Before(c.expires)
}

// loggedIn begins a login and returns its first refresh token.
func (d *domain) loggedIn(user string, scopes []string, expires time.Time) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.logins) >= mostLogins {
		clear(d.logins)
	}
	l := &login{user: user, scopes: scopes, current: rand.Text(), expires: expires}
	d.logins[l.current] = l
	return l.current
}

// renew replaces a refresh token.
func (d *domain) renew(token string, now, expires time.Time) (l login, next string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	held := d.logins[token]
	switch {
	case held == nil:
		return login{}, "", false
	case !now.Before(held.expires), token != held.current && token != held.previous:
		for name, other := range d.logins {
			if other == held {
				delete(d.logins, name)
			}
		}
		return login{}, "", false
	}
	held.previous, held.current, held.expires = token, rand.Text(), expires
	d.logins[held.current] = held
	return *held, held.current, true
}

// first reports whether an assertion has not been used before.
func (d *domain) first(id string, now, expires time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for old, end := range d.seen {
		if now.After(end) {
			delete(d.seen, old)
		}
	}
	if _, again := d.seen[id]; again || id == "" || len(d.seen) >= mostTokens {
		return false
	}
	d.seen[id] = expires
	return true
}
