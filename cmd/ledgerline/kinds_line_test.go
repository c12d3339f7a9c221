package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/record"
	"ledgerline/internal/simulate"
)

// plant is a pretend Oracle whose logs are read by every way there is: Analytics
// by searching, the activity stream from a bucket, metrics from Monitoring.
type plant struct {
	*testing.T
	dir    string
	oracle *simulator
	file   string
}

func newPlant(t *testing.T, events int, off ...string) *plant {
	t.Helper()
	p := &plant{T: t, dir: t.TempDir()}
	var err error
	// Its past is made once; nobody works meanwhile.
	if p.oracle, err = startSimulator("127.0.0.1:0", simulate.Options{History: 10, Days: 5, Activity: events, Analytics: events, LogsOff: off,
		Connector: simulate.Connector{Bucket: "logs", Prefix: "activity", Rollover: 2 * time.Hour, Logs: []string{simulate.OICActivity, simulate.OACAudit}}, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.oracle.stop)
	if err := p.oracle.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := makeAPIKey(p.dir, demoTenancy, demoUser, demoRegion); err != nil {
		t.Fatal(err)
	}
	p.file = filepath.Join(p.dir, "ledgerline.yaml")
	text := strings.NewReplacer("ORACLE", p.oracle.url, "COMPARTMENT", "ocid1.compartment.oc1..simulated").Replace(plantFile)
	if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

const plantFile = `data: ./data
connections:
  oci:
    type: oci
    config_file: ./oci_config
    endpoints: {objectstorage: ORACLE, logging: ORACLE, loggingmanagement: ORACLE, monitoring: ORACLE}
integrations:
  oac:
    kind: oci-logging
    connection: oci
    every: 1s
    page_size: 100
    compartment: COMPARTMENT
    where: type = 'com.oraclecloud.analytics.*'
    backfill: 20d
    upload:
      - {connection: local, log_source: OCI Analytics Cloud Audit Logs, types: com.oraclecloud.analytics.*.audit}
      - {connection: local, log_source: OCI Analytics Cloud Diagnostic Logs, types: com.oraclecloud.analytics.*.diagnostic}
  activity:
    kind: object-storage
    connection: oci
    every: 1s
    namespace: demo
    bucket: logs
    prefix: activity/
    compartment: COMPARTMENT
    upload: {connection: local, log_source: OCI Integration Activity Stream Logs, types: "*.activitystream"}
  metrics:
    kind: oic-metrics
    connection: oci
    every: 1s
    compartment: COMPARTMENT
    backfill: 2d
    queries: ["NumberOfInboundRequests[1h].sum()", "OutboundRequestInvocationTime[1h].percentile(.95)"]
    upload: {connection: local, log_source: OCI Integration Metrics}
`

func (p *plant) cli(args ...string) (string, int) {
	p.Helper()
	var out strings.Builder
	code := run(p.Context(), append(args, "--config", p.file), terminal{in: strings.NewReader(""), out: &out, err: &out, env: os.LookupEnv})
	return out.String(), code
}

// weigh compares what is staged and what is stored with what happened.
func (p *plant) weigh() {
	p.Helper()
	cfg, err := config.Load(p.file, os.LookupEnv)
	if err != nil {
		p.Fatal(err)
	}
	n, err := open(p.Context(), cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError})
	if err != nil {
		p.Fatal(err)
	}
	defer n.close()
	truth := func(log string) map[record.Identity]int {
		t, ok := p.oracle.LogTruth(log)
		if !ok || t.Count == 0 {
			p.Fatalf("the simulator has no log %s", log)
		}
		return t.Identities
	}
	for source, log := range map[string]string{content.SourceAnalyticsAudit: simulate.OACAudit, content.SourceAnalyticsDiagnostic: simulate.OACDiagnostic,
		content.SourceIntegrationActivity: simulate.OICActivity} {
		b, err := weigh(p.Context(), n.query, weighEvents(source, truth(log)))
		if err != nil {
			p.Fatal(err)
		}
		if !b.complete() {
			p.Errorf("%s: %s", source, b)
		}
	}
	// The bucket holds the audit log of Analytics as well, which no upload of that integration takes.
	var parser fastjson.Parser
	waiting := map[record.Identity]int{}
	for _, item := range p.staged(n, "activity") {
		waiting[simulate.EventIdentity(&parser, item)]++
	}
	if want := truth(simulate.OACAudit); simulate.Digest(waiting) != simulate.Digest(want) {
		p.Errorf("%d records wait for an upload, want %d", len(waiting), len(want))
	}
	p.weighMetrics(n)
	if report, err := n.stage.Verify(p.Context()); err != nil || !report.OK() {
		p.Errorf("the stage does not verify: %v %+v", err, report)
	}
	if report, err := n.store.Verify(p.Context()); err != nil || len(report.Problems) > 0 {
		p.Errorf("the store does not verify: %v %+v", err, report)
	}
}

// weighMetrics adds up the hourly points of the two days.
func (p *plant) weighMetrics(n *node) {
	p.Helper()
	sums, seen := map[time.Time]float64{}, map[string]int{}
	for _, item := range p.staged(n, "metrics") {
		var m struct {
			Metric     string
			Dimensions map[string]string
			Value      float64
			Time       time.Time
			Statistic  string
		}
		if err := json.Unmarshal(item, &m); err != nil {
			p.Fatal(err)
		}
		if key := fmt.Sprint(m.Metric, m.Dimensions, m.Time, m.Statistic); seen[key] > 0 {
			p.Errorf("a point is there twice: %s", item)
		} else {
			seen[key]++
		}
		if m.Metric == "NumberOfInboundRequests" {
			sums[m.Time] += m.Value
		}
	}
	if len(sums) == 0 {
		p.Fatal("there are no metrics")
	}
	hours := slices.SortedFunc(maps.Keys(sums), time.Time.Compare)
	series, err := p.oracle.Summarize("NumberOfInboundRequests[1h].grouping().sum()", hours[0], hours[len(hours)-1].Add(time.Hour))
	if err != nil || len(series) != 1 {
		p.Fatalf("%v %v", series, err)
	}
	for _, point := range series[0].Points {
		at, err := time.Parse(time.RFC3339, point.Timestamp)
		if err != nil || sums[at] != point.Value {
			p.Errorf("%s: the points add up to %v, want %v (%v)", point.Timestamp, sums[at], point.Value, err)
		}
	}
	if len(series[0].Points) != len(sums) {
		p.Errorf("%d hours, want %d", len(sums), len(series[0].Points))
	}
}

// staged are the items of a stream's sealed files.
func (p *plant) staged(n *node, stream string) []json.RawMessage {
	p.Helper()
	files, err := n.stage.Files(p.Context(), stream, 0, 1<<20)
	if err != nil {
		p.Fatal(err)
	}
	var out []json.RawMessage
	for _, f := range files {
		body, err := n.stage.ReadVerified(f)
		if err != nil {
			p.Fatal(err)
		}
		var file struct{ Items []json.RawMessage }
		if err := json.Unmarshal(body, &file); err != nil {
			p.Fatal(err)
		}
		out = append(out, file.Items...)
	}
	return out
}

// Every record of every log arrives once, and running again brings nothing.
func TestEveryKindBringsEachRecordOnce(t *testing.T) {
	p := newPlant(t, 2000)
	for range 2 {
		if output, code := p.cli("collect", "--once"); code != exitDone {
			t.Fatalf("collect exits with %d:\n%s", code, output)
		}
	}
	p.weigh()
}

// Check says what is switched on, and of what is not where to switch it on.
func TestCheckNamesWhatIsSwitchedOff(t *testing.T) {
	const audit, diagnostic = "oac: look for service logs: Audit log of the Analytics instance is not enabled in ", "oac: look for service logs: Diagnostic log of the Analytics instance is not enabled in "
	for name, c := range map[string]struct {
		off         []string
		compartment string
		code        int
		says        []string
		not         string
	}{
		"all on": {says: []string{"oac: accepted", "oacnativeproduction audit) is enabled, kept 30 days", "integration all) is enabled",
			"under activity/ of bucket logs can be listed and read", "metrics: 2 queries accepted"}, not: "✗"},
		"one off": {off: []string{simulate.OACDiagnostic}, code: exitFailed, says: []string{"oacnativeproduction audit) is enabled", diagnostic + "compartment ocid1.compartment.oc1..simulated",
			"Logging → Logs → Enable service log → service oacnativeproduction, category diagnostic"}, not: audit},
		"all off": {off: []string{simulate.OACAudit, simulate.OACDiagnostic, simulate.OICActivity}, code: exitFailed,
			says: []string{audit, diagnostic, "activity: look for service logs: Activity Stream of the Integration instance is not enabled", "service integration, category all"}, not: ") is enabled"},
		"wrong compartment": {compartment: "ocid1.compartment.oc1..other", code: exitFailed, says: []string{audit + "compartment ocid1.compartment.oc1..other", "correct compartment", "metrics: NumberOfInboundRequests", "to read metrics in compartment"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, 100, c.off...)
			if c.compartment != "" {
				text, err := os.ReadFile(p.file)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p.file, []byte(strings.ReplaceAll(string(text), "ocid1.compartment.oc1..simulated", c.compartment)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			output, code := p.cli("check")
			if code != c.code || c.not != "" && strings.Contains(output, c.not) {
				t.Errorf("check exits with %d, want %d, without %q", code, c.code, c.not)
			}
			for _, want := range c.says {
				if !strings.Contains(output, want) {
					t.Errorf("check does not say %q", want)
				}
			}
			if t.Failed() {
				t.Log(output)
			}
		})
	}
}
