package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// dashboardsSchema is the migration of boards.
const dashboardsSchema = `
CREATE TABLE boards (
	kind        TEXT NOT NULL,
	id          TEXT NOT NULL,
	name        TEXT NOT NULL,
	compartment TEXT NOT NULL,
	builtin     INTEGER NOT NULL,
	body        BLOB NOT NULL,              -- JSON
	searches    TEXT NOT NULL,              -- JSON
	created     INTEGER NOT NULL,
	created_by  TEXT NOT NULL,
	updated     INTEGER NOT NULL,
	updated_by  TEXT NOT NULL,
	revision    INTEGER NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX boards_name ON boards (kind, lower(name));
`

// BoardKind tells dashboards from the saved searches that their tiles show.
type BoardKind string

// The kinds; also the resource types of their OCIDs.
const (
	Dashboard       BoardKind = "managementdashboard"
	DashboardSearch BoardKind = "managementsavedsearch"
)

func (k BoardKind) String() string {
	if k == Dashboard {
		return "dashboard"
	}
	return "saved search"
}

// Board is a dashboard, or a saved search of dashboards.
type Board struct {
	Kind        BoardKind
	ID          string // an OCID, or what the client chose
	Name        string
	Compartment string
	BuiltIn     bool     // comes with the program
	Body        []byte   // a JSON object; the catalogue does not look into it
	Searches    []string // of a dashboard: the ids of the saved searches that came with it
	Created     time.Time
	CreatedBy   string
	Updated     time.Time
	UpdatedBy   string
	Etag        string
}

// BoardFilter chooses boards; empty members do not restrict.
type BoardFilter struct {
	Name        string // whole name, in any letter case
	Compartment string
	BuiltIn     *bool
}

const (
	maxBoardBytes    = 8 << 20
	maxBoardSearches = 1000
)

const boardColumns = "kind, id, name, compartment, builtin, body, searches, created, created_by, updated, updated_by, revision"

func scanBoard(row func(...any) error) (Board, error) {
	var b Board
	var searches string
	var created, updated, revision int64
	if err := row(&b.Kind, &b.ID, &b.Name, &b.Compartment, &b.BuiltIn, &b.Body, &searches, &created, &b.CreatedBy, &updated, &b.UpdatedBy, &revision); err != nil {
		return b, err
	}
	b.Created, b.Updated, b.Etag = fromMillis(created), fromMillis(updated), etag(revision)
	return b, json.Unmarshal([]byte(searches), &b.Searches)
}

const boardByID = "SELECT " + boardColumns + " FROM boards WHERE kind = ? AND id = ?"

// Board returns a dashboard or saved search, or ErrNotFound.
func (c *Catalog) Board(ctx context.Context, kind BoardKind, id string) (Board, error) {
	b, err := scanBoard(c.read.QueryRowContext(ctx, boardByID, kind, id).Scan)
	return b, notFound(err, kind.String(), id)
}

// Boards lists dashboards or saved searches. Sort keys: timeCreated (default), displayName.
func (c *Catalog) Boards(ctx context.Context, kind BoardKind, f BoardFilter, p Page) ([]Board, string, error) {
	l := list{columns: boardColumns, from: "boards", key: "id", where: []string{"kind = ?"}, args: []any{kind}}
	var err error
	if l.sort, err = sortBy(p.Sort, "timeCreated", map[string]string{"timeCreated": "created", "displayName": "lower(name)"}); err != nil {
		return nil, "", err
	}
	if f.Name != "" {
		l.where, l.args = append(l.where, "lower(name) = lower(?)"), append(l.args, f.Name)
	}
	if f.Compartment != "" {
		l.where, l.args = append(l.where, "compartment = ?"), append(l.args, f.Compartment)
	}
	if f.BuiltIn != nil {
		l.where, l.args = append(l.where, "builtin = ?"), append(l.args, *f.BuiltIn)
	}
	return pageOf(ctx, c.read, l, p, scanBoard)
}

// ChangeBoards runs do in one transaction: all of its changes are made, or none.
// user is entered as who made them. The same retry token with the same payload
// returns the first result again, without do being called.
func (c *Catalog) ChangeBoards(ctx context.Context, user string, retry Retry, do func(*BoardChange) (Board, error)) (Board, error) {
	var result Board
	err := c.writer.do(ctx, true, func(tx *tx) error {
		stored, ok, err := c.remembered(tx, retry)
		if err != nil {
			return err
		}
		if ok {
			return json.Unmarshal(stored, &result)
		}
		if result, err = do(&BoardChange{tx: tx, user: user, now: c.now()}); err != nil {
			return err
		}
		answer, err := json.Marshal(result)
		if err != nil {
			return err
		}
		return c.remember(tx, retry, answer)
	})
	if err != nil {
		return Board{}, err
	}
	return result, nil
}

// BoardChange is what a function given to ChangeBoards may do, until it returns.
type BoardChange struct {
	tx   *tx
	user string
	now  time.Time
}

// Find returns a board, or ErrNotFound; with a non-empty ifMatch that is not its
// etag, ErrEtag.
func (b *BoardChange) Find(kind BoardKind, id, ifMatch string) (Board, error) {
	v, err := scanBoard(func(dest ...any) error { return b.tx.row(boardByID, []any{kind, id}, dest...) })
	if err != nil {
		return v, notFound(err, kind.String(), id)
	}
	if ifMatch != "" && ifMatch != v.Etag {
		return v, fmt.Errorf("%s %.200q: %w", kind, id, ErrEtag)
	}
	return v, nil
}

// Named returns the oldest board of a name in a compartment that is neither
// built in nor among except, or ErrNotFound.
func (b *BoardChange) Named(kind BoardKind, compartment, name string, except []string) (Board, error) {
	ids, err := json.Marshal(append([]string{}, except...)) // not null, which nothing is equal or unequal to
	if err != nil {
		return Board{}, err
	}
	v, err := scanBoard(func(dest ...any) error {
		return b.tx.row("SELECT "+boardColumns+` FROM boards WHERE kind = ? AND lower(name) = lower(?2) AND name = ?2 AND compartment = ? AND NOT builtin
			AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY created, id LIMIT 1`, []any{kind, name, compartment, string(ids)}, dest...)
	})
	return v, notFound(err, kind.String(), name)
}

// Put creates a board or replaces the one of its kind and id, and returns it as
// it is stored. A board without an id gets one.
func (b *BoardChange) Put(v Board) (Board, error) {
	if v.ID == "" {
		v.ID = NewOCID(string(v.Kind))
	}
	if err := checkBoard(v); err != nil {
		return v, err
	}
	old, err := b.Find(v.Kind, v.ID, "")
	switch {
	case err == nil:
		v.Created, v.CreatedBy = old.Created, old.CreatedBy
	case errors.Is(err, ErrNotFound):
		v.Created, v.CreatedBy = b.now, b.user
	default:
		return v, err
	}
	v.Updated, v.UpdatedBy = b.now, b.user
	searches, err := json.Marshal(v.Searches)
	if err != nil {
		return v, err
	}
	var revision int64
	err = b.tx.row(`INSERT INTO boards (kind, id, name, compartment, builtin, body, searches, created, created_by, updated, updated_by, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
		ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, compartment = excluded.compartment, builtin = excluded.builtin, body = excluded.body,
		searches = excluded.searches, updated = excluded.updated, updated_by = excluded.updated_by, revision = revision + 1 RETURNING revision`,
		[]any{v.Kind, v.ID, v.Name, v.Compartment, v.BuiltIn, v.Body, string(searches), toMillis(v.Created), v.CreatedBy, toMillis(v.Updated), v.UpdatedBy}, &revision)
	v.Etag = etag(revision)
	return v, err
}

// Delete removes a board; one that is not there is no error.
func (b *BoardChange) Delete(kind BoardKind, id string) error {
	_, err := b.tx.exec("DELETE FROM boards WHERE kind = ? AND id = ?", kind, id)
	return err
}

func checkBoard(v Board) error {
	for _, m := range []struct{ what, text string }{{"id", v.ID}, {"name", v.Name}, {"compartment", v.Compartment}} {
		if m.text == "" || len(m.text) > maxName || strings.ContainsFunc(m.text, unicode.IsControl) {
			return fmt.Errorf("%w %s: the %s must have 1 to %d bytes and no control characters", ErrInvalid, v.Kind, m.what, maxName)
		}
	}
	switch {
	case len(v.Body) > maxBoardBytes:
		return fmt.Errorf("%w %s %.100q: at most %d MB", ErrInvalid, v.Kind, v.Name, maxBoardBytes>>20)
	case len(v.Searches) > maxBoardSearches:
		return fmt.Errorf("%w dashboard %.100q: at most %d saved searches", ErrInvalid, v.Name, maxBoardSearches)
	}
	return nil
}
