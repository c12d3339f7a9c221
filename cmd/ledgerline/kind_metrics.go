package main

import (
	"context"
	"log/slog"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

func readMetrics(n *node, o *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	m := in.Metrics
	var queries []collect.MetricQuery
	for _, q := range m.Queries {
		queries = append(queries, collect.MetricQuery(q))
	}
	return collect.NewMetrics(o.oci[in.Connection], n.stage, collect.MetricsOptions{
		Integration: in.Name,
		Compartment: m.Compartment,
		Namespace:   m.Namespace,
		Queries:     queries,
		Backfill:    m.Backfill,
		Overlap:     m.Overlap,
		Settle:      m.Settle,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

func probeMetrics(ctx context.Context, o *oracle, in config.Integration) []connect.Probe {
	var queries []connect.MetricQuery
	for _, q := range in.Metrics.Queries {
		queries = append(queries, connect.MetricQuery{Compartment: in.Metrics.Compartment, Namespace: in.Metrics.Namespace, Query: q.Text, Resolution: q.Interval})
	}
	return o.oci[in.Connection].ProbeMetrics(ctx, queries)
}
