package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/simulate"
	"ledgerline/internal/stage"
)

func (d *demo) introduce(cfg *config.Config, oracle *simulator) {
	fmt.Fprintf(d.out, "pretend Oracle  %s  (Integration, Analytics, Logging, Object Storage, identity domain)\n", oracle.url)
	fmt.Fprintf(d.out, "Ledgerline      %s  (namespace %s)\n", baseURL(cfg.Server), cfg.Server.Namespace)
	fmt.Fprintf(d.out, "API key         %s\n", cfg.Connections["oci"].OCI.ConfigFile)
	fmt.Fprintf(d.out, "configuration   %s\n", cfg.Path)
}

// truths says for each log source what happened; of metrics, until where they
// are said to be read.
func (d *demo) truths(ctx context.Context, n *node, oracle *simulator) ([]weighing, error) {
	instance := instanceName(n.cfg.Connections["oic"].OIC)
	list := []weighing{weighAudit(oracle.Truth(instance).Identities, instance)}
	for _, l := range []struct{ log, source string }{
		{simulate.OICActivity, content.SourceIntegrationActivity},
		{simulate.OACAudit, content.SourceAnalyticsAudit},
		{simulate.OACDiagnostic, content.SourceAnalyticsDiagnostic},
	} {
		if t, ok := oracle.LogTruth(l.log); ok {
			list = append(list, weighEvents(l.source, t.Identities))
		}
	}
	in := collectorOf(n.cfg, content.SourceIntegrationMetrics)
	read, err := readWindow(ctx, n, in.Name)
	if err != nil {
		return nil, err
	}
	points := map[record.Identity]int{}
	for _, q := range in.Metrics.Queries {
		series, err := oracle.Summarize(q.Text, read.From.Truncate(q.Every), time.Now())
		if err != nil {
			return nil, err
		}
		maps.Copy(points, metricTruth(q, series, read.To))
	}
	return append(list, weighMetrics(points)), nil
}

// report weighs every log source and says how its records came.
func (d *demo) report(ctx context.Context, n *node, oracle *simulator, runs map[string]stage.Run) (balance, error) {
	var sum balance
	var rows [][]string
	truths, err := d.truths(ctx, n, oracle)
	if err != nil {
		return sum, err
	}
	for _, w := range truths {
		b, err := weigh(ctx, n.query, w)
		if err != nil {
			return b, err
		}
		sum = sum.add(b)
		in := collectorOf(n.cfg, w.source)
		rows = append(rows, []string{w.source, in.Kind, count(b.truth), count(b.found), count(b.duplicates + b.strangers)})
	}
	var pages, again, archived, uploaded, parsed, files, bytes int64
	for _, run := range runs {
		for _, s := range run.Steps {
			switch s.Name {
			case "fetch":
				pages, again = pages+s.Counts["pages"], again+s.Counts["duplicates"]
			case "archive":
				archived += s.Counts["files"]
			case "upload":
				uploaded += s.Counts["files"]
			case "parse":
				parsed += s.Counts["files"]
			}
		}
	}
	for _, in := range n.cfg.Integrations {
		for _, s := range in.Streams() {
			list, err := n.stage.Files(ctx, s.Name, 0, 1<<20)
			if err != nil {
				return sum, err
			}
			for _, f := range list {
				files, bytes = files+1, bytes+f.Bytes
			}
		}
	}
	fmt.Fprintf(d.out, "fetched   %s pages; %s records read again to prove that none is missing\n", count(pages), count(again))
	fmt.Fprintf(d.out, "staged    %s, %s bytes\n", plural(int(files), "file"), count(bytes))
	fmt.Fprintf(d.out, "archived  %s in bucket logs\n", plural(int(archived), "file"))
	fmt.Fprintf(d.out, "uploaded  %s by signed uploadLogFile\n", plural(int(uploaded), "file"))
	fmt.Fprintf(d.out, "parsed    those and %s read in place; stored:\n\n", plural(int(parsed), "file"))
	printTable(d.out, []string{"log source", "collected by", "happened", "stored once", "doubled"}, rows)
	fmt.Fprintln(d.out)
	return sum, nil
}

// collectorOf is the integration that delivers to a log source.
func collectorOf(cfg *config.Config, source string) config.Integration {
	for _, in := range cfg.Integrations {
		if slices.ContainsFunc(in.Uploads, func(u config.Upload) bool { return u.LogSource == source }) {
			return in
		}
	}
	return config.Integration{}
}

// demoQuestion is a query and what it asks, in words.
type demoQuestion struct{ words, text string }

var demoQuestions = []demoQuestion{
	{"Who changed most in Oracle Integration?",
		"'Upload Name' = 'oic audit logs push' | stats count as Changes, distinctcount('OCI Resource Name') as Things by 'User Name' | sort -Changes | head 5"},
	{"Which integration faults, in which version?",
		"'Log Source' = 'OCI Integration Activity Stream Logs' and OICStatus in (Completed, Failed) | eval Fault = if(OICStatus = Failed, 1, 0) | stats count as Runs, sum(Fault) as Faults by Integration, 'Integration Version' | eval Percent = round(100 * Faults / Runs) | sort -Percent | head 3"},
	{"Who activated it, and when was it taken back?",
		"'Log Source' = 'OCI Integration Audit Logs' and 'Resource ID' = ORDERS_TO_ERP_1 and 'Resource Operations' in (activate, deactivate) | fields -*, Time, 'User Name', 'Resource Operations', 'Resource Version' | sort Time"},
	{"Who exports data at night?",
		"'Log Source' = 'OCI Analytics Cloud Audit Logs' and Label = 'Data Export' | eval Hour = tonumber(formatdate(Time, 'HH')) | where Hour < 6 or Hour > 19 | stats count as Exports, earliest(Time) as First, latest(Time) as Last by 'User ID'"},
	{"What else happened in Analytics that evening?",
		"'Log Source' = 'OCI Analytics Cloud Audit Logs' and (Message like '%Data Exporter%' or Message like 'Snapshot%downloaded%') | fields -*, Time, 'User ID', Message | sort Time"},
}

const demoRows = 8

// ask runs the sample queries.
func (d *demo) ask(ctx context.Context, n *node) error {
	now := time.Now().UTC()
	for _, q := range demoQuestions {
		result, err := n.query.Run(ctx, query.Request{Text: q.text, Window: record.Window{From: now.AddDate(0, 0, -d.plan.Days-1), To: now}})
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "%s\n> %s\n\n", q.words, q.text)
		headers, rows := cells(result.Columns, result.Rows, demoRows)
		if result.Series != nil {
			headers, rows = lines(result.Series, demoRows)
		}
		printTable(d.out, headers, rows)
		fmt.Fprintf(d.out, "\n%s in %d ms\n\n", plural(len(result.Rows), "row"), result.Elapsed.Milliseconds())
	}
	return nil
}

// demoCommands are what a person can go on with.
var demoCommands = [][]string{
	{"query", "* | stats count by 'Log Source', 'User Name' | sort -Count"},
	{"runs"},
	{"coverage"},
	{"check"},
	{"store", "verify"},
	{"stage", "verify"},
}

func (d *demo) explore(cfg *config.Config) {
	fmt.Fprint(d.out, "Collecting goes on while the simulated users work; Ctrl-C ends it. Meanwhile, from another terminal:\n\n")
	for _, args := range demoCommands {
		fmt.Fprintf(d.out, "  bin/ledgerline --config %s %s", cfg.Path, args[0])
		for _, arg := range args[1:] {
			if strings.Contains(arg, " ") {
				arg = strconv.Quote(arg)
			}
			fmt.Fprint(d.out, " ", arg)
		}
		fmt.Fprintln(d.out)
	}
	fmt.Fprintln(d.out)
}
