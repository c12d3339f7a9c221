package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/store"
)

// Purger deletes records, under an entry of the store's journal.
type Purger interface {
	Purge(ctx context.Context, p store.Purge) (store.PurgeReport, error)
	// CountPurge says what Purge would delete.
	CountPurge(ctx context.Context, p store.Purge) (store.PurgeReport, error)
}

// purgeOperations delete what was uploaded.
func purgeOperations() []operation {
	const (
		get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
		ns             = "/20200601/namespaces/{namespaceName}"
		upload         = ns + "/uploads/{uploadReference}"
	)
	return []operation{
		{Method: del, Pattern: upload, Name: "DeleteUpload", handle: (*Server).deleteUpload},
		{Method: del, Pattern: upload + "/files/{fileReference}", Name: "DeleteUploadFile", handle: (*Server).deleteUpload},
		{Method: del, Pattern: upload + "/warnings/{warningReference}", Name: "DeleteUploadWarning", handle: (*Server).deleteUploadWarning},
		{Method: post, Pattern: ns + "/storage/actions/estimatePurgeDataSize", Name: "EstimatePurgeDataSize", handle: (*Server).estimatePurge},
		{Method: post, Pattern: ns + "/storage/actions/purgeData", Name: "PurgeStorageData", handle: (*Server).purgeData},
		{Method: get, Pattern: ns + "/storageWorkRequests", Name: "ListStorageWorkRequests", handle: (*Server).listStorageWork},
		{Method: get, Pattern: ns + "/storageWorkRequests/{workRequestId}", Name: "GetStorageWorkRequest", handle: (*Server).getStorageWork},
	}
}

// deleteUpload deletes the records of an upload, or of one of its files, and then
// the books of it. What is asked a second time after a failure goes on from there.
func (s *Server) deleteUpload(c *call) (*response, error) {
	ctx := c.r.Context()
	u, err := s.Catalog.Upload(ctx, c.path["uploadReference"])
	if err != nil {
		return nil, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if ifMatch != "" && ifMatch != uploadEtag(u) {
		return nil, catalog.ErrEtag
	}
	refs, err := s.Catalog.UploadFileRefs(ctx, u.Reference, c.path["fileReference"])
	if err != nil {
		return nil, err
	}
	groups, err := s.Catalog.UploadGroups(ctx, u.Reference)
	if err != nil {
		return nil, err
	}
	if slices.Contains(groups, catalog.AuditGroup) {
		return nil, auditKept()
	}
	report, err := s.Store.Purge(ctx, store.Purge{Uploads: refs, Actor: c.user, Reason: c.op.Name + " " + u.Reference})
	if err != nil {
		return nil, err
	}
	if err := s.Catalog.DeleteUploadFiles(ctx, u.Reference, refs); err != nil {
		return nil, err
	}
	return (&response{header: http.Header{}}).with("opc-deleted-log-count", itoa(report.Rows)).with("opc-deleted-logfile-count", itoa(int64(len(refs)))), nil
}

// auditKept refuses to delete what the service notes of its own use.
func auditKept() error {
	return &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "what this server notes of its own use cannot be deleted by a call; retention takes it"}
}

func (s *Server) deleteUploadWarning(c *call) (*response, error) {
	if err := s.Catalog.DropWarning(c.r.Context(), c.path["uploadReference"], c.path["warningReference"]); err != nil {
		return nil, err
	}
	return &response{}, nil
}

// purgeDetails chooses what is purged: the records of a compartment's log groups
// that are older than a time.
type purgeDetails struct {
	CompartmentID string     `json:"compartmentId"`
	Subtree       bool       `json:"compartmentIdInSubtree"`
	TimeDataEnded *time.Time `json:"timeDataEnded"`
	Query         string     `json:"purgeQueryString"`
	DataType      string     `json:"dataType"`
}

// readPurge reads what is to be purged. Log groups that were deleted belong to
// the tenancy; what the service notes of its own use belongs to no purge.
func (s *Server) readPurge(c *call) (purgeDetails, store.Purge, error) {
	var d purgeDetails
	var p store.Purge
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return d, p, err
	}
	switch q := strings.TrimSpace(d.Query); {
	case d.CompartmentID == "":
		return d, p, missing("compartmentId")
	case d.TimeDataEnded == nil:
		return d, p, missing("timeDataEnded")
	case d.TimeDataEnded.UnixMilli() <= 0:
		return d, p, invalid("timeDataEnded must be after 1970")
	case q != "" && q != "*":
		return d, p, invalid("purgeQueryString may only be *: records are purged by time and compartment here; delete an upload to be more exact")
	case d.DataType != "" && d.DataType != "LOG":
		return d, p, invalid("dataType must be LOG")
	}
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		groups, next, err := s.Catalog.LogGroups(c.r.Context(), catalog.LogGroupFilter{}, page)
		if err != nil {
			return d, p, err
		}
		for _, g := range groups {
			if g.ID != catalog.AuditGroup && (g.Compartment == d.CompartmentID || d.Subtree && d.CompartmentID == s.opts.Tenancy) {
				p.Groups = append(p.Groups, g.ID)
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if len(p.Groups) == 0 {
		return d, p, absent("compartment %.200q has no log groups", d.CompartmentID)
	}
	p.Before = d.TimeDataEnded.UnixMilli()
	p.Actor, p.Reason = c.user, c.op.Name+" of records before "+d.TimeDataEnded.UTC().Format(time.RFC3339)
	return d, p, nil
}

func (s *Server) estimatePurge(c *call) (*response, error) {
	_, p, err := s.readPurge(c)
	if err != nil {
		return nil, err
	}
	report, err := s.Store.CountPurge(c.r.Context(), p)
	if err != nil {
		return nil, err
	}
	// The rows are not Oracle's: clients ignore members they do not know.
	return answer(map[string]int64{"purgeDataSizeInBytes": report.Bytes, "records": report.Rows}).with("etag", "p"+itoa(report.Rows)), nil
}

// storageWork is Oracle's StorageWorkRequest. The purge is done before the call is
// answered, so each has succeeded.
type storageWork struct {
	ID            string     `json:"id"`
	CompartmentID string     `json:"compartmentId"`
	Status        string     `json:"status"`
	Operation     string     `json:"operationType"`
	TimeAccepted  *time.Time `json:"timeAccepted"`
	TimeStarted   *time.Time `json:"timeStarted"`
	TimeFinished  *time.Time `json:"timeFinished"`
	TimeDataEnded *time.Time `json:"timeDataEnded,omitempty"`
	Percent       int        `json:"percentComplete"`
	DataType      string     `json:"dataType"`
	Query         string     `json:"purgeQueryString"`
	Bytes         int64      `json:"storageUsageInBytes"`
	Details       string     `json:"operationDetails"`
}

func (s *Server) purgeData(c *call) (*response, error) {
	d, p, err := s.readPurge(c)
	if err != nil {
		return nil, err
	}
	accepted := s.opts.Clock()
	report, err := s.Store.Purge(c.r.Context(), p)
	if err != nil {
		return nil, err
	}
	work := storageWork{CompartmentID: d.CompartmentID, Status: "SUCCEEDED", Operation: "PURGE_STORAGE_DATA", TimeAccepted: stamp(accepted), TimeStarted: stamp(accepted),
		TimeFinished: stamp(s.opts.Clock()), TimeDataEnded: stamp(*d.TimeDataEnded), Percent: 100, DataType: "LOG", Query: "*", Bytes: report.Bytes,
		Details: itoa(report.Rows) + " records of " + itoa(int64(report.Segments)) + " segments deleted"}
	v, err := s.createItem(c, []byte(p.Reason), catalog.Item{Kind: catalog.StorageWork, ID: catalog.NewOCID(string(catalog.StorageWork)), Name: work.Operation,
		Compartment: d.CompartmentID}, work, nil)
	if err != nil {
		return nil, err
	}
	id := v.ID
	return (&response{status: http.StatusAccepted, header: http.Header{}}).with("opc-work-request-id", id).
		with("location", "/20200601/namespaces/"+s.opts.Namespace+"/storageWorkRequests/"+id), nil
}

func storageWorkOf(v catalog.Item) (storageWork, error) {
	var w storageWork
	err := json.Unmarshal(v.Body, &w)
	w.ID = v.ID
	return w, err
}

func (s *Server) getStorageWork(c *call) (*response, error) {
	v, err := s.Catalog.Item(c.r.Context(), catalog.StorageWork, c.path["workRequestId"])
	if err != nil {
		return nil, err
	}
	w, err := storageWorkOf(v)
	if err != nil {
		return nil, err
	}
	return answer(w).with("etag", v.Etag), nil
}

func (s *Server) listStorageWork(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var operation, status string
	if err := c.params(map[string]*string{"operationType": &operation, "status": &status}); err != nil {
		return nil, err
	}
	list, err := s.allItems(c.r.Context(), catalog.StorageWork, compartment)
	if err != nil {
		return nil, err
	}
	all := make([]storageWork, len(list))
	for i, v := range list {
		if all[i], err = storageWorkOf(v); err != nil {
			return nil, err
		}
	}
	at := func(w storageWork) string { return sortable(w.TimeAccepted) + w.ID }
	return listItems(c, all, "timeAccepted", func(w storageWork) bool {
		return (operation == "" || strings.EqualFold(operation, w.Operation)) && (status == "" || strings.EqualFold(status, w.Status))
	}, map[string]func(storageWork) string{"timeAccepted": at, "timeFinished": at, "timeExpires": at}, func(w storageWork) storageWork { return w })
}
