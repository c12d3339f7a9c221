package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
	"ledgerline/internal/simulate"
)

func newSimulate(g *globals) *cobra.Command {
	var listen, faults string
	var keys map[string]string
	opts := simulate.Options{}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a pretend Oracle: Integration, Analytics, Logging, Object Storage, identity domain",
		Long: `Simulate answers on loopback as an identity domain (tokens, users), an Oracle Integration
instance (audit, runs), OCI Logging (activity stream, audit and diagnostic log of an Oracle
Analytics Cloud instance), Monitoring, Connector Hub and Object Storage would. Its users
work on while it runs. It fails on demand, and knows the truth: GET /simulator/truth tells
how many audit records there are, GET /simulator/logs what is in the other logs, and
GET /simulator/export?log=NAME downloads one as the console does. POST /simulator/domain
{"deactivated":true}, or "foreign", "locked" and "noRole", spoils the identity domain,
/simulator/revoke and /simulator/logout revoke tokens and logins. It prints what to write
under connections: in ledgerline.yaml.`,
		Example: "  ledgerline simulate --records 100000 --faults 5%\n  ledgerline simulate --generation 3 --faults drift=0.1,429=0.05\n" +
			"  ledgerline simulate --analytics 50000 --activity 50000 --days 30 --incident --connector logs",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !config.Loopback(listen) {
				return &misuseError{"ledgerline simulate", fmt.Errorf("--listen %s is not on loopback; a pretend Oracle has no business on a network", listen)}
			}
			parsed, err := simulate.ParseFaults(faults)
			if err != nil {
				return &misuseError{"ledgerline simulate", err}
			}
			opts.Faults, opts.Logger, opts.TrustedKeys = parsed, g.logger(), map[string]*rsa.PublicKey{}
			for alias, file := range keys {
				if opts.TrustedKeys[alias], err = trustedKey(file); err != nil {
					return err
				}
			}
			return runSimulator(cmd.Context(), g, listen, opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:8089", "address to answer on; port 0 chooses a free one")
	f.StringVar(&faults, "faults", "", "what goes wrong and how often: 5%, or a list such as drift=0.1,429=5%")
	f.IntVar(&opts.History, "records", 1000, "audit records that exist at the start")
	f.IntVar(&opts.Days, "days", 7, "days over which they are spread")
	f.Float64Var(&opts.Rate, "rate", 600, "audit records an hour while it runs")
	f.IntVar(&opts.Activity, "activity", 0, "records of the activity stream that exist at the start")
	f.Float64Var(&opts.ActivityRate, "activity-rate", 0, "records of the activity stream an hour while it runs")
	f.IntVar(&opts.Analytics, "analytics", 0, "records of Oracle Analytics Cloud that exist at the start, audit and diagnostic")
	f.Float64Var(&opts.AnalyticsRate, "analytics-rate", 0, "records of Oracle Analytics Cloud an hour while it runs")
	f.StringVar(&opts.UserIDs, "user-ids", "guid", "how Analytics names users: guid, name, or switch (from half of the days on by name)")
	f.BoolVar(&opts.Incident, "incident", false, "put something to be found into the last week; wants 7 days or more")
	f.StringVar(&opts.Connector.Bucket, "connector", "", "bucket into which Connector Hub moves the logs; none without")
	f.DurationVar(&opts.Connector.Rollover, "rollover", 0, "how often Connector Hub writes an object; 0 stands for Oracle's 7 minutes")
	f.Uint64Var(&opts.Seed, "seed", 1, "the same seed gives the same history")
	f.StringToStringVar(&keys, "client-key", nil, "public key that the identity domain knows the client by, for assertions: ALIAS=FILE.pem")
	f.DurationVar(&opts.TokenLife, "token-life", time.Hour, "how long an access token works")
	f.IntVar(&opts.Generation, "generation", 2, "2 or 3 (wants integration_instance on every call)")
	f.StringVar(&opts.Directory, "objects", "", "folder that keeps the objects of the buckets; in memory without")
	f.IntVar(&opts.MaxOffset, "max-offset", 0, "refuse larger offsets; 0 refuses none")
	f.BoolVar(&opts.Unordered, "unordered", false, "serve records out of order")
	return cmd
}

func runSimulator(ctx context.Context, g *globals, listen string, opts simulate.Options) error {
	oracle, err := startSimulator(listen, opts)
	if err != nil {
		return err
	}
	defer oracle.stop()
	go oracle.Run(ctx)
	id, secret := oracle.Credentials()
	fmt.Fprintf(g.out, `listening on %[1]s with %[2]s audit records
connections:
  oic:
    type: oic
    url: %[1]s
    oauth: {token_url: "%[1]s/oauth2/v1/token", client_id: %[3]s, client_secret: %[4]s, scope: "%[5]s"}
  oci:
    type: oci
    endpoints: {objectstorage: "%[1]s", logging: "%[1]s", loggingmanagement: "%[1]s", monitoring: "%[1]s"}
  identity:
    type: scim
    url: %[1]s
    oauth: {token_url: "%[1]s/oauth2/v1/token", client_id: %[3]s, client_secret: %[4]s, scope: %[6]s}
`, oracle.url, count(oracle.Count()), id, secret, oracle.Scope(), simulate.ScopeIdentity)
	<-ctx.Done()
	return nil
}

// trustedKey reads a public key of PEM.
func trustedKey(file string) (*rsa.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block != nil {
		if parsed, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			if key, ok := parsed.(*rsa.PublicKey); ok {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("%s holds no public RSA key; make one with openssl rsa -pubout", file)
}

// simulator is a pretend Oracle that answers on a port.
type simulator struct {
	*simulate.Simulator
	url  string
	stop func()
}

// startSimulator answers on an address. Its users work only while Run runs.
func startSimulator(listen string, opts simulate.Options) (*simulator, error) {
	sim, err := simulate.New(opts)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address", listen, err)
	}
	server := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			opts.Logger.Error("the simulator's listener ended", "error", err)
		}
	}()
	stop := func() {
		server.Close()
		<-done
	}
	return &simulator{Simulator: sim, url: "http://" + l.Addr().String(), stop: stop}, nil
}
