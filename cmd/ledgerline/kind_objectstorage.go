package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

func readObjectStorage(n *node, o *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	temp := filepath.Join(n.cfg.Data, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, err
	}
	return collect.NewObjects(o.oci[in.Connection], ledger{n.stage}, collect.ObjectsOptions{
		Integration: in.Name,
		Routes:      routes(in),
		Namespace:   in.Objects.Namespace,
		Bucket:      in.Objects.Bucket,
		Prefix:      in.Objects.Prefix,
		TempDir:     temp,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

func probeObjectStorage(ctx context.Context, o *oracle, in config.Integration) []connect.Probe {
	oci, b := o.oci[in.Connection], in.Objects
	return append(oci.ProbeObjects(ctx, b.Namespace, b.Bucket, b.Prefix), probeServiceLogs(ctx, oci, in)...)
}
