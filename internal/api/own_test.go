package api

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

func listAll() catalog.LogGroupFilter { return catalog.LogGroupFilter{} }
func pageAll() catalog.Page           { return catalog.Page{} }

func TestOwnRunsAndCoverage(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	id, err := g.stage.BeginRun(ctx, "oic-audit", "once")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.stage.PutStep(ctx, id, 0, stage.Step{Name: "fetch", Target: "oic", Started: g.now(), State: stage.Failed, Counts: map[string]int64{"pages": 3}, Error: "401"}); err != nil {
		t.Fatal(err)
	}
	if err := g.stage.EndRun(ctx, id, stage.Failed, "401"); err != nil {
		t.Fatal(err)
	}
	code, m := g.local("GET", "/ledgerline/v1/runs", "")
	items, _ := m["items"].([]any)
	if code != 200 || len(items) != 1 || items[0].(map[string]any)["firstError"] != "401" {
		t.Fatalf("%d %v", code, m)
	}
	code, m = g.local("GET", "/ledgerline/v1/runs/"+itoa(id), "")
	steps, _ := m["steps"].([]any)
	if code != 200 || m["state"] != "failed" || len(steps) != 1 || steps[0].(map[string]any)["counts"].(map[string]any)["pages"] != 3.0 {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("GET", "/ledgerline/v1/runs/x", ""); code != 400 {
		t.Errorf("run x: %d", code)
	}
	if code, m := g.local("GET", "/ledgerline/v1/runs/99", ""); code != 404 {
		t.Errorf("run 99: %d %v", code, m)
	}

	from := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	if err := g.stage.Cover(ctx, stage.Coverage{Integration: "oic-audit", Window: record.Window{From: from, To: from.Add(time.Hour)}, State: stage.Gap, Note: "refused", Rows: 2}); err != nil {
		t.Fatal(err)
	}
	code, m = g.local("GET", "/ledgerline/v1/coverage?integration=oic-audit", "")
	items, _ = m["items"].([]any)
	if code != 200 || len(items) != 1 || items[0].(map[string]any)["state"] != "gap" || items[0].(map[string]any)["from"] != "2024-05-01T00:00:00Z" {
		t.Errorf("%d %v", code, m)
	}
	if err := g.stage.Cover(ctx, stage.Coverage{Integration: "oac", Window: record.Window{From: from, To: from.Add(time.Hour)}, State: stage.Covered, Rows: 3}); err != nil {
		t.Fatal(err)
	}
	code, m = g.local("GET", "/ledgerline/v1/coverage", "")
	items, _ = m["items"].([]any)
	if code != 200 || len(items) != 2 || items[0].(map[string]any)["integration"] != "oac" || items[1].(map[string]any)["integration"] != "oic-audit" {
		t.Errorf("coverage of all: %d %v", code, m)
	}
}

func TestOwnQuarantine(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	if err := g.stage.Receive(ctx, stage.Upload{Reference: "r", Name: "n"}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	g.received()
	files, err := g.stage.Files(ctx, stage.ReceivedIntegration, 0, 10)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := g.stage.Quarantine(ctx, "oci", files[0], "too old"); err != nil {
		t.Fatal(err)
	}
	code, m := g.local("GET", "/ledgerline/v1/quarantine", "")
	items, _ := m["items"].([]any)
	if code != 200 || len(items) != 1 || items[0].(map[string]any)["reason"] != "too old" {
		t.Fatalf("%d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/quarantine/actions/retry", `{"file":99}`); code != 404 {
		t.Errorf("file 99: %d", code)
	}
	if code, m := g.local("POST", "/ledgerline/v1/quarantine/actions/retry", `{"file":`+itoa(files[0].ID)+`}`); code != 200 || m["requeued"] != 1.0 {
		t.Errorf("%d %v", code, m)
	}
	again, err := g.stage.Requeued(ctx, "oci")
	if err != nil || len(again) != 1 || again[0].ID != files[0].ID {
		t.Errorf("requeued %v, %v", again, err)
	}
}

func TestOwnBooks(t *testing.T) {
	g := newRig(t)
	if code, m := g.local("POST", "/ledgerline/v1/log-groups", `{"displayName":"New"}`); code != 200 || m["compartmentId"] != tenancy {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.local("GET", "/ledgerline/v1/log-groups", ""); code != 200 || len(m["items"].([]any)) != 2 {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.local("GET", "/ledgerline/v1/uploads", ""); code != 200 || len(m["items"].([]any)) != 0 {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.local("GET", "/ledgerline/v1/content", ""); code != 200 || len(m["sources"].([]any)) == 0 || len(m["fields"].([]any)) == 0 {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.local("POST", "/ledgerline/v1/content/actions/import?replace=yes", "x"); code != 400 {
		t.Errorf("%d %v", code, m)
	}
	code, m := g.local("GET", "/ledgerline/v1/status", "")
	if code != 200 || m["version"] != "test" || m["records"] != 30.0 || m["busy"] != false {
		t.Errorf("%d %v", code, m)
	}
	g.store.report = store.VerifyReport{Segments: 2, Rows: 30, Problems: []store.Problem{{Segment: 1, Text: "changed"}, {Entry: 4, Text: "hash"}, {Text: "other"}}}
	code, m = g.local("POST", "/ledgerline/v1/store/verify", "")
	if problems, _ := m["problems"].([]any); code != 200 || m["ok"] != false || len(problems) != 3 || problems[0] != "segment 1: changed" || problems[1] != "journal entry 4: hash" {
		t.Errorf("%d %v", code, m)
	}
	// The socket speaks Oracle's calls as well.
	if code, m := g.local("GET", nsPath, ""); code != 200 || m["namespaceName"] != "demo" {
		t.Errorf("%d %v", code, m)
	}
}

func TestMetricsAreLocal(t *testing.T) {
	g := newRig(t)
	g.local("GET", nsPath, "")
	w := httptest.NewRecorder()
	g.server.LocalHandler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `ledgerline_http_requests_total{operation="GetNamespace",status="200"} 1`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A panic ends its request alone.
func TestPanicInHandler(t *testing.T) {
	g := newRig(t)
	g.engine.run = nil
	if code, m := g.local("POST", "/ledgerline/v1/query", `{"query":"*"}`); code != 500 || m["code"] != "InternalServerError" {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("GET", nsPath, ""); code != 200 {
		t.Errorf("after a panic: %d", code)
	}
}

// Every pattern finds itself, and no two operations share one.
func TestRouterTable(t *testing.T) {
	r, err := newRouter(operations())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	n := 0
	for method, ops := range r.byMethod {
		for _, op := range ops {
			n++
			key := method + " " + op.Pattern
			if seen[key] != "" {
				t.Errorf("%s and %s are both %s", seen[key], op.Name, key)
			}
			seen[key] = op.Name
			path := strings.NewReplacer("{", "v-", "}", "").Replace(op.Pattern)
			found, params, _ := r.find(method, path)
			if found != op {
				t.Errorf("%s finds %v", path, found)
				continue
			}
			for name, v := range params {
				if v != "v-"+name {
					t.Errorf("%s: %s = %s", path, name, v)
				}
			}
		}
	}
	if n < 218 { // Oracle's 200 and 18, and ours
		t.Errorf("%d operations", n)
	}
}

func FuzzRouter(f *testing.F) {
	r, err := newRouter(operations())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", nsPath+"/sources/a%2Fb/patterns")
	f.Add("DELETE", nsPath+"/uploads//files/")
	f.Fuzz(func(t *testing.T, method, path string) {
		op, params, known := r.find(method, path)
		if op == nil {
			return
		}
		if !known && !strings.HasPrefix(path, "/healthz") && !strings.HasPrefix(path, "/metrics") {
			t.Errorf("%s is outside of the base paths", path)
		}
		for name, v := range params {
			if v == "" || name == namespaceParam && strings.HasPrefix(v, "/") {
				t.Errorf("%s: %s = %q", path, name, v)
			}
		}
	})
}
