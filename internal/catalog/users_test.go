package catalog

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"
	"time"
)

// accessCatalog is a catalogue with one user of the configuration and a clock to turn.
func accessCatalog(t *testing.T) (*Catalog, *time.Time, context.Context) {
	t.Helper()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	seeds := Seeds{Tenancy: "ocid1.tenancy.oc1..t", Keys: []Key{{User: "ocid1.user.oc1..seed", Fingerprint: "aa:bb", Public: &key.PublicKey}}}
	c, err := Open(t.Context(), t.TempDir(), seeds, Options{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, &now, t.Context()
}

func TestLoginTellsNothing(t *testing.T) {
	c, _, ctx := accessCatalog(t)
	const password = "correct horse é battery"
	if _, err := c.CreateUser(ctx, User{Name: "auditor", Groups: []string{"Readers", "readers", "Admins"}}, password); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateUser(ctx, User{Name: "robot"}, ""); err != nil {
		t.Fatal(err)
	}
	u, err := c.Login(ctx, "AUDITOR", password)
	if err != nil || u.Name != "auditor" || strings.Join(u.Groups, ",") != "Admins,Readers" {
		t.Errorf("%+v, %v", u, err)
	}
	// The same password, typed on a keyboard that decomposes accents.
	if _, err := c.Login(ctx, "auditor", "correct horse e\u0301 battery"); err != nil {
		t.Error(err)
	}
	messages := map[string]bool{}
	for name, word := range map[string]string{"auditor": "wrong horse battery", "nobody": password, "robot": "", "seed": "", "Auditor": strings.Repeat("x", 100_000)} {
		_, err := c.Login(ctx, name, word)
		if !errors.Is(err, ErrNotFound) {
			t.Fatalf("%s: %v", name, err)
		}
		messages[err.Error()] = true
	}
	if len(messages) != 1 {
		t.Errorf("a stranger can tell these apart: %v", messages)
	}
	off := true
	if _, err := c.UpdateUser(ctx, u.ID, u.Etag, UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Login(ctx, "auditor", password); !errors.Is(err, ErrNotFound) {
		t.Errorf("disabled: %v", err)
	}
}

func TestUsersAreChecked(t *testing.T) {
	c, _, ctx := accessCatalog(t)
	u, err := c.CreateUser(ctx, User{Name: "auditor"}, "twelve characters")
	if err != nil {
		t.Fatal(err)
	}
	for what, refuse := range map[string]error{
		"short password": second(c.CreateUser(ctx, User{Name: "a"}, "elevenchars")),
		"no name":        second(c.CreateUser(ctx, User{}, "")),
		"blank in name":  second(c.CreateUser(ctx, User{Name: "a b"}, "")),
		"direction mark": second(c.CreateUser(ctx, User{Name: "a\u202eb"}, "")),
		"quote in group": second(c.CreateUser(ctx, User{Name: "a", Groups: []string{"x'"}}, "")),
	} {
		if !errors.Is(refuse, ErrInvalid) {
			t.Errorf("%s: %v", what, refuse)
		}
	}
	for what, name := range map[string]string{"its own name": "AUDITOR", "name of a seed": "Seed"} {
		if _, err := c.CreateUser(ctx, User{Name: name}, ""); !errors.Is(err, ErrExists) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := c.UpdateUser(ctx, u.ID, "r9", UserChange{}); !errors.Is(err, ErrEtag) {
		t.Error(err)
	}
	if _, err := c.UpdateUser(ctx, "ocid1.user.oc1..seed", "", UserChange{}); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestSessionsEnd(t *testing.T) {
	c, now, ctx := accessCatalog(t)
	u, err := c.CreateUser(ctx, User{Name: "auditor"}, "twelve characters")
	if err != nil {
		t.Fatal(err)
	}
	start := func() string {
		t.Helper()
		token, _, err := c.StartSession(ctx, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	alive := func(token string) bool {
		t.Helper()
		s, err := c.Session(ctx, token)
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && s.User == u.ID
	}
	idle := start()
	*now = now.Add(SessionIdle)
	if alive(idle) {
		t.Error("a session outlives its idle time")
	}
	used := start()
	for range 11 {
		*now = now.Add(time.Hour)
		if !alive(used) {
			t.Fatalf("ended at %v", now)
		}
	}
	*now = now.Add(time.Hour)
	if alive(used) {
		t.Error("a session outlives its life")
	}
	out := start()
	if err := c.EndSession(ctx, out); err != nil || alive(out) {
		t.Errorf("logged out, %v", err)
	}
	other, word := start(), "another password"
	if _, err := c.UpdateUser(ctx, u.ID, "", UserChange{Password: &word}); err != nil || alive(other) {
		t.Errorf("the password was changed, %v", err)
	}
	if alive("") || alive("x") {
		t.Error("no token is a session")
	}
}

// Who is deleted is out at once, with keys and sessions; somebody else who gets the
// name later has none of them.
func TestDeletedUserIsOut(t *testing.T) {
	c, _, ctx := accessCatalog(t)
	const password = "twelve characters"
	u, err := c.CreateUser(ctx, User{Name: "auditor"}, password)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.AddKey(ctx, u.ID, "cc:dd", &key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := c.StartSession(ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteUser(ctx, u.ID, "stale"); !errors.Is(err, ErrEtag) {
		t.Errorf("another's change: %v", err)
	}
	if err := c.DeleteUser(ctx, u.ID, u.Etag); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteUser(ctx, u.ID, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	again, err := c.CreateUser(ctx, User{Name: "auditor"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"session": second(c.Session(ctx, token)), "user": second(c.ActiveUser(u.ID)), "login": second(c.Login(ctx, "auditor", password)),
		"key": func() error { _, _, err := c.FindKey(ctx, c.KeyID(k)); return err }(),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if keys := c.Keys(again.ID); len(keys) != 0 || again.ID == u.ID {
		t.Errorf("%s has %d keys", again.ID, len(keys))
	}
}

func TestLastAdministratorStays(t *testing.T) {
	c, err := Open(t.Context(), t.TempDir(), Seeds{Tenancy: "ocid1.tenancy.oc1..t"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx := t.Context()
	user := func(name string, groups ...string) User {
		t.Helper()
		u, err := c.CreateUser(ctx, User{Name: name, Groups: groups}, "")
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	chief, locked, reader := user("chief", Administrators), user("locked", "administrators"), user("reader", "Readers")
	off, on := true, false
	if _, err := c.UpdateUser(ctx, locked.ID, "", UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteUser(ctx, chief.ID, ""); !errors.Is(err, ErrInUse) {
		t.Errorf("the last that is let in: %v", err)
	}
	for what, change := range map[string]UserChange{"is disabled": {Disabled: &off}, "leaves the group": {Groups: []string{"Readers"}}} {
		if _, err := c.UpdateUser(ctx, chief.ID, "", change); !errors.Is(err, ErrInUse) {
			t.Errorf("the last %s: %v", what, err)
		}
	}
	if err := c.DeleteUser(ctx, reader.ID, ""); err != nil {
		t.Error(err)
	}
	if _, err := c.UpdateUser(ctx, locked.ID, "", UserChange{Disabled: &on}); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteUser(ctx, chief.ID, ""); err != nil {
		t.Error(err)
	}
	if err := c.DeleteUser(ctx, locked.ID, ""); !errors.Is(err, ErrInUse) {
		t.Errorf("the last: %v", err)
	}

	// Those of the configuration are administrators, too, and stay.
	seeded, _, ctx := accessCatalog(t)
	mine, err := seeded.CreateUser(ctx, User{Name: "chief", Groups: []string{Administrators}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := seeded.DeleteUser(ctx, "ocid1.user.oc1..seed", ""); !errors.Is(err, ErrReadOnly) {
		t.Errorf("of the configuration: %v", err)
	}
	if err := seeded.DeleteUser(ctx, mine.ID, ""); err != nil {
		t.Error(err)
	}
}
