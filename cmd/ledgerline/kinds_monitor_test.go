package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"ledgerline/internal/connect"
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
	auth := connect.NewOAuth(connect.OAuthConfig{TokenURL: oracle.url + "/oauth2/v1/token", ClientID: "ledgerline", ClientSecret: "simulated-secret", Scope: oracle.Scope()}, connect.Options{})
	client := connect.NewOIC(connect.OICConfig{URL: oracle.url}, auth, connect.Options{})
	runs, steps := 0, 0
	for offset := 0; ; offset = runs {
		page, err := client.Instances(t.Context(), connect.InstanceQuery{Window: connect.Retention, Offset: offset, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) == 0 {
			break
		}
		for _, item := range page.Items {
			runs++
			id := strings.Split(strings.SplitAfter(string(item), `"id":"`)[1], `"`)[0]
			list, err := client.Activity(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			steps += len(list)
		}
	}
	if runs == 0 || steps <= runs {
		t.Fatalf("%d instances with %d steps: the test says nothing", runs, steps)
	}
	r.serve()
	for source, want := range map[string]int{content.SourceIntegrationRuns: runs, content.SourceIntegrationActivity: steps, content.SourceAnalyticsAudit: 1, content.SourceIntegrationAudit: 1} {
		if got := r.stored(source); got != fmt.Sprint(want) {
			t.Errorf("%s: %s records are stored, want %d", source, got, want)
		}
	}
}
