package stage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the ledger's engine, as database/sql driver "sqlite"
)

// schemaVersion is kept in SQLite's user_version.
const schemaVersion = 3

// Times are microseconds since the epoch, 0 when unknown. A file row with
// removed > 0 is a tombstone: the bytes are gone, the link of the chain stays.
const schema = `
CREATE TABLE identity (
	integration TEXT NOT NULL, id BLOB NOT NULL, count INTEGER NOT NULL, time INTEGER NOT NULL,
	PRIMARY KEY (integration, id)) WITHOUT ROWID;
CREATE TABLE forgotten (integration TEXT PRIMARY KEY, items INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE pending (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, integration TEXT NOT NULL, count INTEGER NOT NULL,
	first INTEGER NOT NULL, last INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE INDEX pending_integration ON pending (integration, seq);
CREATE TABLE file (
	id INTEGER PRIMARY KEY AUTOINCREMENT, integration TEXT NOT NULL, kind TEXT NOT NULL,
	sequence INTEGER NOT NULL, day TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,
	first INTEGER NOT NULL, last INTEGER NOT NULL, window_from INTEGER NOT NULL, window_to INTEGER NOT NULL,
	sha256 BLOB NOT NULL, chain BLOB NOT NULL, sealed INTEGER NOT NULL, removed INTEGER NOT NULL DEFAULT 0,
	UNIQUE (integration, sequence));
CREATE INDEX file_integration ON file (integration, id);
CREATE TABLE cursor (
	sink TEXT NOT NULL, integration TEXT NOT NULL, file INTEGER NOT NULL,
	PRIMARY KEY (sink, integration)) WITHOUT ROWID;
CREATE TABLE quarantine (
	sink TEXT NOT NULL, file INTEGER NOT NULL REFERENCES file(id), reason TEXT NOT NULL, since INTEGER NOT NULL,
	retry INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (sink, file)) WITHOUT ROWID;
CREATE TABLE coverage (
	id INTEGER PRIMARY KEY, integration TEXT NOT NULL, window_from INTEGER NOT NULL, window_to INTEGER NOT NULL,
	state TEXT NOT NULL, note TEXT NOT NULL, rows INTEGER NOT NULL, recorded INTEGER NOT NULL);
CREATE INDEX coverage_integration ON coverage (integration, window_to);
CREATE TABLE state (
	integration TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
	PRIMARY KEY (integration, key)) WITHOUT ROWID;
CREATE TABLE run (
	id INTEGER PRIMARY KEY AUTOINCREMENT, integration TEXT NOT NULL, trigger TEXT NOT NULL,
	started INTEGER NOT NULL, ended INTEGER NOT NULL, state TEXT NOT NULL, first_error TEXT NOT NULL);
CREATE INDEX run_integration ON run (integration, id);
CREATE TABLE step (
	run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, number INTEGER NOT NULL, name TEXT NOT NULL,
	target TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL, state TEXT NOT NULL,
	counts TEXT NOT NULL, note TEXT NOT NULL, error TEXT NOT NULL,
	PRIMARY KEY (run, number)) WITHOUT ROWID;
CREATE TABLE token (
	scope TEXT NOT NULL, token TEXT NOT NULL, content BLOB NOT NULL, upload TEXT NOT NULL, received INTEGER NOT NULL,
	PRIMARY KEY (scope, token)) WITHOUT ROWID;
CREATE INDEX token_received ON token (received);
`

// rewriting came with version 3. A file row with rewritten > 0 stands for bytes
// without some uploads' bodies, which erasure lists; content is the SHA-256 of them.
const rewriting = `
ALTER TABLE file ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN content BLOB;
CREATE INDEX file_rewritten ON file (id) WHERE rewritten > 0;
CREATE INDEX file_received ON file (window_to) WHERE kind = 'received' AND removed = 0;
CREATE TABLE erasure (
	file INTEGER NOT NULL REFERENCES file(id), number INTEGER NOT NULL, upload TEXT NOT NULL, bytes INTEGER NOT NULL,
	sha256 TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, erased INTEGER NOT NULL,
	PRIMARY KEY (file, number)) WITHOUT ROWID;
`

func (s *Stage) openLedger() error {
	open := func(conns int, extra string) (*sql.DB, error) {
		// FULL: a commit is on disk when it returns, which Add promises.
		dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(s.dir, "ledger.db"))}).String() +
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
			"&_pragma=foreign_keys(1)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(4000)" + extra
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return db, nil
	}
	var err error
	if s.write, err = open(1, "&_txlock=immediate"); err != nil {
		return fmt.Errorf("stage: ledger: %w", err)
	}
	if s.read, err = open(4, "&_pragma=query_only(1)"); err != nil {
		return fmt.Errorf("stage: ledger: %w", err)
	}
	if err := s.migrate(); err != nil {
		return fmt.Errorf("stage: ledger %s: %w", filepath.Join(s.dir, "ledger.db"), err)
	}
	return s.prepare()
}

func (s *Stage) migrate() error {
	return s.update(context.Background(), "schema", func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		var missing string
		switch version {
		case schemaVersion:
			return nil
		case 2:
			missing = rewriting
		case 0:
			missing = schema + rewriting
		default:
			return fmt.Errorf("written by another version of the program (schema %d, this one knows %d): start the version that wrote it", version, schemaVersion)
		}
		if _, err := tx.Exec(missing); err != nil {
			return err
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
		return err
	})
}

func (s *Stage) prepare() error {
	for _, p := range []struct {
		to   **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&s.findToken, s.read, "SELECT content, upload FROM token WHERE scope = ? AND token = ? AND received > ?"},
		{&s.findChunk, s.write, knownSQL(addChunk)},
		{&s.countChunk, s.write, countSQL(addChunk)},
	} {
		stmt, err := p.db.Prepare(p.text)
		if err != nil {
			return fmt.Errorf("stage: ledger: %w", err)
		}
		*p.to = stmt
	}
	return nil
}

func (s *Stage) closeLedger() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Tx is a transaction of the ledger.
type Tx struct {
	stage *Stage
	sql   *sql.Tx
}

// Update runs fn in one transaction: what fn enters survives a crash once Update
// returns nil, all of it or none. fn must use the Tx only, not the Stage.
func (s *Stage) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.update(ctx, "update", func(tx *sql.Tx) error { return fn(&Tx{s, tx}) })
}

// update runs fn in the one write transaction; what fn did is on disk when
// update returns nil.
func (s *Stage) update(ctx context.Context, name string, fn func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	if err := fn(tx); err != nil {
		return err
	}
	if err := s.disk.before("commit", name); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.disk.before("committed", name)
}
