package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/simulate"
)

// joinerFile names the configuration whose queries TestJoinerProcess joins.
const joinerFile = "LEDGERLINE_JOIN"

// openJoined opens a server's data an hour later, when every query has settled.
func openJoined(t *testing.T, file string) *node {
	t.Helper()
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	later := func() time.Time { return time.Now().Add(time.Hour) }
	n, err := open(t.Context(), cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError, clock: later})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestJoinerProcess is no test: the campaign runs it as a process of its own,
// and kills it.
func TestJoinerProcess(t *testing.T) {
	file := os.Getenv(joinerFile)
	if file == "" {
		t.Skip("the campaign runs this")
	}
	n := openJoined(t, file)
	if err := n.joinQueries(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
}

// killJoiner kills a process that makes query records of the messages that wait,
// and lets a last one come to its end.
func (a *arena) killJoiner() {
	a.Helper()
	joiner := func() *process {
		log, err := os.OpenFile(filepath.Join(a.dir, "join.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			a.Fatal(err)
		}
		p := &process{cmd: exec.Command(os.Args[0], "-test.run=^TestJoinerProcess$"), done: make(chan error, 1), log: log}
		p.cmd.Env = append(os.Environ(), joinerFile+"="+a.serverFile)
		p.cmd.Stdout, p.cmd.Stderr = log, log
		if err := p.cmd.Start(); err != nil {
			a.Fatal(err)
		}
		go func() { p.done <- p.cmd.Wait(); log.Close() }()
		return p
	}
	for range a.kills {
		p := joiner()
		time.Sleep(time.Duration(a.random.Int64N(int64(a.between))))
		p.kill()
	}
	if err := <-joiner().done; err != nil {
		a.Fatalf("joining does not come to an end: %v\n%s", err, a.tail("join.log"))
	}
}

// weighQueries compares the query records with the messages of the truth: each
// query has one record, and each message is in one.
func (a *arena) weighQueries(n *node) {
	a.Helper()
	var queries, messages, closed int
	for _, raw := range a.exported(simulate.OACDiagnostic) {
		var e struct {
			LogContent struct {
				Data struct{ Category, Message string }
			}
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			a.Fatal(err)
		}
		if d := e.LogContent.Data; d.Category == "query" {
			messages++
			if strings.Contains(d.Message, "SQL Request, logical request hash:") {
				queries++
			}
			if strings.Contains(d.Message, "Logical Query Summary Stats:") { // the past may begin or end within a query
				closed++
			}
		}
	}
	window := record.Window{From: time.Now().AddDate(0, -1, 0), To: time.Now().AddDate(0, 0, 1)}
	result, err := n.query.Run(a.Context(), query.Request{Window: window,
		Text: "'Log Source' = '" + content.SourceAnalyticsQueries + "' | stats count as Queries, sum('Query Messages') as Messages, sum('Query Complete') as Whole"})
	if err != nil {
		a.Fatal(err)
	}
	got, want := fmt.Sprint(result.Rows), fmt.Sprint([][]any{{queries, messages, closed}})
	a.Logf("%s: queries, messages, whole queries %s", content.SourceAnalyticsQueries, got)
	if queries == 0 || got != want {
		a.Errorf("query records were lost, doubled or torn: %s, want %s", got, want)
	}
}
