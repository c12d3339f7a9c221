package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/collect"
	"ledgerline/internal/content"
	"ledgerline/internal/deliver"
	"ledgerline/internal/record"
	"ledgerline/internal/runner"
	"ledgerline/internal/stage"
)

// imports stages what 'ledgerline import' reads, in the process that owns the
// data directory, and has it parsed. What a crash left staged is parsed at the
// next start.
type imports struct {
	node *node
	mu   sync.Mutex // guards the list of targets, and lets one run go on at a time
}

// importsName is the integration under which imports are listed. Names of
// configured integrations have no capitals.
const (
	importsName    = "Import"
	importsUpload  = "import"
	importsTargets = "targets"
	importsEvery   = time.Minute
)

// importTarget is where imported records go.
type importTarget struct {
	Source   string `json:"source"`
	LogGroup string `json:"logGroup"` // OCID
}

// stream is the target's own in the stage. Its identities are never forgotten: a
// file of any age may be imported again.
func (t importTarget) stream() string {
	sum := sha256.Sum256([]byte(t.Source + "\x00" + t.LogGroup))
	return importsName + "." + hex.EncodeToString(sum[:8])
}

// add stages records and returns how many of them were new. An empty log group
// is the default one.
func (i *imports) add(ctx context.Context, t importTarget, items []record.Counted) (int, error) {
	t.LogGroup = cmp.Or(t.LogGroup, i.node.defaultGroup)
	source, ok := i.node.library.Source(t.Source)
	if !ok {
		return 0, fmt.Errorf("there is no log source %q; 'ledgerline content list' names them", t.Source)
	}
	t.Source = source.Display
	if _, err := i.node.catalog.LogGroup(ctx, t.LogGroup); errors.Is(err, catalog.ErrNotFound) {
		return 0, fmt.Errorf("there is no log group %s; 'ledgerline log-groups list' names them", t.LogGroup)
	} else if err != nil {
		return 0, err
	}
	if err := i.remember(ctx, t); err != nil {
		return 0, err
	}
	return i.node.stage.Add(ctx, t.stream(), items)
}

// targets lists where records were ever imported to.
func (i *imports) targets(ctx context.Context) (list []importTarget, err error) {
	text, err := i.node.stage.State(ctx, importsName, importsTargets)
	if err != nil || text == "" {
		return nil, err
	}
	return list, json.Unmarshal([]byte(text), &list)
}

func (i *imports) remember(ctx context.Context, t importTarget) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	list, err := i.targets(ctx)
	if err != nil || slices.Contains(list, t) {
		return err
	}
	text, err := json.Marshal(append(list, t))
	if err != nil {
		return err
	}
	return i.node.stage.SetState(ctx, importsName, importsTargets, string(text))
}

// sinks of a stream of imports.
func (i *imports) sinks(t importTarget) []deliver.Sink {
	return []deliver.Sink{i.node.localSink(t.LogGroup, t.Source, importsUpload)}
}

// sinksOf names the sinks of a stream; none when it is no import's.
func (i *imports) sinksOf(ctx context.Context, stream string) (names []string) {
	list, err := i.targets(ctx)
	if err != nil {
		i.node.log.Error("the targets of imports cannot be read", "error", err)
	}
	for _, t := range list {
		if t.stream() == stream {
			for _, s := range i.sinks(t) {
				names = append(names, s.Name())
			}
		}
	}
	return names
}

// told is the outcome of a reading that went on elsewhere.
type told collect.Outcome

func (o told) Collect(context.Context) (collect.Outcome, error) { return collect.Outcome(o), nil }

// finish seals and parses what is staged, and lists the import as a run.
func (i *imports) finish(ctx context.Context, outcome collect.Outcome) (stage.Run, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	list, err := i.targets(ctx)
	if err != nil {
		return stage.Run{}, err
	}
	line := runner.Integration{Name: importsName, Collector: told(outcome)}
	for _, t := range list {
		line.Streams = append(line.Streams, runner.Stream{Name: t.stream(), Sinks: i.sinks(t)})
	}
	r := runner.New(i.node.stage, []runner.Integration{line}, runner.Options{Clock: i.node.now, Logger: i.node.log})
	run, err := r.Run(ctx, importsName, runner.Once)
	if run.ID != 0 {
		return run, nil // what failed is among its steps
	}
	return run, err
}

// resume finishes what nobody did: an import that was killed, or goes on long.
func (i *imports) resume(ctx context.Context) error {
	list, err := i.targets(ctx)
	if err != nil {
		return err
	}
	for _, t := range list {
		if n, err := i.node.stage.Pending(ctx, t.stream()); err != nil {
			return err
		} else if n > 0 {
			_, err := i.finish(ctx, collect.Outcome{})
			return err
		}
	}
	return nil
}

// importRoutes say which log source a record is of, by its type.
func importRoutes() collect.Routes {
	return collect.Routes{Named: []collect.Route{
		{Stream: content.SourceIntegrationAudit, Types: []string{collect.TypeAudit}},
		{Stream: content.SourceIntegrationActivity, Types: []string{collect.TypeActivity}},
		{Stream: content.SourceAnalyticsAudit, Types: []string{"com.oraclecloud.analytics.analyticsinstance.audit"}},
		{Stream: content.SourceAnalyticsDiagnostic, Types: []string{"com.oraclecloud.analytics.analyticsinstance.diagnostic"}},
		{Stream: content.SourceIntegrationMetrics, Types: []string{collect.TypeMetric}},
		{Stream: content.SourceIntegrationRuns, Types: []string{collect.TypeInstance}},
		{Stream: content.SourceUnified, Types: []string{"?*.?*.?*"}}, // any other event: types are reversed domain names
	}}
}
