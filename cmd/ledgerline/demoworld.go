package main

import (
	"crypto/rsa"
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

	"ledgerline/internal/config"
	"ledgerline/internal/simulate"
)

// Names of the demo's world.
const (
	demoIntegration = "oic-audit"
	demoTenancy     = "ocid1.tenancy.oc1..demo"
	demoUser        = "ocid1.user.oc1..demo"
	demoGroup       = "ocid1.loganalyticsloggroup.oc1..demo"
	demoCompartment = "ocid1.compartment.oc1..demo"
	demoRegion      = "us-ashburn-1"
	demoKeyID       = "ledgerline-demo" // alias of the demo's key in the identity domain
	demoListen      = "127.0.0.1:8088"
	demoBucket      = "connector-hub" // what Connector Hub writes into
	demoRollover    = time.Minute     // how often
)

// Records an hour while the demo runs.
const (
	demoAuditRate     = 1800
	demoActivityRate  = 3600
	demoAnalyticsRate = 1800
)

// demoPlan makes the simulated past the same whenever the demo starts again
// over its folder.
type demoPlan struct {
	Records int // over all logs; metrics come on top
	Days    int
	Seed    uint64
	Start   time.Time
}

// shares of the logs: a quarter is audit of integrations, a quarter Analytics.
func (p demoPlan) shares() (audit, analytics, activity int) {
	audit, analytics = p.Records/4, p.Records/4
	return audit, analytics, p.Records - audit - analytics
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

// incidentDays of history are what a simulated incident needs.
const incidentDays = 7

// simulator starts the pretend Oracle with its past, and lets its users catch
// up with what they did while an earlier demo ran.
func (d *demo) simulator() (*simulator, error) {
	key, err := makeAPIKey(d.dir, demoTenancy, demoUser, demoRegion)
	if err != nil {
		return nil, err
	}
	trusted, err := trustedKey(key.publicFile)
	if err != nil {
		return nil, err
	}
	var begun atomic.Bool
	clock := func() time.Time {
		if begun.Load() {
			return time.Now()
		}
		return d.plan.Start
	}
	audit, analytics, activity := d.plan.shares()
	s, err := startSimulator("127.0.0.1:0", simulate.Options{
		Clock: clock, Seed: d.plan.Seed, Days: d.plan.Days, History: audit, Rate: demoAuditRate,
		Activity: activity, ActivityRate: demoActivityRate, Analytics: analytics, AnalyticsRate: demoAnalyticsRate,
		UserIDs: "switch", Incident: d.plan.Days >= incidentDays, Tenancy: demoTenancy, Compartment: demoCompartment,
		Connector: simulate.Connector{Bucket: demoBucket, Prefix: "activity", Logs: []string{simulate.OICActivity}, Rollover: demoRollover, History: 6 * time.Hour},
		Namespace: "demo", Buckets: []string{"logs", demoBucket}, Directory: filepath.Join(d.dir, "bucket"),
		TrustedKeys: map[string]*rsa.PublicKey{demoKeyID: trusted},
		Logger:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	begun.Store(true)
	s.Step(d.plan.Start)
	s.Step(time.Now())
	if err := s.Flush(); err != nil {
		s.stop()
		return nil, fmt.Errorf("write objects below %s: %w", d.dir, err)
	}
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
    endpoints: {loganalytics: "http://{{.Listen}}", objectstorage: "{{.Oracle}}", logging: "{{.Oracle}}", loggingmanagement: "{{.Oracle}}", monitoring: "{{.Oracle}}"}
  identity:
    type: scim
    url: {{.Oracle}}
    oauth:                               # without a secret: signs with a key whose certificate the domain knows
      token_url: {{.Oracle}}/oauth2/v1/token
      client_id: {{.ClientID}}
      client_auth: assertion
      private_key_file: ./key.pem
      key_id: {{.KeyID}}
  oic-as-user:                           # acts for a user whom the application vouches for
    type: oic
    url: {{.Oracle}}
    oauth:
      token_url: {{.Oracle}}/oauth2/v1/token
      client_id: {{.ClientID}}
      client_auth: assertion
      private_key_file: ./key.pem
      key_id: {{.KeyID}}
      grant: user_assertion
      user: {{.Person}}
      scope: "{{.Scope}}"
  # oic-login:                           # acts for the user who has run 'ledgerline login oic-login --config THIS FILE'
  #   type: oic
  #   url: {{.Oracle}}
  #   oauth:
  #     token_url: {{.Oracle}}/oauth2/v1/token
  #     client_id: {{.ClientID}}
  #     client_secret: {{.ClientSecret}}
  #     grant: authorization_code
  #     scope: "{{.Scope}}"
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
  oac:
    kind: oci-logging
    connection: oci
    every: 5s
    compartment: {{.Compartment}}
    where: type = 'com.oraclecloud.analytics.*'
    backfill: {{.Back}}
    upload:
      - {connection: local, log_source: OCI Analytics Cloud Audit Logs, entity: demo-oac, types: com.oraclecloud.analytics.*.audit}
      - {connection: local, log_source: OCI Analytics Cloud Diagnostic Logs, entity: demo-oac, types: com.oraclecloud.analytics.*.diagnostic}
  oic-activity:
    kind: object-storage
    connection: oci
    every: 10s
    namespace: demo
    bucket: {{.Bucket}}
    prefix: activity/
    compartment: {{.Compartment}}
    upload: {connection: local, log_source: OCI Integration Activity Stream Logs, entity: demo-oic}
  oic-metrics:
    kind: oic-metrics
    connection: oci
    every: 1m
    compartment: {{.Compartment}}
    backfill: {{.Back}}
    queries:
      - NumberOfInboundRequests[1h].sum()
      - InboundRequestProcessingTime[1h].percentile(.95)
      - NumberOfOutboundRequests[1h].sum()
      - OutboundRequestInvocationTime[1h].percentile(.95)
      - MessagesReceivedCount[1h].sum()
      - MessagesFailedCount[1h].sum()
      - TotalBilledMessageCount[1h].sum()
    upload: {connection: local, log_source: OCI Integration Metrics, entity: demo-oic}
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
		"Integration": demoIntegration, "Group": demoGroup, "Tenancy": demoTenancy, "User": demoUser, "Compartment": demoCompartment, "Bucket": demoBucket,
		"KeyID": demoKeyID, "Person": oracle.User(),
		"Back": fmt.Sprintf("%dd", d.plan.Days+1),
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
