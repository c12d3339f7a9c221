package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"ledgerline/internal/connect"
	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// monitorScene is the monitoring API of Oracle Integration: instances and their
// steps, while integrations run on.
func monitorScene(c campaign) scene {
	return scene{
		flags: []string{"--records", "10", "--rate", "0", "--days", "5", "--activity", fmt.Sprint(c.records / 4), "--activity-rate", "20000"},
		integrations: `  runs:
    kind: oic-instances
    connection: oic
    every: 1s
    page_size: 40
    upload: {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Integration Instances}
  steps:
    kind: oic-activity
    connection: oic
    every: 1s
    upload: {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Integration Activity Stream Logs}
`,
		weighings: func(a *arena) []weighing {
			runs, steps := monitored(a.T, a.oracle)
			return []weighing{
				{content.SourceIntegrationRuns, runs, func(text []byte) record.Identity { return record.Identify(string(text)) }},
				{content.SourceIntegrationActivity, steps, identifyStep},
			}
		},
	}
}

// monitored reads the instances of a pretend Oracle Integration that rests, each
// by its bytes, and their steps.
func monitored(t *testing.T, oracle string) (runs, steps map[record.Identity]int) {
	t.Helper()
	runs, steps = map[record.Identity]int{}, map[record.Identity]int{}
	auth := connect.NewOAuth(connect.OAuthConfig{TokenURL: oracle + "/oauth2/v1/token", ClientID: "ledgerline", ClientSecret: "simulated-secret",
		Scope: "https://A1B2C3D4E5F6.integration.ocp.oraclecloud.com:443urn:opc:resource:consumer::all"}, connect.Options{})
	client := connect.NewOIC(connect.OICConfig{URL: oracle}, auth, connect.Options{})
	for offset := 0; ; {
		page, err := client.Instances(t.Context(), connect.InstanceQuery{Window: connect.Retention, Offset: offset, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) == 0 {
			break
		}
		offset += len(page.Items)
		for _, item := range page.Items {
			runs[record.Identify(string(item))]++
			var instance struct{ ID string }
			if err := json.Unmarshal(item, &instance); err != nil {
				t.Fatal(err)
			}
			list, err := client.Activity(t.Context(), instance.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range list {
				steps[record.Identify(instance.ID, string(step))]++
			}
		}
	}
	if len(runs) == 0 || len(steps) <= len(runs) {
		t.Fatalf("%d instances with %d steps: the test says nothing", len(runs), len(steps))
	}
	return runs, steps
}

// identifyStep names a step by its instance and its bytes as they came.
func identifyStep(text []byte) record.Identity {
	var e struct {
		Data struct{ InstanceID string }
		Step json.RawMessage
	}
	if json.Unmarshal(text, &e) != nil {
		return record.Identify(string(text))
	}
	return record.Identify(e.Data.InstanceID, string(e.Step))
}
