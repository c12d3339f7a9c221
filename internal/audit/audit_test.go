package audit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/stage"
)

// memory is a stage that keeps what it takes, unless it is in trouble.
type memory struct {
	mu      sync.Mutex
	trouble error
	uploads []stage.Upload
	events  []Event
}

func (m *memory) Receive(_ context.Context, u stage.Upload, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trouble != nil {
		return m.trouble
	}
	m.uploads = append(m.uploads, u)
	for line := range strings.Lines(string(body)) {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return err
		}
		m.events = append(m.events, e)
	}
	return nil
}

func (m *memory) actions() (out []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		out = append(out, e.Action)
	}
	return out
}

// Events wait for a stage that is in trouble, and are staged once.
func TestEventsWaitForTheStage(t *testing.T) {
	m := &memory{trouble: errors.New("the disk is full")}
	a := New(m, "server", Options{})
	a.Note(Event{Action: "one"})
	if err := a.Flush(t.Context()); err == nil {
		t.Error("a full disk takes it")
	}
	m.mu.Lock()
	m.trouble = nil
	m.mu.Unlock()
	a.Note(Event{Action: "two"})
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Note(Event{Action: "three"})
	a.Close()
	if got, want := m.actions(), []string{"one", "two", "three"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if err := a.Flush(t.Context()); !errors.Is(err, stage.ErrClosed) {
		t.Error(err)
	}
}

// An upload of events is of the log source and the log group that nobody else may
// write to; what a client wrote into an event is cut.
func TestEventsAreUploads(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	m := &memory{}
	a := New(m, "server", Options{Clock: func() time.Time { return now }})
	defer a.Close()
	a.Note(Event{Time: now, User: "<ana>", Query: strings.Repeat("x", 2*maxQuery), Error: strings.Repeat("x", 2*maxText)})
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	u, e := m.uploads[0], m.events[0]
	if u.Source != content.SourceLedgerlineAudit || u.LogGroup != catalog.AuditGroup || u.User != "server" || !u.Received.Equal(now) || u.File != "audit-20260102T030405.006Z.json" {
		t.Errorf("%+v", u)
	}
	if e.User != "<ana>" || len(e.Query) > maxQuery+len("…") || len(e.Error) > maxText+len("…") {
		t.Errorf("%+v", e)
	}
}
