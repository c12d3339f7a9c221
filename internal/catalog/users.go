package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// User may use the server: with API keys, with a password, or as somebody whom
// an identity provider vouches for.
type User struct {
	ID          string // OCID
	Name        string // for the login page, found in any letter case
	Description string
	Groups      []string
	Issuer      string // URL of the identity provider; empty: a user of our own
	Subject     string // the user at the issuer
	HasPassword bool
	Disabled    bool
	Seeded      bool // declared in the configuration
	Created     time.Time
	Updated     time.Time
	Etag        string
}

// Administrators is the group that may do everything.
const Administrators = "Administrators"

// UserChange holds what is to be changed; nil leaves as it is.
type UserChange struct {
	Description *string
	Groups      []string
	Disabled    *bool
	Password    *string // in clear; empty: no login with a password
}

// Bounds of users.
const (
	maxUsers  = 10_000
	maxGroups = 100 // of one user
)

var (
	userName  = regexp.MustCompile(`^[\pL\pN][\pL\pN._@+-]*$`)
	groupName = regexp.MustCompile(`^[\pL\pN][\pL\pN._ -]*$`)
)

func checkUser(u User) error {
	switch {
	case !userName.MatchString(u.Name) || len(u.Name) > maxName || !unmistakable(u.Name):
		return fmt.Errorf("%w: name of a user: at most %d bytes of letters, digits and . _ @ + -, beginning with a letter or digit", ErrInvalid, maxName)
	case len(u.Description) > maxDescription:
		return fmt.Errorf("%w: description: at most %d bytes", ErrInvalid, maxDescription)
	}
	return checkGroups(u.Groups)
}

func checkGroups(groups []string) error {
	if len(groups) > maxGroups {
		return fmt.Errorf("%w: a user may be in %d groups at most", ErrInvalid, maxGroups)
	}
	for _, g := range groups {
		if !groupName.MatchString(g) || strings.HasSuffix(g, " ") || len(g) > maxName || !unmistakable(g) {
			return fmt.Errorf("%w: group %.100q: use at most %d bytes of letters, digits, blanks and . _ -, beginning with a letter or digit", ErrInvalid, g, maxName)
		}
	}
	return nil
}

// CreateUser makes a user of a name, description, groups and, for one of an
// identity provider, issuer and subject. An empty password allows no login with one.
func (c *Catalog) CreateUser(ctx context.Context, u User, password string) (User, error) {
	if err := checkUser(u); err != nil {
		return User{}, err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return User{}, err
	}
	u.ID, u.Created, u.HasPassword, u.Disabled, u.Seeded = NewOCID("user"), c.now(), hash != "", false, false
	u.Updated, u.Etag, u.Groups = u.Created, etag(1), sortedGroups(u.Groups)
	groups, err := json.Marshal(u.Groups)
	if err != nil {
		return User{}, err
	}
	err = c.changeAccess(ctx, func(tx *tx) error {
		var text string
		if err := tx.row("SELECT coalesce(group_concat(name, ' '), '') FROM users", nil, &text); err != nil {
			return err
		}
		names := strings.Fields(text)  // none holds a blank
		key := strings.ToLower(u.Name) // as names are found; SQLite knows the letter cases of ASCII only
		same := func(name string) bool { return strings.ToLower(name) == key }
		switch {
		case c.seededName(u.Name) || slices.ContainsFunc(names, same):
			return fmt.Errorf("user %.200q %w", u.Name, ErrExists)
		case len(names) >= maxUsers:
			return fmt.Errorf("%w: there are %d users, as many as there may be", ErrInvalid, len(names))
		}
		_, err := tx.exec(`INSERT INTO users (id, name, description, groups, issuer, subject, password, disabled, created, updated, revision)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 1)`, u.ID, u.Name, u.Description, string(groups), u.Issuer, u.Subject, hash, toMillis(u.Created), toMillis(u.Updated))
		return err
	})
	if err != nil {
		return User{}, err
	}
	return u, nil
}

func sortedGroups(groups []string) []string {
	out := append([]string{}, groups...)
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(out, strings.EqualFold)
}

// UpdateUser changes a user. A non-empty ifMatch must be its etag. A user that
// is disabled, or whose password changes, is logged out everywhere.
func (c *Catalog) UpdateUser(ctx context.Context, id, ifMatch string, change UserChange) (User, error) {
	var hash string
	if change.Password != nil {
		var err error
		if hash, err = hashPassword(*change.Password); err != nil {
			return User{}, err
		}
	}
	if err := checkGroups(change.Groups); err != nil {
		return User{}, err
	}
	var u User
	err := c.changeAccess(ctx, func(tx *tx) error {
		var err error
		if u, err = c.lockUser(tx, id, ifMatch); err != nil {
			return err
		}
		before := u
		if change.Description != nil {
			u.Description = *change.Description
		}
		if change.Groups != nil {
			u.Groups = sortedGroups(change.Groups)
		}
		if change.Disabled != nil {
			u.Disabled = *change.Disabled
		}
		if err := checkUser(u); err != nil {
			return err
		}
		if !administers(u) {
			if err := c.keepAdministrator(tx, before); err != nil {
				return err
			}
		}
		if change.Password != nil {
			u.HasPassword = hash != ""
			if _, err := tx.exec("UPDATE users SET password = ? WHERE id = ?", hash, u.ID); err != nil {
				return err
			}
		}
		if u.Disabled || change.Password != nil {
			if _, err := tx.exec("DELETE FROM sessions WHERE user = ?", u.ID); err != nil {
				return err
			}
		}
		groups, err := json.Marshal(u.Groups)
		if err != nil {
			return err
		}
		u.Updated = c.now()
		var revision int64
		err = tx.row("UPDATE users SET description = ?, groups = ?, disabled = ?, updated = ?, revision = revision + 1 WHERE id = ? RETURNING revision",
			[]any{u.Description, string(groups), u.Disabled, toMillis(u.Updated), u.ID}, &revision)
		u.Etag = etag(revision)
		return err
	})
	if err != nil {
		return User{}, err
	}
	return u, nil
}

// DeleteUser takes a user away, with its sessions and API keys: no request that
// comes after it returns is let in as that user. A non-empty ifMatch must be its etag.
func (c *Catalog) DeleteUser(ctx context.Context, id, ifMatch string) error {
	return c.changeAccess(ctx, func(tx *tx) error {
		u, err := c.lockUser(tx, id, ifMatch)
		if err != nil {
			return err
		}
		if err := c.keepAdministrator(tx, u); err != nil {
			return err
		}
		if _, err := tx.exec("DELETE FROM sessions WHERE user = ?", u.ID); err != nil {
			return err
		}
		_, err = tx.exec("DELETE FROM users WHERE id = ?", u.ID) // and with it its keys
		return err
	})
}

// administers tells whether a user may give rights to others.
func administers(u User) bool { return !u.Disabled && u.In(Administrators) }

// keepAdministrator refuses to take away the last user who may give rights to others.
func (c *Catalog) keepAdministrator(tx *tx, u User) error {
	if !administers(u) {
		return nil
	}
	for _, seed := range c.access.seeds.users {
		if administers(seed) {
			return nil
		}
	}
	var others int
	err := tx.row(`SELECT count(*) FROM users WHERE id <> ? AND NOT disabled AND EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ? COLLATE NOCASE)`,
		[]any{u.ID, Administrators}, &others)
	if err != nil || others > 0 {
		return err
	}
	return fmt.Errorf("%w: user %s is the last one in the group %s; put another one into it first", ErrInUse, u.Name, Administrators)
}

// lockUser reads a user that is about to be changed.
func (c *Catalog) lockUser(tx *tx, id, ifMatch string) (User, error) {
	if u, ok := c.access.Load().users[id]; ok && u.Seeded {
		return User{}, fmt.Errorf("user %s is %w", id, ErrReadOnly)
	}
	u, err := scanUser(func(dest ...any) error {
		return tx.row("SELECT "+userColumns+" FROM users WHERE id = ?", []any{id}, dest...)
	})
	return u, unchanged(err, "user", id, ifMatch, u.Etag)
}

const userColumns = "id, name, description, groups, issuer, subject, password <> '', disabled, created, updated, revision"

func scanUser(row func(...any) error) (User, error) {
	var u User
	var groups string
	var created, updated, revision int64
	if err := row(&u.ID, &u.Name, &u.Description, &groups, &u.Issuer, &u.Subject, &u.HasPassword, &u.Disabled, &created, &updated, &revision); err != nil {
		return u, err
	}
	u.Created, u.Updated, u.Etag = fromMillis(created), fromMillis(updated), etag(revision)
	return u, json.Unmarshal([]byte(groups), &u.Groups)
}

// User returns a user by OCID or name, or ErrNotFound.
func (c *Catalog) User(idOrName string) (User, error) {
	book := c.access.Load()
	if u, ok := book.users[idOrName]; ok {
		return u, nil
	}
	if id, ok := book.names[strings.ToLower(idOrName)]; ok {
		return book.users[id], nil
	}
	return User{}, fmt.Errorf("user %.200q: %w", idOrName, ErrNotFound)
}

// ActiveUser returns a user by OCID that may call, or ErrNotFound.
func (c *Catalog) ActiveUser(id string) (User, error) {
	u, ok := c.access.Load().users[id]
	if !ok || u.Disabled {
		return User{}, fmt.Errorf("active user %.200q: %w", id, ErrNotFound)
	}
	return u, nil
}

// In reports whether the user is a member of a group.
func (u User) In(group string) bool {
	return slices.ContainsFunc(u.Groups, func(g string) bool { return strings.EqualFold(g, group) })
}

// Users lists all users by name.
func (c *Catalog) Users() []User {
	book := c.access.Load()
	out := make([]User, 0, len(book.users))
	for _, u := range book.users {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b User) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out
}

// Login returns the user of a name and password. The error is ErrNotFound
// whatever was wrong, and takes as long to find out.
func (c *Catalog) Login(ctx context.Context, name, password string) (User, error) {
	refused := fmt.Errorf("user with this name and password: %w", ErrNotFound)
	hash := strangerHash
	u, err := c.User(name)
	if err == nil && u.HasPassword && !u.Disabled {
		if err := c.read.QueryRowContext(ctx, "SELECT password FROM users WHERE id = ?", u.ID).Scan(&hash); err != nil {
			return User{}, notFound(err, "user", u.ID)
		}
	}
	ok, checked := checkPassword(hash, password)
	switch {
	case checked != nil:
		return User{}, checked
	case err != nil || !ok || hash == strangerHash:
		return User{}, refused
	}
	return u, nil
}
