package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMetricQueries(t *testing.T) {
	for text, want := range map[string]MetricQuery{
		"NumberOfInboundRequests[5m].sum()":                            {Interval: "5m", Every: 5 * time.Minute, Statistic: "sum"},
		`X[1h]{resourceId="a", f="b"}.groupBy(f).percentile(.95)`:      {Interval: "1h", Every: time.Hour, Statistic: "percentile(.95)"},
		`OutboundRequestInvocationTime[1h].groupBy("f").mean() / 1000`: {Interval: "1h", Every: time.Hour, Statistic: "mean()/1000"},
		"A[1d].grouping().count()/B[1d].grouping().count()*100":        {Interval: "1d", Every: Day, Statistic: "A[1d].grouping().count()/B[1d].grouping().count()*100"},
	} {
		want.Text = text
		if got, problem := parseMetricQuery(text); problem != "" || got != want {
			t.Errorf("%s is %+v, %s; want %+v", text, got, problem, want)
		}
	}
	for _, text := range []string{"", "X", "X[auto].sum()", "X[5s].sum()", "X[0m].sum()", "X[90m].sum()", "X[2d].sum()", "X[25h].sum()", "A[1m].sum()/B[5m].sum()"} {
		if _, problem := parseMetricQuery(text); problem == "" {
			t.Errorf("%q must be refused", text)
		}
	}
}

// Each line of the kinds' own keys that is wrong is reported, in one go.
func TestProblemsOfKinds(t *testing.T) {
	text := `integrations:
  logs:
    kind: oci-logging
    connection: oci
    compartment: ocid1.loggroup.oc1..x
    log: ocid1.log.oc1..x
    where: a = 'b' | select c
    page_size: 5000
    backfill: 200d
    max_offset: 3
    upload:
      - {connection: local, log_source: A, types: ["*.audit"]}
      - {connection: local, log_source: A, types: ["[x"]}
  bucket:
    kind: object-storage
    connection: oci
    archive: {connection: oci, namespace: ns, bucket: b, prefix: oac/archive}
    namespace: ns
    bucket: b
    prefix: oac/
    upload: {connection: local, log_source: A}
  metrics:
    kind: oic-metrics
    connection: oci
    compartment: ocid1.compartment.oc1..x
    queries: ["X[auto].sum()"]
    upload: {connection: local, log_source: A, types: [a]}
connections:
  oci: {type: oci, auth: instance_principal, endpoints: {loging: "https://x.example.com"}}
`
	_, err := Parse("f.yaml", []byte(text), environment(nil))
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("want problems, got %v", err)
	}
	want := map[int]string{5: "ocid1.compartment", 6: "log_group", 7: "without |", 8: "1 to 1000", 9: "at most 180d", 10: "unknown key",
		13: "", 17: "another bucket or prefix", 26: "no fixed interval", 27: "unknown key", 29: "did you mean"}
	seen := map[int]int{}
	for _, p := range problems {
		seen[p.Line]++
		if word, ok := want[p.Line]; !ok || !strings.Contains(p.Message, word) {
			t.Errorf("unexpected: %s", p)
		}
	}
	for line := range want {
		if seen[line] == 0 {
			t.Errorf("no problem on line %d", line)
		}
	}
	if seen[13] != 2 {
		t.Errorf("line 13 has a bad pattern and contradicts line 12; got %d problems", seen[13])
	}
}

func TestKindsOfTheDocumentedExample(t *testing.T) {
	dir, env := folder(t)
	text, err := os.ReadFile("../../docs/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse(filepath.Join(dir, "ledgerline.yaml"), text, env)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]Integration{}
	for _, in := range cfg.Integrations {
		shown[in.Kind] = in
	}
	for _, kind := range Kinds() {
		if shown[kind].Kind == "" {
			t.Errorf("kind %s is not in the example", kind)
		}
	}
	logs := shown[KindOCILogging]
	if got, want := logs.Logging.Query(), `search "ocid1.compartment.oc1..x" | where type = 'com.oraclecloud.analytics.*'`; got != want {
		t.Errorf("the search is %s, want %s", got, want)
	}
	if l := logs.Logging; l.Backfill != 180*Day || l.Overlap != 10*time.Minute || l.PageSize != 1000 {
		t.Errorf("read wrongly: %+v", l)
	}
	if s := logs.Streams(); len(s) != 3 || len(s[0].Uploads) != 0 || s[2].Name != "oac-logs.oci-analytics-cloud-diagnostic-logs" {
		t.Errorf("streams %+v", s)
	}
	if m := shown[KindOICMetrics].Metrics; len(m.Queries) != 2 || m.Queries[1].Statistic != "percentile(.95)" || m.Settle != 5*time.Minute {
		t.Errorf("read wrongly: %+v", m)
	}
}
