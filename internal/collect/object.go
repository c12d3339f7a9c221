package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

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

// object reads an object unless that is done, and says whether it is. Only
// trouble that concerns all objects is an error.
func (r *objectReading) object(ctx context.Context, info connect.ObjectInfo) (done bool, err error) {
	if strings.HasSuffix(info.Name, "/") && info.Size == 0 {
		return true, nil // a folder made by the console
	}
	key := "object " + info.Name
	st, err := r.loadObject(ctx, key)
	if err != nil {
		return false, err
	}
	version := cmp.Or(info.ETag, info.MD5, info.Created.Format(time.RFC3339Nano))
	if st.Version != version {
		st = objectState{Version: version, Bytes: info.Size}
	}
	switch {
	case st.Done:
		return true, nil
	case st.Failures >= patience && r.now.Sub(st.Tried).Abs() < r.opts.RetryEvery:
		r.waiting++
		return false, nil
	}
	before := r.out.Staged
	err = r.read(ctx, info, key, &st)
	w, _ := objectWindow(info)
	var refused *refusedObject
	switch {
	case err == nil:
		st.Done, st.Failures, st.Tried = true, 0, time.Time{}
		if st.Refused == 0 {
			st.Reason = ""
		}
		if err := r.ledger.MarkCovered(ctx, r.opts.Integration, w, r.out.Staged-before); err != nil {
			return false, err
		}
		return true, r.saveObject(ctx, key, st)
	case errors.As(err, &refused):
		st.Failures, st.Tried, st.Reason = st.Failures+1, r.now, refused.reason
		if err := r.gap(ctx, w, fmt.Sprintf("object %s %s", info.Name, refused.reason)); err != nil {
			return false, err
		}
		return false, r.saveObject(ctx, key, st)
	default:
		return false, err
	}
}

func (r *objectReading) gap(ctx context.Context, w record.Window, note string) error {
	r.opts.Logger.Warn("an object could not be read", "integration", r.opts.Integration, "window", w.String(), "reason", note)
	r.out.Gaps = append(r.out.Gaps, Gap{w, note})
	r.out.note("%s", note)
	return r.ledger.MarkGap(ctx, r.opts.Integration, w, note)
}

func (r *objectReading) loadObject(ctx context.Context, key string) (objectState, error) {
	var st objectState
	text, err := r.ledger.State(ctx, r.opts.Integration, key)
	if err != nil || text == "" {
		return st, err
	}
	if err := json.Unmarshal([]byte(text), &st); err != nil {
		return st, fmt.Errorf("%s: %w", key, err)
	}
	return st, nil
}

func (r *objectReading) saveObject(ctx context.Context, key string, st objectState) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return r.ledger.SetState(ctx, r.opts.Integration, key, string(text))
}

// read fetches, verifies and stages one object.
func (r *objectReading) read(ctx context.Context, info connect.ObjectInfo, key string, st *objectState) error {
	switch {
	case info.Size == 0:
		return refuse("is empty")
	case info.Size > r.opts.MaxObject:
		return refuse("has %d bytes, more than the %d that are read", info.Size, r.opts.MaxObject)
	}
	f, err := os.CreateTemp(r.opts.TempDir, "object-")
	if err != nil {
		return err
	}
	defer f.Close()
	// Gone with the process, however that ends.
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	if err := r.fetch(ctx, info, f); err != nil {
		return err
	}
	if err := r.verifyGzip(ctx, f); err != nil {
		return err
	}
	return r.stageLines(ctx, info, f, key, st)
}
