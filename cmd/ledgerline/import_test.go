package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"ledgerline/internal/collect"
	"ledgerline/internal/config"
	"ledgerline/internal/record"
)

// importRig is a data directory without integrations, and files to import.
type importRig struct {
	*testing.T
	dir string
}

func newImportRig(t *testing.T) *importRig {
	r := &importRig{t, t.TempDir()}
	r.write("ledgerline.yaml", "data: ./data\n")
	return r
}

func (r *importRig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *importRig) write(name, text string) {
	r.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o700); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

func (r *importRig) cli(stdin string, args ...string) (string, int) {
	r.Helper()
	var out bytes.Buffer
	code := run(r.Context(), append(args, "--config", r.path("ledgerline.yaml")), terminal{in: strings.NewReader(stdin), out: &out, err: &out, env: os.LookupEnv})
	return out.String(), code
}

// serve starts the process that owns the data directory.
func (r *importRig) serve() *node {
	r.Helper()
	return startNode(r.T, r.path("ledgerline.yaml"))
}

// stored asks the engine how many records of a log source it holds.
func (r *importRig) stored(source string) string {
	r.Helper()
	output, code := r.cli("", "query", "--from", "1960-01-01", "--output", "csv", fmt.Sprintf("'Log Source' = '%s' | stats count as n", source))
	if code != exitDone {
		r.Fatalf("query exits with %d:\n%s", code, output)
	}
	lines := strings.Fields(output)
	return lines[len(lines)-1]
}

const (
	eventOf = `{"specversion":"1.0","id":"%s","source":"OAC","type":"%s","time":"2024-05-01T09:15:31.611Z","data":{"category":"catalog","message":"m"}}`
	oacType = "com.oraclecloud.analytics.analyticsinstance.audit"
	auditOf = `{"timeStamp":"2024-05-01T09:12:40.%03d+0000","userName":"ana","operationName":"lock","resourceType":"ICS_DVM","resourceCode":"C"}`
)

// Files of every shape, with and without a server, more than once: each record
// is stored once, under the log source that its type tells.
func TestImport(t *testing.T) {
	r := newImportRig(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprintf(z, eventOf+"\n"+eventOf+"\n"+eventOf+"\n", "a", oacType, "b", oacType, "a", oacType)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r.write("in/one.log.gz", packed.String())
	r.write("in/sub/export.json", fmt.Sprintf(`[{"datetime":1714554931611,"logContent":`+eventOf+`},`+auditOf+`,`+auditOf+`,`+auditOf+`]`, "c", oacType, 1, 2, 2))
	r.write("in/download.txt", "[2024-05-01 09:12:40.003 Z] [userID: ana] [ana,LOCK,ICS_AppInstance,ERP_REST,ERP_REST,null] User ana locked Connection ERP_REST\n")

	output, code := r.cli("", "import", r.path("in"))
	if code != exitDone || !strings.Contains(output, "3 files: 8 records, 7 new, 1 known already") {
		t.Fatalf("exits with %d:\n%s", code, output)
	}
	n := r.serve()
	if audit, oac := r.stored(demoSource), r.stored("OCI Analytics Cloud Audit Logs"); audit != "4" || oac != "3" {
		t.Errorf("%s audit records and %s OAC events are stored, want 4 and 3", audit, oac)
	}
	// Now over the socket of the process that owns the data.
	if output, code = r.cli("", "import", r.path("in"), r.path("in/one.log.gz")); code != exitDone || !strings.Contains(output, "11 records, 0 new, 11 known") {
		t.Errorf("the same again exits with %d:\n%s", code, output)
	}
	if output, code = r.cli(fmt.Sprintf(auditOf, 3), "import", "-"); code != exitDone || !strings.Contains(output, "1 file: 1 record, 1 new") {
		t.Errorf("standard input exits with %d:\n%s", code, output)
	}
	if audit := r.stored(demoSource); audit != "5" {
		t.Errorf("%s audit records are stored, want 5", audit)
	}
	if names := n.sinksOf(importTarget{demoSource, n.defaultGroup}.stream()); len(names) != 1 {
		t.Errorf("retention would wait for the sinks %q, want one", names)
	}
	for _, args := range demoCommands {
		if output, code = r.cli("", args...); code != exitDone {
			t.Errorf("%q, which the demo proposes, exits with %d:\n%s", args, code, output)
		}
	}
	for _, list := range []string{"runs", "coverage"} {
		if output, code = r.cli("", list, "nobody"); code != exitFailed || !strings.Contains(output, "there is no integration \"nobody\"") {
			t.Errorf("%s of nobody exits with %d:\n%s", list, code, output)
		}
	}
	if output, code = r.cli("", "runs", importsName); code != exitDone || !strings.Contains(output, "succeeded") {
		t.Errorf("the imports are not among the runs (%d):\n%s", code, output)
	}
}

// What is refused is named with its place, the rest is stored.
func TestImportRefuses(t *testing.T) {
	r := newImportRig(t)
	good := fmt.Sprintf(eventOf, "a", oacType)
	r.write("bad.log", "not JSON\n"+good+"\n"+`{"id":"x","n":1}`+"\n")
	output, code := r.cli("", "import", r.path("bad.log"))
	for _, want := range []string{"bad.log, line 1: this is neither JSON", "bad.log, line 3: no log source is known", "--source", "1 record, 1 new, 0 known already, 2 refused"} {
		if !strings.Contains(output, want) {
			t.Errorf("the output does not say %q:\n%s", want, output)
		}
	}
	if code != exitFailed {
		t.Errorf("exits with %d, want %d", code, exitFailed)
	}
	// With a log source it is taken; time and category do not matter.
	old, unheard := fmt.Sprintf(eventOf, "b", oacType), fmt.Sprintf(eventOf, "c", oacType)
	r.write("odd.log", `{"id":"x","n":1}`+"\n"+strings.Replace(old, "2024", "1970", 1)+"\n"+strings.Replace(strings.Replace(unheard, "catalog", "unheard of", 1), "2024", "2100", 1)+"\n"+good+"\n")
	if output, code = r.cli("", "import", "--source", "OCI Analytics Cloud Audit Logs", r.path("odd.log")); code != exitDone || !strings.Contains(output, "4 records, 3 new, 1 known") {
		t.Errorf("exits with %d:\n%s", code, output)
	}
	for args, want := range map[string]string{
		"--source nonsense " + r.path("odd.log"):         `there is no log source "nonsense"`,
		"--log-group ocid1.nothing " + r.path("odd.log"): "there is no log group ocid1.nothing",
		r.path("absent"): "no such file",
	} {
		if output, code = r.cli("", append([]string{"import"}, strings.Fields(args)...)...); code == exitDone || !strings.Contains(output, want) {
			t.Errorf("import %s exits with %d, want %q:\n%s", args, code, want, output)
		}
	}
}

// What a kill between staging and parsing left behind is parsed at the next start.
func TestImportIsResumed(t *testing.T) {
	r := newImportRig(t)
	func() {
		cfg, err := config.Load(r.path("ledgerline.yaml"), os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		n, err := open(t.Context(), cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError})
		if err != nil {
			t.Fatal(err)
		}
		raw := []byte(fmt.Sprintf(auditOf, 7))
		if _, err := n.imports.add(t.Context(), importTarget{Source: demoSource}, []record.Counted{{Item: record.Item{ID: collect.AuditIdentity("", raw), Raw: raw}, Count: 1}}); err != nil {
			t.Fatal(err)
		}
		if err := n.close(); err != nil {
			t.Fatal(err)
		}
	}()
	n := r.serve()
	if err := n.imports.resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if audit := r.stored(demoSource); audit != "1" {
		t.Errorf("%s records are stored, want 1", audit)
	}
}
