package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newServe(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the Log Analytics API and run the integrations",
		Long: `Serve answers the OCI-compatible API on server.listen, parses what it receives, and runs
the integrations of the configuration on their schedule, until it is stopped. The other
commands talk to it over a socket in the data directory.`,
		Example: "  ledgerline serve --config ledgerline.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return serve(cmd.Context(), g) },
	}
}

func serve(ctx context.Context, g *globals) (err error) {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if cfg.Server == nil {
		return fmt.Errorf("%s has no server section; add one (server: {} takes the defaults), or run 'ledgerline collect'", cfg.Path)
	}
	n, err := open(ctx, cfg, g)
	if err != nil && ctx.Err() != nil {
		return nil // told to stop while it opened: that is no failure
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	stop, err := n.start(ctx, true)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(g.out, "listening on %s\nnamespace %s, tenancy %s, log group %s\n", baseURL(cfg.Server), cfg.Server.Namespace, cfg.Server.Tenancy, n.defaultGroup)
	if len(cfg.Server.Users) == 0 {
		fmt.Fprintln(g.out, "no API key may call it yet; add one under server.users")
	}
	if len(cfg.Integrations) == 0 {
		fmt.Fprintln(g.out, "no integrations: it serves what is uploaded and collects nothing")
	}
	n.runner.Serve(ctx)
	<-ctx.Done()
	return nil
}
