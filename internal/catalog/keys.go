package catalog

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
)

// Key is an API key that may sign requests.
type Key struct {
	User        string // OCID
	Fingerprint string // lower-case hex pairs joined by colons
	Public      *rsa.PublicKey
}

// indexSeeds makes users of the keys of the configuration. They are administrators.
func indexSeeds(seeds Seeds) (accessBook, error) {
	book := accessBook{users: map[string]User{}, names: map[string]string{}, keys: make(map[string]Key, len(seeds.Keys))}
	var problems []error
	for _, k := range seeds.Keys {
		k.Fingerprint = strings.ToLower(k.Fingerprint)
		id := seeds.Tenancy + "/" + k.User + "/" + k.Fingerprint
		switch _, twice := book.keys[id]; {
		case k.Public == nil:
			problems = append(problems, fmt.Errorf("user %s: key %s has no public key", k.User, k.Fingerprint))
		case twice:
			problems = append(problems, fmt.Errorf("user %s: key %s is listed twice", k.User, k.Fingerprint))
		default:
			book.keys[id] = k
			name := k.User[strings.LastIndexByte(k.User, '.')+1:]
			book.users[k.User] = User{ID: k.User, Name: name, Groups: []string{Administrators}, Seeded: true}
			book.names[strings.ToLower(name)] = k.User
		}
	}
	return book, errors.Join(problems...)
}

// FindKey returns the public key and the user of a key id
// (<tenancy>/<user>/<fingerprint>), or ErrNotFound.
func (c *Catalog) FindKey(_ context.Context, keyID string) (*rsa.PublicKey, string, error) {
	k, ok := c.access.Load().keys[keyID]
	if !ok {
		return nil, "", fmt.Errorf("API key: %w", ErrNotFound)
	}
	return k.Public, k.User, nil
}
