package main

import (
	"context"
	"slices"

	"ledgerline/internal/config"
	"ledgerline/internal/connect"
)

// probeServiceLogs says whether the logs that an integration's log sources are
// made of are switched on. Where it reads one log, that one is looked up; else
// the logs of its compartment, or of the tenancy where it names none.
func probeServiceLogs(ctx context.Context, oci *connect.OCI, in config.Integration) []connect.Probe {
	var sources []string
	for _, u := range in.Uploads {
		sources = append(sources, u.LogSource)
	}
	target := connect.ServiceLogTarget{Wanted: wantedLogs(sources)}
	switch {
	case in.Logging != nil:
		target.Compartment, target.LogGroup, target.Log = in.Logging.Compartment, in.Logging.LogGroup, in.Logging.Log
	case in.Objects != nil:
		target.Compartment = in.Objects.Compartment
	}
	return oci.ProbeServiceLogs(ctx, target)
}

// wantedLogs are the service logs behind log sources; those of sources that
// are not Ledgerline's own are not known.
func wantedLogs(sources []string) []connect.WantedLog {
	var out []connect.WantedLog
	for _, w := range connect.KnownServiceLogs() {
		if slices.Contains(sources, w.LogSource) {
			out = append(out, w)
		}
	}
	return out
}
