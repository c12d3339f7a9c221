package burst

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// book keeps, in one SQLite file, the messages that wait for their query, the ids
// of those that have been joined, and records that are on their way to the store.
type book struct{ db *sql.DB }

const bookVersion = 1

// A root is a row, with its messages, so that a burst costs one. It stays, with the
// ids of its messages, when they have been joined: that is how a late one and a
// second copy are known. Keys are the first 16 bytes of a SHA-256; times are epoch
// milliseconds of arrival here.
const bookSchema = `
CREATE TABLE roots (
	root    BLOB PRIMARY KEY,
	seen    BLOB NOT NULL,                 -- keys of all messages that ever came
	body    BLOB NOT NULL,                 -- those that wait, a line of JSON each
	waiting INTEGER NOT NULL,              -- how many wait; of them:
	opens   INTEGER NOT NULL,
	closes  INTEGER NOT NULL,
	first   INTEGER NOT NULL,              -- arrivals
	latest  INTEGER NOT NULL,
	joined  INTEGER NOT NULL               -- when messages of it were joined last
) STRICT;
CREATE INDEX roots_waiting ON roots (first) WHERE waiting > 0;
CREATE INDEX roots_joined ON roots (joined) WHERE waiting = 0;
CREATE TABLE outgoing (
	id        BLOB PRIMARY KEY,
	log_group TEXT NOT NULL,
	body      BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`

func openBook(ctx context.Context, dir string) (*book, error) {
	// FULL: what a commit says is on disk, for the stage file it came from is not given again.
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)"}, "_txlock": {"immediate"}}
	path := filepath.Join(dir, "bursts.db")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("bursts: %w", err)
	}
	db.SetMaxOpenConns(1)
	b := &book{db}
	if err := b.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("bursts: %s: %w", path, err), db.Close())
	}
	return b, nil
}

func (b *book) migrate(ctx context.Context) error {
	var have int
	if err := b.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	switch {
	case have == bookVersion:
		return nil
	case have > bookVersion:
		return fmt.Errorf("the file is of version %d, this program knows %d: use the newer program", have, bookVersion)
	}
	return b.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf("%s PRAGMA user_version = %d", bookSchema, bookVersion))
		return err
	})
}

func (b *book) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("bursts: %w", err)
	}
	if err := do(tx); err != nil {
		return errors.Join(fmt.Errorf("bursts: %w", err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("bursts: cannot write (is the disk full?): %w", err)
	}
	return nil
}

const keySize = 16

func key(parts ...string) string {
	room := make([]byte, 0, 512)
	for _, p := range parts {
		room = strconv.AppendInt(room, int64(len(p)), 10)
		room = append(append(room, '\n'), p...)
	}
	sum := sha256.Sum256(room)
	return string(sum[:keySize])
}

func idOf(m *Message) string   { return key("id", m.place(), m.ID) }
func rootOf(m *Message) string { return key("root", m.place(), m.root()) }

// waiting is a message in the book.
type waiting struct {
	Message
	Arrived int64 `json:"arrived"`

	late bool // its query was written before it came
}

// root is a row of the book.
type root struct {
	seen, body                                    []byte
	waiting, opens, closes, first, latest, joined int64
}

func (r *root) count(k Kind, by int64) {
	r.waiting += by
	switch k {
	case Request:
		r.opens += by
	case Logical:
		r.closes += by
	}
}

// rows reads and writes roots in one transaction.
type rows struct{ get, put *sql.Stmt }

func prepareRows(ctx context.Context, tx *sql.Tx) (rows, error) {
	get, err := tx.PrepareContext(ctx, "SELECT seen, body, waiting, opens, closes, first, latest, joined FROM roots WHERE root = ?")
	if err != nil {
		return rows{}, err
	}
	put, err := tx.PrepareContext(ctx, `INSERT INTO roots (root, seen, body, waiting, opens, closes, first, latest, joined) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET seen = excluded.seen, body = excluded.body, waiting = excluded.waiting, opens = excluded.opens,
		closes = excluded.closes, first = excluded.first, latest = excluded.latest, joined = excluded.joined`)
	return rows{get, put}, err
}

func (s rows) read(ctx context.Context, key string) (r root, err error) {
	err = s.get.QueryRowContext(ctx, []byte(key)).Scan(&r.seen, &r.body, &r.waiting, &r.opens, &r.closes, &r.first, &r.latest, &r.joined)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return r, err
}

func (s rows) write(ctx context.Context, key string, r root) error {
	blob := func(b []byte) []byte { return append([]byte{}, b...) } // never nil: the columns take no NULL
	_, err := s.put.ExecContext(ctx, []byte(key), blob(r.seen), blob(r.body), r.waiting, r.opens, r.closes, r.first, r.latest, r.joined)
	return err
}

// mostOfRoot bounds the messages that wait under one root: no request of a person
// has so many, and all of them are held in memory at once.
const mostOfRoot = 5000

// add keeps messages that are new; those that wait already or have been joined
// are left alone, so that adding twice changes nothing. It returns how many were
// too many for their root.
func (b *book) add(ctx context.Context, messages []Message, arrived int64) (refused int, err error) {
	byRoot := map[string][]*Message{}
	for i := range messages {
		k := rootOf(&messages[i])
		byRoot[k] = append(byRoot[k], &messages[i])
	}
	err = b.change(ctx, func(tx *sql.Tx) error {
		rows, err := prepareRows(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range slices.Sorted(maps.Keys(byRoot)) {
			r, err := rows.read(ctx, k)
			if err != nil {
				return err
			}
			before := r.waiting
			seen := keysOf(r.seen)
			for _, m := range byRoot[k] {
				id := idOf(m)
				if seen[id] {
					continue
				}
				if r.waiting >= mostOfRoot {
					refused++
					continue
				}
				line, err := json.Marshal(waiting{Message: *m, Arrived: arrived})
				if err != nil {
					return err
				}
				seen[id] = true
				r.seen = append(r.seen, id...)
				r.body = append(append(r.body, line...), '\n')
				r.count(m.Kind, 1)
			}
			if r.waiting == before {
				continue
			}
			if before == 0 {
				r.first = arrived
			}
			r.latest = arrived
			if err := rows.write(ctx, k, r); err != nil {
				return err
			}
		}
		return nil
	})
	return refused, err
}

func keysOf(seen []byte) map[string]bool {
	out := make(map[string]bool, len(seen)/keySize+8)
	for k := range slices.Chunk(seen, keySize) {
		out[string(k)] = true
	}
	return out
}

// messagesOf reads the messages of a root.
func messagesOf(body []byte) (out []waiting, err error) {
	for line := range bytes.Lines(body) {
		var w waiting
		if err := json.Unmarshal(line, &w); err != nil {
			return nil, fmt.Errorf("a waiting message cannot be read: %w", err)
		}
		out = append(out, w)
	}
	return out, nil
}

// ripe reads the messages of roots that nothing was added to since a time: whole
// ones, which hold as many closings as openings, or the others. Oldest roots first.
func (b *book) ripe(ctx context.Context, whole bool, before int64, most int) ([]waiting, error) {
	rows, err := b.db.QueryContext(ctx, `SELECT body, opens = 0 AND joined > 0 FROM roots
		WHERE waiting > 0 AND latest <= ? AND (opens > 0 AND closes >= opens) = ? ORDER BY first LIMIT ?`, before, whole, most)
	if err != nil {
		return nil, fmt.Errorf("bursts: %w", err)
	}
	defer rows.Close()
	var out []waiting
	for rows.Next() {
		var body []byte
		var late bool
		if err := rows.Scan(&body, &late); err != nil {
			return nil, fmt.Errorf("bursts: %w", err)
		}
		found, err := messagesOf(body)
		if err != nil {
			return nil, fmt.Errorf("bursts: %w", err)
		}
		for i := range found {
			found[i].late = late
		}
		out = append(out, found...)
	}
	return out, rows.Err()
}

// batch is records that go to the store at once, and its name there.
type batch struct {
	id    [32]byte
	group string
	body  []byte
}

// settle takes messages that have been joined from those that wait and puts the
// records made of them on their way: all of it or nothing.
func (b *book) settle(ctx context.Context, used []Message, now int64, out []batch) error {
	byRoot := map[string]map[string]Kind{}
	for i := range used {
		k := rootOf(&used[i])
		if byRoot[k] == nil {
			byRoot[k] = map[string]Kind{}
		}
		byRoot[k][idOf(&used[i])] = used[i].Kind
	}
	return b.change(ctx, func(tx *sql.Tx) error {
		rows, err := prepareRows(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range slices.Sorted(maps.Keys(byRoot)) {
			r, err := rows.read(ctx, k)
			if err != nil {
				return err
			}
			for _, kind := range byRoot[k] {
				r.count(kind, -1)
			}
			if r.body, err = without(r.body, byRoot[k], r.waiting); err != nil {
				return err
			}
			r.joined = now
			if err := rows.write(ctx, k, r); err != nil {
				return err
			}
		}
		for _, o := range out {
			// The name is drawn, not counted: a book restored from a copy must not
			// repeat the names of batches that the store has.
			if _, err := rand.Read(o.id[:]); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO outgoing (id, log_group, body) VALUES (?, ?, ?)", o.id[:], o.group, o.body); err != nil {
				return err
			}
		}
		return nil
	})
}

// without returns the messages of a root that stay, so many.
func without(body []byte, used map[string]Kind, stay int64) ([]byte, error) {
	if stay == 0 {
		return nil, nil
	}
	var left []byte
	for line := range bytes.Lines(body) {
		var m Message
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("a waiting message cannot be read: %w", err)
		}
		if _, gone := used[idOf(&m)]; !gone {
			left = append(left, line...)
		}
	}
	return left, nil
}

// next is a batch on its way; ok is false when there is none.
func (b *book) next(ctx context.Context) (o batch, ok bool, err error) {
	var id []byte
	err = b.db.QueryRowContext(ctx, "SELECT id, log_group, body FROM outgoing LIMIT 1").Scan(&id, &o.group, &o.body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return o, false, nil
	case err != nil:
		return o, false, fmt.Errorf("bursts: %w", err)
	}
	copy(o.id[:], id)
	return o, true, nil
}

// arrived forgets a batch that the store has.
func (b *book) arrived(ctx context.Context, id [32]byte) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM outgoing WHERE id = ?", id[:])
		return err
	})
}

// forget drops what was joined before a time.
func (b *book) forget(ctx context.Context, before int64) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM roots WHERE waiting = 0 AND joined < ?", before)
		return err
	})
}
