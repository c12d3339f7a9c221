package catalog

import (
	"context"
	"time"
)

// WorkRequest is a change that clients follow by its id. Changes are made before
// the call that asks for them returns, so that every work request has succeeded.
type WorkRequest struct {
	ID        string
	Operation string // APPEND_LOOKUP_DATA, UPDATE_LOOKUP_DATA or DELETE_LOOKUP
	Lookup    int64  // number of the lookup
	Accepted  time.Time
	Finished  time.Time
}

// workRequestLife is how long a work request can be asked for.
const workRequestLife = 14 * 24 * time.Hour

// finish enters a work request for a change made since it was accepted.
func (c *Catalog) finish(tx *tx, operation string, lookup int64, accepted time.Time) (string, error) {
	if _, err := tx.exec("DELETE FROM work_requests WHERE accepted < ?", toMillis(c.now().Add(-workRequestLife))); err != nil {
		return "", err
	}
	id := NewOCID("loganalyticsworkrequest")
	_, err := tx.exec("INSERT INTO work_requests (id, operation, lookup, accepted, finished) VALUES (?, ?, ?, ?, ?)",
		id, operation, lookup, toMillis(accepted), toMillis(c.now()))
	return id, err
}

const workRequestColumns = "id, operation, lookup, accepted, finished"

func scanWorkRequest(row func(...any) error) (WorkRequest, error) {
	var w WorkRequest
	var accepted, finished int64
	err := row(&w.ID, &w.Operation, &w.Lookup, &accepted, &finished)
	w.Accepted, w.Finished = fromMillis(accepted), fromMillis(finished)
	return w, err
}

// WorkRequest returns a work request of the last 14 days, or ErrNotFound.
func (c *Catalog) WorkRequest(ctx context.Context, id string) (WorkRequest, error) {
	w, err := scanWorkRequest(c.read.QueryRowContext(ctx, "SELECT "+workRequestColumns+" FROM work_requests WHERE id = ?", id).Scan)
	return w, notFound(err, "work request", id)
}

// WorkRequests lists the work requests of the last 14 days. Sort key: timeAccepted (default).
func (c *Catalog) WorkRequests(ctx context.Context, p Page) ([]WorkRequest, string, error) {
	l := list{columns: workRequestColumns, from: "work_requests", key: "id"}
	var err error
	if l.sort, err = sortBy(p.Sort, "timeAccepted", map[string]string{"timeAccepted": "accepted"}); err != nil {
		return nil, "", err
	}
	return pageOf(ctx, c.read, l, p, scanWorkRequest)
}
