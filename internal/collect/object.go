package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"ledgerline/internal/connect"
)

// object is one object of the bucket, and what is known of it.
type object struct {
	info   connect.ObjectInfo
	state  objectState
	wanted bool // it is to be read in this run
	staged int  // records of it that this run found new
}

// objectState is what the ledger keeps of one object.
type objectState struct {
	Version  string    `json:"version"` // of the object that the rest speaks of
	Bytes    int64     `json:"bytes"`
	Lines    int       `json:"lines"`             // staged, or refused
	Refused  int       `json:"refused,omitempty"` // of them
	Done     bool      `json:"done,omitempty"`
	Failures int       `json:"failures,omitempty"` // in a row
	Tried    time.Time `json:"tried,omitzero"`
	Reason   string    `json:"reason,omitempty"` // of the last failure, or of the first refused line
}

// patience is how often an object that fails is tried in each run, before it
// is tried only now and then.
const patience = 3

// refusedObject says why an object cannot be read now, though others can.
type refusedObject struct{ reason string }

func (e *refusedObject) Error() string { return e.reason }

func refuse(format string, args ...any) error { return &refusedObject{fmt.Sprintf(format, args...)} }

// objects reads those objects of a list that are to be read, in their order. Only
// trouble that concerns all objects is an error.
func (r *objectReading) objects(ctx context.Context, list []connect.ObjectInfo) ([]*object, error) {
	all := make([]*object, len(list))
	for i, info := range list {
		var err error
		if all[i], err = r.look(ctx, info); err != nil {
			return nil, err
		}
	}
	next, stop := r.fetcher.ahead(ctx, all)
	defer stop()
	for _, o := range all {
		if !o.wanted {
			continue
		}
		f, more := <-next
		if !more {
			return nil, ctx.Err()
		}
		if err := r.take(ctx, o, f); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// look decides whether an object is to be read.
func (r *objectReading) look(ctx context.Context, info connect.ObjectInfo) (*object, error) {
	o := &object{info: info}
	if strings.HasSuffix(info.Name, "/") && info.Size == 0 {
		o.state.Done = true // a folder made by the console
		return o, nil
	}
	text, err := r.ledger.State(ctx, r.opts.Integration, o.key())
	if err != nil {
		return nil, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &o.state); err != nil {
			return nil, fmt.Errorf("%s: %w", o.key(), err)
		}
	}
	version := cmp.Or(info.ETag, info.MD5, info.Created.Format(time.RFC3339Nano))
	if o.state.Version != version {
		o.state = objectState{Version: version, Bytes: info.Size}
	}
	switch {
	case o.state.Done:
	case o.state.Failures >= patience && r.now.Sub(o.state.Tried).Abs() < r.opts.RetryEvery:
		r.waiting++
	default:
		o.wanted = true
	}
	return o, nil
}

func (o *object) key() string { return "object " + o.info.Name }

// take reads an object that was fetched.
func (r *objectReading) take(ctx context.Context, o *object, f fetched) error {
	r.begin(o)
	err := f.err
	if err == nil {
		err = r.readLines(ctx, o, f.file)
		f.file.Close()
	}
	st, gap := &o.state, ""
	var refused *refusedObject
	switch {
	case err == nil:
		st.Done, st.Failures, st.Tried = true, 0, time.Time{}
		if st.Refused == 0 {
			st.Reason = ""
		}
	case errors.As(err, &refused):
		st.Failures, st.Tried, st.Reason = st.Failures+1, r.now, refused.reason
		gap = fmt.Sprintf("object %s %s", o.info.Name, refused.reason)
		w, _ := objectWindow(o.info)
		r.opts.Logger.Warn("an object could not be read", "integration", r.opts.Integration, "window", w.String(), "reason", gap)
		r.out.Gaps = append(r.out.Gaps, Gap{w, gap})
		r.out.note("%s", gap)
	default:
		return err
	}
	r.parts[len(r.parts)-1].gap = gap
	if r.full() || len(r.parts) >= mostParts {
		return r.flush(ctx)
	}
	return nil
}

// Bounds of what shares a transaction: bytes, and objects, which may be empty.
const (
	mostUnstaged = 8 << 20
	mostParts    = 1000
)

func (r *objectReading) full() bool { return r.rows >= r.opts.Batch || r.bytes >= mostUnstaged }

// begin starts a part of an object.
func (r *objectReading) begin(o *object) *batch {
	b := newBatch(r.opts.Routes)
	r.parts = append(r.parts, objectPart{object: o, records: b})
	return b
}

// objectPart is what was read of an object since the last transaction.
type objectPart struct {
	*object
	records *batch
	gap     string // why the object cannot be read further
}

// flush enters what was read: the records, how far their objects are read, and the
// time of those that are read to their end.
func (r *objectReading) flush(ctx context.Context) error {
	if len(r.parts) == 0 {
		return nil
	}
	parts, done := r.parts, Outcome{}
	r.parts, r.rows, r.bytes = nil, 0, 0
	err := r.ledger.Update(ctx, func(book Book) error {
		for _, p := range parts {
			if err := r.enter(ctx, book, p, &done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.out.Received += done.Received
	r.out.Staged += done.Staged
	r.out.Duplicates += done.Duplicates
	r.out.Unmatched += done.Unmatched
	last := parts[len(parts)-1]
	r.opts.Progress(Progress{Integration: r.opts.Integration, Window: last.info.Name, Read: r.out.Received, Total: -1, Staged: r.out.Staged})
	return ctx.Err()
}

func (r *objectReading) enter(ctx context.Context, book Book, p objectPart, out *Outcome) error {
	before := out.Staged
	if err := p.records.stage(ctx, book, out); err != nil {
		return err
	}
	p.staged += out.Staged - before
	w, _ := objectWindow(p.info)
	var err error
	switch {
	case p.gap != "":
		err = book.MarkGap(ctx, r.opts.Integration, w, p.gap)
	case p.state.Done:
		err = book.MarkCovered(ctx, r.opts.Integration, w, p.staged)
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(p.state)
	if err != nil {
		return err
	}
	return book.SetState(ctx, r.opts.Integration, p.key(), string(text))
}
