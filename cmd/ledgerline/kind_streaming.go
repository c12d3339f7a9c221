package main

import (
	"context"
	"log/slog"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/runner"
)

func readStreaming(n *node, _ *oracle, in config.Integration, log *slog.Logger) (runner.Collector, error) {
	return collect.NewStreaming(streamingClient(in, connect.Options{Logger: log}), n.stage, collect.StreamingOptions{
		Integration: in.Name,
		Stream:      in.Streaming.Stream,
		Routes:      routes(in),
		FromEnd:     in.Streaming.FromEnd,
		Clock:       n.now,
		Logger:      log,
		Progress:    n.showProgress,
	}), nil
}

func streamingClient(in config.Integration, opts connect.Options) *connect.Streaming {
	s := in.Streaming
	return connect.NewStreaming(connect.StreamingConfig{Bootstrap: s.Bootstrap, Stream: s.Stream, Group: s.Group, Username: s.Username,
		Token: s.AuthToken.Reveal(), Plain: s.Plain}, opts)
}

func probeStreaming(ctx context.Context, _ *oracle, in config.Integration) []connect.Probe {
	return streamingClient(in, connect.Options{}).Probe(ctx)
}
