package catalog

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the files hold while the catalog is open and busy is what a killed
// process leaves: everything that was answered must be there.
func TestKilled(t *testing.T) {
	ctx, dir, clock := context.Background(), t.TempDir(), newClock()
	c := open(t, dir, clock, Seeds{})
	g, err := c.CreateLogGroup(ctx, LogGroup{Name: "A"}, Retry{Scope: "s", Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"a", "b"} {
		if err := c.AddFile(ctx, File{Reference: ref, UploadName: "u", LogGroup: g.ID, Received: clock.now()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SaveContent(ctx, []Document{{Kind: "source", Name: "s", JSON: []byte("{}")}}, nil); err != nil {
		t.Fatal(err)
	}
	// A transaction that was never committed.
	hold, entered := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- c.writer.do(ctx, true, func(tx *tx) error {
			_, err := tx.exec("DELETE FROM documents")
			close(entered)
			<-hold
			return err
		})
	}()
	<-entered

	left := t.TempDir()
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, "-shm") { // shared memory ends with the process
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(left, e.Name()), text, 0o600)
	}); err != nil {
		t.Fatal(err)
	}
	close(hold)
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	after := open(t, left, clock, Seeds{})
	if got, err := after.LogGroup(ctx, g.ID); err != nil || got.Name != "A" {
		t.Errorf("log group %+v, %v", got, err)
	}
	if again, err := after.CreateLogGroup(ctx, LogGroup{Name: "A"}, Retry{Scope: "s", Token: "t"}); err != nil || again.ID != g.ID {
		t.Errorf("the retry made another group: %v, %v", again, err)
	}
	if files, _, err := after.Files(ctx, FileFilter{}, Page{}); err != nil || len(files) != 2 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if docs, err := after.LoadContent(ctx); err != nil || len(docs) != 1 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}
