package api

import (
	"strings"
	"testing"
	"time"

	"ledgerline/internal/query"
)

func TestOwnSearches(t *testing.T) {
	g := newRig(t)
	const path = "/ledgerline/v1/searches/Off%20hours"
	if code, m := g.local("PUT", path, `{"query":"* | stats count","last":"36h","zone":"Asia/Tokyo","description":"d"}`); code != 200 || m["name"] != "Off hours" {
		t.Fatalf("%d %v", code, m)
	}
	for _, bad := range []string{`{}`, `{"query":"* | stats"}`, `{"query":"*","last":"-1h"}`, `{"query":"*","zone":"Moon"}`} {
		if code, m := g.local("PUT", path, bad); code != 400 {
			t.Errorf("%s: %d %v", bad, code, m)
		}
	}
	if code, m := g.local("GET", "/ledgerline/v1/searches/off%20HOURS", ""); code != 200 || m["query"] != "* | stats count" || m["last"] != "36h0m0s" {
		t.Errorf("%d %v", code, m)
	}
	var got query.Request
	g.engine.run = func(r query.Request) (*query.Result, error) { got = r; return rows(1)(r) }
	if code, m := g.local("POST", "/ledgerline/v1/query", `{"saved":"off hours"}`); code != 200 {
		t.Fatalf("%d %v", code, m)
	}
	if got.Text != "* | stats count" || got.Window.Length() != 36*time.Hour || got.Zone.String() != "Asia/Tokyo" {
		t.Errorf("%+v", got)
	}
	// What the request says goes before what was saved.
	if code, m := g.local("POST", "/ledgerline/v1/query", `{"saved":"off hours","last":"2h","zone":"UTC"}`); code != 200 || got.Window.Length() != 2*time.Hour || got.Zone.String() != "UTC" {
		t.Errorf("%d %v: %+v", code, m, got)
	}
	if code, m := g.local("POST", "/ledgerline/v1/query", `{"saved":"none"}`); code != 404 || !strings.Contains(m["message"].(string), "none") {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/query", `{"saved":"off hours","query":"*"}`); code != 400 {
		t.Errorf("both: %d", code)
	}
	if code, m := g.local("GET", "/ledgerline/v1/searches", ""); code != 200 || len(m["items"].([]any)) != 1 {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("DELETE", path, ""); code != 204 {
		t.Errorf("%d", code)
	}
	if code, _ := g.local("DELETE", path, ""); code != 404 {
		t.Errorf("%d", code)
	}
}

func TestExplainAnalyze(t *testing.T) {
	g := realRig(t)
	code, m := g.local("POST", "/ledgerline/v1/explain", `{"query":"* | stats count by 'User Name'","from":"2024-05-01T10:00:00Z","to":"2024-05-01T11:00:00Z","analyze":true}`)
	steps, _ := m["steps"].([]any)
	if code != 200 || len(steps) == 0 {
		t.Fatalf("%d %v", code, m)
	}
	if last := steps[len(steps)-1].(map[string]any); last["name"] != "run" || last["rowsOut"] != 3.0 {
		t.Errorf("%v, want a run that yields the three users", last)
	}
	if text, _ := m["plan"].(string); !strings.Contains(text, "SELECT") || !strings.Contains(text, "rows out") {
		t.Errorf("%s", text)
	}
}
