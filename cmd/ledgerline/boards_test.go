package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/boards"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// boardSearch is a saved search of a file of dashboards.
type boardSearch struct {
	ID          string
	DisplayName string
	UIConfig    struct{ QueryString, VisualizationType string }
}

func boardSearches(t *testing.T, file []byte) (searches []boardSearch, tiles []string) {
	t.Helper()
	var doc struct {
		Dashboards []struct {
			DashboardID   string
			Tiles         []struct{ SavedSearchID string }
			SavedSearches []boardSearch
		}
	}
	if err := json.Unmarshal(file, &doc); err != nil {
		t.Fatal(err)
	}
	for _, d := range doc.Dashboards {
		searches = append(searches, d.SavedSearches...)
		for _, tile := range d.Tiles {
			tiles = append(tiles, tile.SavedSearchID)
		}
	}
	return searches, tiles
}

func builtinBoards(t *testing.T) [][]byte {
	t.Helper()
	files, err := boards.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every id that Oracle's dashboards of Oracle Integration name and its files do
// not hold has a search of ours, and every tile has its search.
func TestBoardsAreWhole(t *testing.T) {
	known := map[string]bool{}
	for _, file := range builtinBoards(t) {
		searches, tiles := boardSearches(t, file)
		for _, s := range searches {
			if known[s.ID] {
				t.Errorf("%s is there twice", s.ID)
			}
			known[s.ID] = true
		}
		for _, id := range tiles {
			if !known[id] {
				t.Errorf("a tile shows %s, which is not there", id)
			}
		}
	}
	for _, id := range []string{"OIHOOIC-1", "OIHOOIC-2", "OIHOOIC-3", "OIHOOIC-4", "OIHOOIC-5", "OIHOOIC-6", "OIHOOIC-7", "OIHOOIC-8", "OIHOOIC-9",
		"OIKMOIC", "OITTAOIC-1", "OCI-INS-1", "OCI-INS-2", "OCI-INS-3", "OCI-INS-5"} { // oci-apis.md, section 5.8
		if !known["OOBSS-log-analytics-"+id] {
			t.Errorf("no search of ours has the id OOBSS-log-analytics-%s", id)
		}
	}
}

// rowsOf counts what a query finds: rows, or the points of its lines. It leaves out
// the quarter of an hour before the node was opened, of which some messages may
// not have arrived when the demo stopped; the node's clock is an hour ahead.
func rowsOf(t *testing.T, n *node, text string) (rows [][]any, found int) {
	t.Helper()
	to := n.now().Add(-75 * time.Minute)
	result, err := n.query.Run(t.Context(), query.Request{Text: text, Window: record.Window{From: to.AddDate(0, 0, -14), To: to}})
	if err != nil {
		t.Errorf("%s\n%v", text, err)
		return nil, 0
	}
	found = len(result.Rows)
	if result.Series != nil {
		found += len(result.Series.Lines)
	}
	return result.Rows, found
}

// Each query of the built-in dashboards runs on the demo's records and finds
// something, but for those that show what should not be.
func ourBoards(t *testing.T, n *node) {
	if err := n.installBoards(t.Context()); err != nil { // again, as at the next start
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	n.server.LocalHandler().ServeHTTP(answer, httptest.NewRequest("GET", "/ledgerline/v1/dashboards", nil))
	var list struct {
		Items []struct{ DisplayName string }
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil || len(list.Items) != len(builtinBoards(t)) {
		t.Errorf("%d dashboards come with the program, listed are %s (%v)", len(builtinBoards(t)), answer.Body, err)
	}
	nothing := []string{"ledgerline-collection-health-problems"}
	values := map[string]string{}
	for _, file := range builtinBoards(t) {
		searches, _ := boardSearches(t, file)
		for _, s := range searches {
			rows, found := rowsOf(t, n, s.UIConfig.QueryString)
			if found == 0 && !slices.Contains(nothing, s.ID) {
				t.Errorf("%s (%s) finds nothing:\n%s", s.ID, s.DisplayName, s.UIConfig.QueryString)
			}
			if s.UIConfig.VisualizationType == "tile" && (len(rows) != 1 || len(rows[0]) != 1) {
				t.Errorf("%s: a tile shows one number, not %v", s.ID, rows)
			} else if s.UIConfig.VisualizationType == "tile" {
				values[s.ID] = fmt.Sprint(rows[0][0])
			}
		}
	}
	count := func(text string) string {
		rows, _ := rowsOf(t, n, text+" | stats count")
		if len(rows) != 1 {
			return "?"
		}
		return fmt.Sprint(rows[0][0])
	}
	for id, want := range map[string]string{
		"ledgerline-audit-overview-changes":    count("'Log Source' = 'OCI Integration Audit Logs'"),
		"ledgerline-collection-health-records": count("*"),
		"ledgerline-collection-health-unread":  "0",
		"ledgerline-oac-queries-queries":       count("'Log Source' = 'OCI Analytics Cloud Diagnostic Logs' and Message like '%SQL Request, logical request hash%'"),
		"ledgerline-oac-activity-exports":      count("'Log Source' = 'OCI Analytics Cloud Audit Logs' and Label = 'Data Export'"),
		"OOBSS-log-analytics-OIHOOIC-3":        "1",
	} {
		if values[id] != want {
			t.Errorf("%s shows %s, want %s", id, values[id], want)
		}
	}
}

// The queries of Oracle's own dashboards of Oracle Integration find something in
// the demo, but for one that groups by entity, which the demo's records have none of.
func oraclesBoards(t *testing.T, n *node) {
	folder := os.Getenv("LEDGERLINE_SHARED")
	if folder == "" {
		folder = "../../../shared/data"
	}
	var files [][]byte
	for _, name := range []string{"MAP__security-fundamentals-dashboards__Oracle_Integration_Audit_Analysis", "oracle-integration-cloud__dashboards__Oracle_Integration_Insight",
		"oracle-integration-cloud__dashboards__oic-insights-7"} {
		text, err := os.ReadFile(filepath.Join(folder, "dashboards", name+".json"))
		if err != nil {
			t.Skipf("Oracle's public dashboards are not here: %v", err)
		}
		files = append(files, text)
	}
	seen := 0
	for _, file := range files {
		if err := n.server.InstallDashboards(t.Context(), file); err != nil {
			t.Error(err)
		}
		searches, _ := boardSearches(t, file)
		for _, s := range searches {
			seen++
			if _, found := rowsOf(t, n, s.UIConfig.QueryString); found == 0 && !strings.Contains(s.UIConfig.QueryString, "link Entity") {
				t.Errorf("%s finds nothing:\n%s", s.DisplayName, s.UIConfig.QueryString)
			}
		}
	}
	if seen != 12 {
		t.Errorf("%d searches", seen)
	}
}
