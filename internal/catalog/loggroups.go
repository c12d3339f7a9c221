package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// LogGroup is a log group.
type LogGroup struct {
	ID          string // OCID
	Name        string
	Description string
	Compartment string // OCID
	Freeform    map[string]string
	Defined     map[string]map[string]any
	Created     time.Time
	Updated     time.Time
	Etag        string
	Seeded      bool // declared in the configuration
}

// SeedGroup is a log group of the configuration. Without any, one group named
// Default is made at the first start.
type SeedGroup struct{ ID, Name string }

// LogGroupChange holds what is to be changed; nil leaves as it is.
type LogGroupChange struct {
	Name, Description *string
	Compartment       *string
	Freeform          map[string]string
	Defined           map[string]map[string]any
}

// LogGroupFilter chooses log groups; empty members do not restrict.
type LogGroupFilter struct {
	Name        string // whole name, in any letter case
	Compartment string
	IDs         []string // nil: any; empty: none
}

// Bounds of a log group. Oracle documents the form of the name, not its length.
const (
	maxName        = 255
	maxDescription = 4000
	maxTagBytes    = 16 << 10
)

// AuditGroup is the OCID of the log group that holds what the service notes of its
// own use. It cannot be changed or deleted, nor uploaded to.
const AuditGroup = "ocid1.loganalyticsloggroup.oc1..ledgerlineaudit"

// NewOCID returns an identifier of a resource type that looks like Oracle's:
// ocid1.<type>.oc1..<60 lower-case base-32 characters>.
func NewOCID(kind string) string {
	return "ocid1." + kind + ".oc1.." + strings.ToLower(rand.Text() + rand.Text() + rand.Text())[:60]
}

// CreateLogGroup makes a log group of a name, compartment, description and tags.
// The same retry token with the same payload returns the first answer again.
func (c *Catalog) CreateLogGroup(ctx context.Context, g LogGroup, retry Retry) (LogGroup, error) {
	if err := checkLogGroup(g); err != nil {
		return LogGroup{}, err
	}
	g.ID, g.Created, g.Seeded = NewOCID("loganalyticsloggroup"), c.now(), false
	g.Updated, g.Etag = g.Created, etag(1)
	return once(ctx, c, retry, func(tx *tx) (LogGroup, error) { return g, insertLogGroup(tx, g) })
}

func checkLogGroup(g LogGroup) error {
	ok, err := regexp.MatchString(`^[A-Za-z0-9][A-Za-z0-9_ \\-]*$`, g.Name)
	if err != nil {
		return err
	}
	if !ok || strings.HasSuffix(g.Name, " ") || len(g.Name) > maxName {
		return fmt.Errorf("%w: display name: use at most %d letters, digits, underscores, spaces, backslashes and hyphens, "+
			"starting with a letter or digit and not ending in a space", ErrInvalid, maxName)
	}
	if len(g.Description) > maxDescription {
		return fmt.Errorf("%w: description: at most %d bytes", ErrInvalid, maxDescription)
	}
	_, _, err = tags(g.Freeform, g.Defined)
	return err
}

// tags encodes the tags of a resource as they are stored.
func tags(freeform map[string]string, defined map[string]map[string]any) (free, def string, err error) {
	f, err := json.Marshal(freeform)
	if err != nil {
		return "", "", fmt.Errorf("%w: freeform tags: %w", ErrInvalid, err)
	}
	d, err := json.Marshal(defined)
	if err != nil {
		return "", "", fmt.Errorf("%w: defined tags: %w", ErrInvalid, err)
	}
	if len(f)+len(d) > maxTagBytes {
		return "", "", fmt.Errorf("%w: tags: at most %d bytes", ErrInvalid, maxTagBytes)
	}
	return string(f), string(d), nil
}

func etag(revision int64) string { return fmt.Sprintf("r%d", revision) }

func insertLogGroup(tx *tx, g LogGroup) error {
	free, def, err := tags(g.Freeform, g.Defined)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO log_groups (id, name, description, compartment, freeform, defined, created, updated, revision, seeded)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`, g.ID, g.Name, g.Description, g.Compartment, free, def,
		toMillis(g.Created), toMillis(g.Updated), g.Seeded)
	return err
}

const logGroupColumns = "id, name, description, compartment, freeform, defined, created, updated, revision, seeded"

func scanLogGroup(row func(...any) error) (LogGroup, error) {
	var g LogGroup
	var free, def string
	var created, updated, revision int64
	if err := row(&g.ID, &g.Name, &g.Description, &g.Compartment, &free, &def, &created, &updated, &revision, &g.Seeded); err != nil {
		return g, err
	}
	g.Created, g.Updated, g.Etag = fromMillis(created), fromMillis(updated), etag(revision)
	return g, errors.Join(json.Unmarshal([]byte(free), &g.Freeform), json.Unmarshal([]byte(def), &g.Defined))
}

// LogGroup returns one log group, or ErrNotFound.
func (c *Catalog) LogGroup(ctx context.Context, id string) (LogGroup, error) {
	g, err := scanLogGroup(c.hot.row(ctx, "SELECT "+logGroupColumns+" FROM log_groups WHERE id = ?", id))
	return g, notFound(err, "log group", id)
}

func notFound(err error, kind, id string) error {
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s %.200q: %w", kind, id, ErrNotFound)
	case err != nil:
		return fmt.Errorf("catalog: %s: %w", kind, err)
	}
	return nil
}

// unchanged says what reading a row for a change came to: it is there, and still
// of the etag that the caller saw, where one is named.
func unchanged(err error, kind, id, ifMatch, etag string) error {
	if err != nil {
		return notFound(err, kind, id)
	}
	if ifMatch != "" && ifMatch != etag {
		return fmt.Errorf("%s %.200q: %w", kind, id, ErrEtag)
	}
	return nil
}

// LogGroups lists log groups. Sort keys: timeCreated (default), timeUpdated, displayName.
func (c *Catalog) LogGroups(ctx context.Context, f LogGroupFilter, p Page) ([]LogGroup, string, error) {
	l := list{columns: logGroupColumns, from: "log_groups", key: "id"}
	var err error
	if l.sort, err = sortBy(p.Sort, "timeCreated", map[string]string{"timeCreated": "created", "timeUpdated": "updated", "displayName": "lower(name)"}); err != nil {
		return nil, "", err
	}
	if f.Name != "" {
		l.where, l.args = append(l.where, "lower(name) = lower(?)"), append(l.args, f.Name)
	}
	if f.Compartment != "" {
		l.where, l.args = append(l.where, "compartment = ?"), append(l.args, f.Compartment)
	}
	l.among("id IN", f.IDs)
	return pageOf(ctx, c.read, l, p, scanLogGroup)
}

// UpdateLogGroup changes a log group. A non-empty ifMatch must be its etag.
func (c *Catalog) UpdateLogGroup(ctx context.Context, id, ifMatch string, change LogGroupChange) (LogGroup, error) {
	var g LogGroup
	err := c.writer.do(ctx, true, func(tx *tx) error {
		var err error
		if g, err = lockLogGroup(tx, id, ifMatch); err != nil {
			return err
		}
		if change.Name != nil {
			g.Name = *change.Name
		}
		if change.Description != nil {
			g.Description = *change.Description
		}
		if change.Compartment != nil {
			g.Compartment = *change.Compartment
		}
		if change.Freeform != nil {
			g.Freeform = maps.Clone(change.Freeform)
		}
		if change.Defined != nil {
			g.Defined = change.Defined
		}
		if err := checkLogGroup(g); err != nil {
			return err
		}
		free, def, err := tags(g.Freeform, g.Defined)
		if err != nil {
			return err
		}
		g.Updated = c.now()
		var revision int64
		err = tx.row(`UPDATE log_groups SET name = ?, description = ?, compartment = ?, freeform = ?, defined = ?, updated = ?, revision = revision + 1
			WHERE id = ? RETURNING revision`, []any{g.Name, g.Description, g.Compartment, free, def, toMillis(g.Updated), id}, &revision)
		g.Etag = etag(revision)
		return err
	})
	if err != nil {
		return LogGroup{}, err
	}
	return g, nil
}

// DeleteLogGroup removes a log group. It is refused with ErrInUse while uploads
// into it are being processed, or associations name it. Its log entries stay until retention removes them.
func (c *Catalog) DeleteLogGroup(ctx context.Context, id, ifMatch string) error {
	return c.writer.do(ctx, true, func(tx *tx) error {
		if _, err := lockLogGroup(tx, id, ifMatch); err != nil {
			return err
		}
		var busy int64
		if err := tx.row("SELECT count(*) FROM upload_files WHERE log_group = ? AND status = 'IN_PROGRESS'", []any{id}, &busy); err != nil {
			return err
		}
		if busy > 0 {
			return fmt.Errorf("log group: %w: %d uploaded files are being processed; try again when they are done", ErrInUse, busy)
		}
		if err := tx.row("SELECT count(*) FROM items WHERE kind = ? AND json_extract(CAST(body AS TEXT), '$.logGroupId') = ?", []any{Association, id}, &busy); err != nil {
			return err
		}
		if busy > 0 {
			return fmt.Errorf("log group: %w: %d associations name it; delete them first", ErrInUse, busy)
		}
		_, err := tx.exec("DELETE FROM log_groups WHERE id = ?", id)
		return err
	})
}

// lockLogGroup reads a group that is about to be changed.
func lockLogGroup(tx *tx, id, ifMatch string) (LogGroup, error) {
	g, err := scanLogGroup(func(dest ...any) error {
		return tx.row("SELECT "+logGroupColumns+" FROM log_groups WHERE id = ?", []any{id}, dest...)
	})
	if err := unchanged(err, "log group", id, ifMatch, g.Etag); err != nil {
		return g, err
	}
	if g.Seeded {
		return g, fmt.Errorf("log group %s is %w", id, ErrReadOnly)
	}
	return g, nil
}

// seedLogGroups brings the groups of the configuration up to date. A group that
// left the configuration stays, as an ordinary one.
func (c *Catalog) seedLogGroups(ctx context.Context, seeds Seeds) error {
	now := c.now()
	return c.writer.do(ctx, true, func(tx *tx) error {
		if _, err := tx.exec("UPDATE log_groups SET seeded = 0 WHERE seeded"); err != nil {
			return err
		}
		groups := seeds.LogGroups
		if len(groups) == 0 {
			var n int
			if err := tx.row("SELECT count(*) FROM log_groups WHERE id <> ?", []any{AuditGroup}, &n); err != nil {
				return err
			}
			if n == 0 {
				g := LogGroup{ID: NewOCID("loganalyticsloggroup"), Name: "Default", Compartment: seeds.Tenancy, Created: now, Updated: now}
				c.log.Info("log group made, as the configuration names none", "id", g.ID, "name", g.Name)
				if err := insertLogGroup(tx, g); err != nil {
					return err
				}
			}
		}
		if seeds.Audit {
			groups = append(slices.Clone(groups), SeedGroup{ID: AuditGroup, Name: "Ledgerline Audit"})
		}
		for _, s := range groups {
			r, err := tx.exec(`UPDATE log_groups SET seeded = 1, updated = iif(name = ?1, updated, ?3), revision = revision + (name <> ?1), name = ?1
				WHERE id = ?2`, s.Name, s.ID, toMillis(now))
			if err != nil {
				return err
			}
			n, err := r.RowsAffected()
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			if err := insertLogGroup(tx, LogGroup{ID: s.ID, Name: s.Name, Compartment: seeds.Tenancy, Created: now, Updated: now, Seeded: true}); err != nil {
				return fmt.Errorf("log group %s: %w", s.ID, err)
			}
		}
		return nil
	})
}
