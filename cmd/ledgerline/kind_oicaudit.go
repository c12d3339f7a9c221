package main

import (
	"log/slog"
	"net/url"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/runner"
)

func readOICAudit(n *node, o *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	return collect.NewAudit(o.oic[in.Connection], n.stage, collect.AuditOptions{
		Integration: in.Name,
		Instance:    instanceName(n.cfg.Connections[in.Connection].OIC),
		PageSize:    in.PageSize,
		MaxOffset:   in.MaxOffset,
		Backfill:    in.Backfill,
		Overlap:     in.Overlap,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

// instanceName is what the identity of a record is bound to: the host of the
// instance and, in OIC 3 where hosts are shared, its name.
func instanceName(c *config.OIC) string {
	host := c.URL
	if u, err := url.Parse(c.URL); err == nil {
		host = u.Hostname()
	}
	if c.IntegrationInstance == "" {
		return host
	}
	return host + "/" + c.IntegrationInstance
}
