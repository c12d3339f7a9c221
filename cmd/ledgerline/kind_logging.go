package main

import (
	"context"
	"log/slog"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

func readLogging(n *node, o *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	l := in.Logging
	return collect.NewLogging(o.oci[in.Connection], n.stage, collect.LoggingOptions{
		Integration: in.Name,
		Routes:      routes(in),
		Query:       l.Query(),
		PageSize:    l.PageSize,
		Backfill:    l.Backfill,
		Overlap:     l.Overlap,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

func probeLogging(ctx context.Context, o *oracle, in config.Integration) []connect.Probe {
	oci := o.oci[in.Connection]
	return append(oci.ProbeSearch(ctx, in.Logging.Query()), probeServiceLogs(ctx, oci, in)...)
}
