package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SavedSearch is a query with a name.
type SavedSearch struct {
	Name        string // found in any letter case
	Query       string
	Description string
	Last        time.Duration // default time range: so long before now; 0 for none
	Zone        string        // IANA name of the default time zone; empty for none
	Created     time.Time
	Updated     time.Time
	Etag        string
}

// maxQuery bounds the text of a saved search, as the language does.
const maxQuery = 1 << 20

// SaveSearch creates a saved search, or replaces the one of its name. A
// non-empty ifMatch must be the etag of the one that is replaced.
func (c *Catalog) SaveSearch(ctx context.Context, s SavedSearch, ifMatch string) (SavedSearch, error) {
	if err := checkName("saved search", s.Name); err != nil {
		return SavedSearch{}, err
	}
	switch {
	case s.Query == "" || len(s.Query) > maxQuery:
		return SavedSearch{}, fmt.Errorf("%w: saved search: the query must have 1 to %d bytes", ErrInvalid, maxQuery)
	case len(s.Description) > maxDescription:
		return SavedSearch{}, fmt.Errorf("%w: description: at most %d bytes", ErrInvalid, maxDescription)
	case s.Last < 0:
		return SavedSearch{}, fmt.Errorf("%w: saved search: the time range must not be negative", ErrInvalid)
	}
	err := c.writer.do(ctx, true, func(tx *tx) error {
		old, err := lockSearch(tx, s.Name, ifMatch)
		if err != nil && (ifMatch != "" || !errors.Is(err, ErrNotFound)) {
			return err
		}
		s.Updated = c.now()
		s.Created = old.Created
		if s.Created.IsZero() {
			s.Created = s.Updated
		}
		var revision int64
		err = tx.row(`INSERT INTO saved_searches (name, query, description, last, zone, created, updated, revision) VALUES (?, ?, ?, ?, ?, ?, ?, 1)
			ON CONFLICT (name) DO UPDATE SET name = excluded.name, query = excluded.query, description = excluded.description, last = excluded.last,
			zone = excluded.zone, updated = excluded.updated, revision = revision + 1 RETURNING revision`,
			[]any{s.Name, s.Query, s.Description, s.Last.String(), s.Zone, toMillis(s.Created), toMillis(s.Updated)}, &revision)
		s.Etag = etag(revision)
		return err
	})
	if err != nil {
		return SavedSearch{}, err
	}
	return s, nil
}

const searchColumns = "name, query, description, last, zone, created, updated, revision"

func scanSearch(row func(...any) error) (SavedSearch, error) {
	var s SavedSearch
	var last string
	var created, updated, revision int64
	if err := row(&s.Name, &s.Query, &s.Description, &last, &s.Zone, &created, &updated, &revision); err != nil {
		return s, err
	}
	s.Created, s.Updated, s.Etag = fromMillis(created), fromMillis(updated), etag(revision)
	var err error
	s.Last, err = time.ParseDuration(last)
	return s, err
}

// SavedSearch returns one saved search, or ErrNotFound.
func (c *Catalog) SavedSearch(ctx context.Context, name string) (SavedSearch, error) {
	s, err := scanSearch(c.read.QueryRowContext(ctx, "SELECT "+searchColumns+" FROM saved_searches WHERE name = ?", name).Scan)
	return s, notFound(err, "saved search", name)
}

// SavedSearches lists saved searches. Sort keys: displayName (default), timeUpdated.
func (c *Catalog) SavedSearches(ctx context.Context, p Page) ([]SavedSearch, string, error) {
	l := list{columns: searchColumns, from: "saved_searches", key: "name"}
	var err error
	if l.sort, err = sortBy(p.Sort, "displayName", map[string]string{"displayName": "lower(name)", "timeUpdated": "updated"}); err != nil {
		return nil, "", err
	}
	return pageOf(ctx, c.read, l, p, scanSearch)
}

// DeleteSearch removes a saved search. A non-empty ifMatch must be its etag.
func (c *Catalog) DeleteSearch(ctx context.Context, name, ifMatch string) error {
	return c.writer.do(ctx, true, func(tx *tx) error {
		if _, err := lockSearch(tx, name, ifMatch); err != nil {
			return err
		}
		_, err := tx.exec("DELETE FROM saved_searches WHERE name = ?", name)
		return err
	})
}

// lockSearch reads a saved search that is about to be changed.
func lockSearch(tx *tx, name, ifMatch string) (SavedSearch, error) {
	s, err := scanSearch(func(dest ...any) error {
		return tx.row("SELECT "+searchColumns+" FROM saved_searches WHERE name = ?", []any{name}, dest...)
	})
	return s, unchanged(err, "saved search", name, ifMatch, s.Etag)
}
