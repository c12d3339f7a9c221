package catalog

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

// accessBook is who may do what, in memory, since every request asks it. It never
// changes: what changes makes a new one.
type accessBook struct {
	tenancy  string
	users    map[string]User   // by OCID
	names    map[string]string // lower-case name to OCID
	keys     map[string]Key    // by key id
	policies []Policy
}

func (b *accessBook) keyID(user, fingerprint string) string {
	return b.tenancy + "/" + user + "/" + fingerprint
}

// accessState holds the current book and what it is made of.
type accessState struct {
	atomic.Pointer[accessBook]
	reload sync.Mutex // held from reading to storing, so that no older book replaces a newer one
	seeds  accessBook
}

// changeAccess runs a job that changes who may do what. It returns after the
// change holds for every request to come.
func (c *Catalog) changeAccess(ctx context.Context, run func(*tx) error) error {
	if err := c.writer.do(ctx, true, run); err != nil {
		return err
	}
	return c.loadAccess(context.WithoutCancel(ctx))
}

// loadAccess reads the book anew.
func (c *Catalog) loadAccess(ctx context.Context) error {
	c.access.reload.Lock()
	defer c.access.reload.Unlock()
	seeds := &c.access.seeds
	book := &accessBook{tenancy: seeds.tenancy, users: maps.Clone(seeds.users), names: maps.Clone(seeds.names), keys: maps.Clone(seeds.keys)}
	for what, load := range map[string]func(context.Context, *accessBook) error{"users": c.loadUsers, "API keys": c.loadKeys, "policies": c.loadPolicies} {
		if err := load(ctx, book); err != nil {
			return fmt.Errorf("catalog: %s: %w", what, err)
		}
	}
	c.access.Store(book)
	return nil
}

func (c *Catalog) loadUsers(ctx context.Context, book *accessBook) error {
	rows, err := c.read.QueryContext(ctx, "SELECT "+userColumns+" FROM users")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		u, err := scanUser(rows.Scan)
		if err != nil {
			return err
		}
		book.users[u.ID], book.names[strings.ToLower(u.Name)] = u, u.ID
	}
	return rows.Err()
}

// seededName reports whether a user of the configuration has a name.
func (c *Catalog) seededName(name string) bool {
	_, ok := c.access.seeds.names[strings.ToLower(name)]
	return ok
}
