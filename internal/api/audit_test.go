package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"ledgerline/internal/audit"
	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
)

// noted reads the events that are staged.
func (g *rig) noted() []audit.Event {
	g.t.Helper()
	if err := g.server.audit.Flush(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
	var out []audit.Event
	for _, u := range g.received() {
		if u.Source != content.SourceLedgerlineAudit || u.LogGroup != catalog.AuditGroup {
			g.t.Fatalf("%+v", u.Upload)
		}
		for line := range strings.Lines(string(u.Body)) {
			var e audit.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				g.t.Fatal(err)
			}
			out = append(out, e)
		}
	}
	return out
}

func TestAuditTellsWhoDidWhat(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Audit = true })
	chief := g.user("chief", catalog.Administrators)
	g.user("nobody")
	g.engine.run = func(r query.Request) (*query.Result, error) {
		if r.Text == "bad" {
			return nil, errors.New("no")
		}
		return &query.Result{Rows: [][]any{{1}, {2}}}, nil
	}
	g.engine.export = func(_ context.Context, _ query.Request, header func([]query.Column) error, row func([]any) error) error {
		return errors.Join(header(nil), row(nil), row(nil), row(nil))
	}
	b, n := g.browser(), g.browser()
	b.logIn("chief", "wrong")
	b.logIn("chief", password)
	n.logIn("nobody", password)
	b.call("GET", nsPath+"/logAnalyticsLogGroups?compartmentId="+tenancy, "") // only looks
	b.call("POST", nsPath+"/search/actions/query", `{"queryString":"* | stats count","subSystem":"LOG","compartmentId":"`+tenancy+`"}`)
	b.call("POST", ownBase+"/query", `{"query":"bad"}`)
	_ = g.server.audit.Flush(t.Context())
	b.call("POST", ownBase+"/log-groups", `{"displayName":"New"}`)
	n.call("DELETE", nsPath+"/logAnalyticsLogGroups/"+groupID, "")
	g.local("DELETE", ownBase+"/searches/none", "")

	var got []string
	for _, e := range g.noted() {
		rows := ""
		if e.Rows != nil {
			rows = itoa(*e.Rows)
		}
		got = append(got, strings.Join([]string{e.Category, e.Action, e.User, e.By, e.Status, e.Query, rows}, "|"))
		if e.Client != "127.0.0.1" && e.By != "socket" || e.Time.IsZero() || e.RequestID == "" {
			t.Errorf("%+v", e)
		}
	}
	want := []string{
		"login|OwnLogIn|chief||401||",
		"login|OwnLogIn|chief|password|200||",
		"login|OwnLogIn|nobody|password|200||",
		"query|Query|chief|session|ok|* | stats count|2",
		"query|OwnQuery|chief|session|failed|bad|",
		"change|OwnCreateLogGroup|chief|session|200||",
		"refused|DeleteLogAnalyticsLogGroup|nobody|session|404||",
		"delete|OwnDeleteSearch|local|socket|404||",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("noted\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if events := g.noted(); events[1].UserID != chief.ID {
		t.Errorf("%+v", events[1])
	}
	for _, u := range g.received() {
		if strings.Contains(string(u.Body), password) || strings.Contains(string(u.Body), "wrong") {
			t.Error("a password is noted")
		}
	}
}

// Nobody forges or deletes what is noted, however much it may do.
func TestAuditIsOutOfReach(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Audit = true })
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	f := catalog.File{Reference: "a", UploadName: audit.UploadName, Name: "audit.json", Source: content.SourceLedgerlineAudit, LogGroup: catalog.AuditGroup, Received: g.now()}
	if err := g.cat.AddFile(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	b.header.Set("opc-meta-loggrpid", catalog.AuditGroup)
	if code, m := b.call("POST", nsPath+"/actions/uploadLogFile?logSourceName=OCI%20Unified%20Schema%20Logs&filename=x", "{}"); code != 404 {
		t.Errorf("into its log group: %d %v", code, m)
	}
	b.header.Set("opc-meta-loggrpid", groupID)
	for _, name := range []string{"Ledgerline%20Audit", "LEDGERLINE%20audit"} {
		if code, m := b.call("POST", nsPath+"/actions/uploadLogFile?logSourceName="+name+"&filename=x", "{}"); code != 404 {
			t.Errorf("as its log source: %d %v", code, m)
		}
	}
	if code, m := b.call("GET", nsPath+"/uploads/"+catalog.UploadReference(audit.UploadName)+"/files", ""); code != 200 {
		t.Errorf("looking: %d %v", code, m)
	}
	op := &operation{Method: "DELETE", Pattern: "/20200601/namespaces/{namespaceName}/uploads/{uploadReference}", Name: "DeleteUpload"}
	op.need = needOf(op)
	for upload, want := range map[string]bool{catalog.UploadReference(audit.UploadName): true, "other": false} {
		c := &call{r: httptest.NewRequest("DELETE", "/", nil), op: op, path: map[string]string{"uploadReference": upload}, who: localPrincipal()}
		if err := g.server.authorize(c); errors.Is(err, errRefused) != want {
			t.Errorf("deleting %s: %v", upload, err)
		}
	}
}
