package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

func exportRequest(text string, format loganalytics.ExportDetailsOutputFormatEnum) loganalytics.ExportQueryResultRequest {
	return loganalytics.ExportQueryResultRequest{NamespaceName: ptr("demo"), ExportDetails: loganalytics.ExportDetails{CompartmentId: ptr(tenancy), QueryString: &text,
		SubSystem: loganalytics.SubSystemNameLog, OutputFormat: format, ShouldIncludeColumns: ptr(true),
		TimeFilter: &loganalytics.TimeRange{TimeStart: &common.SDKTime{Time: begin}, TimeEnd: &common.SDKTime{Time: begin.Add(time.Hour)}, TimeZone: ptr("Asia/Tokyo")}}}
}

func TestSDKExport(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	resp, err := c.ExportQueryResult(ctx, exportRequest("'Resource Operations' = DELETE | fields -*, Time, 'User Name' | sort Time", loganalytics.ExportDetailsOutputFormatCsv))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(resp.Content).ReadAll()
	if err != nil || len(lines) != 7 {
		t.Fatalf("%q, %v", lines, err)
	}
	// The third DELETE is record 10, ten minutes after 19:00 in Tokyo.
	if fmt.Sprint(lines[0]) != "[Time User Name]" || fmt.Sprint(lines[3]) != "[2024-05-01T19:10:00.000+09:00 bo@example.com]" {
		t.Errorf("%q", lines)
	}

	resp, err = c.ExportQueryResult(ctx, exportRequest("* | stats count as n by 'User Name' | sort 'User Name'", loganalytics.ExportDetailsOutputFormatJson))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Columns []map[string]any
		Items   []map[string]any
	}
	if err := json.NewDecoder(resp.Content).Decode(&m); err != nil {
		t.Fatal(err)
	}
	if len(m.Columns) != 2 || len(m.Items) != 3 || m.Items[0]["User Name"] != "ann@example.com" || m.Items[0]["n"] != 10.0 {
		t.Errorf("%+v", m)
	}

	// A time series has one row for every bucket and user.
	resp, err = c.ExportQueryResult(ctx, exportRequest("* | timestats span = 10minutes count as n by 'User Name'", loganalytics.ExportDetailsOutputFormatCsv))
	if err != nil {
		t.Fatal(err)
	}
	lines, err = csv.NewReader(resp.Content).ReadAll()
	total := 0
	for _, l := range lines[1:] {
		for i, name := range lines[0] {
			if name == "n" {
				var n int
				if _, err := fmt.Sscan(l[i], &n); err != nil {
					t.Fatal(err)
				}
				total += n
			}
		}
	}
	if err != nil || len(lines) != 1+3*6 || total != 30 {
		t.Errorf("%q, %v: %d records in all", lines, err, total)
	}

	_, err = c.ExportQueryResult(ctx, exportRequest("* | nonsense", loganalytics.ExportDetailsOutputFormatCsv))
	refused(t, err, 400, "InvalidParameter")
	_, err = c.ExportQueryResult(ctx, exportRequest("* | nonsense", loganalytics.ExportDetailsOutputFormatParquet))
	refused(t, err, 400, "InvalidParameter")
}

// exporting answers with rows until yield says otherwise.
func exporting(yield func(ctx context.Context, row func(int) error) error) func(context.Context, query.Request, func([]query.Column) error, func([]any) error) error {
	return func(ctx context.Context, _ query.Request, header func([]query.Column) error, row func([]any) error) error {
		if err := header([]query.Column{{Name: "n", Type: record.Long}, {Name: "text", Type: record.String}, {Name: "h", Hidden: true}}); err != nil {
			return err
		}
		return yield(ctx, func(i int) error { return row([]any{int64(i), strings.Repeat("x", 1000), "hidden"}) })
	}
}

// open serves a rig on a loopback address, as its socket does.
func (g *rig) open() string {
	s := httptest.NewServer(g.server.LocalHandler())
	g.t.Cleanup(s.Close)
	return s.URL
}

func (g *rig) export(ctx context.Context, url, body string) *http.Response {
	g.t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/ledgerline/v1/export", strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// The first rows arrive while the last are not yet known, and there is no limit.
func TestExportStreams(t *testing.T) {
	g := newRig(t)
	seen := make(chan struct{})
	g.engine.export = exporting(func(_ context.Context, row func(int) error) error {
		for i := range 5000 {
			if i == 1000 {
				<-seen // ends only when the client has read a row
			}
			if err := row(i); err != nil {
				return err
			}
		}
		return nil
	})
	resp := g.export(t.Context(), g.open(), `{"query":"*"}`)
	lines := bufio.NewScanner(resp.Body)
	n := 0
	for lines.Scan() {
		switch {
		case n == 0 && lines.Text() != "n,text":
			t.Errorf("%q", lines.Text())
		case n == 1:
			close(seen)
		}
		n++
	}
	if lines.Err() != nil || n != 5001 || resp.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%d lines, %v", n, lines.Err())
	}

	g.engine.export = exporting(func(_ context.Context, row func(int) error) error {
		return errors.Join(row(1), row(2))
	})
	var list []map[string]any
	resp = g.export(t.Context(), g.open(), `{"query":"*","format":"json"}`)
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list) != 2 || list[1]["n"] != 2.0 || list[1]["h"] != nil {
		t.Errorf("%v, %v", list, err)
	}
	resp = g.export(t.Context(), g.open(), `{"query":"*","format":"json","limit":1}`)
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// What fails in mid-stream cannot be taken for the whole.
func TestExportBreaksVisibly(t *testing.T) {
	g := newRig(t)
	rows := 0
	g.engine.export = exporting(func(_ context.Context, row func(int) error) error {
		for i := range rows {
			if err := row(i); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w: told so", query.ErrMemory)
	})
	url := g.open()
	resp := g.export(t.Context(), url, `{"query":"*"}`)
	text, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 400 || err != nil || !strings.Contains(string(text), "LimitExceeded") {
		t.Errorf("before the first byte: %d %s, %v", resp.StatusCode, text, err)
	}
	rows = 1000
	for _, format := range []string{"csv", "json"} {
		resp = g.export(t.Context(), url, `{"query":"*","format":"`+format+`"}`)
		text, err = io.ReadAll(resp.Body)
		if resp.StatusCode != 200 || len(text) == 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s after %d bytes: %d, %v; want an unexpected end", format, len(text), resp.StatusCode, err)
		}
	}
	g.engine.export = exporting(func(_ context.Context, row func(int) error) error {
		for i := range 1000 {
			if err := row(i); err != nil {
				return err
			}
		}
		panic("in the engine")
	})
	resp = g.export(t.Context(), url, `{"query":"*"}`)
	if _, err = io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a panic: %v", err)
	}
}

func TestExportEndsWithItsClient(t *testing.T) {
	g := newRig(t)
	ended := make(chan error, 1)
	g.engine.export = exporting(func(ctx context.Context, row func(int) error) error {
		for i := range 100 { // more than is held back
			if err := row(i); err != nil {
				return err
			}
		}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	resp := g.export(ctx, g.open(), `{"query":"*"}`)
	if resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestExportWaitsForTheFirstRowOnly(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits.QueryTime = time.Nanosecond })
	g.engine.export = exporting(func(ctx context.Context, _ func(int) error) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if code, m := g.local("POST", "/ledgerline/v1/export", `{"query":"*"}`); code != 400 || m["code"] != "LimitExceeded" {
		t.Errorf("%d %v", code, m)
	}
}

// An engine that was told how long a query may take would break off in the middle.
func TestExportMayTakeLongerThanAQuery(t *testing.T) {
	g := newRig(t)
	told := time.Duration(-1)
	g.engine.export = func(_ context.Context, r query.Request, _ func([]query.Column) error, _ func([]any) error) error {
		told = r.Timeout
		return nil
	}
	if code, m := g.local("POST", "/ledgerline/v1/export", `{"query":"*", "timeoutSeconds":5}`); code != 200 || told != 0 {
		t.Errorf("the engine was given %v: %d %v", told, code, m)
	}
}
