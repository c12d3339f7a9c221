package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
	"ledgerline/internal/connect"
)

func newCheck(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "check [CONNECTION...]",
		Short: "Test each connection step by step",
		Long: `Check reads the configuration and tests each connection from the first call to the
last: token, scope, first page; namespace, log group, bucket; and what each integration
reads with it: search, service logs, objects, metrics. It prints a tick, or what
to fix. Nothing is collected and nothing is stored.`,
		Example: "  ledgerline check\n  ledgerline check oic --config prod.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			return check(cmd.Context(), g, cfg, args)
		},
	}
}

func check(ctx context.Context, g *globals, cfg *config.Config, only []string) error {
	log := slog.New(slog.DiscardHandler)
	if g.verbose {
		log = g.logger()
	}
	o, err := connectOracle(cfg, log)
	if err != nil {
		return err
	}
	for _, name := range only {
		if _, ok := cfg.Connections[name]; !ok {
			return &misuseError{"ledgerline check", fmt.Errorf("there is no connection %q in %s", name, cfg.Path)}
		}
	}
	failed := false
	for _, name := range sortedKeys(cfg.Connections) {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		fmt.Fprintf(g.out, "%s (%s)\n", name, cfg.Connections[name].Type)
		failed = !printProbes(g.out, probe(ctx, o, cfg, name)) || failed
	}
	for _, in := range cfg.Integrations {
		if test := kinds()[in.Kind].probe; in.Connection == "" && test != nil && len(only) == 0 {
			fmt.Fprintf(g.out, "%s (%s)\n", in.Name, in.Kind)
			failed = !printProbes(g.out, test(ctx, o, in)) || failed
		}
	}
	if failed {
		return &quietError{}
	}
	return nil
}

// printProbes reports whether all of them passed.
func printProbes(w io.Writer, probes []connect.Probe) bool {
	passed := true
	for _, p := range probes {
		if p.OK {
			fmt.Fprintf(w, "  ✓ %-11s %s\n", p.Name, p.Detail)
			continue
		}
		passed = false
		fmt.Fprintf(w, "  ✗ %-11s %s\n", p.Name, p.Detail)
		if p.Hint != "" {
			fmt.Fprintf(w, "    %-11s → %s\n", "", p.Hint)
		}
	}
	return passed
}

// probe tests one connection for every use the integrations make of it.
func probe(ctx context.Context, o *oracle, cfg *config.Config, name string) []connect.Probe {
	if c := o.oic[name]; c != nil {
		return append(c.Probe(ctx), probeKinds(ctx, o, cfg, name)...)
	}
	if cfg.Connections[name].SCIM != nil {
		return scimClient(cfg, name, connect.Options{}).Probe(ctx)
	}
	var out []connect.Probe
	seen := map[connect.ProbeTarget]bool{}
	try := func(t connect.ProbeTarget) {
		if !seen[t] {
			seen[t] = true
			out = append(out, o.oci[name].Probe(ctx, t)...)
		}
	}
	for _, in := range cfg.Integrations {
		for _, u := range in.Uploads {
			if u.Connection == name {
				try(connect.ProbeTarget{Namespace: u.Namespace, LogGroup: u.LogGroup})
			}
		}
		if a := in.Archive; a != nil && a.Connection == name {
			try(connect.ProbeTarget{BucketNamespace: a.Namespace, Bucket: a.Bucket})
		}
	}
	out = append(out, probeKinds(ctx, o, cfg, name)...)
	if len(out) == 0 {
		out = append(out, connect.Probe{Name: "use", OK: true, Detail: "no integration uses this connection"})
	}
	return out
}

// probeKinds tests what the integrations that read from a connection will call.
func probeKinds(ctx context.Context, o *oracle, cfg *config.Config, name string) []connect.Probe {
	var out []connect.Probe
	for _, in := range cfg.Integrations {
		if probe := kinds()[in.Kind].probe; in.Connection == name && probe != nil {
			for _, p := range probe(ctx, o, in) {
				p.Detail = in.Name + ": " + p.Detail
				out = append(out, p)
			}
		}
	}
	return out
}
