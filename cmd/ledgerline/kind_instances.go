package main

import (
	"context"
	"fmt"
	"log/slog"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

// readInstances makes the reader of oic-instances and of oic-activity, which
// differ in what they stage of an instance.
func readInstances(n *node, o *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	return collect.NewInstances(o.oic[in.Connection], n.stage, collect.InstancesOptions{
		Integration: in.Name,
		Instance:    instanceName(n.cfg.Connections[in.Connection].OIC),
		Steps:       in.Kind == config.KindOICActivity,
		PageSize:    in.PageSize,
		Backfill:    in.Backfill,
		Overlap:     in.Overlap,
		Clock:       n.now,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

func probeInstances(ctx context.Context, o *oracle, in config.Integration) []connect.Probe {
	page, err := o.oic[in.Connection].Instances(ctx, connect.InstanceQuery{Window: "1h", Limit: 1})
	p := connect.Probe{Name: "instances", OK: err == nil, Err: err}
	switch {
	case err != nil:
		p.Detail, p.Hint = err.Error(), "give the client application the role ServiceMonitor, and check integration_instance"
	case page.Total >= 0:
		p.Detail = fmt.Sprintf("%d were updated within the last hour", page.Total)
	default:
		p.Detail = "the list can be read"
	}
	return []connect.Probe{p}
}
