package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/simulate"
)

// world is a pretend Oracle and a Ledgerline server in this process, and a
// collector's configuration that a test may spoil.
type world struct {
	*testing.T
	dir    string
	oracle *simulator
	server *config.Config
	stop   func()
	keys   map[string]string // of the collector's file
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir()}
	var err error
	if w.oracle, err = startSimulator("127.0.0.1:0", simulate.Options{History: 300, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.oracle.stop)
	if _, err := makeAPIKey(w.dir, demoTenancy, demoUser, demoRegion); err != nil {
		t.Fatal(err)
	}
	listen := freeAddress("127.0.0.1:0")
	w.write("server.yaml", fmt.Sprintf("data: ./server\nserver:\n  listen: %s\n  tenancy: %s\n  namespace: demo\n  log_groups: [{id: %s, name: Default}]\n  users: [{user: %s, public_key_file: ./key_public.pem}]\n",
		listen, demoTenancy, demoGroup, demoUser))
	if w.server, err = config.Load(w.path("server.yaml"), os.LookupEnv); err != nil {
		t.Fatal(err)
	}
	w.keys = map[string]string{"DATA": "./collector", "SECRET": "simulated-secret", "SCOPE": w.oracle.Scope(), "CONFIG": "./oci_config",
		"BUCKET": "logs", "SOURCE": demoSource, "SERVER": "http://" + listen, "ORACLE": w.oracle.url}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

const collectorFile = `data: DATA
connections:
  oic: {type: oic, url: ORACLE, oauth: {token_url: ORACLE/oauth2/v1/token, client_id: ledgerline, client_secret: SECRET, scope: "SCOPE"}}
  oci: {type: oci, config_file: CONFIG, endpoints: {loganalytics: "SERVER", objectstorage: ORACLE}}
integrations:
  audit:
    kind: oic-audit
    connection: oic
    archive: {connection: oci, namespace: demo, bucket: BUCKET}
    upload: {connection: oci, namespace: demo, log_group: ` + demoGroup + `, log_source: SOURCE}
`

// serve starts the server, its clock ahead by the time given.
func (w *world) serve(ahead time.Duration) *node {
	w.Helper()
	clock := func() time.Time { return time.Now().Add(ahead) }
	n, err := open(w.Context(), w.server, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError, clock: clock})
	if err != nil {
		w.Fatal(err)
	}
	stop, err := n.start(w.Context(), true)
	if err != nil {
		w.Fatal(err)
	}
	w.stop = sync.OnceFunc(func() {
		stop()
		if err := n.close(); err != nil {
			w.Error(err)
		}
	})
	w.Cleanup(w.stop)
	return n
}

// cli runs a command line as a person would and returns what they see.
func (w *world) cli(args ...string) (output string, code int) {
	w.Helper()
	text := collectorFile
	for key, value := range w.keys {
		text = strings.ReplaceAll(text, key, value)
	}
	w.write("collector.yaml", text)
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	code = run(ctx, append(args, "--config", w.path("collector.yaml")), terminal{in: strings.NewReader(""), out: &out, err: &out, env: os.LookupEnv})
	return out.String(), code
}

// once collects and says what a person must see when it fails.
func (w *world) fails(hint string) {
	w.Helper()
	output, code := w.cli("collect", "--once")
	if code != exitFailed {
		w.Errorf("collect exits with %d, want %d", code, exitFailed)
	}
	lines := 0
	for line := range strings.Lines(output) {
		if strings.Contains(line, "error: ") {
			lines++
			if !strings.Contains(line, hint) {
				w.Errorf("the line does not say %q: %s", hint, line)
			}
		}
	}
	if lines != 1 {
		w.Errorf("want one clear line, got %d:\n%s", lines, output)
	}
	if strings.Contains(output, w.keys["SECRET"]) {
		w.Errorf("a secret shows:\n%s", output)
	}
}

// recovers collects without trouble and finds every record exactly once.
func (w *world) recovers(n *node) {
	w.Helper()
	if output, code := w.cli("collect", "--once"); code != exitDone {
		w.Fatalf("collect exits with %d:\n%s", code, output)
	}
	if err := n.parsed(w.Context()); err != nil {
		w.Fatal(err)
	}
	instance := instanceName(&config.OIC{URL: w.oracle.url})
	b, err := weigh(w.Context(), n.query, weighAudit(w.oracle.Truth(instance).Identities, instance))
	if err != nil {
		w.Fatal(err)
	}
	if !b.complete() || b.truth != 300 {
		w.Errorf("after the trouble: %s, want all 300 once", b)
	}
}

// Each trouble gives one clear line that says what to do, loses nothing, and
// collecting goes on once a person has mended it.
func TestTroubleIsOneClearLineAndLosesNothing(t *testing.T) {
	for _, c := range []struct{ name, key, wrong, hint string }{
		{"wrong secret", "SECRET", "not-the-secret", "check client_secret"},
		{"wrong scope", "SCOPE", "https://ELSEWHERE.example.com:443urn:opc:resource:consumer::all", "primary audience"},
		{"unknown log source", "SOURCE", "No Such Source", `log source "No Such Source"`},
		{"missing bucket", "BUCKET", "nowhere", "bucket nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			n := w.serve(0)
			right := w.keys[c.key]
			w.keys[c.key] = c.wrong
			w.fails(c.hint)
			w.keys[c.key] = right
			w.recovers(n)
		})
	}
}

func TestWrongKey(t *testing.T) {
	w := newWorld(t)
	n := w.serve(0)
	other := t.TempDir()
	if _, err := makeAPIKey(other, demoTenancy, demoUser, demoRegion); err != nil {
		t.Fatal(err)
	}
	w.keys["CONFIG"] = filepath.Join(other, "oci_config")
	w.fails("check user, tenancy, fingerprint and key")
	w.keys["CONFIG"] = "./oci_config"
	w.recovers(n)
}

func TestClockTenMinutesOff(t *testing.T) {
	w := newWorld(t)
	w.serve(10 * time.Minute)
	w.fails("clock")
	w.stop()
	w.recovers(w.serve(0))
}

func TestDiskFull(t *testing.T) {
	w := newWorld(t)
	n := w.serve(0)
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=400k"); err != nil {
		t.Skipf("a small file system cannot be mounted here (%v); run as root to test a full disk", err)
	}
	t.Cleanup(func() { syscall.Unmount(small, syscall.MNT_DETACH) })
	w.keys["DATA"] = small
	output, code := w.cli("collect", "--once")
	if code != exitFailed || !strings.Contains(output, "disk") {
		t.Errorf("a full disk is said so, got %d:\n%s", code, output)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", syscall.MS_REMOUNT, "size=40m"); err != nil {
		t.Fatal(err)
	}
	w.recovers(n)
}

func TestSecondCollectorIsRefused(t *testing.T) {
	w := newWorld(t)
	release, err := lockData(w.path("collector"))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	output, code := w.cli("collect", "--once")
	if code != exitFailed || !strings.Contains(output, fmt.Sprintf("in use by process %d", os.Getpid())) {
		t.Errorf("the lock names its owner, got %d:\n%s", code, output)
	}
}

func TestMisuseExitsWithTwo(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{}, {"colect"}, {"collect", "--onc"}, {"query"}, {"query", "*", "-o", "xml"}, {"query", "*", "--last", "soon"},
		{"runs", "show", "x"}, {"log-groups"}, {"demo", "extra"}, {"simulate", "--listen", "0.0.0.0:1"}, {"simulate", "--faults", "many"},
		{"parse"}, {"collect", "nobody"}, {"quarantine", "retry"},
	} {
		if output, code := w.cli(args...); code != exitMisuse || !strings.Contains(output, "--help") {
			t.Errorf("%q exits with %d:\n%s", args, code, output)
		}
	}
}

func TestMisuseSaysWhatIsExpected(t *testing.T) {
	w := newWorld(t)
	for args, want := range map[string]string{
		"colect":          `did you mean: collect`,
		"user":            `did you mean: users`,
		"people":          "needs a subcommand: ",
		"people nobody":   `has no command "nobody"; did you mean: `,
		"runs show":       "use it as 'ledgerline runs show ID",
		"coverage oic x":  "use it as 'ledgerline coverage [INTEGRATION]",
		"log-groups crte": "did you mean: create",
	} {
		if output, code := w.cli(strings.Fields(args)...); code != exitMisuse || !strings.Contains(output, want) {
			t.Errorf("%q exits with %d and does not say %q:\n%s", args, code, want, output)
		}
	}
}

func TestClientWithoutServerSaysHowToStartOne(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"query", "*"}, {"runs"}, {"uploads"}, {"log-groups", "list"}, {"content", "list"}, {"store", "verify"}, {"stage", "verify"}} {
		if output, code := w.cli(args...); code != exitFailed || !strings.Contains(output, "ledgerline serve") {
			t.Errorf("%q exits with %d:\n%s", args, code, output)
		}
	}
}
