package main

import (
	"context"
	"fmt"
	"time"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

func (d *demo) introduce(cfg *config.Config, oracle *simulator) {
	fmt.Fprintf(d.out, "pretend Oracle  %s  (identity domain, Oracle Integration, Object Storage)\n", oracle.url)
	fmt.Fprintf(d.out, "Ledgerline      %s  (namespace %s)\n", baseURL(cfg.Server), cfg.Server.Namespace)
	fmt.Fprintf(d.out, "API key         %s\n", cfg.Connections["oci"].OCI.ConfigFile)
	fmt.Fprintf(d.out, "configuration   %s\n", cfg.Path)
}

// balance compares the store with the truth.
type balance struct {
	truth, found, duplicates, strangers int
}

func (b balance) complete() bool {
	return b.found == b.truth && b.duplicates == 0 && b.strangers == 0
}

func (b balance) String() string {
	s := "complete"
	if !b.complete() {
		s = "incomplete"
	}
	s = fmt.Sprintf("%s: %d of %d records, %d duplicates", s, b.found, b.truth, b.duplicates)
	if b.strangers > 0 {
		s += fmt.Sprintf(", %d records that never happened", b.strangers)
	}
	return s
}

const demoSource = "OCI Integration Audit Logs"

// weigh reads every stored record back and compares its identity with the truth.
func weigh(ctx context.Context, q *query.Engine, truth map[record.Identity]int, instance string) (balance, error) {
	stored := map[record.Identity]int{}
	// The simulator's past is younger than this, and its users do not work ahead.
	window := record.Window{From: time.Now().AddDate(-1, 0, 0), To: time.Now().AddDate(0, 0, 2)}
	request := query.Request{Text: "'Log Source' = '" + demoSource + "' | fields -*, 'Original Log Content'", Window: window, Limit: -1}
	err := q.Export(ctx, request, func([]query.Column) error { return nil }, func(row []any) error {
		text, ok := row[0].(string)
		if !ok {
			return fmt.Errorf("a record has no original text")
		}
		stored[collect.AuditIdentity(instance, []byte(text))]++
		return nil
	})
	if err != nil {
		return balance{}, err
	}
	var b balance
	for id, n := range truth {
		b.truth += n
		b.found += min(n, stored[id])
		b.duplicates += max(0, stored[id]-n)
		delete(stored, id)
	}
	for _, n := range stored {
		b.strangers += n
	}
	return b, nil
}

func (d *demo) report(ctx context.Context, n *node, oracle *simulator, run stage.Run) (balance, error) {
	instance := instanceName(n.cfg.Connections["oic"].OIC)
	truth := oracle.Truth(instance)
	b, err := weigh(ctx, n.query, truth.Identities, instance)
	if err != nil {
		return b, err
	}
	steps := map[string]map[string]int64{}
	for _, s := range run.Steps {
		steps[s.Name] = s.Counts
	}
	files, err := n.stage.Files(ctx, demoIntegration, 0, 1<<20)
	if err != nil {
		return b, err
	}
	var records, bytes int64
	for _, f := range files {
		records, bytes = records+int64(f.Count), bytes+f.Bytes
	}
	line := func(what, format string, args ...any) {
		fmt.Fprintf(d.out, "%-9s %s\n", what, fmt.Sprintf(format, args...))
	}
	line("fetched", "%s new records in %s pages, %s read again to prove that none is missing", count(steps["fetch"]["new"]), count(steps["fetch"]["pages"]), count(steps["fetch"]["duplicates"]))
	line("staged", "%s of the %s records that Oracle Integration has, %s, %s bytes", count(records), count(truth.Count), plural(len(files), "file"), count(bytes))
	line("archived", "%s in bucket logs", plural(len(files), "file"))
	line("uploaded", "%s by signed uploadLogFile", plural(len(files), "file"))
	line("parsed", "%s records by log source %s", count(b.found+b.duplicates+b.strangers), demoSource)
	line("stored", "%s of %s records, %s duplicates", count(b.found), count(b.truth), count(b.duplicates))
	fmt.Fprintln(d.out)
	return b, nil
}

var demoQueries = []string{
	"'Upload Name' = 'oic audit logs push' and 'Log Source' = 'OCI Integration Audit Logs' | fields 'User Name', Endpoint, 'OCI Resource Name', 'Resource Type', 'Audit Reference' | stats count as logrecords by 'User Name', 'OCI Resource Name', 'Resource Operations' | sort -logrecords",
	"'Log Source' = 'OCI Integration Audit Logs' | timestats count as logrecords by 'Resource Operations' | sort -logrecords",
	"'Resource Operations' in (activate, deactivate, delete) | stats count as Times, latest(Time) as Last by 'User Name', 'OCI Resource Name', 'Resource Operations' | sort -Last",
}

const demoRows = 8

// ask runs the sample queries.
func (d *demo) ask(ctx context.Context, n *node) error {
	now := time.Now().UTC()
	for _, text := range demoQueries {
		result, err := n.query.Run(ctx, query.Request{Text: text, Window: record.Window{From: now.AddDate(0, 0, -d.plan.Days-1), To: now}})
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "> %s\n\n", text)
		headers, rows := cells(result.Columns, result.Rows, demoRows)
		if result.Series != nil {
			headers, rows = lines(result.Series, demoRows)
		}
		printTable(d.out, headers, rows)
		fmt.Fprintf(d.out, "\n%s in %d ms\n\n", plural(len(result.Rows), "row"), result.Elapsed.Milliseconds())
	}
	return nil
}

func (d *demo) explore(cfg *config.Config) {
	fmt.Fprint(d.out, "Collecting goes on while the simulated users work; Ctrl-C ends it. Meanwhile, from another terminal:\n\n")
	for _, args := range []string{
		"query \"* | stats count by 'User Name' | sort -Count\"",
		"runs",
		"uploads",
		"check",
		"store verify",
	} {
		fmt.Fprintf(d.out, "  bin/ledgerline --config %s %s\n", cfg.Path, args)
	}
	fmt.Fprintln(d.out)
}
