package catalog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"
)

// Session is a browser that a user has logged in with.
type Session struct {
	User    string // OCID
	Created time.Time
	Expires time.Time
}

// Lives of a session: since its login, and since it was used last.
const (
	SessionLife = 12 * time.Hour
	SessionIdle = 2 * time.Hour
	seenEvery   = time.Minute // no use is noted more often
)

// StartSession opens a session of a user and returns its token, of which only a
// hash is kept.
func (c *Catalog) StartSession(ctx context.Context, user string) (token string, s Session, err error) {
	token = rand.Text() + rand.Text()
	hash := sha256.Sum256([]byte(token))
	now := c.now()
	s = Session{User: user, Created: now, Expires: now.Add(SessionLife)}
	err = c.writer.do(ctx, true, func(tx *tx) error {
		if _, err := tx.exec("DELETE FROM sessions WHERE expires <= ? OR seen <= ?", toMillis(now), toMillis(now.Add(-SessionIdle))); err != nil {
			return err
		}
		_, err := tx.exec("INSERT INTO sessions (hash, user, created, seen, expires) VALUES (?, ?, ?, ?, ?)",
			hash[:], user, toMillis(now), toMillis(now), toMillis(s.Expires))
		return err
	})
	return token, s, err
}

// Session returns the session of a token, or ErrNotFound when it has ended.
func (c *Catalog) Session(ctx context.Context, token string) (Session, error) {
	hash := sha256.Sum256([]byte(token))
	var s Session
	var created, seen, expires int64
	err := c.read.QueryRowContext(ctx, "SELECT user, created, seen, expires FROM sessions WHERE hash = ?", hash[:]).Scan(&s.User, &created, &seen, &expires)
	if err != nil {
		return Session{}, notFound(err, "session", "")
	}
	s.Created, s.Expires = fromMillis(created), fromMillis(expires)
	now := c.now()
	last := fromMillis(seen)
	if !now.Before(s.Expires) || !now.Before(last.Add(SessionIdle)) {
		return Session{}, fmt.Errorf("session: %w: it has ended", ErrNotFound)
	}
	if now.Sub(last) < seenEvery {
		return s, nil
	}
	return s, c.writer.do(ctx, false, func(tx *tx) error {
		_, err := tx.exec("UPDATE sessions SET seen = ? WHERE hash = ?", toMillis(now), hash[:])
		return err
	})
}

// EndSession ends the session of a token, if there is one.
func (c *Catalog) EndSession(ctx context.Context, token string) error {
	hash := sha256.Sum256([]byte(token))
	return c.writer.do(ctx, true, func(tx *tx) error {
		_, err := tx.exec("DELETE FROM sessions WHERE hash = ?", hash[:])
		return err
	})
}
