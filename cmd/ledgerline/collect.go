package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"ledgerline/internal/runner"
	"ledgerline/internal/stage"
)

func newCollect(g *globals) *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "collect [INTEGRATION...]",
		Short: "Collect, archive and upload what is due",
		Long: `Collect runs the integrations of the configuration on their schedule until it is
stopped. With --once it runs each of them one time and exits: 0 when everything that
is due was collected and delivered, 1 otherwise. It needs no server section.`,
		Example: "  ledgerline collect\n  ledgerline collect --once oic-audit",
		RunE: func(cmd *cobra.Command, args []string) error {
			return collectAll(cmd.Context(), g, args, once)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "run each integration one time and exit")
	return cmd
}

func collectAll(ctx context.Context, g *globals, only []string, once bool) (err error) {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if len(cfg.Integrations) == 0 {
		return fmt.Errorf("%s names no integrations; add one under the key integrations", cfg.Path)
	}
	n, err := open(ctx, cfg, g)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	for _, name := range only {
		if !slices.Contains(n.runner.Names(), name) {
			return &misuseError{"ledgerline collect", fmt.Errorf("there is no integration %q in %s", name, cfg.Path)}
		}
	}
	stop, err := n.start(ctx, false)
	if err != nil {
		return err
	}
	defer stop()
	if !once {
		n.runner.Serve(ctx)
		return nil
	}
	n.progress = progressBar(g.terminal, "fetching")
	failed := false
	for _, name := range n.runner.Names() {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		run, err := n.runner.Run(ctx, name, runner.Once)
		printRun(g.out, run)
		failed = failed || err != nil || run.State != stage.Succeeded
	}
	if failed {
		return &quietError{}
	}
	return nil
}
