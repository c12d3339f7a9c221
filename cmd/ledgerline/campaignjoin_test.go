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
	later := &hand{time.Now().Add(time.Hour)}
	n, err := open(t.Context(), cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError, clock: later.now})
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
// message is in one record, and each query has one. The users went to rest in the
// midst of some queries: what is there of those may be one record or two.
func (a *arena) weighQueries(n *node) {
	a.Helper()
	type parts struct{ opened, closed bool }
	queries, messages := map[string]parts{}, 0
	for _, raw := range a.exported(simulate.OACDiagnostic) {
		var e struct {
			LogContent struct {
				Data struct{ Category, Message, ECID string }
			}
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			a.Fatal(err)
		}
		d := e.LogContent.Data
		if d.Category != "query" {
			continue
		}
		messages++
		p := queries[d.ECID[:36]]
		p.opened = p.opened || strings.Contains(d.Message, "SQL Request, logical request hash:")
		p.closed = p.closed || strings.Contains(d.Message, "Logical Query Summary Stats:")
		queries[d.ECID[:36]] = p
	}
	opened, whole := 0, 0
	for _, p := range queries {
		if p.opened {
			opened++
		}
		if p.opened && p.closed {
			whole++
		}
	}
	window := record.Window{From: time.Now().AddDate(0, -1, 0), To: time.Now().AddDate(0, 0, 1)}
	result, err := n.query.Run(a.Context(), query.Request{Window: window,
		Text: "'Log Source' = '" + content.SourceAnalyticsQueries + "' | stats count as Queries, sum('Query Messages') as Messages, sum('Query Complete') as Whole"})
	if err != nil {
		a.Fatal(err)
	}
	var got [3]int
	if _, err := fmt.Sscanf(fmt.Sprint(result.Rows), "[[%d %d %d]]", &got[0], &got[1], &got[2]); err != nil {
		a.Fatalf("%v: %v", result.Rows, err)
	}
	a.Logf("%s: %d records of %d queries, %d of them whole, %d of %d messages", content.SourceAnalyticsQueries, got[0], len(queries), got[2], got[1], messages)
	if got[1] != messages || got[0] < opened || got[0] > len(queries) || got[2] < whole {
		a.Errorf("query records were lost, doubled or torn: want %d messages, %d to %d records, %d whole", messages, opened, len(queries), whole)
	}
}
