package main

import (
	"context"
	"log/slog"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

// kind is how one kind of integration is made and tested. Each has a file of its own, kind_<name>.go.
type kind struct {
	reader func(n *node, o *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error)
	// probe tests what the reader will call, beyond the connection itself; may be nil.
	probe func(ctx context.Context, o *oracle, in config.Integration) []connect.Probe
}

// kinds has an entry for each of config.Kinds.
func kinds() map[string]kind {
	return map[string]kind{
		config.KindOICAudit:      {reader: readOICAudit},
		config.KindOCILogging:    {reader: readLogging, probe: probeLogging},
		config.KindObjectStorage: {reader: readObjectStorage, probe: probeObjectStorage},
		config.KindOICMetrics:    {reader: readMetrics, probe: probeMetrics},
		config.KindOICInstances:  {reader: readInstances, probe: probeInstances},
		config.KindOICActivity:   {reader: readInstances, probe: probeInstances},
		config.KindFiles:         {reader: readFiles, probe: probeFiles},
		config.KindStreaming:     {reader: readStreaming, probe: probeStreaming},
	}
}

// showProgress tells whoever watches a run. Who that is may change after the readers are made.
func (n *node) showProgress(p collect.Progress) {
	if n.progress != nil {
		n.progress(p)
	}
}

// routes says under which stream a reader of mixed logs stages each record.
func routes(in config.Integration) collect.Routes {
	out := collect.Routes{Own: in.Name}
	for _, s := range in.Streams() {
		if s.Name == in.Name {
			out.Taken = len(s.Uploads) > 0
			continue
		}
		out.Named = append(out.Named, collect.Route{Stream: s.Name, Types: s.Types})
	}
	return out
}
