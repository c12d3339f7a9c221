package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// itemsSchema is the migration of items.
const itemsSchema = `
CREATE TABLE items (
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
CREATE INDEX items_name ON items (kind, lower(name));
`

// ItemKind is a kind of thing that clients keep here as JSON, and the resource
// type of its OCIDs.
type ItemKind string

// The kinds.
const (
	Dashboard       ItemKind = "managementdashboard"
	DashboardSearch ItemKind = "managementsavedsearch"
	Entity          ItemKind = "loganalyticsentity"
	EntityType      ItemKind = "loganalyticsentitytype"
	Preference      ItemKind = "loganalyticspreference"
	StorageWork     ItemKind = "loganalyticsstorageworkrequest"
	ScheduledTask   ItemKind = "loganalyticsscheduledtask"
	Association     ItemKind = "loganalyticsassociation"
	EntityLink      ItemKind = "loganalyticsentitylink"
	HiddenWarning   ItemKind = "loganalyticshiddenwarning"
)

// String is what messages call it.
func (k ItemKind) String() string {
	switch k {
	case DashboardSearch:
		return "saved search"
	case EntityType:
		return "entity type"
	case StorageWork:
		return "storage work request"
	case ScheduledTask:
		return "scheduled task"
	}
	for _, prefix := range []string{"management", "loganalytics"} {
		if name, ok := strings.CutPrefix(string(k), prefix); ok {
			return name
		}
	}
	return string(k)
}

// Item is a dashboard, an entity, a scheduled task: what a client describes in
// JSON and reads back.
type Item struct {
	Kind        ItemKind
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

// ItemFilter chooses items; empty members do not restrict.
type ItemFilter struct {
	Name        string // whole name, in any letter case
	Compartment string
	BuiltIn     *bool
}

const (
	maxItemBytes = 8 << 20
	maxMembers   = 1000
)

const itemColumns = "kind, id, name, compartment, builtin, body, searches, created, created_by, updated, updated_by, revision"

func scanItem(row func(...any) error) (Item, error) {
	var b Item
	var searches string
	var created, updated, revision int64
	if err := row(&b.Kind, &b.ID, &b.Name, &b.Compartment, &b.BuiltIn, &b.Body, &searches, &created, &b.CreatedBy, &updated, &b.UpdatedBy, &revision); err != nil {
		return b, err
	}
	b.Created, b.Updated, b.Etag = fromMillis(created), fromMillis(updated), etag(revision)
	return b, json.Unmarshal([]byte(searches), &b.Searches)
}

const itemByID = "SELECT " + itemColumns + " FROM items WHERE kind = ? AND id = ?"

// Item returns one item, or ErrNotFound.
func (c *Catalog) Item(ctx context.Context, kind ItemKind, id string) (Item, error) {
	b, err := scanItem(c.read.QueryRowContext(ctx, itemByID, kind, id).Scan)
	return b, notFound(err, kind.String(), id)
}

// Items lists the items of a kind. Sort keys: timeCreated (default), displayName.
func (c *Catalog) Items(ctx context.Context, kind ItemKind, f ItemFilter, p Page) ([]Item, string, error) {
	l := list{columns: itemColumns, from: "items", key: "id", where: []string{"kind = ?"}, args: []any{kind}}
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
	return pageOf(ctx, c.read, l, p, scanItem)
}

// ChangeItems runs do in one transaction: all of its changes are made, or none.
// user is entered as who made them. The same retry token with the same payload
// returns the first result again, without do being called.
func (c *Catalog) ChangeItems(ctx context.Context, user string, retry Retry, do func(*ItemChange) (Item, error)) (Item, error) {
	return once(ctx, c, retry, func(tx *tx) (Item, error) {
		return do(&ItemChange{tx: tx, user: user, now: c.now()})
	})
}

// ItemChange is what a function given to ChangeItems may do, until it returns.
type ItemChange struct {
	tx   *tx
	user string
	now  time.Time
}

// Find returns an item, or ErrNotFound; with a non-empty ifMatch that is not its
// etag, ErrEtag.
func (b *ItemChange) Find(kind ItemKind, id, ifMatch string) (Item, error) {
	v, err := scanItem(func(dest ...any) error { return b.tx.row(itemByID, []any{kind, id}, dest...) })
	return v, unchanged(err, kind.String(), id, ifMatch, v.Etag)
}

// Named returns the oldest item of a name in a compartment that is neither
// built in nor among except, or ErrNotFound.
func (b *ItemChange) Named(kind ItemKind, compartment, name string, except []string) (Item, error) {
	ids, err := json.Marshal(append([]string{}, except...)) // not null, which nothing is equal or unequal to
	if err != nil {
		return Item{}, err
	}
	v, err := scanItem(func(dest ...any) error {
		return b.tx.row("SELECT "+itemColumns+` FROM items WHERE kind = ? AND lower(name) = lower(?2) AND name = ?2 AND compartment = ? AND NOT builtin
			AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY created, id LIMIT 1`, []any{kind, name, compartment, string(ids)}, dest...)
	})
	return v, notFound(err, kind.String(), name)
}

// Put creates an item or replaces the one of its kind and id, and returns it as
// it is stored. An item without an id gets one.
func (b *ItemChange) Put(v Item) (Item, error) {
	if v.ID == "" {
		v.ID = NewOCID(string(v.Kind))
	}
	if err := checkItem(v); err != nil {
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
	err = b.tx.row(`INSERT INTO items (kind, id, name, compartment, builtin, body, searches, created, created_by, updated, updated_by, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
		ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, compartment = excluded.compartment, builtin = excluded.builtin, body = excluded.body,
		searches = excluded.searches, updated = excluded.updated, updated_by = excluded.updated_by, revision = revision + 1 RETURNING revision`,
		[]any{v.Kind, v.ID, v.Name, v.Compartment, v.BuiltIn, v.Body, string(searches), toMillis(v.Created), v.CreatedBy, toMillis(v.Updated), v.UpdatedBy}, &revision)
	v.Etag = etag(revision)
	return v, err
}

// Delete removes an item; one that is not there is no error.
func (b *ItemChange) Delete(kind ItemKind, id string) error {
	_, err := b.tx.exec("DELETE FROM items WHERE kind = ? AND id = ?", kind, id)
	return err
}

// DeleteOf removes what there is of an entity beside itself: its associations with
// log sources and its links with other entities, either way.
func (b *ItemChange) DeleteOf(entity string) error {
	_, err := b.tx.exec(`DELETE FROM items WHERE kind IN (?1, ?2) AND (substr(id, 1, length(?3) + 1) = ?3 || ' ' OR kind = ?2 AND name = ?3)`,
		Association, EntityLink, entity)
	return err
}

func checkItem(v Item) error {
	for _, m := range []struct{ what, text string }{{"id", v.ID}, {"name", v.Name}, {"compartment", v.Compartment}} {
		if m.text == "" || len(m.text) > maxName || !Plain(m.text) {
			return fmt.Errorf("%w %s: the %s must have 1 to %d bytes and no control or invisible characters", ErrInvalid, v.Kind, m.what, maxName)
		}
	}
	switch {
	case len(v.Body) > maxItemBytes:
		return fmt.Errorf("%w %s %.100q: at most %d MB", ErrInvalid, v.Kind, v.Name, maxItemBytes>>20)
	case len(v.Searches) > maxMembers:
		return fmt.Errorf("%w dashboard %.100q: at most %d saved searches", ErrInvalid, v.Name, maxMembers)
	}
	return nil
}
