package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// External is somebody for whom an identity provider vouches.
type External struct {
	Issuer  string // URL of the provider
	Subject string // never changes at the provider
	Name    string // as the provider shows it; need not suit as one of ours
	Groups  []string
}

// ExternalUser returns the user of an external identity, made at its first login.
// Its groups are those that the provider told last; names that are none of ours
// are left out. A disabled user is ErrNotFound.
func (c *Catalog) ExternalUser(ctx context.Context, e External) (User, error) {
	if e.Issuer == "" || e.Subject == "" {
		return User{}, fmt.Errorf("%w: an external user needs an issuer and a subject", ErrInvalid)
	}
	groups := sortedGroups(slices.DeleteFunc(slices.Clone(e.Groups), func(g string) bool { return checkGroups([]string{g}) != nil }))
	groups = groups[:min(len(groups), maxGroups)]
	for _, u := range c.access.Load().users {
		if u.Issuer != e.Issuer || u.Subject != e.Subject {
			continue
		}
		if u.Disabled {
			return User{}, fmt.Errorf("active user %.200q: %w", u.ID, ErrNotFound)
		}
		if slices.Equal(u.Groups, groups) {
			return u, nil
		}
		return u, c.changeAccess(ctx, func(tx *tx) error {
			text, err := json.Marshal(groups)
			if err != nil {
				return err
			}
			_, err = tx.exec("UPDATE users SET groups = ?, updated = ?, revision = revision + 1 WHERE id = ?", string(text), toMillis(c.now()), u.ID)
			return err
		})
	}
	sum := sha256.Sum256([]byte(e.Issuer + " " + e.Subject))
	other := "user-" + hex.EncodeToString(sum[:6])
	if checkUser(User{Name: e.Name}) != nil {
		e.Name = other
	}
	u, err := c.CreateUser(ctx, User{Name: e.Name, Groups: groups, Issuer: e.Issuer, Subject: e.Subject}, "")
	if errors.Is(err, ErrExists) { // another user's name must not be taken over
		u, err = c.CreateUser(ctx, User{Name: other, Description: e.Name, Groups: groups, Issuer: e.Issuer, Subject: e.Subject}, "")
	}
	return u, err
}
