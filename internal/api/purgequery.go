package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// purgeDetails chooses what is purged: the records of a compartment's log groups
// that are older than a time and meet a search clause.
type purgeDetails struct {
	CompartmentID string     `json:"compartmentId"`
	Subtree       bool       `json:"compartmentIdInSubtree"`
	TimeDataEnded *time.Time `json:"timeDataEnded"`
	Query         string     `json:"purgeQueryString"`
	DataType      string     `json:"dataType"`
}

// check refuses what cannot be purged by, and fills in what may be left out.
func (d *purgeDetails) check() error {
	switch {
	case d.CompartmentID == "":
		return missing("compartmentId")
	case d.TimeDataEnded == nil:
		return missing("timeDataEnded")
	case d.TimeDataEnded.UnixMilli() <= 0:
		return invalid("timeDataEnded must be after 1970")
	case d.DataType != "" && d.DataType != "LOG":
		return invalid("dataType must be LOG: lookup tables are deleted by DeleteLookup")
	}
	d.DataType = "LOG"
	if d.Query = strings.TrimSpace(d.Query); d.Query == "" {
		d.Query = "*"
	}
	return nil
}

// purgeOf makes a purge of details: of the log groups that the context's caller
// may delete from, never of what the service notes of its own use.
func (s *Server) purgeOf(ctx context.Context, d purgeDetails) (store.Purge, error) {
	p := store.Purge{Before: d.TimeDataEnded.UnixMilli()}
	caller, _ := ctx.Value(callerKey{}).(caller)
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		groups, next, err := s.Catalog.LogGroups(ctx, catalog.LogGroupFilter{}, page)
		if err != nil {
			return p, err
		}
		for _, g := range groups {
			if g.ID != catalog.AuditGroup && caller.rights.LogGroup(g.ID, catalog.Manage) &&
				(g.Compartment == d.CompartmentID || d.Subtree && d.CompartmentID == s.opts.Tenancy) {
				p.Groups = append(p.Groups, g.ID)
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if len(p.Groups) == 0 {
		return p, absent("compartment %.200q has no log groups", d.CompartmentID)
	}
	if err := s.unheld(p.Groups); err != nil {
		return p, err
	}
	if d.Query == "*" {
		return p, nil
	}
	var err error
	p.Match, err = s.Query.Matching(query.Request{Text: d.Query, Window: record.Window{To: *d.TimeDataEnded}, Scope: query.Scope{Groups: p.Groups}})
	return p, err
}

// readPurge reads what is to be purged. The text is that of the request, for retry tokens.
func (s *Server) readPurge(c *call) (purgeDetails, store.Purge, change, error) {
	var d purgeDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return d, store.Purge{}, ch, err
	}
	p, err := s.purgeOf(c.r.Context(), d)
	return d, p, ch, err
}

// estimatePurge is the dry run. Its etag, given to PurgeStorageData, has that
// refused when there is more to delete by then, or less.
func (s *Server) estimatePurge(c *call) (*response, error) {
	_, p, _, err := s.readPurge(c)
	if err != nil {
		return nil, err
	}
	report, err := s.Store.CountPurge(c.r.Context(), p)
	if err != nil {
		return nil, err
	}
	// The rows are not Oracle's: clients ignore members they do not know.
	return answer(map[string]int64{"purgeDataSizeInBytes": report.Bytes, "records": report.Rows}).with("etag", purgeEtag(report)), nil
}

func purgeEtag(r store.PurgeReport) string { return "p" + itoa(r.Rows) }

func (s *Server) purgeData(c *call) (*response, error) {
	d, p, ch, err := s.readPurge(c)
	if err != nil {
		return nil, err
	}
	if ch.ifMatch != "" {
		report, err := s.Store.CountPurge(c.r.Context(), p)
		if err != nil {
			return nil, err
		}
		if ch.ifMatch != purgeEtag(report) {
			return nil, catalog.ErrEtag
		}
	}
	v, err := s.createItem(c, ch.text, s.storageWorkItem(d), s.storageWorkOf(c.user, d, p.Groups), nil)
	if err != nil {
		return nil, err
	}
	s.purges.wake()
	return (&response{status: http.StatusAccepted, header: http.Header{}}).with("opc-work-request-id", v.ID).
		with("location", "/20200601/namespaces/"+s.opts.Namespace+"/storageWorkRequests/"+v.ID), nil
}

// getStorage describes the storage: nothing is archived here, retention is a
// matter of the configuration.
func (s *Server) getStorage(*call) (*response, error) {
	return answer(map[string]any{"isArchivingEnabled": false, "archivingConfiguration": map[string]any{}}).with("etag", storageEtag), nil
}

const storageEtag = "1" // the storage is never changed by a call

// updateStorage takes what is so already. How long records are kept is not for a
// call to say, since whoever may make it could have the trail of its own acts forgotten.
func (s *Server) updateStorage(c *call) (*response, error) {
	var d struct {
		Archiving *struct {
			Active   string `json:"activeStorageDuration"`
			Archived string `json:"archivalStorageDuration"`
		} `json:"archivingConfiguration"`
	}
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	switch {
	case err != nil:
		return nil, err
	case d.Archiving == nil:
		return nil, missing("archivingConfiguration")
	case ch.ifMatch != "" && ch.ifMatch != storageEtag:
		return nil, catalog.ErrEtag
	case d.Archiving.Active != "" || d.Archiving.Archived != "":
		return nil, invalid("nothing is archived here: how long records are kept is set by retention under server in the configuration, copies by archive of an integration")
	}
	return s.getStorage(c)
}

// readable returns what tells whether the caller may read every one of some log
// groups; nil stands for all there ever were.
func (s *Server) readable(c *call) (func(groups []string) bool, error) {
	allowed, err := s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Read)
	return func(groups []string) bool {
		return allowed == nil || groups != nil && !slices.ContainsFunc(groups, func(g string) bool { return !slices.Contains(allowed, g) })
	}, err
}

// mayReadAll is readable for one time.
func (s *Server) mayReadAll(c *call, groups []string) (bool, error) {
	may, err := s.readable(c)
	return err == nil && may(groups), err
}
