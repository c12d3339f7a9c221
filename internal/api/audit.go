package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/audit"
	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/stage"
)

// auditCall notes what a call changed, or was refused. Queries are noted where
// they run (auditQuery), uploads are listed with their user, and what only looks
// at the books is not noted. A change is on disk before it is answered.
func (s *Server) auditCall(c *call, resp *response, err error, took time.Duration) {
	if s.audit == nil || c.op == nil {
		return
	}
	status, category := http.StatusOK, ""
	if err != nil {
		status = asError(err).Status
	} else if resp != nil && resp.status != 0 {
		status = resp.status
	}
	switch {
	case c.op.handle == nil:
		return
	case strings.HasPrefix(c.op.Pattern, ownBase+"/session"):
		if c.op.Method == http.MethodGet && c.op.access != open || c.op.Name == "OwnLoginWays" || c.op.Name == "OwnStartOIDC" {
			return
		}
		category = "login"
	case c.user == "":
		return // nobody of ours
	case status == http.StatusNotFound && err != nil && errors.Is(err, errRefused):
		category = "refused"
	case c.op.Method == http.MethodGet, c.op.need.kind == needTarget, strings.Contains(c.op.Pattern, "/search/actions/"), c.op.asks():
		return
	case c.op.Method == http.MethodDelete:
		category = "delete"
	default:
		category = "change"
	}
	e := s.auditEventOf(c, category, took)
	e.Status = strconv.Itoa(status)
	if err != nil {
		e.Error = err.Error()
	}
	s.audit.Note(e)
	if category == "change" || category == "delete" {
		if err := s.audit.Flush(context.WithoutCancel(c.r.Context())); err != nil {
			c.log.Error("a change is not yet in the audit log", "operation", c.op.Name, "error", err)
		}
	}
}

func (s *Server) auditEventOf(c *call, category string, took time.Duration) audit.Event {
	e := audit.Event{Time: s.opts.Clock().UTC(), User: c.who.Name, UserID: c.who.ID, By: c.who.by, Category: category, Action: c.op.Name, Resource: cmp.Or(c.about, c.r.URL.Path),
		Duration: took.Milliseconds(), RequestID: c.w.Header().Get("opc-request-id")}
	if p := peerAddress(c.r); p.IsValid() {
		e.Client = p.String()
	}
	if e.User == "" {
		e.User = c.login
	}
	return e
}

// asks reports whether an operation of ours only asks for an answer.
func (o *operation) asks() bool {
	switch o.Name {
	case "OwnQuery", "OwnExport", "OwnExplain", "OwnCheck", "OwnContentExport", "ExportCustomContent", "OwnStoreVerify", "OwnStageVerify":
		return true
	}
	return false
}

// auditQuery notes a query that has run, whichever operation it came by.
func (g guarded) auditQuery(c caller, category string, r query.Request, rows int64, err error, took time.Duration) {
	if g.audit == nil {
		return
	}
	e := c.event
	e.Time, e.Category, e.Query, e.Status, e.Duration = e.Time.Add(took), category, r.Text, "ok", took.Milliseconds()
	if !r.Window.From.IsZero() {
		e.Window = fmt.Sprintf("%s/%s", r.Window.From.UTC().Format(time.RFC3339), r.Window.To.UTC().Format(time.RFC3339))
	}
	if rows >= 0 {
		e.Rows = &rows
	}
	if err != nil {
		e.Status, e.Error = "failed", err.Error()
	}
	g.audit.Note(e)
}

// protectAudit keeps everybody, whatever its rights, from deleting the records that
// tell what it did.
func (s *Server) protectAudit(c *call) error {
	if c.op.need.kind != needUpload || c.op.Method == http.MethodGet {
		return nil
	}
	groups, err := s.Catalog.UploadGroups(c.r.Context(), c.path["uploadReference"])
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	if slices.Contains(groups, catalog.AuditGroup) {
		return refusedTo(c)
	}
	return nil
}

// unforged is the stage of those who upload, whichever way: it takes nothing that
// would pass for what the service notes itself.
type unforged struct{ Stage }

func (s unforged) Receive(ctx context.Context, u stage.Upload, body []byte) error {
	if err := checkForgery(u); err != nil {
		return err
	}
	return s.Stage.Receive(ctx, u, body)
}

func (s unforged) ReceiveAll(ctx context.Context, uploads []stage.ReceivedUpload) error {
	for _, u := range uploads {
		if err := checkForgery(u.Upload); err != nil {
			return err
		}
	}
	return s.Stage.ReceiveAll(ctx, uploads)
}

func checkForgery(u stage.Upload) error {
	if u.LogGroup != catalog.AuditGroup && !strings.EqualFold(u.Source, content.SourceLedgerlineAudit) {
		return nil
	}
	e := absent("authorization failed, or the log group or log source is not found")
	e.Cause = errRefused
	return e
}
