package main

import (
	"context"
	"encoding/hex"
	"path/filepath"
	"time"

	"ledgerline/internal/burst"
	"ledgerline/internal/content"
	"ledgerline/internal/stage"
)

// joinEvery is how often settled queries are looked for.
const joinEvery = 10 * time.Second

// openJoiner opens the joiner of queries beside the other books.
func (n *node) openJoiner(ctx context.Context) (*burst.Joiner, error) {
	return burst.Open(ctx, filepath.Clean(n.cfg.Data), content.SourceAnalyticsDiagnostic, burst.Options{Clock: n.now, Logger: n.log})
}

// joinQueries writes the records of queries that have settled, as if they had been uploaded.
func (n *node) joinQueries(ctx context.Context) error {
	_, err := n.joiner.Pass(ctx, func(ctx context.Context, id [32]byte, group string, body []byte) error {
		return n.receivedSink().Derived(ctx, id, stage.Upload{Reference: hex.EncodeToString(id[:16]), Name: "OAC queries", File: "queries.json",
			Source: content.SourceAnalyticsQueries, LogGroup: group, Received: n.now().UTC()}, body)
	})
	return err
}
