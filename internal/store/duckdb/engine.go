// Package duckdb computes queries over segment files with DuckDB, embedded and
// in memory. Nothing else in the program imports DuckDB.
package duckdb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	duck "github.com/duckdb/duckdb-go/v2"

	"ledgerline/internal/store"
)

// Options of an engine. Only Dirs is needed.
type Options struct {
	Dirs        []string // folders whose files queries may read
	MemoryLimit string   // default "512MB"
	TempDir     string   // where large queries spill; empty means they fail instead
	MaxTempSize string   // default "4GB"
	Threads     int      // default: DuckDB's, one a processor
	Concurrent  int      // queries that compute at once, others wait; default 2
	Results     int      // results that are read at once, each on a connection of its own; default 64
}

// engine computes a few queries at once. A result is complete when it is given out:
// whoever reads it slowly, such as a client who is sent it, keeps a connection, and
// nobody from computing.
type engine struct {
	opts      Options
	results   *turns
	computing *turns
	lent      sync.WaitGroup // connections

	mu     sync.Mutex
	now    *instance
	idle   []*conn
	closed bool
}

// Open starts an in-memory DuckDB that can read the files in opts.Dirs, spill to
// opts.TempDir, and reach nothing else: no other file, no network, no extension.
func Open(opts Options) (store.Engine, error) {
	opts.Concurrent, opts.Results = cmp.Or(opts.Concurrent, 2), cmp.Or(opts.Results, 64)
	now, err := start(opts)
	if err != nil {
		return nil, err
	}
	return &engine{opts: opts, results: newTurns(opts.Results), computing: newTurns(opts.Concurrent), now: now}, nil
}

// settings are the statements that set DuckDB up. The last ones close the doors.
func (o Options) settings() []string {
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	dirs := make([]string, len(o.Dirs))
	for i, d := range o.Dirs {
		dirs[i] = quote(d)
	}
	set := []string{
		"SET memory_limit = " + quote(or(o.MemoryLimit, "512MB")),
		"SET temp_directory = " + quote(o.TempDir),
		"SET parquet_metadata_cache = true",
		"SET preserve_insertion_order = false",
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET allowed_directories = [" + strings.Join(dirs, ", ") + "]",
	}
	if o.TempDir != "" {
		set = append(set, "SET max_temp_directory_size = "+quote(or(o.MaxTempSize, "4GB")))
	}
	if o.Threads > 0 {
		set = append(set, "SET threads = "+strconv.Itoa(o.Threads))
	}
	return append(set, "SET enable_external_access = false", "SET lock_configuration = true")
}

// quote makes a string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

var errClosed = errors.New("duckdb: engine is closed")

// Query runs one statement that only reads: SELECT, or EXPLAIN of one. It waits
// while as many queries run as may, at most until ctx ends; those who ask for much,
// see [store.Asking], let those go first who ask for little.
func (e *engine) Query(ctx context.Context, sql string, args ...any) (store.Rows, error) {
	who := store.Asker(ctx)
	if err := e.results.take(ctx, who); err != nil {
		return nil, err
	}
	if err := e.computing.take(ctx, who); err != nil {
		e.results.give(who)
		return nil, err
	}
	defer e.computing.give(who)
	conn, err := e.lend()
	if err != nil {
		e.results.give(who)
		return nil, err
	}
	give := func(failed error) error {
		defer e.results.give(who)
		conn.of.judge(failed)
		return e.back(conn)
	}
	rows, err := run(ctx, conn, sql, args, give)
	if err != nil {
		return nil, errors.Join(err, give(err))
	}
	return rows, nil
}

// run returns the rows of a statement, which call give in the end.
func run(ctx context.Context, conn *conn, sql string, args []any, give func(failed error) error) (*rows, error) {
	prepared, err := conn.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	stmt := prepared.(*duck.Stmt)
	if err := readsOnly(stmt); err != nil {
		return nil, errors.Join(err, stmt.Close())
	}
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	out, err := stmt.QueryContext(ctx, named)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("duckdb: %w", err), stmt.Close())
	}
	return newRows(ctx, out, func(failed error) error { return errors.Join(stmt.Close(), give(failed)) }), nil
}

func readsOnly(stmt *duck.Stmt) error {
	kind, err := stmt.StatementType()
	if err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	if kind != duck.STATEMENT_TYPE_SELECT && kind != duck.STATEMENT_TYPE_EXPLAIN {
		return errors.New("duckdb: only statements that read are run")
	}
	return nil
}

// Close waits for running queries, and until their rows are read, and stops DuckDB.
func (e *engine) Close() error {
	e.results.close()
	e.computing.close()
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.lent.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	var err error
	for _, c := range e.idle {
		err = errors.Join(err, e.drop(c))
	}
	e.idle = nil
	if e.now.ended.CompareAndSwap(false, true) {
		err = errors.Join(err, e.now.connector.Close())
	}
	return err
}
