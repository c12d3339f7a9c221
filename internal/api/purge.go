package api

import (
	"context"
	"net/http"
	"slices"

	"ledgerline/internal/catalog"
	"ledgerline/internal/store"
)

// Purger deletes records, under an entry of the store's journal.
type Purger interface {
	Purge(ctx context.Context, p store.Purge) (store.PurgeReport, error)
	// CountPurge says what Purge would delete.
	CountPurge(ctx context.Context, p store.Purge) (store.PurgeReport, error)
}

// purgeOperations delete what is stored.
func purgeOperations() []operation {
	const (
		get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
		ns             = "/20200601/namespaces/{namespaceName}"
		upload         = ns + "/uploads/{uploadReference}"
		work           = ns + "/storageWorkRequests"
	)
	return []operation{
		{Method: del, Pattern: upload, Name: "DeleteUpload", handle: (*Server).deleteUpload},
		{Method: del, Pattern: upload + "/files/{fileReference}", Name: "DeleteUploadFile", handle: (*Server).deleteUpload},
		{Method: del, Pattern: upload + "/warnings/{warningReference}", Name: "DeleteUploadWarning", handle: (*Server).deleteUploadWarning},
		{Method: post, Pattern: ns + "/storage/actions/estimatePurgeDataSize", Name: "EstimatePurgeDataSize", handle: (*Server).estimatePurge},
		{Method: post, Pattern: ns + "/storage/actions/purgeData", Name: "PurgeStorageData", handle: (*Server).purgeData},
		{Method: get, Pattern: ns + "/storage", Name: "GetStorage", handle: (*Server).getStorage},
		{Method: http.MethodPut, Pattern: ns + "/storage", Name: "UpdateStorage", handle: (*Server).updateStorage},
		{Method: get, Pattern: work, Name: "ListStorageWorkRequests", handle: (*Server).listStorageWork},
		{Method: get, Pattern: work + "/{workRequestId}", Name: "GetStorageWorkRequest", handle: (*Server).getStorageWork},
		{Method: get, Pattern: work + "/{workRequestId}/errors", Name: "ListStorageWorkRequestErrors", handle: (*Server).listStorageWorkErrors},
	}
}

// deleteUpload deletes the records of an upload's files that the caller may read, or of
// one of them, their bytes, and then the books of them. What is asked a second time after a failure goes on from there.
func (s *Server) deleteUpload(c *call) (*response, error) {
	ctx := c.r.Context()
	u, readable, err := s.visibleUpload(c)
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
	files, err := s.Catalog.UploadFiles(ctx, u.Reference, c.path["fileReference"], readable)
	if err != nil {
		return nil, err
	}
	groups := mapped(files, func(f catalog.File) string { return f.LogGroup })
	if slices.Contains(groups, catalog.AuditGroup) {
		return nil, auditKept()
	}
	if err := s.unheld(groups); err != nil {
		return nil, err
	}
	refs, reason := mapped(files, func(f catalog.File) string { return f.Reference }), c.op.Name+" "+u.Reference
	report, err := s.Store.Purge(ctx, store.Purge{Uploads: refs, Actor: c.user, Reason: reason})
	if err != nil {
		return nil, err
	}
	if err := s.eraseFiles(ctx, files, c.user, reason); err != nil {
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

// unheld refuses to delete from log groups of which one is under legal hold.
func (s *Server) unheld(groups []string) error {
	if s.opts.Held == nil {
		return nil
	}
	for _, g := range groups {
		if s.opts.Held(g) {
			return &Error{Status: http.StatusConflict, Code: "IncorrectState",
				Message: "the log group " + g + " is under legal hold: nothing of it is deleted until the configuration says legal_hold: off"}
		}
	}
	return nil
}

func (s *Server) deleteUploadWarning(c *call) (*response, error) {
	u, readable, err := s.visibleUpload(c)
	if err != nil {
		return nil, err
	}
	if err := s.Catalog.DropWarning(c.r.Context(), u.Reference, c.path["warningReference"], readable); err != nil {
		return nil, err
	}
	return &response{}, nil
}
