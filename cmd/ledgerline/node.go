package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ledgerline/internal/api"
	"ledgerline/internal/burst"
	"ledgerline/internal/catalog"
	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/content"
	"ledgerline/internal/deliver"
	"ledgerline/internal/people"
	"ledgerline/internal/query"
	"ledgerline/internal/quota"
	"ledgerline/internal/runner"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// node is one process that owns a data directory: every part, wired.
//
//	connect -> collect -> stage -> deliver -+-> connect -> Oracle
//	                        ^               |
//	   upload API (api) ----+               +-> content -> store -> query -> api
type node struct {
	cfg      *config.Config
	log      *slog.Logger
	now      func() time.Time
	progress func(collect.Progress)

	release      func() // the lock of the data directory
	stage        *stage.Stage
	catalog      *catalog.Catalog
	people       *people.Directory
	joiner       *burst.Joiner // of the messages of OAC queries
	library      *content.Library
	engine       store.Engine
	store        *store.Store
	query        *query.Engine
	runner       *runner.Runner
	server       *api.Server
	operator     *operator
	imports      *imports
	defaultGroup string // OCID of the log group that takes what names none
}

// open takes the data directory and opens every part of it, in the order in
// which records flow. What was left half done by a crash is repaired here.
func open(ctx context.Context, cfg *config.Config, g *globals) (n *node, err error) {
	n = &node{cfg: cfg, log: g.logger(), now: time.Now}
	if g.clock != nil {
		n.now = g.clock
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if n.release, err = lockData(cfg.Data); err != nil {
		return n, err
	}
	server := cfg.Server
	if server == nil {
		server = config.DefaultServer()
	}
	if n.stage, err = stage.Open(cfg.Data, stage.Options{Clock: g.clock, Logger: n.log}); err != nil {
		return n, err
	}
	if n.catalog, err = catalog.Open(ctx, cfg.Data, seeds(server), catalog.Options{Clock: g.clock, Logger: n.log}); err != nil {
		return n, err
	}
	if n.defaultGroup, err = defaultLogGroup(ctx, n.catalog, server); err != nil {
		return n, err
	}
	if n.people, err = n.openPeople(ctx); err != nil {
		return n, err
	}
	if n.joiner, err = n.openJoiner(ctx); err != nil {
		return n, err
	}
	tables := &lookupTables{catalog: n.catalog, log: n.log}
	if n.library, err = content.Open(ctx, documents{n.catalog}, content.Options{Logger: n.log, Lookups: tables.ForIngest}); err != nil {
		return n, err
	}
	lookups := filepath.Join(cfg.Data, "lookups")
	if err := os.RemoveAll(lookups); err != nil { // what the last process wrote for its queries
		return n, fmt.Errorf("remove the lookup tables of the last start: %w", err)
	}
	if n.engine, err = duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(cfg.Data), lookups}, TempDir: filepath.Join(cfg.Data, "tmp")}); err != nil {
		return n, err
	}
	if n.store, err = store.Open(cfg.Data, n.engine, store.Options{Clock: g.clock, Logger: n.log}); err != nil {
		return n, err
	}
	n.query = query.NewEngine(n.store, catalogue{n.library, tables}, query.Options{Clock: g.clock, Logger: n.log, Lookups: lookups})
	o, err := connectOracle(cfg, n.log)
	if err != nil {
		return n, err
	}
	lines, err := n.integrations(o)
	if err != nil {
		return n, err
	}
	n.imports = &imports{node: n}
	n.operator = newOperator(n, o)
	n.runner = runner.New(n.stage, lines, runner.Options{Clock: g.clock, Logger: n.log})
	n.server, err = api.New(api.Parts{
		Stage: n.stage, Library: n.library, Content: n.library, Store: n.store, Query: n.query, Catalog: n.catalog, People: n.people, Operator: n.operator,
	}, api.Options{
		Clock: g.clock, Logger: n.log, Version: version(),
		Tenancy: server.Tenancy, Namespace: server.Namespace, LogGroup: n.defaultGroup, URL: server.Access.URL,
		Limits: api.Limits{MaxUpload: server.MaxUpload}, Users: quota.Limits(server.Access.Limits),
		Held: server.Held, Audit: server.Access.Audit, OIDC: oidcOptions(server.Access.OIDC),
	})
	if err != nil {
		return n, err
	}
	return n, n.installBoards(ctx)
}

// close closes what open opened, in reverse.
func (n *node) close() error {
	var errs []error
	if n.operator != nil {
		n.operator.close()
	}
	if n.server != nil {
		n.server.Close()
	}
	switch {
	case n.store != nil:
		errs = append(errs, n.store.Close()) // and its engine
	case n.engine != nil:
		errs = append(errs, n.engine.Close())
	}
	if n.joiner != nil {
		errs = append(errs, n.joiner.Close())
	}
	if n.catalog != nil {
		errs = append(errs, n.catalog.Close())
	}
	if n.stage != nil {
		errs = append(errs, n.stage.Close())
	}
	if n.release != nil {
		n.release()
	}
	return errors.Join(errs...)
}

// Intervals of the work that goes on beside requests.
const (
	mergeEvery  = 10 * time.Second
	retainEvery = time.Hour
	retryEvery  = 5 * time.Second
)

// start begins the background work, answers on the socket, and on the network
// when listening is asked for. stop ends all of it and waits.
func (n *node) start(ctx context.Context, listen bool) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	stop = func() { cancel(); wg.Wait() }
	closeSocket, err := n.listenSocket()
	if err != nil {
		cancel()
		return nil, err
	}
	wg.Go(func() { <-ctx.Done(); closeSocket() })
	if listen {
		closeHTTP, err := n.listenHTTP()
		if err != nil {
			stop()
			return nil, err
		}
		wg.Go(func() { <-ctx.Done(); closeHTTP() })
	}
	wg.Go(func() { n.parseReceived(ctx) })
	wg.Go(func() { n.people.Run(ctx) })
	wg.Go(func() { n.server.Work(ctx) })
	wg.Go(func() { n.repeat(ctx, joinEvery, "joining queries", func() error { return n.joinQueries(ctx) }) })
	wg.Go(func() { n.repeat(ctx, importsEvery, "import", func() error { return n.imports.resume(ctx) }) })
	wg.Go(func() { n.repeat(ctx, mergeEvery, "merge", func() error { _, err := n.store.Merge(ctx); return err }) })
	wg.Go(func() { n.repeat(ctx, retainEvery, "retention", func() error { return n.retain(ctx) }) })
	return stop, nil
}

// parseReceived parses what the upload API received, as soon as it is sealed.
func (n *node) parseReceived(ctx context.Context) {
	deliverer := deliver.New(n.stage, deliver.Options{Logger: n.log})
	sink := n.receivedSink()
	for {
		sealed := n.stage.Sealed()
		wait := time.After(time.Minute)
		if _, err := deliverer.Drain(ctx, stage.ReceivedIntegration, sink); err != nil && ctx.Err() == nil {
			n.log.Error("received uploads wait to be parsed", "error", err)
			wait = time.After(retryEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-sealed:
		case <-wait:
		}
	}
}

func (n *node) repeat(ctx context.Context, every time.Duration, what string, do func() error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := do(); err != nil && ctx.Err() == nil {
			n.log.Error(what+" failed and is tried again", "in", every, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (n *node) retain(ctx context.Context) error {
	keep := n.retention()
	_, err := n.store.Retain(ctx, store.Retention{For: keep.For, Hold: n.held})
	return errors.Join(err, n.retainStage(ctx, keep.Default))
}

// Ages beyond which the ledger lets go. No service of Oracle's lists audit
// records for longer than six months, so older identities are not asked for.
const (
	keepIdentities = 400 * config.Day
	keepRuns       = 90 * config.Day
)

// retainStage removes stage files that are old and that every sink has had.
func (n *node) retainStage(ctx context.Context, keep time.Duration) error {
	now := n.now()
	var errs []error
	for _, in := range n.runner.Integrations() {
		if n.keepsIdentities(in.Name) {
			continue
		}
		for _, stream := range in.Streams {
			_, err := n.stage.Forget(ctx, stream.Name, now.Add(-keepIdentities))
			errs = append(errs, err)
		}
	}
	_, err := n.stage.ForgetRuns(ctx, now.Add(-keepRuns))
	errs = append(errs, err)
	if keep > 0 {
		_, err := n.stage.Retain(ctx, stage.Retention{Before: now.Add(-keep), Sinks: n.sinksOf, Hold: n.holds})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sinksOf names the sinks that must have had a file before it may go.
func (n *node) sinksOf(integration string) (names []string) {
	if integration == stage.ReceivedIntegration {
		return []string{n.receivedSink().Name()}
	}
	for _, in := range n.runner.Integrations() {
		for _, stream := range in.Streams {
			if stream.Name != integration {
				continue
			}
			for _, s := range stream.Sinks {
				names = append(names, s.Name())
			}
		}
	}
	return append(names, n.imports.sinksOf(context.Background(), integration)...)
}

// defaultLogGroup is the first configured one, else the oldest there is; the
// catalogue makes one at the first start.
func defaultLogGroup(ctx context.Context, c *catalog.Catalog, server *config.Server) (string, error) {
	if len(server.LogGroups) > 0 {
		return server.LogGroups[0].ID, nil
	}
	groups, _, err := c.LogGroups(ctx, catalog.LogGroupFilter{Compartment: server.Tenancy}, catalog.Page{Limit: 2, Sort: "timeCreated"})
	if err != nil {
		return "", err
	}
	groups = slices.DeleteFunc(groups, func(g catalog.LogGroup) bool { return g.ID == catalog.AuditGroup })
	if len(groups) == 0 {
		return "", errors.New("there is no log group; create one with 'ledgerline log-groups create', or name one under server.log_groups")
	}
	return groups[0].ID, nil
}
