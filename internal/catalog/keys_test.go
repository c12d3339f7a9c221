package catalog

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"testing"
)

func TestKeysComeAndGo(t *testing.T) {
	c, _, ctx := accessCatalog(t)
	u, err := c.CreateUser(ctx, User{Name: "robot"}, "")
	if err != nil {
		t.Fatal(err)
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.AddKey(ctx, u.ID, "AA:01", &private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id := "ocid1.tenancy.oc1..t/" + u.ID + "/aa:01"
	if c.KeyID(k) != id {
		t.Error(c.KeyID(k))
	}
	found, user, err := c.FindKey(ctx, id)
	if err != nil || user != u.ID || !found.Equal(&private.PublicKey) {
		t.Errorf("%v %s %v", found, user, err)
	}
	if _, err := c.AddKey(ctx, u.ID, "aa:01", &private.PublicKey); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	off, on := true, false
	if _, err := c.UpdateUser(ctx, u.ID, "", UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.FindKey(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("key of a disabled user: %v", err)
	}
	if _, err := c.UpdateUser(ctx, u.ID, "", UserChange{Disabled: &on}); err != nil {
		t.Fatal(err)
	}
	if err := c.RevokeKey(ctx, u.ID, "aa:02"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := c.RevokeKey(ctx, u.ID, "AA:01"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.FindKey(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked key: %v", err)
	}
	for i := range maxKeys {
		if _, err := c.AddKey(ctx, u.ID, fmt.Sprintf("bb:%02d", i), &private.PublicKey); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.AddKey(ctx, u.ID, "cc:00", &private.PublicKey); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many: %v", err)
	}
	if len(c.Keys(u.ID)) != maxKeys || len(c.Keys("")) != maxKeys+1 {
		t.Errorf("%d of the user, %d in all", len(c.Keys(u.ID)), len(c.Keys("")))
	}
	seed := "ocid1.user.oc1..seed"
	if _, err := c.AddKey(ctx, seed, "aa:bb", &private.PublicKey); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
	if err := c.RevokeKey(ctx, seed, "aa:bb"); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}
