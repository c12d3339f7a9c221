package duckdb

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	duck "github.com/duckdb/duckdb-go/v2"
)

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

// judge notes whether an error has ended the instance.
func (i *instance) judge(err error) {
	var e *duck.Error
	if errors.As(err, &e) && (e.Type == duck.ErrorTypeInternal || e.Type == duck.ErrorTypeFatal) {
		i.ended.Store(true)
	}
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

// lend hands out a connection to the instance there is. It fails when the engine
// is closed.
func (e *engine) lend() (*conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errClosed
	}
	if n := len(e.idle); n > 0 && !e.now.ended.Load() {
		c := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.lent.Add(1)
		return c, nil
	}
	if e.now.ended.Load() {
		next, err := start(e.opts)
		if err != nil {
			return nil, err
		}
		for _, c := range e.idle {
			_ = e.drop(c) // its instance has told what was wrong already
		}
		e.now, e.idle = next, nil
	}
	c, err := e.now.connector.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("duckdb: connect: %w", err)
	}
	e.now.conns++
	e.lent.Add(1)
	return &conn{c.(*duck.Conn), e.now}, nil
}

// back takes a connection back.
func (e *engine) back(c *conn) error {
	defer e.lent.Done()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !c.of.ended.Load() && len(e.idle) < e.opts.Concurrent {
		e.idle = append(e.idle, c)
		return nil
	}
	return e.drop(c)
}

// drop closes a connection, and with its last one an instance that has ended.
func (e *engine) drop(c *conn) error {
	err := c.Close()
	c.of.conns--
	if !c.of.ended.Load() {
		return err
	}
	if c.of.conns == 0 {
		_ = c.of.connector.Close()
	}
	return nil // it has told what was wrong already
}
