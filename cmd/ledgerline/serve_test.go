package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service manager may stop a server that is still opening its store. That is a
// clean end, and the next start finds the folder as it should be.
func TestServeMayBeStoppedWhileItOpens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledgerline.yaml")
	if err := os.WriteFile(file, []byte("data: ./data\nserver: {listen: \"127.0.0.1:0\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		var noise bytes.Buffer
		if code := run(ctx, []string{"serve", "--config", file}, terminal{in: strings.NewReader(""), out: &noise, err: &noise, env: os.LookupEnv}); code != exitDone {
			t.Errorf("exits with %d: %s", code, noise.String())
		}
	}
}
