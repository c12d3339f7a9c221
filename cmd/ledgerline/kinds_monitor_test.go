package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"ledgerline/internal/content"
	"ledgerline/internal/simulate"
)

const monitorFile = `data: ./data
connections:
  oic: {type: oic, url: ORACLE, oauth: {token_url: ORACLE/oauth2/v1/token, client_id: ledgerline, client_secret: simulated-secret, scope: "SCOPE"}}
integrations:
  runs: {kind: oic-instances, connection: oic, page_size: 40, upload: {connection: local, log_source: OCI Integration Instances}}
  steps: {kind: oic-activity, connection: oic, upload: {connection: local, log_source: OCI Integration Activity Stream Logs}}
  folder:
    kind: files
    path: ./in
    settle: 0s
    upload:
      - {connection: local, log_source: OCI Analytics Cloud Audit Logs, types: com.oraclecloud.analytics.*.audit}
      - {connection: local, log_source: OCI Integration Audit Logs, types: oic.audit}
`

// From the monitoring API, and from a folder, to what a query finds: each record once.
func TestMonitoringAndFilesAreCollected(t *testing.T) {
	oracle, err := startSimulator("127.0.0.1:0", simulate.Options{History: 10, Days: 2, Activity: 400, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(oracle.stop)
	r := newImportRig(t)
	r.write("ledgerline.yaml", strings.NewReplacer("ORACLE", oracle.url, "SCOPE", oracle.Scope()).Replace(monitorFile))
	r.write("in/a/events.log", fmt.Sprintf(eventOf+"\n"+auditOf+"\nrubbish\n"+eventOf+"\n", "a", oacType, 1, "a", oacType))

	if output, code := r.cli("", "check"); code != exitDone || !strings.Contains(output, "folder (files)") || !strings.Contains(output, "runs: ") {
		t.Errorf("check exits with %d:\n%s", code, output)
	}
	for range 2 {
		if output, code := r.cli("", "collect", "--once"); code != exitDone {
			t.Fatalf("collect exits with %d:\n%s", code, output)
		}
	}
	runs, steps := monitored(t, oracle.url)
	r.serve()
	for source, want := range map[string]int{content.SourceIntegrationRuns: len(runs), content.SourceIntegrationActivity: len(steps), content.SourceAnalyticsAudit: 1, content.SourceIntegrationAudit: 1} {
		if got := r.stored(source); got != fmt.Sprint(want) {
			t.Errorf("%s: %s records are stored, want %d", source, got, want)
		}
	}
}
