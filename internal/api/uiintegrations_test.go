package api

import (
	"context"
	"errors"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

type fakeOperator struct {
	ran    []string
	refuse error
}

func (*fakeOperator) Integrations() []IntegrationInfo {
	return []IntegrationInfo{{Name: "oic-audit", Kind: "oic-audit", Connection: "oic", Every: time.Minute}}
}
func (*fakeOperator) Connections() []ConnectionInfo {
	return []ConnectionInfo{{Name: "oic", Type: "oic", Target: "https://oic.example.com"}}
}
func (o *fakeOperator) RunNow(name string) error {
	o.ran = append(o.ran, name)
	return o.refuse
}
func (*fakeOperator) Test(context.Context, string) ([]TestStep, error) {
	return []TestStep{{Name: "token", OK: true}, {Name: "scope", Detail: "refused", Hint: "add it"}}, nil
}

func (*fakeOperator) Kept(source string) time.Duration {
	return map[string]time.Duration{"Orders": 36 * time.Hour}[source]
}

func TestOwnIntegrations(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	if code, m := g.local("GET", "/ledgerline/v1/integrations", ""); code != 200 || len(m["items"].([]any)) != 0 {
		t.Errorf("without an operator: %d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/integrations/oic-audit/actions/run", ""); code != 404 {
		t.Errorf("run without an operator: %d", code)
	}
	o := &fakeOperator{}
	g.server.Operator = o
	id, err := g.stage.BeginRun(ctx, "oic-audit", "once")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.stage.EndRun(ctx, id, stage.Failed, "401"); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	if err := g.stage.Cover(ctx, stage.Coverage{Integration: "oic-audit", Window: record.Window{From: from, To: from.Add(time.Hour)}, State: stage.Gap}); err != nil {
		t.Fatal(err)
	}
	code, m := g.local("GET", "/ledgerline/v1/integrations", "")
	in, _ := m["items"].([]any)[0].(map[string]any)
	if code != 200 || in["everySeconds"] != 60.0 || in["gaps"] != 1.0 || in["lastRun"].(map[string]any)["firstError"] != "401" {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/integrations/oic-audit/actions/run", ""); code != 202 || len(o.ran) != 1 {
		t.Errorf("run now: %d, ran %v", code, o.ran)
	}
	o.refuse = errors.New("a run is under way")
	if code, m := g.local("POST", "/ledgerline/v1/integrations/oic-audit/actions/run", ""); code != 409 || m["message"] != "a run is under way" {
		t.Errorf("run twice: %d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/integrations/other/actions/run", ""); code != 404 || len(o.ran) != 2 {
		t.Errorf("run of what is not there: %d, ran %v", code, o.ran)
	}
	code, m = g.local("POST", "/ledgerline/v1/connections/oic/actions/test", "")
	steps, _ := m["steps"].([]any)
	if code != 200 || len(steps) != 2 || steps[1].(map[string]any)["hint"] != "add it" {
		t.Errorf("test: %d %v", code, m)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/connections/none/actions/test", ""); code != 404 {
		t.Errorf("test of what is not there: %d", code)
	}
}

func TestStoreBySource(t *testing.T) {
	g := newRig(t)
	day := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	g.store.days = []store.DayStats{
		{Source: "B", Day: day, Segments: 1, Rows: 7, Bytes: 70},
		{Source: "A", Day: day.AddDate(0, 0, 1), Segments: 2, Rows: 10, Bytes: 100},
		{Source: "A", Day: day, Segments: 1, Rows: 5, Bytes: 50},
	}
	_, m := g.local("GET", "/ledgerline/v1/store/sources", "")
	if kept := m["items"].([]any)[0].(map[string]any)["keptDays"]; kept != 0.0 {
		t.Errorf("kept without an operator: %v", kept)
	}
	g.server.Operator = &fakeOperator{}
	g.store.days[0].Source = "Orders"
	_, other := g.local("GET", "/ledgerline/v1/store/sources", "")
	if kept := other["items"].([]any)[0].(map[string]any)["keptDays"]; kept != 1.5 {
		t.Errorf("36 hours are %v days", kept)
	}
	found := map[string][4]any{}
	for _, v := range m["items"].([]any) {
		i := v.(map[string]any)
		found[i["source"].(string)] = [4]any{i["records"], i["bytes"], i["days"], i["first"]}
	}
	if len(found) != 2 || found["A"] != [4]any{15.0, 150.0, 2.0, "2026-03-09T00:00:00Z"} || found["B"] != [4]any{7.0, 70.0, 1.0, "2026-03-09T00:00:00Z"} {
		t.Errorf("%v", found)
	}
}
