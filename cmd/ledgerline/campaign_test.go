package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/record"
)

// campaign is how hard a run of the campaign is.
type campaign struct {
	records, kills int
	faults         string
	between        time.Duration // longest time between two kills
}

var campaigns = map[string]campaign{
	"short": {records: 3000, kills: 5, faults: "5%", between: 1500 * time.Millisecond},
	"long":  {records: 100_000, kills: 20, faults: "5%", between: 4 * time.Second},
}

// The real binary collects from a pretend Oracle that fails in every way it
// knows, pushes to a Ledgerline server, and one of the two is killed with
// SIGKILL at random moments. In the end every record must be in the server's
// store exactly as often as it happened.
func TestCampaign(t *testing.T) {
	c, ok := campaigns[os.Getenv("LEDGERLINE_CAMPAIGN")]
	if !ok {
		t.Skip("set LEDGERLINE_CAMPAIGN to short or long; make test runs the short form on its own")
	}
	binary := filepath.Join(t.TempDir(), "ledgerline")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	seed := uint64(time.Now().UnixNano())
	t.Run("collector killed", func(t *testing.T) { newArena(t, binary, c, auditScene(c), seed).killCollector() })
	t.Run("server killed", func(t *testing.T) { newArena(t, binary, c, auditScene(c), seed+1).killServer() })
	t.Run("all logs, both killed", func(t *testing.T) { newArena(t, binary, c, logsScene(c), seed+2).killEither() })
	t.Run("stream and folder, both killed", func(t *testing.T) { newArena(t, binary, c, pushedScene(c), seed+3).killEither() })
	t.Run("monitoring API, both killed", func(t *testing.T) { newArena(t, binary, c, monitorScene(c), seed+4).killEither() })
	t.Run("clients and imports, server and import killed", func(t *testing.T) { newArena(t, binary, c, clientsScene(c), seed+5).killImport() })
}

// scene is what there is to collect in a campaign.
type scene struct {
	flags        []string // of the pretend Oracle
	integrations string   // of the collector; ORACLE and GROUP stand for their names
	// setup makes what there is beside the pretend Oracle, and says what other
	// words of integrations stand for; may be nil.
	setup     func(*arena) (words []string)
	weighings func(*arena) []weighing
	queries   bool // there are queries of Analytics to be joined
}

// auditScene is the audit trail of Oracle Integration alone, nobody working on.
func auditScene(c campaign) scene {
	return scene{
		flags: []string{"--records", fmt.Sprint(c.records), "--rate", "0"},
		integrations: `  audit:
    kind: oic-audit
    connection: oic
    every: 1s
    page_size: 200
    archive: {connection: oci, namespace: demo, bucket: logs}
    upload: {connection: oci, namespace: demo, log_group: GROUP, log_source: OCI Integration Audit Logs}
`,
		weighings: func(a *arena) []weighing {
			instance := instanceName(&config.OIC{URL: a.oracle})
			return []weighing{weighAudit(a.truth("instance="+instance), instance)}
		},
	}
}

// arena is one pretend Oracle, one server and one collector.
type arena struct {
	*testing.T
	campaign
	scene
	binary     string
	dir        string
	random     *rand.Rand
	oracle     string // URL
	server     *process
	listen     string // host and port of the server
	serverFile string
	collector  string // configuration file
}

// process is a running binary that can be killed.
type process struct {
	cmd  *exec.Cmd
	done chan error
	log  *os.File
}

func (p *process) kill() {
	p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

func (p *process) terminate() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	return <-p.done
}

func newArena(t *testing.T, binary string, c campaign, sc scene, seed uint64) *arena {
	t.Logf("seed %d: %d records, %d kills, faults %s", seed, c.records, c.kills, c.faults)
	a := &arena{T: t, campaign: c, scene: sc, binary: binary, dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 0))}
	a.startOracle(seed)
	a.configure()
	a.startServer()
	return a
}

func (a *arena) start(out io.Writer, args ...string) *process {
	a.Helper()
	log, err := os.OpenFile(filepath.Join(a.dir, args[0]+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		a.Fatal(err)
	}
	p := &process{cmd: exec.Command(a.binary, args...), done: make(chan error, 1), log: log}
	p.cmd.Stdout, p.cmd.Stderr = out, log
	if err := p.cmd.Start(); err != nil {
		a.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait(); log.Close() }()
	a.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

func (a *arena) startOracle(seed uint64) {
	r, w := io.Pipe()
	a.start(w, append([]string{"simulate", "--listen", "127.0.0.1:0", "--faults", a.faults, "--seed", fmt.Sprint(seed % 1000)}, a.flags...)...)
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		a.Fatal(err)
	}
	go io.Copy(io.Discard, r)
	a.oracle = strings.Fields(strings.TrimPrefix(line, "listening on "))[0]
}

func (a *arena) configure() {
	if _, err := makeAPIKey(a.dir, demoTenancy, demoUser, demoRegion); err != nil {
		a.Fatal(err)
	}
	a.listen = freeAddress("127.0.0.1:0")
	a.serverFile, a.collector = filepath.Join(a.dir, "server.yaml"), filepath.Join(a.dir, "collector.yaml")
	a.write(a.serverFile, fmt.Sprintf(`data: ./s
server:
  listen: %s
  tenancy: %s
  namespace: demo
  log_groups: [{id: %s, name: Default}]
  users: [{user: %s, public_key_file: ./key_public.pem}]
`, a.listen, demoTenancy, demoGroup, demoUser))
	words := []string{"ORACLE", a.oracle, "GROUP", demoGroup}
	if a.setup != nil {
		words = append(words, a.setup(a)...)
	}
	a.write(a.collector, fmt.Sprintf(`data: ./c
connections:
  oic:
    type: oic
    url: %[1]s
    oauth: {token_url: "%[1]s/oauth2/v1/token", client_id: ledgerline, client_secret: simulated-secret, scope: "https://A1B2C3D4E5F6.integration.ocp.oraclecloud.com:443urn:opc:resource:consumer::all"}
  oci:
    type: oci
    config_file: ./oci_config
    endpoints: {loganalytics: "http://%[2]s", objectstorage: "%[1]s", logging: "%[1]s", loggingmanagement: "%[1]s", monitoring: "%[1]s"}
integrations:
`, a.oracle, a.listen)+strings.NewReplacer(words...).Replace(a.integrations))
}

func (a *arena) write(name, text string) {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		a.Fatal(err)
	}
}

func (a *arena) startServer() {
	a.server = a.start(io.Discard, "serve", "--config", a.serverFile)
}

func (a *arena) pause() { time.Sleep(a.between/10 + time.Duration(a.random.Int64N(int64(a.between)))) }

func (a *arena) killCollector() {
	for range a.kills {
		p := a.start(io.Discard, "collect", "--config", a.collector)
		a.pause()
		p.kill()
	}
	a.settle()
}

func (a *arena) killServer() {
	p := a.start(io.Discard, "collect", "--config", a.collector)
	for range a.kills {
		a.pause()
		a.server.kill()
		a.startServer()
	}
	p.terminate()
	a.settle()
}

// killEither kills the one or the other.
func (a *arena) killEither() {
	p := a.start(io.Discard, "collect", "--config", a.collector)
	for range a.kills {
		a.pause()
		if a.random.IntN(2) == 0 {
			a.server.kill()
			a.startServer()
			continue
		}
		p.kill()
		p = a.start(io.Discard, "collect", "--config", a.collector)
	}
	p.terminate()
	a.settle()
}

// settle lets everything arrive, without faults and while nobody works, and
// weighs the store.
func (a *arena) settle() {
	a.post("/simulator/faults", "none")
	a.post("/simulator/rest", "")
	a.post("/simulator/flush", "")
	if a.integrations != "" {
		a.finish("collect", "--once", "--config", a.collector)
	}
	if err := a.server.terminate(); err != nil {
		a.Fatalf("the server stops with %v\n%s", err, a.tail("serve.log"))
	}
	if a.queries {
		a.withServer(func(context.Context, *node) {}) // all messages are there
		a.killJoiner()
	}
	a.withServer(func(ctx context.Context, n *node) {
		got := a.weigh(ctx, n)
		a.Log(got)
		if !got.complete() {
			a.Fatal("records were lost or doubled")
		}
	})
}

// finish runs a command until it succeeds, at most five times.
func (a *arena) finish(args ...string) {
	a.Helper()
	var err error
	for range 5 {
		if err = <-a.start(io.Discard, args...).done; err == nil {
			return
		}
	}
	a.Fatalf("%s does not come to an end: %v\n%s", args[0], err, a.tail(args[0]+".log"))
}

// withServer opens the server's data, as a start would, and has what is left parsed.
func (a *arena) withServer(do func(ctx context.Context, n *node)) {
	a.Helper()
	cfg, err := config.Load(a.serverFile, os.LookupEnv)
	if err != nil {
		a.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(a.Context(), 15*time.Minute)
	defer cancel()
	n, err := open(ctx, cfg, &globals{terminal: terminal{err: io.Discard}, level: slog.LevelError})
	if err != nil {
		a.Fatal(err)
	}
	defer n.close()
	stop, err := n.start(ctx, false)
	if err != nil {
		a.Fatal(err)
	}
	defer stop()
	if err := n.parsed(ctx); err != nil {
		a.Fatal(err)
	}
	do(ctx, n)
}

// weigh compares what the server stores with the truth.
func (a *arena) weigh(ctx context.Context, n *node) balance {
	a.Helper()
	var sum balance
	for _, w := range a.weighings(a) {
		b, err := weigh(ctx, n.query, w)
		if err != nil {
			a.Fatal(err)
		}
		a.Logf("%s: %s", w.source, b)
		sum = sum.add(b)
	}
	if a.queries {
		a.weighQueries(n)
	}
	report, err := n.store.Verify(ctx)
	if err != nil || len(report.Problems) > 0 {
		a.Fatalf("the store does not verify: %v %+v", err, report)
	}
	return sum
}

// truth asks the pretend Oracle for the identities of a log.
func (a *arena) truth(of string) map[record.Identity]int {
	resp, err := http.Get(a.oracle + "/simulator/truth?list=true&" + of)
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		Identities map[string]int `json:"identities"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		a.Fatal(err)
	}
	out := map[record.Identity]int{}
	for text, n := range body.Identities {
		var id record.Identity
		if _, err := hex.Decode(id[:], []byte(text)); err != nil {
			a.Fatal(err)
		}
		out[id] = n
	}
	if len(out) == 0 {
		a.Fatal("the simulator knows no truth")
	}
	return out
}

func (a *arena) post(path, body string) {
	resp, err := http.Post(a.oracle+path, "text/plain", strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	resp.Body.Close()
}

func (a *arena) tail(name string) string {
	text, _ := os.ReadFile(filepath.Join(a.dir, name))
	return string(text[max(0, len(text)-4000):])
}
