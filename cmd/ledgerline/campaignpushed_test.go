package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"ledgerline/internal/content"
	"ledgerline/internal/simulate"
)

// pushedScene is what others bring: Analytics on a stream, some messages twice,
// and the activity stream as files in a folder, two of which say the same.
func pushedScene(c campaign) scene {
	history := fmt.Sprint(c.records / 2)
	return scene{
		flags: []string{"--records", "10", "--rate", "0", "--days", "5", "--analytics", history, "--activity", history},
		integrations: `  stream:
    kind: streaming
    every: 1s
    bootstrap: BROKER
    stream: logs
    tls: off
    upload:
      - {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Analytics Cloud Audit Logs, types: "*.audit"}
      - {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Analytics Cloud Diagnostic Logs, types: "*.diagnostic"}
  folder:
    kind: files
    every: 1s
    path: ./in
    settle: 0s
    upload: {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Integration Activity Stream Logs}
`,
		queries: true,
		setup: func(a *arena) []string {
			a.folder(a.exported(simulate.OICActivity))
			return []string{"BROKER", a.broker()}
		},
		weighings: func(a *arena) []weighing {
			return []weighing{
				weighEvents(content.SourceAnalyticsAudit, a.truth("log="+simulate.OACAudit)),
				weighEvents(content.SourceAnalyticsDiagnostic, a.truth("log="+simulate.OACDiagnostic)),
				weighEvents(content.SourceIntegrationActivity, a.truth("log="+simulate.OICActivity)),
			}
		},
	}
}

// exported downloads a log as the console does, one event an element.
func (a *arena) exported(log string) (events []json.RawMessage) {
	a.Helper()
	resp, err := http.Get(a.oracle + "/simulator/export?log=" + log)
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&events); err != nil || len(events) == 0 {
		a.Fatalf("%d events of %s: %v", len(events), log, err)
	}
	return events
}

// broker starts one that holds the logs of Analytics, bare events, every seventh twice.
func (a *arena) broker() string {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "logs"))
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(cluster.Close)
	writer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		a.Fatal(err)
	}
	defer writer.Close()
	var records []*kgo.Record
	for _, log := range []string{simulate.OACAudit, simulate.OACDiagnostic} {
		for i, wrapped := range a.exported(log) {
			var w struct{ LogContent json.RawMessage }
			if err := json.Unmarshal(wrapped, &w); err != nil {
				a.Fatal(err)
			}
			for range 1 + i%7/6 {
				records = append(records, &kgo.Record{Topic: "logs", Value: w.LogContent})
			}
		}
	}
	if err := writer.ProduceSync(a.Context(), records...).FirstErr(); err != nil {
		a.Fatal(err)
	}
	return cluster.ListenAddrs()[0]
}

// folder writes events in files of 100, in turn as JSON lines in gzip and as an
// export, and one of them again under another name.
func (a *arena) folder(events []json.RawMessage) {
	dir := filepath.Join(a.dir, "in")
	if err := os.Mkdir(dir, 0o700); err != nil {
		a.Fatal(err)
	}
	for n := 0; len(events) > 0; n++ {
		part := events[:min(100, len(events))]
		events = events[len(part):]
		name, body := fmt.Sprintf("%04d.json", n), []byte("["+string(bytes.Join(raw(part), []byte(",\n")))+"]")
		if n%2 == 0 {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(bytes.Join(raw(part), []byte("\n")))
			z.Close()
			name, body = fmt.Sprintf("%04d.log.gz", n), b.Bytes()
		}
		a.write(filepath.Join(dir, name), string(body))
		if n == 1 {
			a.write(filepath.Join(dir, "again-"+name), string(body))
		}
	}
}

func raw(list []json.RawMessage) [][]byte {
	out := make([][]byte, len(list))
	for i, m := range list {
		out[i] = m
	}
	return out
}
