package login

import (
	"crypto/rand"
	"sync"
	"time"
)

const (
	linkLife = time.Hour
	maxLinks = 100
)

// Links open a session without a password: each once, within the hour. It is safe
// for use by many goroutines.
type Links struct {
	clock func() time.Time

	mu   sync.Mutex
	made map[string]link // by token
}

type link struct {
	user    string
	expires time.Time
}

// NewLinks returns the links of a server, of which there are none.
func NewLinks(clock func() time.Time) *Links {
	return &Links{clock: clock, made: map[string]link{}}
}

// Make returns the token of a new link for a user.
func (l *Links) Make(user string) (token string) {
	token, now := rand.Text(), l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, at := range l.made {
		if !now.Before(at.expires) || len(l.made) >= maxLinks {
			delete(l.made, other)
		}
	}
	l.made[token] = link{user, now.Add(linkLife)}
	return token
}

// Take uses a link up and returns its user; false when it is used, too old or none.
func (l *Links) Take(token string) (user string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.made[token]
	delete(l.made, token)
	return at.user, ok && l.clock().Before(at.expires)
}
