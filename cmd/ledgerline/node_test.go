package main

import (
	"io"
	"log/slog"
	"os"
	"testing"

	"ledgerline/internal/config"
)

// startNode starts the process that owns a configuration's data directory, without
// its network listener, until the test ends.
func startNode(t *testing.T, file string) *node {
	t.Helper()
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := open(t.Context(), cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := n.start(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := n.close(); err != nil {
			t.Error(err)
		}
	})
	return n
}
