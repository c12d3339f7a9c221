package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// maxBatch bounds the jobs of one transaction, and so how long the first waits
// for the last.
const maxBatch = 256

// writer owns the only connection that writes. Jobs that arrive while a
// transaction commits share the next one, so the number of commits a second does
// not grow with the number of callers. Each job runs under its own savepoint.
type writer struct {
	db   *sql.DB
	conn *sql.Conn
	jobs chan *job

	mu     sync.RWMutex // held for writing only to close jobs
	closed bool
	done   chan struct{}
}

type job struct {
	run     func(tx *tx) error
	durable bool // sync before the answer
	result  chan error
}

// tx is a transaction of the writer. It lends one connection, so rows must be
// closed before the next statement.
type tx struct {
	ctx   context.Context
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // prepared once for the life of the writer
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if s, ok := t.stmts[query]; ok {
		return s, nil
	}
	s, err := t.conn.PrepareContext(t.ctx, query)
	if err == nil {
		t.stmts[query] = s
	}
	return s, err
}

func (t *tx) exec(query string, args ...any) (sql.Result, error) {
	s, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(t.ctx, args...)
}

// row scans the first row of the result; sql.ErrNoRows when there is none.
func (t *tx) row(query string, args []any, dest ...any) error {
	s, err := t.stmt(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(t.ctx, args...).Scan(dest...)
}

func startWriter(ctx context.Context, db *sql.DB, path string) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("catalog: cannot open %s (check that the data directory is writable): %w", path, err)
	}
	if err := migrate(ctx, conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("catalog: %s: %w", path, err)
	}
	w := &writer{db: db, conn: conn, jobs: make(chan *job, maxBatch), done: make(chan struct{})}
	go w.loop()
	return w, nil
}

func migrate(ctx context.Context, conn *sql.Conn) error {
	var have int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	all := migrations()
	if have > len(all) {
		return fmt.Errorf("the file is of version %d, this program knows %d: use the newer program", have, len(all))
	}
	for i, m := range all[have:] {
		text := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", m, have+i+1)
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return errors.Join(fmt.Errorf("migration %d: %w", have+i+1, err), rollback(ctx, conn))
		}
	}
	return nil
}

func rollback(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// do runs a job in a transaction and returns after its commit. When the context
// ends first, the job may still be committed.
func (w *writer) do(ctx context.Context, durable bool, run func(*tx) error) error {
	j := &job{run: run, durable: durable, result: make(chan error, 1)}
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) enqueue(ctx context.Context, j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errors.New("catalog: closed")
	}
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.jobs)
	}
	w.mu.Unlock()
	<-w.done
	return errors.Join(w.conn.Close(), w.db.Close())
}

func (w *writer) loop() {
	defer close(w.done)
	t := &tx{ctx: context.Background(), conn: w.conn, stmts: map[string]*sql.Stmt{}}
	for first := range w.jobs {
		batch := []*job{first}
	more:
		for len(batch) < maxBatch {
			select {
			case j, ok := <-w.jobs:
				if !ok {
					break more
				}
				batch = append(batch, j)
			default:
				break more
			}
		}
		w.commit(t, batch)
	}
	for _, s := range t.stmts {
		s.Close()
	}
}

// commit runs a batch and answers its jobs.
func (w *writer) commit(t *tx, batch []*job) {
	results := make([]error, len(batch))
	err := w.transaction(t, batch, results)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrWrite, err)
	}
	for i, j := range batch {
		if results[i] == nil {
			results[i] = err
		}
		j.result <- results[i]
	}
}

func (w *writer) transaction(t *tx, batch []*job, results []error) (err error) {
	level := "PRAGMA synchronous = NORMAL"
	for _, j := range batch {
		if j.durable {
			level = "PRAGMA synchronous = FULL"
		}
	}
	for _, q := range []string{level, "BEGIN IMMEDIATE"} {
		if _, err := w.conn.ExecContext(t.ctx, q); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, rollback(t.ctx, w.conn))
		}
	}()
	for i, j := range batch {
		if _, err := t.exec("SAVEPOINT job"); err != nil {
			return err
		}
		if results[i] = safely(j, t); results[i] != nil {
			if _, err := t.exec("ROLLBACK TO job"); err != nil {
				return err
			}
		}
		if _, err := t.exec("RELEASE job"); err != nil {
			return err
		}
	}
	_, err = w.conn.ExecContext(t.ctx, "COMMIT")
	return err
}

// safely keeps the panic of one caller's job from ending the others'.
func safely(j *job, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("catalog: internal error: %v", p)
		}
	}()
	return j.run(t)
}
