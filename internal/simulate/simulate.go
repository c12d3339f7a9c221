// Package simulate is a pretend Oracle on one listener: an identity domain
// (tokens, users), an Oracle Integration instance (audit trail, runs, activity
// stream, metrics), an Oracle Analytics Cloud instance (audit and diagnostic
// log), and the services of OCI through which all that is read: Logging, Connector
// Hub with Object Storage, Monitoring. Its users work on while it runs, it fails
// on demand, and it can be asked for the truth, so that a collector's claim to be
// complete can be checked.
//
// The same Options give the same history; faults are drawn from the same seed.
//
// Where to look: office.go, scenario.go and trail.go make the audit trail, and
// audit.go serves it; flows.go and plant.go are integrations at run time,
// analytics.go and burst.go what people do in Analytics, stream.go lets both go
// on, incident.go is what is to be found; servicelog.go keeps what they write,
// and each service that reads it has a file.
package simulate

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options of a Simulator. The zero value is a small Generation 2 instance
// without faults.
type Options struct {
	Clock  func() time.Time // default time.Now
	Logger *slog.Logger     // default: discard
	Seed   uint64

	History      int           // records that exist at the start; default 1,000, negative: none
	Days         int           // over how many days before the start; default 7
	Users        int           // default 12, service accounts apart
	Integrations int           // default 40
	Rate         float64       // records an hour while it runs; 0: nobody works any more
	Retention    time.Duration // how far RETENTIONPERIOD looks back; 0: over everything
	Faults       Faults

	Activity      int     // records of the activity stream that exist at the start; default 0
	ActivityRate  float64 // its records an hour while it runs
	Analytics     int     // records of Analytics, audit and diagnostic, that exist at the start; default 0
	AnalyticsRate float64 // its records an hour while it runs
	UserIDs       string  // how Analytics names users: "guid" (default), "name", or "switch": from the middle of the history on by name
	Incident      bool    // something to find; wants a history of 7 days or more

	Generation            int    // 2 (default) or 3, which demands integrationInstance
	Instance              string // service instance name, and the instance of Truth; default "oicdemo-ab12cd34ef56-ia"
	MissingInstanceStatus int    // answer to a Generation 3 call without instance; default 400

	ClientID, ClientSecret string        // default "ledgerline" and "simulated-secret"
	Audience               string        // host of the scopes; default "A1B2C3D4E5F6.integration.ocp.oraclecloud.com:443"
	Scopes                 []string      // granted to the client; default the two of Audience and ScopeIdentity
	TokenLife              time.Duration // default 1 h
	RefreshLife            time.Duration // of the refresh token of a login, from its last use; default 7 days
	LoginUser              string        // who is logged in at the login page; default the first user

	// TrustedKeys verify assertions, by their alias in the domain or the
	// thumbprint of their certificate; none: assertions are refused.
	TrustedKeys map[string]*rsa.PublicKey

	NoRole bool // the client lacks the Integration role: 403

	MaxLimit     int    // largest page; default 1,000
	RefuseLimit  bool   // a larger limit is 400 instead of being lowered
	MaxOffset    int    // larger offsets are 400; 0: none is
	Unordered    bool   // records in a fixed but mixed order
	NumericTotal bool   // totalResults as a number
	HasMore      bool   // hasMore, limit and offset in answers
	OneLine      bool   // JSON without line breaks
	TimeStamps   string // zone as "+0000" (default), "Z", "+00:00", or "mixed"

	// OCIDs; the defaults end in "simulated".
	Tenancy, Compartment, LogGroup, IntegrationID, AnalyticsID string
	LogsOff                                                    []string // service logs that are not enabled, by name

	// Connector says what Connector Hub moves into a bucket.
	Connector Connector

	Namespace string   // of Object Storage; default "demo"
	Buckets   []string // default "logs"
	Directory string   // objects are kept here as files; default: in memory
	MaxObject int64    // largest object; default 64 MiB
	KeyIDs    []string // keys that may call Object Storage (tenancy/user/fingerprint); none: every key

	SlowFor time.Duration // how long a slow body stalls; default 200 ms
	LateBy  time.Duration // how far in the past a late record is dated at most; default 4 min
}

func (o Options) withDefaults() Options {
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	num := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.History == 0 {
		o.History = 1000
	}
	o.History = max(o.History, 0)
	num(&o.Days, 7)
	num(&o.Users, 12)
	num(&o.Integrations, 40)
	o.Users, o.Integrations = min(o.Users, 10_000), min(o.Integrations, 10_000)
	num(&o.Generation, 2)
	num(&o.MissingInstanceStatus, http.StatusBadRequest)
	set(&o.Instance, "oicdemo-ab12cd34ef56-ia")
	set(&o.ClientID, "ledgerline")
	set(&o.ClientSecret, "simulated-secret")
	set(&o.Audience, "A1B2C3D4E5F6.integration.ocp.oraclecloud.com:443")
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"https://" + o.Audience + "urn:opc:resource:consumer::all", "https://" + o.Audience + "/ic/api/", ScopeIdentity}
	}
	if o.TokenLife <= 0 {
		o.TokenLife = time.Hour
	}
	if o.RefreshLife <= 0 {
		o.RefreshLife = 7 * 24 * time.Hour
	}
	num(&o.MaxLimit, 1000)
	set(&o.TimeStamps, "+0000")
	set(&o.UserIDs, "guid")
	set(&o.Tenancy, "ocid1.tenancy.oc1..simulated")
	set(&o.Compartment, "ocid1.compartment.oc1..simulated")
	set(&o.LogGroup, "ocid1.loggroup.oc1.iad.simulated")
	set(&o.IntegrationID, "ocid1.integrationinstance.oc1.iad.simulated")
	set(&o.AnalyticsID, "ocid1.analyticsinstance.oc1.iad.simulated")
	o.Connector = o.Connector.withDefaults()
	set(&o.Namespace, "demo")
	if len(o.Buckets) == 0 {
		o.Buckets = []string{"logs"}
	}
	if o.MaxObject <= 0 {
		o.MaxObject = 64 << 20
	}
	if o.SlowFor <= 0 {
		o.SlowFor = 200 * time.Millisecond
	}
	if o.LateBy <= 0 {
		o.LateBy = 4 * time.Minute
	}
	return o
}

// Simulator is one pretend Oracle. It is safe for concurrent use.
type Simulator struct {
	opts    Options
	trail   *trail
	office  *office // who works, and what they do next
	company *company
	hub     hub
	tokens  *tokens
	domain  *domain
	objects *bucketStore
	chance  *injector

	stepping sync.Mutex // held while time passes

	mu    sync.Mutex
	shift time.Duration // added to Options.Clock by /simulator/clock
}

// New makes a simulator with its history. It fails only when the directory of
// objects cannot be used.
func New(opts Options) (*Simulator, error) {
	o := opts.withDefaults()
	switch o.TimeStamps {
	case "+0000", "Z", "+00:00", "mixed":
	default:
		return nil, errors.New(`simulate: TimeStamps is "+0000", "Z", "+00:00" or "mixed"`)
	}
	if !slices.Contains([]string{"guid", "name", "switch"}, o.UserIDs) {
		return nil, errors.New(`simulate: UserIDs is "guid", "name" or "switch"`)
	}
	if o.Incident && o.Days < incidentDays {
		return nil, fmt.Errorf("simulate: an incident wants %d days of history", incidentDays)
	}
	objects, err := newBucketStore(o.Directory, o.Buckets, o.Clock)
	if err != nil {
		return nil, err
	}
	s := &Simulator{opts: o, objects: objects, tokens: newTokens(), domain: newDomain(), chance: newInjector(o.Seed, o.Faults)}
	s.office = newOffice(o)
	s.company = newCompany(o, s.office)
	history := o.History
	var special []event
	if o.Incident {
		found := planIncident(o.Clock(), s.office, s.company)
		found.stage(s.company.plant)
		if special = found.trail(s.office); len(special) > history {
			special = nil
		}
		if o.Analytics > 0 {
			s.company.put(found.deeds(s.company.oac))
		}
	}
	s.trail = newTrail(s.office.past(history-len(special), o.Days, o.Clock()))
	s.trail.add(special...)
	s.company.past(o)
	if err := s.connect(o.Clock(), o.Connector.History); err != nil {
		return nil, err
	}
	return s, nil
}

// Now is the simulator's clock: Options.Clock, moved by Advance.
func (s *Simulator) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.Clock().Add(s.shift)
}

// Advance moves the simulator's clock. Time that passes brings records only at
// the next Step.
func (s *Simulator) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift += d
}

// Step lets the users work until now and returns how many records appeared.
func (s *Simulator) Step(now time.Time) int {
	s.stepping.Lock()
	defer s.stepping.Unlock()
	n, err := s.step(now)
	if err != nil {
		s.opts.Logger.Error("Connector Hub", "error", err)
	}
	return n
}

func (s *Simulator) step(now time.Time) (records int, err error) {
	n := s.trail.add(s.office.work(now, s.chance, s.opts.LateBy)...)
	n += s.company.work(now, s.chance, s.opts.LateBy)
	return n, s.connect(now, s.opts.Connector.Rollover)
}

// Rest ends all work for good: nothing new appears but by faults. It lets who
// compares a store with the truth do so at leisure.
func (s *Simulator) Rest() {
	s.office.rest()
	s.company.rest(s.Now())
}

// Run steps once a second until ctx ends.
func (s *Simulator) Run(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.Step(s.Now())
		}
	}
}

// SetFaults replaces the faults from now on.
func (s *Simulator) SetFaults(f Faults) { s.chance.set(f) }

// Scope is what a client asks the token endpoint for.
func (s *Simulator) Scope() string { return s.opts.Scopes[0] }

// Credentials of the one client the simulated identity domain knows.
func (s *Simulator) Credentials() (clientID, clientSecret string) {
	return s.opts.ClientID, s.opts.ClientSecret
}

// User is who is logged in at the login page.
func (s *Simulator) User() string { return cmp.Or(s.opts.LoginUser, s.company.staff.people[0].name) }

// Handler serves everything: /oauth2/v1/…, /admin/v1/Users, /ic/api/…, OCI's
// Logging, Monitoring and Object Storage by their paths, and /simulator/….
// It routes on the raw path, since object names may hold escaped slashes.
func (s *Simulator) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
		path := r.URL.EscapedPath()
		switch {
		case path == tokenPath:
			s.serveToken(w, r)
		case path == authorizePath:
			s.serveAuthorize(w, r)
		case path == auditPath:
			s.serveAudit(w, r)
		case path == instancesPath || strings.HasPrefix(path, instancesPath+"/"):
			s.serveInstances(w, r, path)
		case path == usersPath || strings.HasPrefix(path, usersPath+"/"):
			s.serveUsers(w, r, path)
		case strings.HasPrefix(path, "/20190909/"), strings.HasPrefix(path, "/20200831/"), strings.HasPrefix(path, "/20200531/"):
			s.routeLogging(w, r, path)
		case strings.HasPrefix(path, "/20180401/"):
			s.routeMonitoring(w, r, path)
		case path == "/n" || strings.HasPrefix(path, "/n/"):
			s.serveObjects(w, r, path)
		case strings.HasPrefix(path, "/simulator/"):
			s.serveControl(w, r, path)
		default:
			s.sendProblem(w, r, http.StatusNotFound, "no such resource")
		}
	})
}
