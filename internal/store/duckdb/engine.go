// Package duckdb computes queries over segment files with DuckDB, embedded and
// in memory. Nothing else in the program imports DuckDB.
package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

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
	Concurrent  int      // queries at once, others wait; default 2
}

// engine hands its connections to one query at a time each.
type engine struct {
	opts    Options
	free    chan *conn
	closing sync.Once
	closed  chan struct{}

	mu  sync.Mutex
	now *instance
}

// instance is one DuckDB. An internal error of its own ends it: it answers
// nothing any more, and another takes its place.
type instance struct {
	connector *duck.Connector
	ended     atomic.Bool
	conns     int // guarded by the engine's mu
}

type conn struct {
	*duck.Conn
	of *instance
}

// Open starts an in-memory DuckDB that can read the files in opts.Dirs, spill to
// opts.TempDir, and reach nothing else: no other file, no network, no extension.
func Open(opts Options) (store.Engine, error) {
	n := opts.Concurrent
	if n <= 0 {
		n = 2
	}
	now, err := start(opts)
	if err != nil {
		return nil, err
	}
	e := &engine{opts: opts, free: make(chan *conn, n), closed: make(chan struct{}), now: now}
	for range n {
		c, err := e.connect()
		if err != nil {
			for len(e.free) > 0 {
				err = errors.Join(err, e.drop(<-e.free))
			}
			return nil, err
		}
		e.free <- c
	}
	return e, nil
}

// start makes an instance and closes its doors.
func start(opts Options) (*instance, error) {
	connector, err := duck.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("duckdb: start: %w", err)
	}
	fail := func(err error) (*instance, error) { return nil, errors.Join(err, connector.Close()) }
	if err := register(connector); err != nil {
		return fail(err)
	}
	c, err := connector.Connect(context.Background())
	if err != nil {
		return fail(fmt.Errorf("duckdb: connect: %w", err))
	}
	defer c.Close()
	for _, set := range opts.settings() {
		if _, err := c.(*duck.Conn).ExecContext(context.Background(), set, nil); err != nil {
			return fail(fmt.Errorf("duckdb: %s: %w", set, err))
		}
	}
	return &instance{connector: connector}, nil
}

// connect makes a connection to the instance there is.
func (e *engine) connect() (*conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now.ended.Load() {
		next, err := start(e.opts)
		if err != nil {
			return nil, err
		}
		e.now = next
	}
	c, err := e.now.connector.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("duckdb: connect: %w", err)
	}
	e.now.conns++
	return &conn{c.(*duck.Conn), e.now}, nil
}

// replaced is a connection in place of one whose instance has ended.
func (e *engine) replaced(old *conn) (*conn, error) {
	c, err := e.connect()
	if err != nil {
		return old, err
	}
	return c, e.drop(old)
}

// drop closes a connection, and its instance with the last one.
func (e *engine) drop(c *conn) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := c.Close()
	if c.of.conns--; c.of.conns == 0 {
		err = errors.Join(err, c.of.connector.Close())
	}
	if c.of.ended.Load() {
		return nil // it has told what was wrong already
	}
	return err
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
// while as many queries run as may, at most until ctx ends.
func (e *engine) Query(ctx context.Context, sql string, args ...any) (store.Rows, error) {
	var conn *conn
	select {
	case conn = <-e.free:
	case <-e.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("duckdb: no turn for the query in time, others are running: %w", ctx.Err())
	}
	if conn.of.ended.Load() {
		var err error
		if conn, err = e.replaced(conn); err != nil {
			e.free <- conn
			return nil, err
		}
	}
	rows, err := e.run(ctx, conn, sql, args)
	if err != nil {
		conn.of.judge(err)
		e.free <- conn
		return nil, err
	}
	return rows, nil
}

func (e *engine) run(ctx context.Context, conn *conn, sql string, args []any) (*rows, error) {
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
	return newRows(ctx, out, func(failed error) error {
		conn.of.judge(failed)
		err := stmt.Close()
		e.free <- conn
		return err
	}), nil
}

// judge notes whether an error has ended the instance.
func (i *instance) judge(err error) {
	var e *duck.Error
	if errors.As(err, &e) && (e.Type == duck.ErrorTypeInternal || e.Type == duck.ErrorTypeFatal) {
		i.ended.Store(true)
	}
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

// Close waits for running queries and stops DuckDB.
func (e *engine) Close() error {
	var err error
	e.closing.Do(func() {
		close(e.closed)
		for range cap(e.free) {
			err = errors.Join(err, e.drop(<-e.free))
		}
	})
	return err
}
