package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the manifest's database driver
)

const manifestSchema = `
CREATE TABLE IF NOT EXISTS segments(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	path TEXT NOT NULL, source TEXT NOT NULL, day INTEGER NOT NULL, groups TEXT NOT NULL,
	"from" INTEGER NOT NULL, "to" INTEGER NOT NULL, ingested INTEGER NOT NULL,
	"rows" INTEGER NOT NULL, bytes INTEGER NOT NULL, columns TEXT NOT NULL,
	sha256 BLOB NOT NULL, rowhash BLOB NOT NULL, tokens BLOB NOT NULL, created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ingested(
	stage BLOB NOT NULL, chunk INTEGER NOT NULL, "rows" INTEGER NOT NULL, dropped INTEGER NOT NULL, time INTEGER NOT NULL,
	PRIMARY KEY(stage, chunk)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds(
	segment INTEGER NOT NULL REFERENCES segments(id) ON DELETE CASCADE,
	upload TEXT NOT NULL, stage BLOB NOT NULL, chunk INTEGER NOT NULL,
	PRIMARY KEY(segment, upload, stage, chunk)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holds_upload ON holds(upload);
CREATE TABLE IF NOT EXISTS journal(
	seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
	"in" BLOB NOT NULL, "out" BLOB NOT NULL, "rows" INTEGER NOT NULL,
	rowhash BLOB NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS journal_is_kept BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS journal_stands BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
PRAGMA user_version = 1;`

const manifestVersion = 1

func openManifest(ctx context.Context, path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	var version int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return nil, errors.Join(fmt.Errorf("open manifest %s (is it an SQLite file, and writable?): %w", path, err), db.Close())
	}
	if version > manifestVersion {
		return nil, errors.Join(fmt.Errorf("manifest %s has version %d, this program knows %d: use the newer program that wrote it", path, version, manifestVersion), db.Close())
	}
	if version == manifestVersion {
		return db, nil
	}
	if _, err := db.ExecContext(ctx, manifestSchema); err != nil {
		return nil, errors.Join(fmt.Errorf("set up manifest %s: %w", path, err), db.Close())
	}
	return db, nil
}

// loadSegments reads the listed segments. Paths are kept relative to dir.
func loadSegments(ctx context.Context, db *sql.DB, dir string) ([]*Segment, error) {
	rows, err := db.QueryContext(ctx, `SELECT id, path, source, day, groups, "from", "to", ingested, "rows", bytes, columns,
		sha256, rowhash, tokens, created FROM segments`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var segs []*Segment
	for rows.Next() {
		var s Segment
		var day, created int64
		var groups, columns, sum, rowHash, tokens []byte
		if err := rows.Scan(&s.ID, &s.Path, &s.Source, &day, &groups, &s.From, &s.To, &s.Ingested, &s.Rows, &s.Bytes, &columns,
			&sum, &rowHash, &tokens, &created); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(groups, &s.Groups); err != nil {
			return nil, fmt.Errorf("segment %d: log groups: %w", s.ID, err)
		}
		if err := json.Unmarshal(columns, &s.Columns); err != nil {
			return nil, fmt.Errorf("segment %d: columns: %w", s.ID, err)
		}
		s.Path = filepath.Join(dir, filepath.FromSlash(s.Path))
		s.Day, s.Created = time.UnixMilli(day).UTC(), time.UnixMilli(created).UTC()
		copy(s.SHA256[:], sum)
		copy(s.RowHash[:], rowHash)
		copy(s.TokenSHA256[:], tokens)
		segs = append(segs, &s)
	}
	return segs, rows.Err()
}

func insertSegment(ctx context.Context, tx *sql.Tx, dir string, s *Segment) error {
	path, err := filepath.Rel(dir, s.Path)
	if err != nil {
		return err
	}
	groups, err := json.Marshal(s.Groups)
	if err != nil {
		return err
	}
	columns, err := json.Marshal(s.Columns)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO segments(id, path, source, day, groups, "from", "to", ingested, "rows", bytes, columns,
		sha256, rowhash, tokens, created) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		s.ID, filepath.ToSlash(path), s.Source, s.Day.UnixMilli(), groups, s.From, s.To, s.Ingested, s.Rows, s.Bytes, columns,
		s.SHA256[:], s.RowHash[:], s.TokenSHA256[:], s.Created.UnixMilli())
	return err
}

// change is one transaction on the manifest: segments that come and go, and the
// journal entry that says so.
type change struct {
	kind, actor, reason string
	add, remove         []*Segment
	extra               func(ctx context.Context, tx *sql.Tx) error // further rows of the same transaction
}

// commit makes a change durable and visible. On an error nothing has changed.
func (s *Store) commit(ctx context.Context, c change) error {
	s.committing.Lock()
	defer s.committing.Unlock()
	if s.failed != nil {
		return s.failed
	}
	now := s.current()
	entry := JournalEntry{
		Seq: now.seq + 1, Time: s.opts.Clock().UnixMilli(), Kind: c.kind, Actor: c.actor, Reason: c.reason,
		In: refs(c.remove), Out: refs(c.add), Prev: now.head,
	}
	if len(c.remove) > 0 {
		entry.Rows, entry.RowHash = sumRefs(entry.In)
	} else {
		entry.Rows, entry.RowHash = sumRefs(entry.Out)
	}
	if c.kind == KindPurge {
		kept, hash := sumRefs(entry.Out)
		entry.Rows, entry.RowHash = entry.Rows-kept, subHash(entry.RowHash, hash)
	}
	entry.Hash = entry.digest()

	// A change that has begun is brought to its end: a caller that gives up must
	// not leave it unknown whether the change happened.
	ctx = context.WithoutCancel(ctx)
	if err := s.transact(ctx, c, &entry); err != nil {
		return err
	}
	s.install(c, &entry)
	return nil
}

func (s *Store) transact(ctx context.Context, c change, entry *JournalEntry) error {
	if err := s.disk.check("begin", "manifest"); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: begin on manifest: %w", err)
	}
	defer tx.Rollback()
	for _, seg := range c.add {
		if err := insertSegment(ctx, tx, s.dir, seg); err != nil {
			return fmt.Errorf("store: list segment %d: %w", seg.ID, err)
		}
	}
	if c.extra != nil {
		if err := c.extra(ctx, tx); err != nil {
			return err
		}
	}
	for _, seg := range c.remove {
		if _, err := tx.ExecContext(ctx, `DELETE FROM segments WHERE id = ?`, seg.ID); err != nil {
			return fmt.Errorf("store: unlist segment %d: %w", seg.ID, err)
		}
	}
	if err := insertJournal(ctx, tx, entry); err != nil {
		return fmt.Errorf("store: write journal: %w", err)
	}
	if err := s.disk.check("commit", "manifest"); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return s.unsure(ctx, entry, err)
	}
	return s.disk.check("committed", "manifest")
}

// unsure finds out whether a commit that returned an error has happened.
func (s *Store) unsure(ctx context.Context, entry *JournalEntry, cause error) error {
	var hash []byte
	err := s.db.QueryRowContext(ctx, `SELECT hash FROM journal WHERE seq = ?`, entry.Seq).Scan(&hash)
	switch {
	case err == nil && string(hash) == string(entry.Hash[:]):
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("store: commit to manifest: %w", cause)
	}
	s.failed = fmt.Errorf("store: the manifest may or may not hold the last change; restart to read it afresh: %w", errors.Join(cause, err))
	return s.failed
}
