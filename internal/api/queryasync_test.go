package api

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

func async(r *loganalytics.QueryRequest) { r.ShouldRunAsync = ptr(true) }

// settled waits for the jobs that run, without a clock.
func (g *rig) settled() { g.server.jobs.Wait() }

func TestSDKAsyncQuery(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	made, err := c.Query(ctx, queryRequest("* | stats count as n by 'User Name' | sort 'User Name'", window, async))
	if err != nil {
		t.Fatal(err)
	}
	if made.RawResponse.StatusCode != 201 || *made.PercentComplete != 0 || made.OpcWorkRequestId == nil || !strings.HasSuffix(*made.Location, *made.OpcWorkRequestId) {
		t.Errorf("%d %+v", made.RawResponse.StatusCode, made)
	}
	g.settled()
	get := loganalytics.GetQueryResultRequest{NamespaceName: ptr("demo"), WorkRequestId: made.OpcWorkRequestId, ShouldIncludeColumns: ptr(true),
		OutputMode: loganalytics.GetQueryResultOutputModeJsonRows, Limit: ptr(2)}
	first, err := c.GetQueryResult(ctx, get)
	if err != nil || *first.PercentComplete != 100 || len(first.Items) != 2 || len(first.Columns) != 2 || first.OpcNextPage == nil || *first.TotalCount != 3 {
		t.Fatalf("%+v, %v", first, err)
	}
	get.Page, get.ShouldIncludeColumns = first.OpcNextPage, ptr(false)
	second, err := c.GetQueryResult(ctx, get)
	if err != nil || len(second.Items) != 1 || second.Items[0]["User Name"] != "cy@example.com" || second.Items[0]["n"] != 10.0 || second.OpcNextPage != nil ||
		second.OpcPrevPage == nil || len(second.Columns) != 0 {
		t.Errorf("%+v, %v", second, err)
	}

	work := loganalytics.GetQueryWorkRequestRequest{NamespaceName: ptr("demo"), WorkRequestId: made.OpcWorkRequestId}
	state, err := c.GetQueryWorkRequest(ctx, work)
	if err != nil || state.Status != loganalytics.WorkRequestStatusSucceeded || state.Mode != loganalytics.JobModeForeground || *state.PercentComplete != 100 ||
		*state.DisplayQueryString != "* | stats count as n by 'User Name' | sort 'User Name'" ||
		*state.InternalQueryString != "* | stats count as n by "+g.field("User Name")+" | sort "+g.field("User Name") {
		t.Errorf("%+v, %v", state.QueryWorkRequest, err)
	}
	put := loganalytics.PutQueryWorkRequestBackgroundRequest{NamespaceName: ptr("demo"), WorkRequestId: made.OpcWorkRequestId, IfMatch: ptr("no")}
	_, err = c.PutQueryWorkRequestBackground(ctx, put)
	refused(t, err, 412, "NoEtagMatch")
	put.IfMatch = state.Etag
	moved, err := c.PutQueryWorkRequestBackground(ctx, put)
	if err != nil || moved.Mode != loganalytics.JobModeBackground || *moved.Etag == *state.Etag || moved.TimeBackgroundAt == nil {
		t.Errorf("%+v, %v", moved, err)
	}

	other, err := c.Query(ctx, queryRequest("*", window, async))
	if err != nil {
		t.Fatal(err)
	}
	g.settled()
	list := func(mode loganalytics.ListQueryWorkRequestsModeEnum) []loganalytics.QueryWorkRequestSummary {
		t.Helper()
		l, err := c.ListQueryWorkRequests(ctx, loganalytics.ListQueryWorkRequestsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy), Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		return l.Items
	}
	if all := list(loganalytics.ListQueryWorkRequestsModeAll); len(all) != 2 {
		t.Errorf("%+v", all)
	}
	if fore := list(loganalytics.ListQueryWorkRequestsModeForeground); len(fore) != 1 || *fore[0].Id != *other.OpcWorkRequestId {
		t.Errorf("%+v", fore)
	}

	if code, _ := g.local("GET", nsPath+"/queryWorkRequests/"+*made.OpcWorkRequestId, ""); code != 404 {
		t.Errorf("another user sees it: %d", code)
	}
	if _, err := c.CancelQueryWorkRequest(ctx, loganalytics.CancelQueryWorkRequestRequest{NamespaceName: ptr("demo"), WorkRequestId: made.OpcWorkRequestId}); err != nil {
		t.Error(err)
	}
	_, err = c.GetQueryWorkRequest(ctx, work)
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	_, err = c.Query(ctx, queryRequest("* | nonsense", async))
	refused(t, err, 400, "InvalidParameter")
}

const submit = `{"compartmentId":"` + tenancy + `","subSystem":"LOG","queryString":"*","shouldRunAsync":true}`

// submitted starts an asynchronous query over the socket.
func (g *rig) submitted() string {
	g.t.Helper()
	w := httptest.NewRecorder()
	g.server.LocalHandler().ServeHTTP(w, httptest.NewRequest("POST", nsPath+"/search/actions/query", strings.NewReader(submit)))
	if w.Code != 201 {
		g.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get("opc-work-request-id")
}

func (g *rig) result(id string) (int, map[string]any) {
	return g.local("GET", nsPath+"/search/actions/query?workRequestId="+id, "")
}

func TestCancelEndsTheQuery(t *testing.T) {
	g := newRig(t)
	ended := make(chan error, 1)
	g.engine.runCtx = func(ctx context.Context, _ query.Request) (*query.Result, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	id := g.submitted()
	if code, m := g.result(id); code != 200 || m["percentComplete"] != 0.0 || len(m["items"].([]any)) != 0 {
		t.Errorf("%d %v", code, m)
	}
	w := httptest.NewRecorder()
	g.server.LocalHandler().ServeHTTP(w, httptest.NewRequest("GET", nsPath+"/search/actions/query?workRequestId="+id, nil))
	if w.Header().Get("retry-after") == "" {
		t.Error("no retry-after while it runs")
	}
	if code, m := g.local("DELETE", nsPath+"/queryWorkRequests/"+id, ""); code != 204 {
		t.Fatalf("%d %v", code, m)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	g.settled()
	if code, m := g.local("GET", nsPath+"/queryWorkRequests/"+id, ""); code != 200 || m["status"] != "CANCELED" {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.result(id); code != 409 || m["code"] != "Conflict" {
		t.Errorf("%d %v", code, m)
	}

	// A query in the foreground that nobody asks for ends, too; one in the background does not.
	g.submitted()
	g.advance(5 * time.Minute)
	if code, _ := g.local("GET", nsPath+"/queryWorkRequests?compartmentId="+tenancy, ""); code != 200 {
		t.Fatal(code)
	}
	<-ended
	g.submitted()
	g.server.Close()
	<-ended
	if code, m := g.local("POST", nsPath+"/search/actions/query", submit); code != 503 {
		t.Errorf("after closing: %d %v", code, m)
	}
}

func TestJobsAreBounded(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits.Jobs, o.Limits.JobsAtOnce, o.Limits.JobBytes = 3, 2, 10_000 })
	size := 4000
	g.engine.run = func(r query.Request) (*query.Result, error) {
		return &query.Result{Columns: []query.Column{{Name: "t", Type: record.String}}, Rows: [][]any{{strings.Repeat("x", size)}}, Window: r.Window, Matched: -1, Groups: -1, Total: 1}, nil
	}
	var ids []string
	add := func() {
		ids = append(ids, g.submitted())
		g.settled()
		g.advance(time.Second)
	}
	kept := func() (out string) {
		for _, id := range ids {
			switch code, _ := g.local("GET", nsPath+"/queryWorkRequests/"+id, ""); code {
			case 200:
				out += "+"
			default:
				out += "-"
			}
		}
		return out
	}
	add()
	add()
	if got := kept(); got != "++" {
		t.Errorf("%s", got)
	}
	add() // three results of 4,024 bytes are more than 10,000
	if got := kept(); got != "-++" {
		t.Errorf("%s", got)
	}
	size = 10
	add()
	add()
	if got := kept(); got != "--+++" {
		t.Errorf("more than three: %s", got)
	}
	size = 20_000
	add()
	if code, m := g.result(ids[5]); code != 400 || m["code"] != "LimitExceeded" {
		t.Errorf("%d %v", code, m)
	}
	g.engine.run = func(query.Request) (*query.Result, error) { panic("in the engine") }
	add()
	if code, m := g.result(ids[6]); code != 500 {
		t.Errorf("%d %v", code, m)
	}

	hold := make(chan struct{})
	g.engine.runCtx = func(context.Context, query.Request) (*query.Result, error) { <-hold; return nil, context.Canceled }
	g.submitted()
	g.submitted()
	if code, m := g.local("POST", nsPath+"/search/actions/query", submit); code != 429 {
		t.Errorf("a third at once: %d %v", code, m)
	}
	close(hold)
}
