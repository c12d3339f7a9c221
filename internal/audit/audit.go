// Package audit notes who asked for or changed what. The notes are staged like uploads,
// under the log source Ledgerline Audit, so that they are kept, parsed and found like
// any other record.
package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/stage"
)

// Event is one record: who asked for or changed what, and what became of it.
type Event struct {
	Time      time.Time `json:"time"`
	User      string    `json:"user,omitempty"`
	UserID    string    `json:"userId,omitempty"`
	By        string    `json:"authenticatedBy,omitempty"` // signature | session | socket | password
	Category  string    `json:"category"`                  // query | export | explain | change | delete | login | refused
	Action    string    `json:"action"`                    // name of the operation
	Resource  string    `json:"resource,omitempty"`        // path of the request
	Query     string    `json:"query,omitempty"`
	Window    string    `json:"window,omitempty"` // that the request asks for
	Status    string    `json:"status"`           // of HTTP; of a query ok or failed
	Error     string    `json:"error,omitempty"`
	Rows      *int64    `json:"rows,omitempty"`
	Duration  int64     `json:"durationMs"`
	RequestID string    `json:"requestId,omitempty"`
	Client    string    `json:"client,omitempty"` // address
}

// UploadName is that of all uploads of events.
const UploadName = "ledgerline audit"

// Bounds of an event and of what waits to be staged.
const (
	maxQuery   = 64 << 10
	maxText    = 2 << 10
	maxWaiting = 10_000          // events; more are a reason to wait
	every      = time.Second     // how long an event may wait for others
	retryAfter = 5 * time.Second // after the stage refused
)

// Stage keeps uploads.
type Stage interface {
	// Receive returns after the upload is on disk.
	Receive(ctx context.Context, u stage.Upload, body []byte) error
}

// Options of a Log.
type Options struct {
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discards
}

// Log stages events as uploads; events that come close together share one. It is safe
// for use by many goroutines.
type Log struct {
	stage Stage
	user  string
	clock func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	waiting []Event
	wake    chan struct{}
	flushes chan chan error
	quit    chan struct{}
	done    chan struct{}
}

// New returns a log that must be closed. user is in whose name it uploads.
func New(s Stage, user string, o Options) *Log {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Log{stage: s, user: user, clock: o.Clock, log: o.Logger, wake: make(chan struct{}, 1), flushes: make(chan chan error), quit: make(chan struct{}), done: make(chan struct{})}
	go a.run()
	return a
}

// Note takes an event. It is staged within a second.
func (a *Log) Note(e Event) {
	e.Query, e.Error, e.Resource = clip(e.Query, maxQuery), clip(e.Error, maxText), clip(e.Resource, maxText)
	a.mu.Lock()
	full := len(a.waiting) >= maxWaiting
	if !full {
		a.waiting = append(a.waiting, e)
	}
	a.mu.Unlock()
	if full {
		a.log.Error("audit events are lost: they cannot be staged", "user", e.User, "action", e.Action, "resource", e.Resource)
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Flush returns after what was noted before is on disk.
func (a *Log) Flush(ctx context.Context) error {
	result := make(chan error, 1)
	select {
	case a.flushes <- result:
	case <-a.done:
		return stage.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-result
}

// Close stages what waits.
func (a *Log) Close() {
	close(a.quit)
	<-a.done
}

func (a *Log) run() {
	defer close(a.done)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-a.wake:
			timer.Reset(every)
		case result := <-a.flushes:
			result <- a.write()
		case <-timer.C:
			if err := a.write(); err != nil {
				a.log.Error("audit events wait to be staged", "error", err)
				timer.Reset(retryAfter)
			}
		case <-a.quit:
			if err := a.write(); err != nil {
				a.log.Error("audit events are lost: they cannot be staged", "error", err)
			}
			return
		}
	}
}

// write stages what waits, and keeps it when that fails.
func (a *Log) write() error {
	a.mu.Lock()
	events := a.waiting
	a.mu.Unlock()
	if len(events) == 0 {
		return nil
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	for _, e := range events {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("audit event: %w", err)
		}
	}
	now := a.clock().UTC().Truncate(time.Millisecond)
	u := stage.Upload{Reference: strings.ToLower(rand.Text()), Name: UploadName, File: "audit-" + now.Format("20060102T150405.000Z") + ".json",
		Source: content.SourceLedgerlineAudit, LogGroup: catalog.AuditGroup, Received: now, User: a.user}
	if err := a.stage.Receive(context.Background(), u, body.Bytes()); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append([]Event(nil), a.waiting[len(events):]...)
	return nil
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
