package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

func readFiles(n *node, _ *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	f := in.Files
	return collect.NewFiles(n.stage, collect.FilesOptions{
		Integration: in.Name,
		Routes:      routes(in),
		Path:        f.Path,
		Pattern:     f.Pattern,
		Settle:      f.Settle,
		Instance:    f.Instance,
		Clock:       n.now,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

func probeFiles(_ context.Context, _ *oracle, in config.Integration) []connect.Probe {
	p := connect.Probe{Name: "path", OK: true, Detail: in.Files.Path}
	info, err := os.Stat(in.Files.Path)
	switch {
	case err != nil:
		p.OK, p.Err, p.Detail, p.Hint = false, err, err.Error(), "create the folder, or correct path in the configuration"
	case info.IsDir():
		list, err := os.ReadDir(in.Files.Path)
		p.Detail = fmt.Sprintf("%s: %d entries", in.Files.Path, len(list))
		if err != nil {
			p.OK, p.Err, p.Detail, p.Hint = false, err, err.Error(), "let this user read the folder"
		}
	}
	return []connect.Probe{p}
}

// keepsIdentities reports whether an integration's identities are kept for ever:
// a file of any age may be put into the folder again.
func (n *node) keepsIdentities(integration string) bool {
	return slices.ContainsFunc(n.cfg.Integrations, func(in config.Integration) bool { return in.Name == integration && in.Kind == config.KindFiles })
}
