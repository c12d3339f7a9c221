package catalog

import (
	"context"
	"encoding/json"
	"time"
)

// WorkRequest is a change that clients follow by its id. Changes are made before
// the call that asks for them returns, so that every work request has succeeded.
type WorkRequest struct {
	ID        string
	Operation string // APPEND_LOOKUP_DATA, UPDATE_LOOKUP_DATA, DELETE_LOOKUP, CREATE_ASSOCIATIONS or DELETE_ASSOCIATIONS
	Lookup    int64  // number of the lookup
	Pairs     []Pair // of associations
	Accepted  time.Time
	Finished  time.Time
}

// associationsSchema is the migration of work requests about associations.
const associationsSchema = `
ALTER TABLE work_requests ADD COLUMN pairs TEXT NOT NULL DEFAULT 'null'; -- JSON
`

// Pair is a log source and an entity that are associated.
type Pair struct {
	Source   string `json:"sourceName"`
	Entity   string `json:"entityId"`
	LogGroup string `json:"logGroupId"`
}

// workRequestLife is how long a work request can be asked for.
const workRequestLife = 14 * 24 * time.Hour

// finish enters a work request for a change made since it was accepted.
func (c *Catalog) finish(tx *tx, operation string, lookup int64, accepted time.Time) (string, error) {
	w := WorkRequest{ID: NewOCID("loganalyticsworkrequest"), Operation: operation, Lookup: lookup, Accepted: accepted, Finished: c.now()}
	return w.ID, enterWork(tx, &w)
}

// Finish enters a work request for changes of associations, and returns its id.
func (b *ItemChange) Finish(operation string, pairs []Pair) (string, error) {
	w := WorkRequest{ID: NewOCID("loganalyticsworkrequest"), Operation: operation, Pairs: pairs, Accepted: b.now, Finished: b.now}
	return w.ID, enterWork(b.tx, &w)
}

func enterWork(tx *tx, w *WorkRequest) error {
	pairs, err := json.Marshal(w.Pairs)
	if err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM work_requests WHERE accepted < ?", toMillis(w.Finished.Add(-workRequestLife))); err != nil {
		return err
	}
	_, err = tx.exec("INSERT INTO work_requests (id, operation, lookup, accepted, finished, pairs) VALUES (?, ?, ?, ?, ?, ?)",
		w.ID, w.Operation, w.Lookup, toMillis(w.Accepted), toMillis(w.Finished), string(pairs))
	return err
}

const workRequestColumns = "id, operation, lookup, accepted, finished, pairs"

func scanWorkRequest(row func(...any) error) (WorkRequest, error) {
	var w WorkRequest
	var accepted, finished int64
	var pairs string
	if err := row(&w.ID, &w.Operation, &w.Lookup, &accepted, &finished, &pairs); err != nil {
		return w, err
	}
	w.Accepted, w.Finished = fromMillis(accepted), fromMillis(finished)
	return w, json.Unmarshal([]byte(pairs), &w.Pairs)
}

// WorkRequest returns a work request of the last 14 days, or ErrNotFound.
func (c *Catalog) WorkRequest(ctx context.Context, id string) (WorkRequest, error) {
	w, err := scanWorkRequest(c.read.QueryRowContext(ctx, "SELECT "+workRequestColumns+" FROM work_requests WHERE id = ?", id).Scan)
	return w, notFound(err, "work request", id)
}

// WorkRequests lists the work requests of the last 14 days that are about no other log
// groups than those given; nil means all. Sort key: timeAccepted (default).
func (c *Catalog) WorkRequests(ctx context.Context, groups []string, p Page) ([]WorkRequest, string, error) {
	l := list{columns: workRequestColumns, from: "work_requests", key: "id"}
	if groups != nil {
		l.among("NOT EXISTS (SELECT 1 FROM json_each(pairs) e WHERE coalesce(json_extract(e.value, '$.logGroupId'), '') <> '' AND json_extract(e.value, '$.logGroupId') NOT IN", groups)
		l.where[len(l.where)-1] += ")"
	}
	var err error
	if l.sort, err = sortBy(p.Sort, "timeAccepted", map[string]string{"timeAccepted": "accepted"}); err != nil {
		return nil, "", err
	}
	return pageOf(ctx, c.read, l, p, scanWorkRequest)
}
