package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/collect"
	"ledgerline/internal/runner"
	"ledgerline/internal/stage"
)

func newDemo(g *globals) *cobra.Command {
	d := demo{globals: g}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show everything at work against a pretend Oracle",
		Long: `Demo starts a pretend Oracle (identity domain, Oracle Integration, Oracle Analytics Cloud,
OCI Logging, Object Storage, Monitoring), the Ledgerline server, and the integrations
between them. It prints for each log what happened and what is stored, runs queries that
find an incident in it, and then keeps collecting as the simulated users work, until
Ctrl-C. Nothing leaves this machine.

With --once it does one pass over the simulated history and exits: 0 only if every record
the simulator produced is in the store exactly once. Started again over the same folder it
goes on where it was, also after it was killed.`,
		Example: "  ledgerline demo\n  ledgerline demo --once --data /tmp/demo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&d.dir, "data", "ledgerline-demo", "folder for everything the demo writes")
	f.BoolVar(&d.once, "once", false, "one pass over the simulated history, then exit")
	f.IntVar(&d.plan.Records, "records", 165_000, "records of the simulated history, over all logs; metrics come on top")
	f.IntVar(&d.plan.Days, "days", 30, "days of the simulated history; from 7 on there is an incident in it")
	f.Uint64Var(&d.plan.Seed, "seed", 1, "the same seed gives the same history")
	return cmd
}

type demo struct {
	*globals
	dir  string
	once bool
	plan demoPlan
}

func (d *demo) run(ctx context.Context) error {
	began := time.Now()
	if err := d.prepare(); err != nil {
		return err
	}
	oracle, err := d.simulator()
	if err != nil {
		return err
	}
	defer oracle.stop()
	cfg, err := d.configure(oracle)
	if err != nil {
		return err
	}
	quiet := *d.globals
	quiet.level = slog.LevelWarn
	n, err := open(ctx, cfg, &quiet)
	if err != nil {
		return err
	}
	defer n.close()
	stop, err := n.start(ctx, true)
	if err != nil {
		return err
	}
	defer stop()

	d.introduce(cfg, oracle)
	if !d.once {
		fmt.Fprintf(d.out, "browser         %s%s  (logs in, once)\n", baseURL(cfg.Server), n.server.StartLink(demoUser))
	}
	fmt.Fprintln(d.out)
	runs, err := d.collect(ctx, n)
	if err != nil {
		return err
	}
	if err := n.parsed(ctx); err != nil {
		return err
	}
	balance, err := d.report(ctx, n, oracle, runs)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "ready after %s\n\n", time.Since(began).Round(time.Second))
	if d.once {
		fmt.Fprintln(d.out, balance)
		if !balance.complete() {
			return &quietError{}
		}
		return nil
	}
	if err := d.ask(ctx, n); err != nil {
		return err
	}
	d.explore(cfg)
	go oracle.Run(ctx)
	n.runner.Serve(ctx)
	return nil
}

// collect runs every integration once, beside one another.
func (d *demo) collect(ctx context.Context, n *node) (map[string]stage.Run, error) {
	n.progress = d.progress()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		runs = map[string]stage.Run{}
		errs []error
	)
	for _, name := range n.runner.Names() {
		wg.Go(func() {
			run, err := n.runner.Run(ctx, name, runner.Once)
			mu.Lock()
			defer mu.Unlock()
			runs[name] = run
			if err != nil {
				printRun(d.out, run)
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	wg.Wait()
	n.progress = nil
	return runs, errors.Join(errs...)
}

// progress adds up how far the integrations have come.
func (d *demo) progress() func(collect.Progress) {
	show := progressBar(d.terminal, "fetching")
	var mu sync.Mutex
	staged := map[string]int{}
	return func(p collect.Progress) {
		mu.Lock()
		defer mu.Unlock()
		staged[p.Integration] = max(staged[p.Integration], p.Staged)
		sum := 0
		for _, n := range staged {
			sum += n
		}
		show(collect.Progress{Read: min(sum, d.plan.Records), Total: d.plan.Records})
	}
}

// parsed waits until everything the upload API has received is parsed.
func (n *node) parsed(ctx context.Context) error {
	if err := n.stage.SealReceived(ctx); err != nil {
		return err
	}
	sink := n.receivedSink().Name()
	for {
		at, err := n.stage.Cursor(ctx, sink, stage.ReceivedIntegration)
		if err != nil {
			return err
		}
		left, err := n.stage.Files(ctx, stage.ReceivedIntegration, at, 1)
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
