// Package simulate is a pretend Oracle on one listener: an identity domain's
// token endpoint, Oracle Integration's audit trail and Object Storage. Its users
// work on while it runs, it fails on demand, and it can be asked for the truth,
// so that a collector's claim to be complete can be checked.
//
// The same Options give the same history; faults are drawn from the same seed.
package simulate

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
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

	Generation            int    // 2 (default) or 3, which demands integrationInstance
	Instance              string // service instance name, and the instance of Truth; default "oicdemo-ab12cd34ef56-ia"
	MissingInstanceStatus int    // answer to a Generation 3 call without instance; default 400

	ClientID, ClientSecret string        // default "ledgerline" and "simulated-secret"
	Audience               string        // host of the scopes; default "A1B2C3D4E5F6.integration.ocp.oraclecloud.com:443"
	Scopes                 []string      // granted to the client; default the two of Audience
	TokenLife              time.Duration // default 1 h
	NoRole                 bool          // the client lacks the Integration role: 403

	MaxLimit     int    // largest page; default 1,000
	RefuseLimit  bool   // a larger limit is 400 instead of being lowered
	MaxOffset    int    // larger offsets are 400; 0: none is
	Unordered    bool   // records in a fixed but mixed order
	NumericTotal bool   // totalResults as a number
	HasMore      bool   // hasMore, limit and offset in answers
	OneLine      bool   // JSON without line breaks
	TimeStamps   string // zone as "+0000" (default), "Z", "+00:00", or "mixed"

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
		o.Scopes = []string{"https://" + o.Audience + "urn:opc:resource:consumer::all", "https://" + o.Audience + "/ic/api/"}
	}
	if o.TokenLife <= 0 {
		o.TokenLife = time.Hour
	}
	num(&o.MaxLimit, 1000)
	set(&o.TimeStamps, "+0000")
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
	tokens  *tokens
	objects *bucketStore
	chance  *injector

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
	objects, err := newBucketStore(o.Directory, o.Buckets, o.Clock)
	if err != nil {
		return nil, err
	}
	s := &Simulator{opts: o, objects: objects, tokens: newTokens(), chance: newInjector(o.Seed, o.Faults)}
	s.office = newOffice(o)
	s.trail = newTrail(s.office.past(o.History, o.Days, o.Clock()))
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
	return s.trail.add(s.office.work(now, s.chance, s.opts.LateBy)...)
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

// Handler serves everything: /oauth2/v1/token, /ic/api/…, /n/… and /simulator/….
// It routes on the raw path, since object names may hold escaped slashes.
func (s *Simulator) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
		path := r.URL.EscapedPath()
		switch {
		case path == "/oauth2/v1/token":
			s.serveToken(w, r)
		case path == auditPath:
			s.serveAudit(w, r)
		case path == "/n" || strings.HasPrefix(path, "/n/"):
			s.serveObjects(w, r, path)
		case strings.HasPrefix(path, "/simulator/"):
			s.serveControl(w, r, path)
		default:
			s.sendProblem(w, r, http.StatusNotFound, "no such resource")
		}
	})
}
