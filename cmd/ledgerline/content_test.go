package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ledgerline/internal/content"
)

// local starts the collector's process, which the command line talks to.
func (w *world) local() {
	w.Helper()
	w.cli("version") // writes the configuration
	startNode(w.T, w.path("collector.yaml"))
}

// A log source goes out as Oracle's ZIP and into another service by its API.
func TestContentPush(t *testing.T) {
	w := newWorld(t)
	n := w.serve(0)
	if _, err := n.library.Import(t.Context(), oracleZIP(t), content.ImportOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	w.local()
	output, code := w.cli("content", "push", "--namespace", "demo", demoSource)
	if code != exitFailed || !strings.Contains(output, "--replace") {
		t.Errorf("what differs there is left alone, got %d:\n%s", code, output)
	}
	before := n.library.Version()
	output, code = w.cli("content", "push", "--namespace", "demo", "--replace", demoSource)
	if code != exitDone || !strings.Contains(output, demoSource) {
		t.Errorf("push --replace exits with %d:\n%s", code, output)
	}
	if n.library.Version() == before {
		t.Error("the other service's library did not change")
	}
	if output, code = w.cli("content", "push", demoSource); code != exitMisuse {
		t.Errorf("a missing namespace is misuse, got %d:\n%s", code, output)
	}
}

// oracleZIP is Oracle's public log source for OIC audit records.
func oracleZIP(t *testing.T) []byte {
	t.Helper()
	shared := os.Getenv("LEDGERLINE_SHARED")
	if shared == "" {
		shared = "../../../shared/data"
	}
	names, err := filepath.Glob(filepath.Join(shared, "content", "*OCI_Integration_Audit_Logs_*.zip"))
	if err != nil || len(names) == 0 {
		t.Skipf("Oracle's public log source is not below %s; set LEDGERLINE_SHARED", shared)
	}
	file, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestContentExportImport(t *testing.T) {
	w := newWorld(t)
	w.local()
	file := filepath.Join(t.TempDir(), "audit.zip")
	if output, code := w.cli("content", "export", demoSource, "--output", file); code != exitDone {
		t.Fatalf("export exits with %d:\n%s", code, output)
	}
	if output, code := w.cli("content", "import", file); code != exitDone || !strings.Contains(output, "nothing to change") {
		t.Errorf("importing an export changes nothing, got %d:\n%s", code, output)
	}
	if output, code := w.cli("content", "list"); code != exitDone || !strings.Contains(output, demoSource) {
		t.Errorf("list exits with %d:\n%s", code, output)
	}
}

// Oracle's own source has the name of a built-in one, which it replaces only on request.
func TestContentImportOverBuiltIn(t *testing.T) {
	w := newWorld(t)
	w.local()
	file := filepath.Join(t.TempDir(), "oracle.zip")
	if err := os.WriteFile(file, oracleZIP(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, code := w.cli("content", "import", file); code != exitFailed || !strings.Contains(output, "--replace") {
		t.Errorf("importing over what is built in needs --replace, got %d:\n%s", code, output)
	}
	if output, code := w.cli("content", "import", "--replace", file); code != exitDone {
		t.Errorf("import --replace exits with %d:\n%s", code, output)
	}
}

func TestLogGroupsFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	w.local()
	id, code := w.cli("log-groups", "create", "Production")
	if code != exitDone || !strings.HasPrefix(id, "ocid1.loganalyticsloggroup.") {
		t.Fatalf("create exits with %d:\n%s", code, id)
	}
	list, code := w.cli("log-groups", "list")
	if code != exitDone || !strings.Contains(list, strings.TrimSpace(id)) || !strings.Contains(list, "Production") {
		t.Errorf("list exits with %d:\n%s", code, list)
	}
}
