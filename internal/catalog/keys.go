package catalog

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Key is an API key that may sign requests.
type Key struct {
	User        string // OCID
	Fingerprint string // lower-case hex pairs joined by colons
	Public      *rsa.PublicKey
	Created     time.Time // zero for keys of the configuration
	Seeded      bool      // declared in the configuration
}

// maxKeys bounds the API keys of one user.
const maxKeys = 10

// indexSeeds makes users of the keys of the configuration, in the groups it gives them.
func indexSeeds(seeds Seeds) (accessBook, error) {
	book := accessBook{tenancy: seeds.Tenancy, users: map[string]User{}, names: map[string]string{}, keys: make(map[string]Key, len(seeds.Keys))}
	var problems []error
	for _, k := range seeds.Keys {
		k.Fingerprint, k.Seeded = strings.ToLower(k.Fingerprint), true
		id := book.keyID(k.User, k.Fingerprint)
		switch _, twice := book.keys[id]; {
		case k.Public == nil:
			problems = append(problems, fmt.Errorf("user %s: key %s has no public key", k.User, k.Fingerprint))
		case twice:
			problems = append(problems, fmt.Errorf("user %s: key %s is listed twice", k.User, k.Fingerprint))
		default:
			book.keys[id] = k
			name := k.User[strings.LastIndexByte(k.User, '.')+1:]
			groups, given := seeds.Groups[k.User]
			if !given {
				groups = []string{Administrators}
			}
			book.users[k.User] = User{ID: k.User, Name: name, Groups: groups, Seeded: true}
			book.names[strings.ToLower(name)] = k.User
		}
	}
	return book, errors.Join(problems...)
}

// FindKey returns the public key and the user of a key id
// (<tenancy>/<user>/<fingerprint>), or ErrNotFound.
func (c *Catalog) FindKey(_ context.Context, keyID string) (*rsa.PublicKey, string, error) {
	book := c.access.Load()
	k, ok := book.keys[keyID]
	if !ok || book.users[k.User].Disabled {
		return nil, "", fmt.Errorf("API key: %w", ErrNotFound)
	}
	return k.Public, k.User, nil
}

// KeyID is what clients name a key by: <tenancy>/<user>/<fingerprint>.
func (c *Catalog) KeyID(k Key) string { return c.access.Load().keyID(k.User, k.Fingerprint) }

// AddKey lets a key sign requests of a user, from now on.
func (c *Catalog) AddKey(ctx context.Context, user, fingerprint string, public *rsa.PublicKey) (Key, error) {
	k := Key{User: user, Fingerprint: strings.ToLower(fingerprint), Public: public, Created: c.now()}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("%w: API key: %w", ErrInvalid, err)
	}
	err = c.changeAccess(ctx, func(tx *tx) error {
		if _, err := c.lockUser(tx, user, ""); err != nil {
			return err
		}
		var same, all int
		if err := tx.row("SELECT count(*) FILTER (WHERE fingerprint = ?), count(*) FROM api_keys WHERE user = ?", []any{k.Fingerprint, user}, &same, &all); err != nil {
			return err
		}
		switch {
		case same > 0:
			return fmt.Errorf("API key %s %w", k.Fingerprint, ErrExists)
		case all >= maxKeys:
			return fmt.Errorf("%w: the user has %d API keys, as many as one may have; revoke one first", ErrInvalid, all)
		}
		_, err := tx.exec("INSERT INTO api_keys (user, fingerprint, public, created) VALUES (?, ?, ?, ?)", user, k.Fingerprint, der, toMillis(k.Created))
		return err
	})
	if err != nil {
		return Key{}, err
	}
	return k, nil
}

// RevokeKey ends what AddKey began. No request that comes after it returns is
// let in by the key.
func (c *Catalog) RevokeKey(ctx context.Context, user, fingerprint string) error {
	fingerprint = strings.ToLower(fingerprint)
	return c.changeAccess(ctx, func(tx *tx) error {
		if _, err := c.lockUser(tx, user, ""); err != nil {
			return err
		}
		var gone string
		err := tx.row("DELETE FROM api_keys WHERE user = ? AND fingerprint = ? RETURNING fingerprint", []any{user, fingerprint}, &gone)
		return notFound(err, "API key", fingerprint)
	})
}

// Keys lists the API keys of a user, or of all when it is empty, oldest first.
func (c *Catalog) Keys(user string) []Key {
	var out []Key
	for _, k := range c.access.Load().keys {
		if user == "" || k.User == user {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b Key) int {
		if n := a.Created.Compare(b.Created); n != 0 {
			return n
		}
		return strings.Compare(a.User+a.Fingerprint, b.User+b.Fingerprint)
	})
	return out
}

func (c *Catalog) loadKeys(ctx context.Context, book *accessBook) error {
	rows, err := c.read.QueryContext(ctx, "SELECT user, fingerprint, public, created FROM api_keys")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k Key
		var der []byte
		var created int64
		if err := rows.Scan(&k.User, &k.Fingerprint, &der, &created); err != nil {
			return err
		}
		k.Created = fromMillis(created)
		public, err := x509.ParsePKIXPublicKey(der)
		var ok bool
		if k.Public, ok = public.(*rsa.PublicKey); err != nil || !ok {
			return fmt.Errorf("key %s of %s cannot be read: %w", k.Fingerprint, k.User, errors.Join(err))
		}
		book.keys[book.keyID(k.User, k.Fingerprint)] = k
	}
	return rows.Err()
}
