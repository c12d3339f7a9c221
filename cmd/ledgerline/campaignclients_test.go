package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"
	"github.com/oracle/oci-go-sdk/v65/loggingingestion"

	"ledgerline/internal/content"
	"ledgerline/internal/simulate"
)

// clientsScene is what comes without a collector: Analytics by PutLogs, half of the
// activity stream by UploadLogEventsFile, the other half by 'ledgerline import'.
func clientsScene(c campaign) scene {
	history := fmt.Sprint(c.records / 2)
	return scene{
		flags:   []string{"--records", "10", "--rate", "0", "--days", "5", "--analytics", history, "--activity", history},
		queries: true,
		weighings: func(a *arena) []weighing {
			return []weighing{
				weighEvents(content.SourceAnalyticsAudit, a.truth("log="+simulate.OACAudit)),
				weighEvents(content.SourceAnalyticsDiagnostic, a.truth("log="+simulate.OACDiagnostic)),
				weighEvents(content.SourceIntegrationActivity, a.truth("log="+simulate.OICActivity)),
			}
		},
	}
}

// killImport kills the server or an import through it while clients push, who send
// again what was not answered.
func (a *arena) killImport() {
	activity := a.exported(simulate.OICActivity)
	a.folder(activity[len(activity)/2:])
	pushing := make(chan error, 1)
	go func() { pushing <- a.push(activity[:len(activity)/2]) }()
	args := []string{"import", "--config", a.serverFile, filepath.Join(a.dir, "in")}
	a.ready()
	p := a.start(io.Discard, args...)
	for range a.kills {
		a.pause()
		if a.random.IntN(2) == 0 {
			a.server.kill()
			a.startServer()
			a.ready()
		}
		p.kill() // its connection is gone with the server
		p = a.start(io.Discard, args...)
	}
	<-p.done
	if err := <-pushing; err != nil {
		a.Fatal(err)
	}
	a.finish(args...)
	a.settle()
}

// ready waits until the server answers: an import that found none would open its data.
func (a *arena) ready() {
	a.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", a.listen); err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			a.Fatalf("the server does not answer\n%s", a.tail("serve.log"))
		}
	}
}

// push sends Analytics by PutLogs, both of its logs in each request, and activity
// as log events, two lists in each.
func (a *arena) push(activity []json.RawMessage) error {
	provider, err := common.ConfigurationProviderFromFile(filepath.Join(a.dir, "oci_config"), "")
	if err != nil {
		return err
	}
	logging, err := loggingingestion.NewLoggingClientWithConfigurationProvider(provider)
	if err != nil {
		return err
	}
	analytics, err := loganalytics.NewLogAnalyticsClientWithConfigurationProvider(provider)
	if err != nil {
		return err
	}
	for _, c := range []*common.BaseClient{&logging.BaseClient, &analytics.BaseClient} {
		c.Host, c.Configuration.CircuitBreaker = "http://"+a.listen, nil
	}
	audit, diagnostic := a.exported(simulate.OACAudit), a.exported(simulate.OACDiagnostic)
	for len(audit)+len(diagnostic) > 0 {
		var batches []loggingingestion.LogEntryBatch
		for _, log := range []*[]json.RawMessage{&audit, &diagnostic} {
			n := min(100, len(*log))
			if n == 0 {
				continue
			}
			b, err := entriesOf((*log)[:n])
			if err != nil {
				return err
			}
			batches, *log = append(batches, b), (*log)[n:]
		}
		r := loggingingestion.PutLogsRequest{LogId: common.String("ocid1.log.oc1..oac"),
			PutLogsDetails: loggingingestion.PutLogsDetails{Specversion: common.String("1.0"), LogEntryBatches: batches}}
		if err := a.until(func(ctx context.Context) error { _, err := logging.PutLogs(ctx, r); return err }); err != nil {
			return err
		}
	}
	n := 0
	for part := range slices.Chunk(activity, 100) {
		n++
		var lists []any
		for half := range slices.Chunk(part, 50) {
			lists = append(lists, map[string]any{"logSourceName": content.SourceIntegrationActivity, "logRecords": texts(half)})
		}
		body, err := json.Marshal(map[string]any{"logEvents": lists})
		if err != nil {
			return err
		}
		err = a.until(func(ctx context.Context) error {
			_, err := analytics.UploadLogEventsFile(ctx, loganalytics.UploadLogEventsFileRequest{NamespaceName: common.String("demo"), LogGroupId: common.String(demoGroup),
				OpcRetryToken: common.String(fmt.Sprint("part-", n)), UploadLogEventsFileDetails: io.NopCloser(bytes.NewReader(body))})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// until sends a request again and again, for at most a minute, and not so soon that
// all were sent before the first kill.
func (a *arena) until(send func(context.Context) error) error {
	time.Sleep(time.Duration(a.kills) * a.between * 100 / time.Duration(a.records))
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if err := send(a.Context()); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// entriesOf makes a batch of events of one log.
func entriesOf(events []json.RawMessage) (b loggingingestion.LogEntryBatch, err error) {
	for _, raw := range events {
		var e struct {
			LogContent struct {
				ID, Source, Type string
				Time             time.Time
				Data             json.RawMessage
			}
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return b, err
		}
		c := &e.LogContent
		at := &common.SDKTime{Time: c.Time}
		b.Source, b.Type, b.Defaultlogentrytime = &c.Source, &c.Type, at
		b.Entries = append(b.Entries, loggingingestion.LogEntry{Id: &c.ID, Time: at, Data: common.String(string(c.Data))})
	}
	return b, nil
}

func texts(events []json.RawMessage) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = string(e)
	}
	return out
}
