package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"ledgerline/internal/stage"
)

// Whoever changes one bit of what was received is told on, with the file's name.
func TestStageVerifyFindsAFlippedBit(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	n := w.serve(0)
	if err := n.stage.Receive(ctx, stage.Upload{Reference: "r", Name: "n", Source: demoSource, LogGroup: demoGroup}, []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	if err := n.stage.SealReceived(ctx); err != nil {
		t.Fatal(err)
	}
	verify := func() (string, int) {
		var out bytes.Buffer
		code := run(ctx, []string{"stage", "verify", "--config", w.path("server.yaml")}, terminal{in: strings.NewReader(""), out: &out, err: &out, env: os.LookupEnv})
		return out.String(), code
	}
	if output, code := verify(); code != exitDone || !strings.Contains(output, "everything agrees") {
		t.Fatalf("an untouched stage, got %d:\n%s", code, output)
	}
	files, err := n.stage.Files(ctx, stage.ReceivedIntegration, 0, 10)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	body, err := os.ReadFile(files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)-1] ^= 1
	if err := os.WriteFile(files[0].Path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	output, code := verify()
	if code != exitFailed || !strings.Contains(output, files[0].Path) || !strings.Contains(output, "changed after it was sealed") {
		t.Errorf("a flipped bit, got %d:\n%s", code, output)
	}
}
