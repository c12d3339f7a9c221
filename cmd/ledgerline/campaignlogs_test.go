package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/record"
	"ledgerline/internal/simulate"
)

// logsScene is every other log, each by a kind of its own, while people work on:
// records appear late, objects are written, some of them twice.
func logsScene(c campaign) scene {
	history := fmt.Sprint(c.records / 2)
	return scene{
		flags: []string{"--records", "10", "--rate", "0", "--days", "5", "--analytics", history, "--analytics-rate", "100000", "--activity", history, "--activity-rate", "100000",
			"--connector", "logs", "--rollover", "2s"},
		integrations: `  oac:
    kind: oci-logging
    connection: oci
    every: 1s
    page_size: 200
    compartment: ocid1.compartment.oc1..simulated
    where: type = 'com.oraclecloud.analytics.*'
    backfill: 7d
    upload:
      - {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Analytics Cloud Audit Logs, types: "*.audit"}
      - {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Analytics Cloud Diagnostic Logs, types: "*.diagnostic"}
  activity:
    kind: object-storage
    connection: oci
    every: 1s
    namespace: demo
    bucket: logs
    prefix: connector/
    upload: {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Integration Activity Stream Logs, types: "*.activitystream"}
  metrics:
    kind: oic-metrics
    connection: oci
    every: 1s
    compartment: ocid1.compartment.oc1..simulated
    backfill: 5d
    queries: ["NumberOfInboundRequests[5m].sum()", "OutboundRequestInvocationTime[1h].percentile(.95)"]
    upload: {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Integration Metrics}
`,
		weighings: func(a *arena) []weighing {
			return []weighing{
				weighEvents(content.SourceAnalyticsAudit, a.truth("log="+simulate.OACAudit)),
				weighEvents(content.SourceAnalyticsDiagnostic, a.truth("log="+simulate.OACDiagnostic)),
				weighEvents(content.SourceIntegrationActivity, a.truth("log="+simulate.OICActivity)),
				weighMetrics(a.metrics()),
			}
		},
		queries: true,
	}
}

// metrics asks the pretend Oracle for what the collector says it has read.
func (a *arena) metrics() map[record.Identity]int {
	a.Helper()
	cfg, err := config.Load(a.collector, os.LookupEnv)
	if err != nil {
		a.Fatal(err)
	}
	n, err := open(a.Context(), cfg, &globals{terminal: terminal{err: os.Stderr}, level: slog.LevelError})
	if err != nil {
		a.Fatal(err)
	}
	defer n.close()
	in := collectorOf(cfg, content.SourceIntegrationMetrics)
	window, err := readWindow(a.Context(), n, in.Name)
	if err != nil {
		a.Fatal(err)
	}
	out := map[record.Identity]int{}
	for _, q := range in.Metrics.Queries {
		resp, err := http.Get(a.oracle + "/simulator/metrics?" + url.Values{"query": {q.Text}, "from": {window.From.Truncate(q.Every).Format(time.RFC3339)}, "to": {window.To.Format(time.RFC3339)}}.Encode())
		if err != nil {
			a.Fatal(err)
		}
		var series []simulate.MetricSeries
		if err := json.NewDecoder(resp.Body).Decode(&series); err != nil {
			a.Fatal(err)
		}
		resp.Body.Close()
		maps.Copy(out, metricTruth(q, series, window.To))
	}
	return out
}
