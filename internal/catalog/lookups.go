package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Lookup describes a lookup table.
type Lookup struct {
	Number      int64
	ID          string // OCID
	Name        string // found in any letter case
	Description string
	Hidden      bool
	Columns     []string
	Rows        int64
	Bytes       int64 // of its CSV
	Matching    Matching
	Freeform    map[string]string
	Defined     map[string]map[string]any
	Created     time.Time
	Updated     time.Time
	Revision    int64 // of its content, from 1
	Etag        string
}

// LookupFilter chooses lookups; empty members do not restrict.
type LookupFilter struct {
	Text string // part of the name or description, in any letter case
}

// LookupChange is a change of a lookup.
type LookupChange struct {
	Name    string
	IfMatch string // its etag; empty: whatever it is
	Force   bool   // replace: also when the columns are others
	Retry   Retry
}

// CreateLookup makes a lookup of a name, description and table. It fails with
// ErrExists when there is one of the name. The same retry token with the same
// payload returns the first answer again.
func (c *Catalog) CreateLookup(ctx context.Context, l Lookup, t Table, retry Retry) (Lookup, error) {
	if err := checkLookup(l); err != nil {
		return Lookup{}, err
	}
	text, err := encodeRows(t.Rows)
	if err != nil {
		return Lookup{}, err
	}
	columns, err := json.Marshal(t.Columns)
	if err != nil {
		return Lookup{}, fmt.Errorf("catalog: lookup: %w", err)
	}
	l.ID, l.Columns, l.Rows, l.Bytes, l.Created, l.Revision = NewOCID("loganalyticslookup"), t.Columns, int64(len(t.Rows)), int64(len(text)), c.now(), 1
	l.Updated = l.Created
	return once(ctx, c, retry, func(tx *tx) (Lookup, error) {
		switch _, err := lockLookup(tx, l.Name, ""); {
		case err == nil:
			return l, fmt.Errorf("lookup %.200q %w; update its data, or delete it first", l.Name, ErrExists)
		case !errors.Is(err, ErrNotFound):
			return l, err
		}
		err := tx.row(`INSERT INTO lookups (id, name, description, hidden, columns, rows, bytes, created, updated, revision)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1) RETURNING number`,
			[]any{l.ID, l.Name, l.Description, l.Hidden, string(columns), l.Rows, l.Bytes, toMillis(l.Created), toMillis(l.Updated)}, &l.Number)
		if err != nil {
			return l, err
		}
		l.Etag = lookupEtag(l)
		_, err = tx.exec("INSERT INTO lookup_parts (lookup, seq, csv) VALUES (?, 1, ?)", l.Number, text)
		return l, err
	})
}

func checkLookup(l Lookup) error {
	if err := checkName("lookup", l.Name); err != nil {
		return err
	}
	if len(l.Description) > maxDescription {
		return fmt.Errorf("%w: description: at most %d bytes", ErrInvalid, maxDescription)
	}
	if n := l.Matching.MaxMatches; n < 0 || n > MaxMatches {
		return fmt.Errorf("%w: matches of a lookup: 1 to %d", ErrInvalid, MaxMatches)
	}
	for _, v := range append(slices.Collect(maps.Values(l.Matching.Defaults)), l.Matching.Default) {
		if len(v) > maxDescription {
			return fmt.Errorf("%w: default value: at most %d bytes", ErrInvalid, maxDescription)
		}
	}
	return nil
}

// checkName takes any text that can be typed into a query.
func checkName(kind, name string) error {
	if strings.TrimSpace(name) != name || name == "" || len(name) > maxName || !Plain(name) {
		return fmt.Errorf("%w: name of the %s: use 1 to %d bytes of text without control or invisible characters, and no space at its ends", ErrInvalid, kind, maxName)
	}
	return nil
}

// lookupEtag tells a lookup from one of the same name that came before it.
func lookupEtag(l Lookup) string { return fmt.Sprintf("l%dr%d", l.Number, l.Revision) }

const lookupColumns = "number, id, name, description, hidden, columns, rows, bytes, created, updated, revision, freeform, defined, matching"

func scanLookup(row func(...any) error) (Lookup, error) {
	var l Lookup
	var columns, free, def, matching string
	var created, updated int64
	if err := row(&l.Number, &l.ID, &l.Name, &l.Description, &l.Hidden, &columns, &l.Rows, &l.Bytes, &created, &updated, &l.Revision, &free, &def, &matching); err != nil {
		return l, err
	}
	l.Created, l.Updated, l.Etag = fromMillis(created), fromMillis(updated), lookupEtag(l)
	return l, errors.Join(json.Unmarshal([]byte(columns), &l.Columns), json.Unmarshal([]byte(free), &l.Freeform), json.Unmarshal([]byte(def), &l.Defined), json.Unmarshal([]byte(matching), &l.Matching))
}

// Lookup describes one lookup, or fails with ErrNotFound.
func (c *Catalog) Lookup(ctx context.Context, name string) (Lookup, error) {
	l, err := scanLookup(c.read.QueryRowContext(ctx, "SELECT "+lookupColumns+" FROM lookups WHERE name = ?", name).Scan)
	return l, notFound(err, "lookup", name)
}

// Lookups lists lookups. Sort keys: displayName (default), updatedTime.
func (c *Catalog) Lookups(ctx context.Context, f LookupFilter, p Page) ([]Lookup, string, error) {
	l := list{columns: lookupColumns, from: "lookups", key: "id"}
	var err error
	if l.sort, err = sortBy(p.Sort, "displayName", map[string]string{"displayName": "lower(name)", "updatedTime": "updated"}); err != nil {
		return nil, "", err
	}
	if f.Text != "" {
		l.where, l.args = append(l.where, "instr(lower(name || char(10) || description), lower(?)) > 0"), append(l.args, f.Text)
	}
	return pageOf(ctx, c.read, l, p, scanLookup)
}

// LookupTable reads a lookup with its content, or fails with ErrNotFound.
func (c *Catalog) LookupTable(ctx context.Context, name string) (Lookup, Table, error) {
	tx, err := c.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // both reads see one state
	if err != nil {
		return Lookup{}, Table{}, fmt.Errorf("catalog: lookup: %w", err)
	}
	defer tx.Rollback()
	l, err := scanLookup(tx.QueryRowContext(ctx, "SELECT "+lookupColumns+" FROM lookups WHERE name = ?", name).Scan)
	if err != nil {
		return l, Table{}, notFound(err, "lookup", name)
	}
	rows, err := tx.QueryContext(ctx, "SELECT csv FROM lookup_parts WHERE lookup = ? ORDER BY seq", l.Number)
	if err != nil {
		return l, Table{}, fmt.Errorf("catalog: lookup: %w", err)
	}
	defer rows.Close()
	t := Table{Columns: l.Columns, Rows: make([][]string, 0, l.Rows)}
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return l, t, fmt.Errorf("catalog: lookup: %w", err)
		}
		part, err := readRows(text)
		if err != nil {
			return l, t, err
		}
		t.Rows = append(t.Rows, part...)
	}
	return l, t, rows.Err()
}

// ReplaceLookup puts other rows in place of those of a lookup and returns the id
// of the work request. Without Force the table must have the lookup's columns.
func (c *Catalog) ReplaceLookup(ctx context.Context, change LookupChange, t Table) (workRequest string, err error) {
	text, err := encodeRows(t.Rows)
	if err != nil {
		return "", err
	}
	columns, err := json.Marshal(t.Columns)
	if err != nil {
		return "", fmt.Errorf("catalog: lookup: %w", err)
	}
	return c.changeLookup(ctx, "UPDATE_LOOKUP_DATA", change, func(tx *tx, l Lookup) error {
		if !change.Force && !sameColumns(l.Columns, t.Columns) {
			return tableError("the file has the columns %.200q, the lookup has %.200q; to change the columns, set isForce", t.Columns, l.Columns)
		}
		if _, err := tx.exec("DELETE FROM lookup_parts WHERE lookup = ?", l.Number); err != nil {
			return err
		}
		if _, err := tx.exec("INSERT INTO lookup_parts (lookup, seq, csv) VALUES (?, 1, ?)", l.Number, text); err != nil {
			return err
		}
		_, err := tx.exec("UPDATE lookups SET columns = ?, rows = ?, bytes = ?, updated = ?, revision = revision + 1 WHERE number = ?",
			string(columns), len(t.Rows), len(text), toMillis(c.now()), l.Number)
		return err
	})
}

// AppendLookup adds the rows of a CSV text to a lookup and returns the id of the
// work request. The first line may repeat the names of the columns.
func (c *Catalog) AppendLookup(ctx context.Context, change LookupChange, text []byte) (workRequest string, err error) {
	for range maxRereads {
		var seen Lookup
		if seen, err = c.Lookup(ctx, change.Name); err != nil {
			return "", err
		}
		rows, err := readMore(seen.Columns, text)
		if err != nil {
			return "", err
		}
		if workRequest, err = c.appendRows(ctx, change, seen.Columns, rows); !errors.Is(err, errOtherColumns) {
			return workRequest, err
		}
	}
	return "", fmt.Errorf("lookup %.200q: its columns change with each try: %w", change.Name, ErrEtag)
}

// maxRereads is how often rows are read again for columns that were changed meanwhile.
const maxRereads = 100

// errOtherColumns says that rows were read for columns that the lookup no longer has.
var errOtherColumns = errors.New("catalog: the columns of the lookup were changed meanwhile")

// appendRows adds rows to a lookup that has these columns.
func (c *Catalog) appendRows(ctx context.Context, change LookupChange, columns []string, rows [][]string) (workRequest string, err error) {
	part, err := encodeRows(rows)
	if err != nil {
		return "", err
	}
	return c.changeLookup(ctx, "APPEND_LOOKUP_DATA", change, func(tx *tx, l Lookup) error {
		switch cells := (l.Rows + int64(len(rows))) * int64(len(l.Columns)); {
		case !sameColumns(l.Columns, columns):
			return errOtherColumns
		case cells > maxTableCells:
			return tooManyCells(maxTableCells)
		case l.Bytes+int64(len(part)) > MaxTableBytes:
			return tableError("with these rows the lookup would have more than %d MB", MaxTableBytes>>20)
		}
		if _, err := tx.exec("INSERT INTO lookup_parts (lookup, seq, csv) VALUES (?, ?, ?)", l.Number, l.Revision+1, part); err != nil {
			return err
		}
		_, err := tx.exec("UPDATE lookups SET rows = rows + ?, bytes = bytes + ?, updated = ?, revision = revision + 1 WHERE number = ?",
			len(rows), len(part), toMillis(c.now()), l.Number)
		return err
	})
}

// DeleteLookup removes a lookup and returns the id of the work request.
func (c *Catalog) DeleteLookup(ctx context.Context, change LookupChange) (workRequest string, err error) {
	return c.changeLookup(ctx, "DELETE_LOOKUP", change, func(tx *tx, l Lookup) error {
		_, err := tx.exec("DELETE FROM lookups WHERE number = ?", l.Number)
		return err
	})
}

// changeLookup runs a change under the lookup's etag and the request's retry token.
func (c *Catalog) changeLookup(ctx context.Context, operation string, change LookupChange, do func(*tx, Lookup) error) (workRequest string, err error) {
	accepted := c.now()
	return once(ctx, c, change.Retry, func(tx *tx) (string, error) {
		l, err := lockLookup(tx, change.Name, change.IfMatch)
		if err != nil {
			return "", err
		}
		if err := do(tx, l); err != nil {
			return "", err
		}
		return c.finish(tx, operation, l.Number, accepted)
	})
}

// lockLookup reads a lookup that is about to be changed.
func lockLookup(tx *tx, name, ifMatch string) (Lookup, error) {
	l, err := scanLookup(func(dest ...any) error {
		return tx.row("SELECT "+lookupColumns+" FROM lookups WHERE name = ?", []any{name}, dest...)
	})
	return l, unchanged(err, "lookup", name, ifMatch, l.Etag)
}

// Payload is what a retry token of a request with this body is bound to.
func Payload(parts ...[]byte) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n", len(p))
		h.Write(p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
