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

func indexKeys(seeds Seeds) (map[string]Key, error) {
	keys := make(map[string]Key, len(seeds.Keys))
	var problems []error
	for _, k := range seeds.Keys {
		k.Fingerprint = strings.ToLower(k.Fingerprint)
		id := seeds.Tenancy + "/" + k.User + "/" + k.Fingerprint
		switch _, twice := keys[id]; {
		case k.Public == nil:
			problems = append(problems, fmt.Errorf("user %s: key %s has no public key", k.User, k.Fingerprint))
		case twice:
			problems = append(problems, fmt.Errorf("user %s: key %s is listed twice", k.User, k.Fingerprint))
		default:
			keys[id] = k
		}
	}
	return keys, errors.Join(problems...)
}

// FindKey returns the public key and the user of a key id
// (<tenancy>/<user>/<fingerprint>), or ErrNotFound.
func (c *Catalog) FindKey(_ context.Context, keyID string) (*rsa.PublicKey, string, error) {
	k, ok := c.keys[keyID]
	if !ok {
		return nil, "", fmt.Errorf("API key: %w", ErrNotFound)
	}
	return k.Public, k.User, nil
}
