package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

func queryRequest(text string, change ...func(*loganalytics.QueryRequest)) loganalytics.QueryRequest {
	r := loganalytics.QueryRequest{NamespaceName: ptr("demo"), QueryDetails: loganalytics.QueryDetails{CompartmentId: ptr(tenancy), QueryString: &text,
		SubSystem: loganalytics.SubSystemNameLog, ShouldIncludeColumns: ptr(true)}}
	for _, f := range change {
		f(&r)
	}
	return r
}

// rows answers with n numbered rows, cut at the limit of the request.
func rows(n int) func(query.Request) (*query.Result, error) {
	return func(r query.Request) (*query.Result, error) {
		out := &query.Result{Columns: []query.Column{{Name: "n", Internal: "func1_count", Original: "Count", Type: record.Long}}, Window: r.Window, Matched: int64(n), Groups: -1, Total: int64(n)}
		for i := range min(n, r.Limit) {
			out.Rows = append(out.Rows, []any{int64(i)})
		}
		return out, nil
	}
}

func TestSDKQuery(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	at := time.Date(2024, 5, 1, 10, 0, 0, 123e6, time.UTC)
	var got query.Request
	g.engine.run = func(r query.Request) (*query.Result, error) {
		got = r
		return &query.Result{
			Columns: []query.Column{
				{Name: "User", Original: "User Name", Internal: "usrname", Type: record.String, Groupable: true, CaseSensitive: true},
				{Name: "Time", Original: "Time", Internal: "time", Type: record.Timestamp},
				{Name: "n", Original: "Count", Internal: "func1_count", Type: record.Long},
				{Name: "avg", Original: "Avg", Internal: "func2_avg_x", Type: record.Double},
				{Name: "Label", Internal: "mtag", Type: record.String, List: true},
			},
			Rows: [][]any{
				{"ann@example.com", at, int64(1 << 53), 1.5, []any{"a", "b"}},
				{nil, nil, int64(0), math.NaN(), nil},
			},
			Window: r.Window, Matched: 41, Groups: 2, Total: 2, Elapsed: 37 * time.Millisecond,
		}, nil
	}
	start, end := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 5, 2, 0, 0, 0, 0, time.UTC)
	resp, err := c.Query(ctx, queryRequest("* | stats count", func(r *loganalytics.QueryRequest) {
		r.TimeFilter = &loganalytics.TimeRange{TimeStart: &common.SDKTime{Time: start}, TimeEnd: &common.SDKTime{Time: end}, TimeZone: ptr("Europe/Rome")}
		r.ScopeFilters = []loganalytics.ScopeFilter{{FieldName: ptr("Log Group"), Values: []any{"a", 3}}}
		r.MaxTotalCount, r.QueryTimeoutInSeconds, r.Variables = ptr(5000), ptr(7), []string{"init"}
		r.ShouldIncludeFields = ptr(true)
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := query.Request{Text: "* | stats count", Window: record.Window{From: start, To: end}, Zone: got.Zone, Limit: 2001, Timeout: 7 * time.Second, Variables: []string{"init"},
		Scope: query.Scope{Filters: []query.ScopeFilter{{Field: "Log Group", Values: []string{"a", "3"}}}}}
	if got.Zone.String() != "Europe/Rome" || !reflect.DeepEqual(got, want) {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	items := []map[string]any{
		{"User": "ann@example.com", "Time": float64(at.UnixMilli()), "n": float64(1 << 53), "avg": 1.5, "Label": []any{"a", "b"}},
		{"n": 0.0},
	}
	if !reflect.DeepEqual(resp.Items, items) {
		t.Errorf("items %v, want %v", resp.Items, items)
	}
	if *resp.PercentComplete != 100 || *resp.TotalCount != 2 || *resp.TotalMatchedCount != 41 || *resp.TotalGroupCount != 2 || *resp.QueryExecutionTimeInMs != 37 ||
		*resp.ArePartialResults || !resp.TimeFilter.TimeStart.Equal(start) || *resp.TimeFilter.TimeZone != "Europe/Rome" || resp.OpcNextPageId != nil {
		t.Errorf("%+v", resp.QueryAggregation)
	}
	if len(resp.Columns) != 5 || len(resp.Fields) == 0 {
		t.Fatalf("%d columns, %d fields", len(resp.Columns), len(resp.Fields))
	}
	col, ok := resp.Columns[0].(loganalytics.Column)
	if !ok || *col.DisplayName != "User" || *col.OriginalDisplayName != "User Name" || *col.InternalName != "usrname" || col.ValueType != loganalytics.ValueTypeString ||
		!*col.IsGroupable || !*col.IsCaseSensitive || *col.IsHidden {
		t.Errorf("%T %+v", resp.Columns[0], resp.Columns[0])
	}
}

// The Go SDK sends null for the mandatory times of a range that are not set.
func TestQueryWindow(t *testing.T) {
	g := newRig(t)
	var got query.Request
	g.engine.run = func(r query.Request) (*query.Result, error) { got = r; return rows(1)(r) }
	if _, err := g.sdk().Query(context.Background(), queryRequest("*", func(r *loganalytics.QueryRequest) { r.TimeFilter = &loganalytics.TimeRange{} })); err != nil {
		t.Fatal(err)
	}
	if got.Window.Length() != time.Hour || g.now().Sub(got.Window.To).Abs() > time.Minute {
		t.Errorf("window %v, want the last hour", got.Window)
	}
}

func TestSDKTimeStats(t *testing.T) {
	g := newRig(t)
	op, n := query.Column{Name: "Resource Operations", Internal: "op", Type: record.String, Groupable: true}, query.Column{Name: "logrecords", Internal: "func1_count", Type: record.Long}
	g.engine.run = func(r query.Request) (*query.Result, error) {
		return &query.Result{
			Columns: []query.Column{{Name: "Time", Internal: "time", Type: record.Timestamp}, op, n},
			Rows:    [][]any{{time.UnixMilli(1000), "EDIT", int64(2)}, {time.UnixMilli(2000), "EDIT", int64(0)}, {time.UnixMilli(1000), nil, int64(1)}, {time.UnixMilli(2000), nil, int64(5)}},
			Window:  r.Window, Matched: 8, Groups: 2, Total: 4,
			Series: &query.Series{Span: "1second", Buckets: []int64{1000, 2000}, By: []query.Column{op}, Values: []query.Column{n},
				Lines: []query.Line{{Key: []any{"EDIT"}, Points: [][]any{{int64(2), int64(0)}}}, {Key: []any{nil}, Points: [][]any{{int64(1), int64(5)}}}}},
		}, nil
	}
	resp, err := g.sdk().Query(context.Background(), queryRequest("* | timestats count as logrecords by 'Resource Operations'"))
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Items) != 4 || !reflect.DeepEqual(resp.Items[3], map[string]any{"Time": 2000.0, "logrecords": 5.0}) {
		t.Errorf("flat items %v", resp.Items)
	}
	if len(resp.Columns) != 4 {
		t.Fatalf("%d columns", len(resp.Columns))
	}
	ts, ok := resp.Columns[3].(loganalytics.TimeStatsColumn)
	if !ok || *ts.IntervalGap != "1second" || !reflect.DeepEqual(ts.Intervals, []int64{1000, 2000}) || len(ts.Series) != 2 {
		t.Fatalf("%T %+v", resp.Columns[3], resp.Columns[3])
	}
	if s := ts.Series[0]; *s.DisplayName != "EDIT" || len(s.Columns) != 2 || *s.ResultCount != 2 ||
		!reflect.DeepEqual(s.Result, []map[string]any{{"Resource Operations": "EDIT", "logrecords": 2.0}, {"Resource Operations": "EDIT", "logrecords": 0.0}}) {
		t.Errorf("%+v", s)
	}
	if s := ts.Series[1]; !reflect.DeepEqual(s.Result, []map[string]any{{"logrecords": 1.0}, {"logrecords": 5.0}}) {
		t.Errorf("%+v", s)
	}
}

// Pages of a query hold every row once; -1 asks for all that is left.
func TestSDKQueryPages(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	var windows []record.Window
	g.engine.run = func(r query.Request) (*query.Result, error) {
		windows = append(windows, r.Window)
		return rows(25)(r)
	}
	var all []any
	var last *string
	for page := (*string)(nil); ; {
		resp, err := c.Query(ctx, queryRequest("*", func(r *loganalytics.QueryRequest) { r.Limit, r.Page = ptr(10), page }))
		if err != nil {
			t.Fatal(err)
		}
		if *resp.TotalCount != 25 {
			t.Errorf("total %d", *resp.TotalCount)
		}
		for _, it := range resp.Items {
			all = append(all, it["n"])
		}
		if page = resp.OpcNextPageId; page == nil {
			if resp.OpcPrevPageId == nil {
				t.Error("no previous page")
			}
			break
		}
		last = page
		g.advance(time.Minute)
	}
	if len(all) != 25 || len(windows) != 3 {
		t.Fatalf("%d rows in %d pages", len(all), len(windows))
	}
	for i, v := range all {
		if v != float64(i) {
			t.Errorf("row %d is %v", i, v)
		}
	}
	for _, w := range windows[1:] {
		if w.From.UnixMilli() != windows[0].From.UnixMilli() || w.To.UnixMilli() != windows[0].To.UnixMilli() {
			t.Errorf("the window moved between pages: %v", windows)
		}
	}
	rest, err := c.Query(ctx, queryRequest("*", func(r *loganalytics.QueryRequest) { r.Limit, r.MaxTotalCount = ptr(-1), ptr(12) }))
	if err != nil || len(rest.Items) != 12 || rest.OpcNextPageId != nil {
		t.Errorf("%d rows, %v", len(rest.Items), err)
	}
	_, err = c.Query(ctx, queryRequest("* | head 3", func(r *loganalytics.QueryRequest) { r.Limit, r.Page = ptr(10), last }))
	refused(t, err, 400, "InvalidParameter")
}

func TestSDKQueryRefused(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	mistakes := &syntax.Errors{Source: "* | wher x"}
	mistakes.Add(syntax.Error{Span: syntax.Span{Start: 4, End: 8}, Message: "Unknown command", Suggestion: "where"})
	g.engine.run = func(query.Request) (*query.Result, error) { return nil, mistakes }
	_, err := c.Query(ctx, queryRequest("* | wher x"))
	refused(t, err, 400, "InvalidParameter")
	var e common.ServiceError
	if errors.As(err, &e); !strings.Contains(e.GetMessage(), "^~~~") || !strings.Contains(e.GetMessage(), "where") || !strings.Contains(e.GetMessage(), "\n") {
		t.Errorf("no caret in %q", e.GetMessage())
	}

	g.engine.run = func(query.Request) (*query.Result, error) { return nil, errors.New("duckdb: secret path /x") }
	_, err = c.Query(ctx, queryRequest("*"))
	refused(t, err, 500, "InternalServerError")
	if errors.As(err, &e); strings.Contains(e.GetMessage(), "/x") {
		t.Errorf("%q tells about the inside", e.GetMessage())
	}
	if !strings.Contains(g.log.String(), "secret path /x") {
		t.Error("the log does not have the cause")
	}

	g.engine.run = func(query.Request) (*query.Result, error) {
		return nil, fmt.Errorf("%w: ask for less", query.ErrDeadline)
	}
	_, err = c.Query(ctx, queryRequest("*"))
	refused(t, err, 400, "LimitExceeded")

	for name, k := range map[string]struct {
		change func(*loganalytics.QueryRequest)
		status int
		code   string
	}{
		"no text":        {func(r *loganalytics.QueryRequest) { r.QueryString = ptr("") }, 400, "MissingParameter"},
		"no compartment": {func(r *loganalytics.QueryRequest) { r.CompartmentId = ptr("") }, 400, "MissingParameter"},
		"limit":          {func(r *loganalytics.QueryRequest) { r.Limit = ptr(-2) }, 400, "InvalidParameter"},
		"page":           {func(r *loganalytics.QueryRequest) { r.Page = ptr("x") }, 400, "InvalidParameter"},
		"zone":           {func(r *loganalytics.QueryRequest) { r.TimeFilter = &loganalytics.TimeRange{TimeZone: ptr("../x")} }, 400, "InvalidParameter"},
		"window": {func(r *loganalytics.QueryRequest) {
			r.TimeFilter = &loganalytics.TimeRange{TimeStart: &common.SDKTime{Time: time.UnixMilli(2)}, TimeEnd: &common.SDKTime{Time: time.UnixMilli(2)}}
		}, 400, "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Query(ctx, queryRequest("*", k.change))
			refused(t, err, k.status, k.code)
		})
	}
}

// local sends a request to the unix socket's handler.
func (g *rig) local(method, target, body string) (int, map[string]any) {
	g.t.Helper()
	w := httptest.NewRecorder()
	g.server.LocalHandler().ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	var m map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
			g.t.Fatalf("%s %s: %v in %s", method, target, err, w.Body)
		}
	}
	return w.Code, m
}

func TestOwnQuery(t *testing.T) {
	g := newRig(t)
	var got query.Request
	g.engine.run = func(r query.Request) (*query.Result, error) {
		got = r
		return &query.Result{Columns: []query.Column{{Name: "Time", Type: record.Timestamp}, {Name: "n", Type: record.Long, Unit: "ms"}},
			Rows: [][]any{{time.UnixMilli(5), nil}}, Window: r.Window, Matched: 7, Groups: -1, Total: 1, Partial: "timed out", Elapsed: 1500 * time.Microsecond,
			Series: &query.Series{Span: "1hour", Buckets: []int64{0}, Values: []query.Column{{Name: "n"}}, Lines: []query.Line{{Points: [][]any{{int64(4)}}}}}}, nil
	}
	code, m := g.local("POST", "/ledgerline/v1/query", `{"query":"*","from":"2024-05-01T02:00:00+02:00","to":"2024-05-02T00:00:00Z","zone":"Asia/Tokyo","limit":-1}`)
	if code != 200 {
		t.Fatalf("%d %v", code, m)
	}
	if got.Zone.String() != "Asia/Tokyo" || got.Limit != 100_000 || got.Window.Length() != 24*time.Hour || got.Timeout != time.Minute {
		t.Errorf("asked %+v", got)
	}
	if m["matched"] != 7.0 || m["partial"] != "timed out" || m["elapsedMs"] != 1.5 || m["groups"] != nil || !reflect.DeepEqual(m["rows"], []any{[]any{5.0, nil}}) ||
		m["series"].(map[string]any)["span"] != "1hour" {
		t.Errorf("%v", m)
	}
	for _, body := range []string{``, `[]`, `{}`, `{"query":"*","last":"x"}`, `{"query":"*","last":"1h","from":"2024-05-01T00:00:00Z"}`, `{"query":"*","from":"2024-05-01T00:00:00Z","to":"2024-05-01T00:00:00Z"}`, `{"query":"*","zone":"X"}`} {
		if code, m := g.local("POST", "/ledgerline/v1/query", body); code != 400 {
			t.Errorf("%s: %d %v", body, code, m)
		}
	}
	g.engine.explain = func(r query.Request) (*query.Explanation, error) {
		return &query.Explanation{Plan: "plan of " + r.Text, SQL: "SELECT 1", Window: "w"}, nil
	}
	if code, m := g.local("POST", "/ledgerline/v1/explain", `{"query":"*"}`); code != 200 || m["plan"] != "window w\n\nplan of *\n\nSELECT 1\n" {
		t.Errorf("%d %v", code, m)
	}
}

// Without a text the saved search that is named is run, at once or as a job; a text
// counts before it, and who may not read dashboards does not learn it.
func TestSDKQueryBySavedSearch(t *testing.T) {
	g, ctx := newTaskRig(t), context.Background()
	c := g.sdk()
	search := g.savedSearch("* | stats count by 'User Name'")
	ask := func(text *string, id string, job bool) error {
		_, err := c.Query(ctx, queryRequest("", func(r *loganalytics.QueryRequest) {
			r.QueryString, r.SavedSearchId, r.ShouldRunAsync = text, &id, &job
		}))
		return err
	}
	for _, text := range []*string{nil, ptr(""), ptr("* | head 1")} {
		if err := ask(text, search, false); err != nil {
			t.Fatal(err)
		}
		want := "* | stats count by 'User Name'"
		if text != nil && *text != "" {
			want = *text
		}
		if last := g.ran[len(g.ran)-1]; last.Text != want {
			t.Errorf("%q was run, want %q", last.Text, want)
		}
	}
	if err := ask(nil, search, true); err != nil {
		t.Error(err)
	}
	refused(t, ask(nil, "ocid1.none", false), 404, "NotAuthorizedOrNotFound")
	refused(t, ask(nil, "", false), 400, "MissingParameter")

	w := newWorld(t, false)
	if _, err := w.cat.SavePolicy(ctx, catalog.Policy{Name: "askers", Statements: []string{
		"Allow group Askers to read log-groups in tenancy", "Allow group Askers to read loganalytics-features-family in tenancy"}}, ""); err != nil {
		t.Fatal(err)
	}
	w.user("asker", "Askers")
	asker := w.browser()
	if asker.logIn("asker", password) != 200 {
		t.Fatal("no login")
	}
	body := `{"compartmentId":"` + tenancy + `","subSystem":"LOG","savedSearchId":"` + w.savedSearch("* | stats count") + `"}`
	for want, b := range map[int]*browser{200: w.reader, 404: asker} {
		if code, m := b.call("POST", nsPath+"/search/actions/query", body); code != want {
			t.Errorf("%d %v, want %d", code, m, want)
		}
	}
}
