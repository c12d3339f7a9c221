package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

const peopleSchema = `
CREATE TABLE people (
	id      TEXT NOT NULL,
	since   INTEGER NOT NULL,             -- when this was learned
	name    TEXT NOT NULL,
	display TEXT NOT NULL,
	active  INTEGER NOT NULL,
	origin  TEXT NOT NULL,
	PRIMARY KEY (id, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE people_absent (
	id      TEXT PRIMARY KEY,
	checked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// Person is what was known of a user from one time on.
type Person struct {
	ID      string // the GUID that logs show
	Name    string // as it is signed in with
	Display string
	Active  bool
	Origin  string // the connection that said so, or OriginFile
	Since   time.Time
}

// OriginFile is the origin of people who were imported from a file.
const OriginFile = "file"

// PeopleLookup is the lookup table that queries join to name the users of records.
const PeopleLookup = "Known People"

const peopleLookupText = "Users by the id that logs show; kept by 'ledgerline people'"

// peopleColumns are the columns of PeopleLookup.
func peopleColumns() []string { return []string{"User ID", "Person", "Display Name", "Active"} }

// PeopleFound is what was learned of users.
type PeopleFound struct {
	Origin string
	People []Person // Origin and Since are ignored
	Absent []string // ids that nobody knows
}

// RecordPeople enters what was learned and returns what of it is new, in the
// order given. A change becomes a further row, so that the name of the time can be told.
// A file never overrules a connection.
func (c *Catalog) RecordPeople(ctx context.Context, found PeopleFound) (changed []Person, err error) {
	now := c.now()
	err = c.writer.do(ctx, true, func(tx *tx) error {
		changed = nil
		for _, p := range found.People {
			p.Origin, p.Since = found.Origin, now
			latest, err := latestPerson(tx, p.ID)
			switch {
			case err == nil && found.Origin == OriginFile && latest.Origin != OriginFile:
				continue
			case err == nil && samePerson(latest, p):
				continue
			case err != nil && !errors.Is(err, sql.ErrNoRows):
				return err
			}
			if _, err := tx.exec(`INSERT INTO people (id, since, name, display, active, origin) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET name = excluded.name, display = excluded.display, active = excluded.active, origin = excluded.origin`,
				p.ID, toMillis(p.Since), p.Name, p.Display, p.Active, p.Origin); err != nil {
				return err
			}
			if _, err := tx.exec("DELETE FROM people_absent WHERE id = ?", p.ID); err != nil {
				return err
			}
			changed = append(changed, p)
		}
		for _, id := range found.Absent {
			if _, err := tx.exec("INSERT INTO people_absent (id, checked) VALUES (?, ?) ON CONFLICT DO UPDATE SET checked = excluded.checked", id, toMillis(now)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func samePerson(a, b Person) bool {
	a.Since = b.Since
	return a == b
}

const personColumns = "id, since, name, display, active, origin"

func scanPerson(row func(...any) error) (Person, error) {
	var p Person
	var since int64
	err := row(&p.ID, &since, &p.Name, &p.Display, &p.Active, &p.Origin)
	p.Since = fromMillis(since)
	return p, err
}

func latestPerson(tx *tx, id string) (Person, error) {
	return scanPerson(func(dest ...any) error {
		return tx.row("SELECT "+personColumns+" FROM people WHERE id = ? ORDER BY since DESC LIMIT 1", []any{id}, dest...)
	})
}

// People returns all that was ever known, by id and then time, and when which
// ids were found to be nobody's.
func (c *Catalog) People(ctx context.Context) (known []Person, absent map[string]time.Time, err error) {
	tx, err := c.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // both reads see one state
	if err != nil {
		return nil, nil, fmt.Errorf("catalog: people: %w", err)
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, "SELECT "+personColumns+" FROM people ORDER BY id, since")
	if err != nil {
		return nil, nil, fmt.Errorf("catalog: people: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanPerson(rows.Scan)
		if err != nil {
			return nil, nil, fmt.Errorf("catalog: people: %w", err)
		}
		known = append(known, p)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("catalog: people: %w", err)
	}
	absent = map[string]time.Time{}
	missing, err := tx.QueryContext(ctx, "SELECT id, checked FROM people_absent")
	if err != nil {
		return nil, nil, fmt.Errorf("catalog: people: %w", err)
	}
	defer missing.Close()
	for missing.Next() {
		var id string
		var checked int64
		if err := missing.Scan(&id, &checked); err != nil {
			return nil, nil, fmt.Errorf("catalog: people: %w", err)
		}
		absent[id] = fromMillis(checked)
	}
	return known, absent, missing.Err()
}

// PublishPeople makes the lookup table PeopleLookup of the latest that is known
// of each person. A table of that name which is somebody else's is left alone.
func (c *Catalog) PublishPeople(ctx context.Context) error {
	known, _, err := c.People(ctx)
	if err != nil {
		return err
	}
	t := Table{Columns: peopleColumns()}
	for i, p := range known {
		if i+1 < len(known) && known[i+1].ID == p.ID {
			continue // a later row says more
		}
		t.Rows = append(t.Rows, []string{p.ID, p.Name, p.Display, fmt.Sprint(p.Active)})
	}
	l, old, err := c.LookupTable(ctx, PeopleLookup)
	switch {
	case errors.Is(err, ErrNotFound):
		if len(t.Rows) == 0 {
			return nil
		}
		_, err := c.CreateLookup(ctx, Lookup{Name: PeopleLookup, Description: peopleLookupText}, t, Retry{})
		return err
	case err != nil:
		return err
	case l.Description != peopleLookupText:
		return fmt.Errorf("lookup %q %w and is not kept by 'ledgerline people'; rename it, so that names of people can be published there", PeopleLookup, ErrExists)
	case slices.EqualFunc(old.Rows, t.Rows, slices.Equal[[]string]):
		return nil
	}
	_, err = c.ReplaceLookup(ctx, LookupChange{Name: PeopleLookup, IfMatch: l.Etag, Force: true}, t)
	return err
}
