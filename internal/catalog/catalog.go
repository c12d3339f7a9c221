// Package catalog keeps the service's own books in one SQLite file: log groups,
// uploads with their files and warnings, imported content, lookup tables, saved
// searches, dashboards, entities (items.go), retry tokens, and who may use the service: users, their API keys and
// sessions, and policies.
//
// Writes of concurrent callers share transactions (see writer.go). What the stage
// can tell again, the uploads, is written with synchronous=NORMAL: a power cut may
// take the last few, never tear the file. What only these books know, all the rest,
// is synced before the call returns.
package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Errors that callers tell apart.
var (
	ErrNotFound    = errors.New("not found")
	ErrEtag        = errors.New("the etag does not match: read the resource again and retry with its etag")
	ErrInUse       = errors.New("in use")
	ErrExists      = errors.New("exists already")
	ErrReadOnly    = errors.New("declared in the configuration file: change it there and restart")
	ErrTokenReused = errors.New("the retry token was used for another request within 24 hours: use a new one")
	ErrInvalid     = errors.New("invalid")
	ErrWrite       = errors.New("catalog: cannot write (is the disk full?)")
	ErrBadCursor   = errors.New("the page token does not belong to this list")
)

// Options of a Catalog. The zero value is usable.
type Options struct {
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discards
}

// Seeds come from the configuration and cannot be changed through the catalog.
type Seeds struct {
	Tenancy   string // OCID; the compartment of seeded log groups
	Keys      []Key
	Groups    map[string][]string // of the users of the keys; of one that is not in it, Administrators
	LogGroups []SeedGroup
	Audit     bool // there is a log group for what the service notes of its own use
}

// Catalog is safe for use by many goroutines.
type Catalog struct {
	clock  func() time.Time
	log    *slog.Logger
	read   *sql.DB
	hot    *statements // reads that come with every upload
	writer *writer
	access accessState

	firstStart time.Time
}

// Open opens or creates <dir>/catalog.db and applies the seeds.
func Open(ctx context.Context, dir string, seeds Seeds, o Options) (*Catalog, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	seeded, err := indexSeeds(seeds)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	path := filepath.Join(dir, "catalog.db")
	write, err := openDB(path, 1)
	if err != nil {
		return nil, err
	}
	w, err := startWriter(ctx, write, path)
	if err != nil {
		write.Close()
		return nil, err
	}
	read, err := openDB(path, 4)
	if err != nil {
		w.close()
		return nil, err
	}
	c := &Catalog{clock: o.Clock, log: o.Logger, read: read, hot: newStatements(read), writer: w}
	c.access.seeds = seeded
	if err := errors.Join(c.seedLogGroups(ctx, seeds), c.loadAccess(ctx), c.loadFirstStart(ctx)); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func openDB(path string, connections int) (*sql.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(10000)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("catalog: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	return db, nil
}

// Close finishes the writes under way and closes the file. Calls after it fail.
func (c *Catalog) Close() error {
	return errors.Join(c.writer.close(), c.read.Close())
}

// now in the resolution that is stored, so that what is returned equals what is read later.
func (c *Catalog) now() time.Time { return c.clock().UTC().Truncate(time.Millisecond) }

// Times are stored in epoch milliseconds, 0 for none.
func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
