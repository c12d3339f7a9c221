package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/content"
)

// A small demo is complete, also when it is started again over its folder. What it
// promises is then found in its data, an hour later.
func TestDemo(t *testing.T) {
	const records = 8000
	dir := t.TempDir()
	for range 2 {
		var out, noise bytes.Buffer
		code := run(t.Context(), []string{"demo", "--once", "--records", fmt.Sprint(records), "--days", "9", "--data", dir}, terminal{in: strings.NewReader(""), out: &out, err: &noise, env: os.LookupEnv})
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var found, happened int
		if _, err := fmt.Sscanf(lines[len(lines)-1], "complete: %d of %d records, 0 duplicates", &found, &happened); err != nil || code != exitDone || found != happened || happened < records {
			t.Fatalf("exits with %d: %v\n%s%s", code, err, out.String(), noise.String())
		}
	}
	n := openJoined(t, filepath.Join(dir, "ledgerline.yaml"))
	defer n.close()
	if err := n.joinQueries(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("questions", func(t *testing.T) { demoAnswers(t, n) })
	t.Run("fields", func(t *testing.T) { demoFields(t, n) })
	t.Run("our dashboards", func(t *testing.T) { ourBoards(t, n) })
	t.Run("Oracle's dashboards", func(t *testing.T) { oraclesBoards(t, n) })
}

// The printed questions find the incident.
func demoAnswers(t *testing.T, n *node) {
	for i, want := range []string{"@example.com", "ORDERS_TO_ERP_1", "activate", "7", "Data Exporter"} {
		rows, _ := rowsOf(t, n, demoQuestions[i].text)
		if len(rows) == 0 || !strings.Contains(fmt.Sprint(rows), want) {
			t.Errorf("%s finds %v", demoQuestions[i].words, rows)
		}
	}
	if rows, _ := rowsOf(t, n, demoQuestions[1].text); fmt.Sprint(rows[0][0]) != "ORDERS_TO_ERP_1" {
		t.Errorf("the integration that faults most is %v", rows[0])
	}
	if rows, _ := rowsOf(t, n, demoQuestions[3].text); len(rows) != 1 {
		t.Errorf("who exports at night: %v", rows)
	}
}

// documented are the fields of the logs of Analytics as Oracle's page names them,
// and ours.
var documented = map[string]string{
	"data.userId": "User ID", "data.category": "Category", "data.message": "Message", "data.ecid": "ECID", "data.logLevel": "Severity",
	"data.additionalDetails": "Additional Information", "id": "Event ID", "oracle.compartmentid": "Compartment ID", "oracle.ingestedtime": "Ingested Time",
	"oracle.loggroupid": "Logging Log Group OCID", "oracle.logid": "Logging Log OCID", "oracle.tenantid": "Tenant ID", "source": "OCI Resource Name",
	"specversion": "Cloud Events Version", "time": "Time", "type": "Event Type",
}

// Every field that Oracle's page on the logs of Analytics names is there to be
// asked for, in both logs, and so is each of ours; all ten categories occur.
func demoFields(t *testing.T, n *node) {
	fields := analyticsFields(t)
	for source := range fields {
		for name, field := range documented {
			if !slices.Contains(fields[source], field) {
				t.Errorf("%s: docs/sources.md has no %s, for %s", source, field, name)
			}
		}
		for _, field := range fields[source] {
			rows, _ := rowsOf(t, n, fmt.Sprintf("'Log Source' = '%s' and '%s' != null | stats count", source, field))
			if len(rows) != 1 || fmt.Sprint(rows[0][0]) == "0" {
				t.Errorf("%s: no record has %s", source, field)
			}
		}
	}
	rows, _ := rowsOf(t, n, "'Log Source' in ('OCI Analytics Cloud Audit Logs', 'OCI Analytics Cloud Diagnostic Logs') | stats count by Category")
	for _, category := range []string{"catalog", "data", "dataLoad", "DVA", "publisher", "query", "security", "semanticModel", "settings", "snapshot"} {
		if !slices.ContainsFunc(rows, func(row []any) bool { return row[0] == category }) {
			t.Errorf("no record of category %s: %v", category, rows)
		}
	}
}

// analyticsFields reads the tables of docs/sources.md, less what the demo's
// logs do not hold: a region, which only exports of the console have, and what
// belongs to the other log.
func analyticsFields(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]string{content.SourceAnalyticsAudit: "Region|Feedback.*|Utterance|Data Model|Parent ECID", content.SourceAnalyticsDiagnostic: "Region|Object Type|Snapshot Size|Source"}
	row := regexp.MustCompile("^\\| .+ \\| (.+) \\| `[a-z0-9]+` \\| [A-Z]+ \\|$")
	out, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(name)
		}
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if skip, ok := elsewhere[section]; ok && m != nil && !regexp.MustCompile("^(?:"+skip+")$").MatchString(m[1]) {
			out[section] = append(out[section], m[1])
		}
	}
	if len(out) != 2 || len(out[content.SourceAnalyticsAudit]) < 15 || len(out[content.SourceAnalyticsDiagnostic]) < 30 {
		t.Fatalf("the tables were not found: %v", out)
	}
	return out
}
