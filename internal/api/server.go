package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ledgerline/internal/audit"
	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/jobs"
	"ledgerline/internal/login"
	"ledgerline/internal/query"
	"ledgerline/internal/quota"
	"ledgerline/internal/record"
	"ledgerline/internal/signature"
	"ledgerline/internal/stage"
	"ledgerline/internal/store"
)

// Stage takes uploads and keeps what was collected.
type Stage interface {
	// Receive returns after the upload is on disk.
	Receive(ctx context.Context, u stage.Upload, body []byte) error
	// ReceiveAll does so with the uploads of one request, all of them or none.
	ReceiveAll(ctx context.Context, uploads []stage.ReceivedUpload) error
	// Erase takes away the bytes of uploads that are parsed.
	Erase(ctx context.Context, e stage.Erasure) (int, error)
	// Verify reads every sealed file; an error says that it could not look.
	Verify(ctx context.Context) (*stage.VerifyReport, error)
	Ledger
}

// Ledger tells of runs, windows and what sinks refused.
type Ledger interface {
	Runs(ctx context.Context, integration string, limit int) ([]stage.Run, error)
	Run(ctx context.Context, id int64) (stage.Run, error)
	Coverage(ctx context.Context, integration string) ([]stage.Coverage, error)
	Quarantined(ctx context.Context) ([]stage.Quarantined, error)
	Requeue(ctx context.Context, sink string, fileID int64) error
}

// Library finds log sources, parsers, fields and labels.
type Library interface {
	Source(name string) (*content.Source, bool)
	Parser(name string) (*content.Parser, bool)
	Field(name string) (record.Field, bool)
	Sources() []content.Source
	Parsers() []content.Parser
	Fields() []record.Field
	Labels() []content.Label
	// Updated says when an item was last written or imported; zero: it is built in.
	Updated(kind, name string) time.Time
}

// Store tells whether the engine keeps up, and checks its files.
type Store interface {
	// Busy reports whether clients should be asked to slow down.
	Busy() bool
	// Verify compares every file with the books; an error says that it could not look.
	Verify(ctx context.Context) (*store.VerifyReport, error)
	Stats(ctx context.Context) (store.Stats, error)
	Purger
}

// ContentZIP reads and writes content in Oracle's format.
type ContentZIP interface {
	Import(ctx context.Context, file []byte, opts content.ImportOptions) (*content.ImportReport, error)
	Export(ctx context.Context, names content.Names) ([]byte, error)
}

// Engine answers queries.
type Engine interface {
	Run(ctx context.Context, r query.Request) (*query.Result, error)
	Explain(ctx context.Context, r query.Request, analyze bool) (*query.Explanation, error)
	// Export calls header once and then row for every row there is.
	Export(ctx context.Context, r query.Request, header func([]query.Column) error, row func([]any) error) error
	// Present lists the fields that the records of a query may have.
	Present(ctx context.Context, r query.Request) ([]record.Field, error)
	// Describe plans a query without running it.
	Describe(r query.Request) (*query.Description, error)
	// Matching judges rows by a search clause, for those who purge.
	Matching(r query.Request) (func(ctx context.Context, seg *store.Segment) ([]bool, error), error)
}

// Parts are what the server serves.
type Parts struct {
	Stage   Stage
	Library Library
	Content Content
	Store   Store
	Query   Engine
	Catalog *catalog.Catalog
	People  People // nil: nobody is named
	// Operator runs the integrations; nil: there are none.
	Operator Operator
}

// Options of a Server.
type Options struct {
	Clock     func() time.Time        // nil: time.Now
	Logger    *slog.Logger            // nil: discards
	Tenancy   string                  // OCID
	Namespace string                  // of the tenancy
	Version   string                  // of the program, shown by status
	LogGroup  string                  // OCID: takes the records of clients that name no log group
	Limits    Limits                  // zero members: defaults
	URL       string                  // where browsers find the server; empty: at its addresses and localhost only
	Users     quota.Limits            // of each user; zero members: defaults
	Held      func(group string) bool // legal hold: nothing of a log group is deleted; may be nil
	OIDC      *login.OIDC             // nil: no login by an identity provider; needs URL
	Audit     bool                    // note who does what, as records of the log source Ledgerline Audit
	Registry  *prometheus.Registry    // nil: one of its own
}

// Server answers requests. It is safe for use by many goroutines. Close ends what
// it does beside requests.
type Server struct {
	Parts
	opts     Options
	limits   Limits
	router   *router
	verifier *signature.Verifier
	inFlight *quota.Budget // bytes of uploads held in memory
	jobs     *jobs.Jobs[submitted]
	origin   http.CrossOriginProtection // no trusted origins: a zero value that is only read
	attempts *login.Attempts
	links    *login.Links
	shares   *quota.Shares
	audit    *audit.Log      // nil: nothing is noted
	provider *login.Provider // nil: nobody is logged in by one
	metrics  *metrics
	started  time.Time
	purges   chore
}

// New returns a server of its parts, all of which must be set but People.
func New(p Parts, o Options) (*Server, error) {
	if p.Stage == nil || p.Library == nil || p.Content == nil || p.Store == nil || p.Query == nil || p.Catalog == nil {
		return nil, errors.New("api: a part is missing")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	r, err := newRouter(operations())
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, err
	}
	s := &Server{Parts: p, opts: o, limits: o.Limits.withDefaults(), router: r, metrics: m, started: o.Clock(),
		verifier: signature.New(p.Catalog, signature.Options{Clock: o.Clock})}
	if o.OIDC != nil {
		s.provider = login.NewProvider(*o.OIDC, o.URL+oidcPath+"/callback", o.Clock)
	}
	s.shares = quota.NewShares(o.Clock, o.Users)
	if o.Audit {
		s.audit = audit.New(p.Stage, localUser, audit.Options{Clock: o.Clock, Logger: o.Logger})
	}
	s.Stage = unforged{p.Stage}
	s.Query = guarded{p.Query, p.Catalog, s.shares, s.audit}
	s.inFlight = quota.NewBudget(s.limits.InFlight)
	s.jobs = jobs.New[submitted](jobs.Options{Clock: o.Clock, Logger: o.Logger, Kept: s.limits.Jobs, AtOnce: s.limits.JobsAtOnce, Bytes: s.limits.JobBytes})
	s.attempts, s.links = login.NewAttempts(o.Clock), login.NewLinks(o.Clock)
	s.purges = newChore()
	return s, nil
}

// Close ends the asynchronous queries that run, waits for them, and stages what was
// noted.
func (s *Server) Close() {
	s.jobs.Close()
	if s.audit != nil {
		s.audit.Close()
	}
}

// Handler serves clients that sign their requests, and browsers.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.serveUI(w, r) {
			s.serve(w, r, false)
		}
	})
}

// LocalHandler serves the unix socket: whoever may open it is trusted, signs
// nothing, and also sees /metrics.
func (s *Server) LocalHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, true) })
}
