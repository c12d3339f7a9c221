package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/audit"
	"ledgerline/internal/catalog"
	"ledgerline/internal/store"
)

// storageWork is a purge that was asked for, and what it takes to carry it out. It
// is kept in the catalogue, so that a restart goes on with it: what is deleted
// already is not found again.
type storageWork struct {
	storageWorkModel
	Owner  string   `json:"owner"`  // whose rights it runs with
	Groups []string `json:"groups"` // log groups that it was accepted for
	etag   string
}

// storageWorkModel is Oracle's StorageWorkRequest.
type storageWorkModel struct {
	ID            string     `json:"id"`
	CompartmentID string     `json:"compartmentId"`
	Status        string     `json:"status"`
	Operation     string     `json:"operationType"`
	TimeAccepted  *time.Time `json:"timeAccepted"`
	TimeStarted   *time.Time `json:"timeStarted,omitempty"`
	TimeFinished  *time.Time `json:"timeFinished,omitempty"`
	TimeExpires   *time.Time `json:"timeExpires,omitempty"`
	TimeDataEnded *time.Time `json:"timeDataEnded,omitempty"`
	Percent       int        `json:"percentComplete"`
	DataType      string     `json:"dataType"`
	Query         string     `json:"purgeQueryString"`
	Subtree       bool       `json:"compartmentIdInSubtree"`
	Bytes         int64      `json:"storageUsageInBytes"`
	StatusDetails string     `json:"statusDetails,omitempty"`
	Details       string     `json:"operationDetails,omitempty"`
	PolicyID      string     `json:"policyId,omitempty"` // the scheduled task that asked
	PolicyName    string     `json:"policyName,omitempty"`
}

// States of storage work, as Oracle's API spells them.
const (
	workAccepted  = "ACCEPTED"
	workRunning   = "IN_PROGRESS"
	workSucceeded = "SUCCEEDED"
	workFailed    = "FAILED"
)

// storageWorkLife is how long finished storage work can be asked for.
const storageWorkLife = 30 * 24 * time.Hour

func (s *Server) storageWorkItem(d purgeDetails) catalog.Item {
	return catalog.Item{Kind: catalog.StorageWork, ID: catalog.NewOCID(string(catalog.StorageWork)), Name: "PURGE_STORAGE_DATA", Compartment: d.CompartmentID}
}

func (s *Server) storageWorkOf(owner string, d purgeDetails, groups []string) storageWork {
	return storageWork{Owner: owner, Groups: groups, storageWorkModel: storageWorkModel{CompartmentID: d.CompartmentID, Status: workAccepted,
		Operation: "PURGE_STORAGE_DATA", TimeAccepted: stamp(s.opts.Clock()), TimeDataEnded: stamp(*d.TimeDataEnded), DataType: d.DataType, Query: d.Query, Subtree: d.Subtree}}
}

func readStorageWork(v catalog.Item) (storageWork, error) {
	var w storageWork
	err := json.Unmarshal(v.Body, &w)
	w.ID, w.etag = v.ID, v.Etag
	return w, err
}

// allStorageWork lists what was asked for in a compartment; an empty one is any.
func (s *Server) allStorageWork(ctx context.Context, compartment string) ([]storageWork, error) {
	list, err := s.allItems(ctx, catalog.StorageWork, compartment)
	if err != nil {
		return nil, err
	}
	all := make([]storageWork, len(list))
	for i, v := range list {
		if all[i], err = readStorageWork(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// RunStorageWork carries out what was accepted and is not finished, the oldest
// first. It returns early when the context ends; what it was at is taken up by the
// next call. What fails is told by the work itself.
func (s *Server) RunStorageWork(ctx context.Context) error {
	all, err := s.allStorageWork(ctx, "")
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b storageWork) int { return a.TimeAccepted.Compare(*b.TimeAccepted) })
	for _, w := range all {
		if w.TimeExpires != nil && !s.opts.Clock().Before(*w.TimeExpires) {
			if err := s.forgetStorageWork(ctx, w); err != nil {
				return err
			}
		}
		if w.Status != workAccepted && w.Status != workRunning {
			continue
		}
		if err := s.purgeNow(ctx, w); err != nil {
			return fmt.Errorf("storage work %s: %w", w.ID, err)
		}
	}
	return ctx.Err()
}

// purgeNow carries out a purge, the bytes of uploads before their records, with the rights that its owner has now, which may
// be fewer than when it was accepted, never more.
func (s *Server) purgeNow(ctx context.Context, w storageWork) error {
	resumed := w.TimeStarted != nil
	if !resumed {
		w.TimeStarted = stamp(s.opts.Clock())
	}
	w.Status = workRunning
	if err := s.saveStorageWork(ctx, w); err != nil {
		return err
	}
	report, err := s.purge(ctx, &w)
	if ctx.Err() != nil {
		return ctx.Err() // goes on after the restart
	}
	if errors.Is(err, catalog.ErrWrite) {
		return err
	}
	w.TimeFinished, w.TimeExpires = stamp(s.opts.Clock()), stamp(s.opts.Clock().Add(storageWorkLife))
	w.Bytes += report.Bytes
	w.Details = itoa(report.Rows) + " records of " + itoa(int64(report.Segments)) + " segments deleted"
	if resumed {
		w.Details += " after a restart; the journal of the store tells of all"
	}
	w.Status, w.Percent = workSucceeded, 100
	if err != nil {
		w.Status, w.StatusDetails = workFailed, asError(err).Message
		s.opts.Logger.Error("a purge has failed; what it deleted before stays deleted", "work", w.ID, "error", logText(err))
	}
	return s.saveStorageWork(ctx, w)
}

func (s *Server) purge(ctx context.Context, w *storageWork) (store.PurgeReport, error) {
	ctx, err := s.inNameOf(ctx, w.Owner, "PurgeStorageData")
	if err != nil {
		return store.PurgeReport{}, err
	}
	d := purgeDetails{CompartmentID: w.CompartmentID, Subtree: w.Subtree, TimeDataEnded: w.TimeDataEnded, Query: w.Query, DataType: w.DataType}
	p, err := s.purgeOf(ctx, d)
	if err != nil {
		return store.PurgeReport{}, err
	}
	p.Groups = slices.DeleteFunc(p.Groups, func(g string) bool { return !slices.Contains(w.Groups, g) })
	if len(p.Groups) == 0 {
		return store.PurgeReport{}, absent("%s may no longer delete from these log groups", w.Owner)
	}
	p.Actor, p.Reason = w.Owner, "PurgeStorageData "+w.ID+" of records before "+w.TimeDataEnded.UTC().Format(time.RFC3339)
	p.Progress = func(done, of int) {
		if percent := 100 * done / of; percent >= w.Percent+5 {
			w.Percent = percent
			if err := s.saveStorageWork(ctx, *w); err != nil {
				s.opts.Logger.Warn("the progress of a purge cannot be kept", "work", w.ID, "error", err)
			}
		}
	}
	emptied, err := s.emptiedBy(ctx, d, p.Groups)
	if err == nil {
		err = s.eraseFiles(ctx, emptied, p.Actor, p.Reason)
	}
	if err != nil {
		return store.PurgeReport{}, err
	}
	return s.Store.Purge(ctx, p)
}

func (s *Server) saveStorageWork(ctx context.Context, w storageWork) error {
	_, err := s.Catalog.ChangeItems(ctx, w.Owner, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		v, err := change.Find(catalog.StorageWork, w.ID, "")
		if err != nil {
			return v, err
		}
		if v.Body, err = json.Marshal(w); err != nil {
			return v, err
		}
		return change.Put(v)
	})
	return err
}

func (s *Server) forgetStorageWork(ctx context.Context, w storageWork) error {
	_, err := s.Catalog.ChangeItems(ctx, w.Owner, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		return catalog.Item{}, change.Delete(catalog.StorageWork, w.ID)
	})
	return err
}

// visibleStorageWork finds work that the caller may know of: it tells how much
// there was in its log groups.
func (s *Server) visibleStorageWork(c *call) (storageWork, error) {
	v, err := s.Catalog.Item(c.r.Context(), catalog.StorageWork, c.path["workRequestId"])
	if err != nil {
		return storageWork{}, orRefused(c, err)
	}
	w, err := readStorageWork(v)
	if err != nil {
		return w, err
	}
	ok, err := s.mayReadAll(c, w.Groups)
	if err == nil && !ok {
		err = refusedTo(c)
	}
	return w, err
}

func (s *Server) getStorageWork(c *call) (*response, error) {
	w, err := s.visibleStorageWork(c)
	if err != nil {
		return nil, err
	}
	resp := answer(w.storageWorkModel).with("etag", w.etag)
	if w.TimeFinished == nil {
		resp.with("retry-after", "1")
	}
	return resp, nil
}

func (s *Server) listStorageWork(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var operation, status, policy, policyName string
	if err := c.params(map[string]*string{"operationType": &operation, "status": &status, "policyId": &policy, "policyName": &policyName}); err != nil {
		return nil, err
	}
	started, err := c.time("timeStarted")
	if err != nil {
		return nil, err
	}
	finished, err := c.time("timeFinished")
	if err != nil {
		return nil, err
	}
	all, err := s.allStorageWork(c.r.Context(), compartment)
	if err != nil {
		return nil, err
	}
	may, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	is := func(have, want string) bool { return want == "" || strings.EqualFold(have, want) }
	since := func(have *time.Time, want time.Time) bool { return want.IsZero() || have != nil && !have.Before(want) }
	until := func(have *time.Time, want time.Time) bool { return want.IsZero() || have != nil && !have.After(want) }
	return listItems(c, all, "timeAccepted", func(w storageWork) bool {
		return may(w.Groups) && is(w.Operation, operation) && is(w.Status, status) && is(w.PolicyID, policy) && is(w.PolicyName, policyName) &&
			since(w.TimeStarted, started) && until(w.TimeFinished, finished)
	}, map[string]func(storageWork) string{
		"timeAccepted": func(w storageWork) string { return sortable(w.TimeAccepted) + w.ID },
		"timeFinished": func(w storageWork) string { return sortable(w.TimeFinished) + w.ID },
		"timeExpires":  func(w storageWork) string { return sortable(w.TimeExpires) + w.ID },
	}, func(w storageWork) storageWorkModel { return w.storageWorkModel })
}

// workError is Oracle's WorkRequestError.
type workError struct {
	Code      string     `json:"code"`
	Message   string     `json:"message"`
	Timestamp *time.Time `json:"timestamp"`
}

// listStorageWorkErrors lists why work has failed: one reason, at its end.
func (s *Server) listStorageWorkErrors(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	w, err := s.visibleStorageWork(c)
	if err != nil {
		return nil, err
	}
	var list []workError
	if w.Status == workFailed {
		list = append(list, workError{"PurgeFailed", w.StatusDetails, w.TimeFinished})
	}
	return listItems(c, list, "timeCreated", func(workError) bool { return true },
		map[string]func(workError) string{"timeCreated": func(e workError) string { return sortable(e.Timestamp) }}, func(e workError) workError { return e })
}

// inNameOf is a context in which a user acts without being there: with the rights
// it has now.
func (s *Server) inNameOf(ctx context.Context, user, action string) (context.Context, error) {
	p := localPrincipal()
	if user != localUser {
		u, err := s.Catalog.ActiveUser(user)
		if err != nil {
			return nil, &Error{Status: http.StatusNotFound, Code: "NotAuthorizedOrNotFound", Message: "the user who asked is no longer active", Cause: err}
		}
		p = principal{User: u, rights: s.Catalog.Rights(u)}
	}
	return onBehalf(ctx, caller{user: p.ID, rights: p.rights,
		event: audit.Event{Time: s.opts.Clock().UTC(), User: p.Name, UserID: p.ID, By: "schedule", Action: action}}), nil
}
