package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"ledgerline/internal/api"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/stage"
)

// asked is what starts a run that somebody asked for in the browser.
const asked = "request"

// operator lets the web application see and run the integrations of a node.
type operator struct {
	node   *node
	oracle *oracle
	ctx    context.Context // of the runs, which outlive the calls that begin them
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

func newOperator(n *node, o *oracle) *operator {
	p := &operator{node: n, oracle: o}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// close ends the runs it began, and waits.
func (p *operator) close() {
	p.cancel()
	p.wait.Wait()
}

func (p *operator) Integrations() []api.IntegrationInfo {
	var out []api.IntegrationInfo
	for _, in := range p.node.cfg.Integrations {
		info := api.IntegrationInfo{Name: in.Name, Kind: in.Kind, Connection: in.Connection, Every: in.Every}
		for _, line := range p.node.runner.Integrations() {
			if line.Name != in.Name {
				continue
			}
			for _, stream := range line.Streams {
				for _, sink := range stream.Sinks {
					if !slices.Contains(info.Sinks, sink.Name()) {
						info.Sinks = append(info.Sinks, sink.Name())
					}
				}
			}
		}
		out = append(out, info)
	}
	slices.SortFunc(out, func(a, b api.IntegrationInfo) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (p *operator) Connections() []api.ConnectionInfo {
	var out []api.ConnectionInfo
	for _, name := range sortedKeys(p.node.cfg.Connections) {
		c := p.node.cfg.Connections[name]
		info := api.ConnectionInfo{Name: name, Type: c.Type}
		switch {
		case c.OIC != nil:
			info.Target = c.OIC.URL
		case c.OCI != nil:
			info.Target = cmp.Or(c.OCI.Endpoints["loganalytics"], c.OCI.Profile, c.OCI.Auth)
		case c.SCIM != nil:
			info.Target = c.SCIM.URL
		}
		out = append(out, info)
	}
	return out
}

// RunNow refuses when a run of the integration is under way.
func (p *operator) RunNow(integration string) error {
	runs, err := p.node.stage.Runs(p.ctx, integration, 1)
	if err != nil {
		return err
	}
	if len(runs) > 0 && runs[0].State == stage.Running {
		return fmt.Errorf("a run of %s is under way; wait for it to end", integration)
	}
	p.wait.Go(func() {
		// The run keeps its own first error in the ledger.
		if _, err := p.node.runner.Run(p.ctx, integration, asked); err != nil {
			p.node.log.Warn("a run that was asked for failed", "integration", integration, "error", err)
		}
	})
	return nil
}

func (p *operator) Test(ctx context.Context, connection string) ([]api.TestStep, error) {
	cfg := p.node.cfg
	if _, ok := cfg.Connections[connection]; !ok {
		return nil, fmt.Errorf("there is no connection %q", connection)
	}
	var out []api.TestStep
	for _, step := range probe(ctx, p.oracle, cfg, connection) {
		out = append(out, testStep(step))
	}
	return out, nil
}

func testStep(p connect.Probe) api.TestStep {
	return api.TestStep{Name: p.Name, OK: p.OK, Detail: p.Detail, Hint: p.Hint}
}

func (p *operator) Kept(source string) time.Duration { return p.node.retention().For(source) }

// retention is how long records are kept; without a server in the configuration,
// as long as one keeps them by itself.
func (n *node) retention() config.Retention {
	if n.cfg.Server == nil {
		return config.DefaultServer().Retention
	}
	return n.cfg.Server.Retention
}
