package api

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

// auditEvent is one record of the log source Ledgerline Audit: who asked for or
// changed what, and what became of it.
type auditEvent struct {
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

// Bounds of an event and of what waits to be staged.
const (
	maxAuditQuery = 64 << 10
	maxAuditText  = 2 << 10
	maxAuditWait  = 10_000             // events; more are a reason to wait
	auditEvery    = time.Second        // how long an event may wait for others
	auditRetry    = 5 * time.Second    // after the stage refused
	auditName     = "ledgerline audit" // of the upload
)

// auditor stages events as uploads of its own, so that they are kept, parsed and
// found like any other record. Events that come close together share one.
type auditor struct {
	stage Stage
	clock func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	waiting []auditEvent
	wake    chan struct{}
	flushes chan chan error
	quit    chan struct{}
	done    chan struct{}
}

func newAuditor(s Stage, clock func() time.Time, log *slog.Logger) *auditor {
	a := &auditor{stage: s, clock: clock, log: log, wake: make(chan struct{}, 1), flushes: make(chan chan error), quit: make(chan struct{}), done: make(chan struct{})}
	go a.run()
	return a
}

// note takes an event. It is staged within a second.
func (a *auditor) note(e auditEvent) {
	e.Query, e.Error, e.Resource = clip(e.Query, maxAuditQuery), clip(e.Error, maxAuditText), clip(e.Resource, maxAuditText)
	a.mu.Lock()
	full := len(a.waiting) >= maxAuditWait
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

// flush returns after what was noted before is on disk.
func (a *auditor) flush(ctx context.Context) error {
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

// close stages what waits.
func (a *auditor) close() {
	close(a.quit)
	<-a.done
}

func (a *auditor) run() {
	defer close(a.done)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-a.wake:
			timer.Reset(auditEvery)
		case result := <-a.flushes:
			result <- a.write()
		case <-timer.C:
			if err := a.write(); err != nil {
				a.log.Error("audit events wait to be staged", "error", err)
				timer.Reset(auditRetry)
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
func (a *auditor) write() error {
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
	u := stage.Upload{Reference: strings.ToLower(rand.Text()), Name: auditName, File: "audit-" + now.Format("20060102T150405.000Z") + ".json",
		Source: content.SourceLedgerlineAudit, LogGroup: catalog.AuditGroup, Received: now, User: localUser}
	if err := a.stage.Receive(context.Background(), u, body.Bytes()); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append([]auditEvent(nil), a.waiting[len(events):]...)
	return nil
}
