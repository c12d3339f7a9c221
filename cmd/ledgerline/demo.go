package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
	"ledgerline/internal/runner"
	"ledgerline/internal/simulate"
	"ledgerline/internal/stage"
)

func newDemo(g *globals) *cobra.Command {
	d := demo{globals: g}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show everything at work against a pretend Oracle",
		Long: `Demo starts a pretend Oracle (identity domain, Oracle Integration, Object Storage), the
Ledgerline server, and the push integration between them. It prints what was fetched,
staged, archived, uploaded, parsed and stored, three queries with their answers, and then
keeps collecting as the simulated users work, until Ctrl-C. Nothing leaves this machine.

With --once it does one pass over the simulated history and exits: 0 only if every record
the simulator produced is in the store exactly once. Started again over the same folder it
goes on where it was, also after it was killed.`,
		Example: "  ledgerline demo\n  ledgerline demo --once --data /tmp/demo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&d.dir, "data", "ledgerline-demo", "folder for everything the demo writes")
	f.BoolVar(&d.once, "once", false, "one pass over the simulated history, then exit")
	f.IntVar(&d.plan.Records, "records", 5000, "audit records of the simulated history")
	f.IntVar(&d.plan.Days, "days", 7, "days of the simulated history")
	f.Uint64Var(&d.plan.Seed, "seed", 1, "the same seed gives the same history")
	return cmd
}

// Names of the demo's world.
const (
	demoIntegration = "oic-audit"
	demoTenancy     = "ocid1.tenancy.oc1..demo"
	demoUser        = "ocid1.user.oc1..demo"
	demoGroup       = "ocid1.loganalyticsloggroup.oc1..demo"
	demoRegion      = "us-ashburn-1"
	demoListen      = "127.0.0.1:8088"
	demoRate        = 1800 // records an hour while it runs
)

// demoPlan makes the simulated past the same whenever the demo starts again
// over its folder.
type demoPlan struct {
	Records int
	Days    int
	Seed    uint64
	Start   time.Time
}

type demo struct {
	*globals
	dir  string
	once bool
	plan demoPlan
}

func (d *demo) run(ctx context.Context) error {
	if err := d.prepare(); err != nil {
		return err
	}
	oracle, err := d.simulator()
	if err != nil {
		return err
	}
	defer oracle.stop()
	cfg, err := d.configure(oracle)
	if err != nil {
		return err
	}
	quiet := *d.globals
	quiet.level = slog.LevelWarn
	n, err := open(ctx, cfg, &quiet)
	if err != nil {
		return err
	}
	defer n.close()
	n.progress = progressBar(d.terminal, "fetching")
	stop, err := n.start(ctx, true)
	if err != nil {
		return err
	}
	defer stop()

	d.introduce(cfg, oracle)
	if !d.once {
		fmt.Fprintf(d.out, "browser         %s%s  (logs in, once)\n", baseURL(cfg.Server), n.server.StartLink(demoUser))
	}
	fmt.Fprintln(d.out)
	run, err := n.runner.Run(ctx, demoIntegration, runner.Once)
	if err != nil {
		printRun(d.out, run)
		return err
	}
	if err := n.parsed(ctx); err != nil {
		return err
	}
	balance, err := d.report(ctx, n, oracle, run)
	if err != nil {
		return err
	}
	if d.once {
		fmt.Fprintln(d.out, balance)
		if !balance.complete() {
			return &quietError{}
		}
		return nil
	}
	if err := d.ask(ctx, n); err != nil {
		return err
	}
	d.explore(cfg)
	go oracle.Run(ctx)
	n.runner.Serve(ctx)
	return nil
}

// prepare makes the folder, or takes up the plan of an earlier demo in it.
func (d *demo) prepare() error {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return fmt.Errorf("make the demo's folder: %w; name another with --data", err)
	}
	absolute, err := filepath.Abs(d.dir)
	if err != nil {
		return err
	}
	d.dir = absolute
	name := filepath.Join(d.dir, "demo.json")
	text, err := os.ReadFile(name)
	if err == nil {
		if err := json.Unmarshal(text, &d.plan); err != nil {
			return fmt.Errorf("%s is damaged: %w; remove the folder or name another with --data", name, err)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.plan.Start = time.Now().UTC().Truncate(time.Second)
	if text, err = json.Marshal(d.plan); err != nil {
		return err
	}
	return writeWhole(name, text)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(name string, text []byte) error {
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// simulator starts the pretend Oracle with its past, and lets its users catch
// up with what they did while an earlier demo ran.
func (d *demo) simulator() (*simulator, error) {
	var begun atomic.Bool
	clock := func() time.Time {
		if begun.Load() {
			return time.Now()
		}
		return d.plan.Start
	}
	s, err := startSimulator("127.0.0.1:0", simulate.Options{
		Clock: clock, Seed: d.plan.Seed, History: d.plan.Records, Days: d.plan.Days, Rate: demoRate,
		Namespace: "demo", Buckets: []string{"logs"}, Directory: filepath.Join(d.dir, "bucket"),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	begun.Store(true)
	s.Step(d.plan.Start)
	s.Step(time.Now())
	return s, nil
}

var demoConfig = template.Must(template.New("ledgerline.yaml").Parse(`# Written by 'ledgerline demo' at each start; edit a copy.
data: ./data
connections:
  oic:
    type: oic
    url: {{.Oracle}}
    oauth:
      token_url: {{.Oracle}}/oauth2/v1/token
      client_id: {{.ClientID}}
      client_secret: {{.ClientSecret}}
      scope: "{{.Scope}}"
  oci:
    type: oci
    config_file: ./oci_config
    endpoints: {loganalytics: "http://{{.Listen}}", objectstorage: "{{.Oracle}}"}
integrations:
  {{.Integration}}:
    kind: oic-audit
    connection: oic
    every: 3s
    page_size: 500
    archive: {connection: oci, namespace: demo, bucket: logs, prefix: oic-audit/}
    upload:
      connection: oci
      namespace: demo
      log_group: {{.Group}}
      log_source: OCI Integration Audit Logs
      upload_name: oic audit logs push
server:
  listen: {{.Listen}}
  tenancy: {{.Tenancy}}
  namespace: demo
  log_groups: [{id: {{.Group}}, name: Default}]
  users: [{user: {{.User}}, public_key_file: ./key_public.pem}]
`))

// configure writes a key, an OCI configuration and ledgerline.yaml, and loads it.
func (d *demo) configure(oracle *simulator) (*config.Config, error) {
	if _, err := makeAPIKey(d.dir, demoTenancy, demoUser, demoRegion); err != nil {
		return nil, err
	}
	name := filepath.Join(d.dir, "ledgerline.yaml")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	id, secret := oracle.Credentials()
	err = demoConfig.Execute(f, map[string]string{
		"Oracle": oracle.url, "ClientID": id, "ClientSecret": secret, "Scope": oracle.Scope(), "Listen": freeAddress(demoListen),
		"Integration": demoIntegration, "Group": demoGroup, "Tenancy": demoTenancy, "User": demoUser,
	})
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return config.Load(name, d.env)
}

// freeAddress is the wanted address, or another port when it is busy.
func freeAddress(want string) string {
	for _, address := range []string{want, "127.0.0.1:0"} {
		if l, err := net.Listen("tcp", address); err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	return want
}

// parsed waits until everything the upload API has received is parsed.
func (n *node) parsed(ctx context.Context) error {
	if err := n.stage.SealReceived(ctx); err != nil {
		return err
	}
	sink := n.receivedSink().Name()
	for {
		at, err := n.stage.Cursor(ctx, sink, stage.ReceivedIntegration)
		if err != nil {
			return err
		}
		left, err := n.stage.Files(ctx, stage.ReceivedIntegration, at, 1)
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
