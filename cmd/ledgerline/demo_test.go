package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// A small demo is complete, also when it is started again over its folder; its
// questions find the incident; and every field that Oracle's page on the logs of
// Analytics names is there to be asked for.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		var out, noise bytes.Buffer
		code := run(t.Context(), []string{"demo", "--once", "--records", "12000", "--days", "9", "--data", dir}, terminal{in: strings.NewReader(""), out: &out, err: &noise, env: os.LookupEnv})
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var found, happened int
		if _, err := fmt.Sscanf(lines[len(lines)-1], "complete: %d of %d records, 0 duplicates", &found, &happened); err != nil || code != exitDone || found != happened || happened < 12_000 {
			t.Fatalf("exits with %d: %v\n%s%s", code, err, out.String(), noise.String())
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "ledgerline.yaml"), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := open(t.Context(), cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	ask := func(text string) [][]any {
		t.Helper()
		now := time.Now()
		result, err := n.query.Run(t.Context(), query.Request{Text: text, Window: record.Window{From: now.AddDate(0, 0, -12), To: now}})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return result.Rows
	}
	for i, want := range []string{"@example.com", "ORDERS_TO_ERP_1", "activate", "7", "Data Exporter"} {
		rows := ask(demoQuestions[i].text)
		if len(rows) == 0 || !strings.Contains(fmt.Sprint(rows), want) {
			t.Errorf("%s finds %v", demoQuestions[i].words, rows)
		}
	}
	if rows := ask(demoQuestions[1].text); fmt.Sprint(rows[0][0]) != "ORDERS_TO_ERP_1" {
		t.Errorf("the integration that faults most is %v", rows[0])
	}
	if rows := ask(demoQuestions[3].text); len(rows) != 1 {
		t.Errorf("who exports at night: %v", rows)
	}
	for source, fields := range analyticsFields(t) {
		for _, field := range fields {
			rows := ask(fmt.Sprintf("'Log Source' = '%s' and '%s' != null | stats count", source, field))
			if len(rows) != 1 || fmt.Sprint(rows[0][0]) == "0" {
				t.Errorf("%s: no record has %s", source, field)
			}
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
