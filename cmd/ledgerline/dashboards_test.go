package main

import (
	"strings"
	"testing"
)

func TestDashboardsFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	w.serve(0)
	w.write("changes.json", `{"dashboards":[{"dashboardId":"d","displayName":"Who changed what","compartmentId":"${compartment_ocid}",
		"tiles":[{"displayName":"Changes","savedSearchId":"s","row":0,"column":0,"width":6,"height":4}],
		"savedSearches":[{"id":"s","displayName":"Changes","uiConfig":{"queryString":"* | stats count by 'User Name'"}}]}]}`)
	if got := w.must("dashboards", "import", w.path("changes.json")); got != "created Who changed what\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("dashboards", "import", "--replace", w.path("changes.json")); got != "updated Who changed what\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("dashboards", "list"); strings.Count(got, "Who changed what") != 1 || !strings.Contains(got, "custom") {
		t.Errorf("%q", got)
	}
	w.must("dashboards", "export", "-o", w.path("out.json"), "who CHANGED what")
	if got := w.must("dashboards", "import", w.path("out.json")); got != "updated Who changed what\n" {
		t.Errorf("an export is found again by its id: %q", got)
	}
	if got := w.must("dashboards", "export", "Who changed what"); !strings.Contains(got, "stats count by 'User Name'") {
		t.Errorf("%q", got)
	}
	w.write("bad.json", `{"dashboards":[{"displayName":"x","tiles":[{"row":"a"}]}]}`)
	if _, problems, code := w.ask("dashboards", "import", w.path("bad.json")); code != exitFailed || !strings.Contains(problems, "dashboards[0].tiles[0].row") {
		t.Errorf("exit %d: %s", code, problems)
	}
	if _, problems, code := w.ask("dashboards", "export", "none"); code != exitFailed || !strings.Contains(problems, "not found") {
		t.Errorf("exit %d: %s", code, problems)
	}
}
