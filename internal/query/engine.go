package query

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"ledgerline/internal/query/compile"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// Catalogue is what queries know of fields, log groups and lookup tables. It
// must be safe for concurrent use.
type Catalogue interface {
	// Field finds a field by display or internal name, in any letter case.
	Field(name string) (record.Field, bool)
	Fields() []record.Field
	// LogGroups maps OCIDs of log groups to their names.
	LogGroups() map[string]string
}

// Lookups finds lookup tables. A Catalogue that implements it offers them to queries.
type Lookups interface {
	Lookup(name string) (*plan.Lookup, bool)
}

// Options of an engine. Zero values stand for the defaults.
type Options struct {
	Clock          func() time.Time
	Logger         *slog.Logger
	DefaultTimeout time.Duration // of requests without one; default one minute
	MaxRows        int           // of a result without a limit; default 1,000,000
	Lookups        string        // folder for large lookup tables, which the store's engine may read; empty: they go into statements
	Strict         bool          // refuse literals of another type than the field's, as Oracle's service does
}

// DefaultLimit is the number of rows returned when a request names no limit.
const DefaultLimit = 2001

// Engine answers queries over a store. It is safe for concurrent use.
type Engine struct {
	store     *store.Store
	catalogue Catalogue
	opts      Options
	dialect   compile.Dialect
	lookups   lookupFiles
}

// NewEngine returns an engine over the store.
func NewEngine(st *store.Store, cat Catalogue, opts Options) *Engine {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.DefaultTimeout <= 0 {
		opts.DefaultTimeout = time.Minute
	}
	if opts.MaxRows <= 0 {
		opts.MaxRows = 1_000_000
	}
	return &Engine{store: st, catalogue: cat, opts: opts, dialect: compile.DuckDB{}, lookups: lookupFiles{dir: opts.Lookups, log: opts.Logger}}
}

// Check parses and plans a text without running it. The error is a
// *syntax.Errors with every mistake.
func (e *Engine) Check(text string) error {
	now := e.opts.Clock()
	_, err := e.planned(Request{Text: text, Window: record.Window{From: now.Add(-24 * time.Hour), To: now}}, now)
	return err
}

// planned parses and plans a request that is not run. What its init blocks
// compute is computed.
func (e *Engine) planned(req Request, now time.Time) (*plan.Plan, error) {
	ctx, cancel := e.deadline(context.Background(), req)
	defer cancel()
	q, err := syntax.ParseWith(req.Text, syntax.Options{Variables: req.Variables, Eval: e.constants(ctx, req)})
	if err != nil {
		return nil, err
	}
	return plan.Make(q, e.env(req, now))
}

// env is what the plan of a request depends on.
func (e *Engine) env(req Request, now time.Time) plan.Env {
	env := plan.Env{
		Catalogue: e.catalogue, Now: now.Truncate(time.Millisecond), Zone: req.Zone, Window: req.Window,
		Groups: req.Scope.Groups, Strict: e.opts.Strict,
	}
	if req.Scope.Groups != nil {
		env.Catalogue = visible{e.catalogue, req.Scope.Groups}
	}
	for _, f := range req.Scope.Filters {
		env.Filters = append(env.Filters, plan.Restriction{Field: f.Field, Values: f.Values})
	}
	if l, ok := e.catalogue.(Lookups); ok {
		env.Table = l.Lookup
	}
	return env
}

// session is one request under way: the plan over one snapshot of the store.
type session struct {
	engine   *Engine
	snapshot *store.Snapshot
	request  Request
	plan     *plan.Plan
	started  time.Time
	steps    []Step   // operators that ran beside SQL
	partial  []string // why the result is not complete
	lookups  map[*plan.Lookup]leased
}

// leased is a lookup table's file.
type leased struct {
	path    string
	release func()
}

// open parses and plans a request. The caller closes the session.
func (e *Engine) open(ctx context.Context, req Request) (*session, error) {
	s := &session{engine: e, request: req, started: time.Now()}
	q, err := syntax.ParseWith(req.Text, syntax.Options{Variables: req.Variables, Eval: e.constants(ctx, req)})
	if err != nil {
		return nil, err
	}
	s.snapshot = e.store.Snapshot()
	env := e.env(req, e.opts.Clock())
	env.Extent = func(w record.Window) (record.Window, error) { return s.extent(w) }
	if s.plan, err = plan.Make(q, env); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.snapshot.Release()
	for _, l := range s.lookups {
		l.release()
	}
}

// extent closes the open ends of a window by the times that the store holds.
func (s *session) extent(w record.Window) (record.Window, error) {
	if groups := s.request.Scope.Groups; groups != nil && len(groups) == 0 {
		return w, nil
	}
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for _, seg := range s.snapshot.Segments(filter(w, &plan.Scan{Groups: s.request.Scope.Groups})) {
		begins, ends := s.bounds(seg)
		from, to = min(from, begins), max(to, ends)
	}
	if from < to {
		if w.From.IsZero() {
			w.From = time.UnixMilli(from)
		}
		if w.To.IsZero() {
			w.To = time.UnixMilli(to)
		}
	}
	return w, nil
}

func filter(w record.Window, scan *plan.Scan) store.Filter {
	var f store.Filter
	if !w.From.IsZero() {
		f.From = w.From.UnixMilli()
	}
	if !w.To.IsZero() {
		f.To = w.To.UnixMilli()
	}
	if scan != nil {
		f.Sources, f.Groups, f.Tokens = scan.Sources, scan.Groups, scan.Tokens
		if f.Sources == nil {
			f.Sources = scan.Left
		}
	}
	return f
}

// segments answers the compiler while a session is open.
type segments struct {
	ctx context.Context
	*session
}

// Parts finds what a scan has to read.
func (s segments) Parts(scan *plan.Scan) ([]store.Part, error) {
	if scan.Groups != nil && len(scan.Groups) == 0 {
		return nil, nil
	}
	return s.snapshot.Parts(s.ctx, filter(scan.Window, scan))
}

// Count counts rows that hold a text.
func (s segments) Count(parts []store.Part, column string, text store.Text) ([]int64, error) {
	begun := time.Now()
	found, err := s.snapshot.Count(s.ctx, parts, column, text)
	step := Step{Name: fmt.Sprintf("search %s for %q", column, text.Part), Elapsed: time.Since(begun), Read: -1}
	for _, n := range found {
		step.Rows += max(0, n)
	}
	s.steps = append(s.steps, step)
	return found, err
}

// Table leases the file of a lookup table until the session is closed.
func (s segments) Table(t *plan.Lookup) string {
	l, ok := s.lookups[t]
	if !ok {
		if s.lookups == nil {
			s.lookups = map[*plan.Lookup]leased{}
		}
		l.path, l.release = s.engine.lookups.lease(t)
		s.lookups[t] = l
	}
	return l.path
}

// sql compiles a part of the plan as it stands.
func (s *session) sql(ctx context.Context, root plan.Node, columns []*plan.Column) (string, error) {
	sql, err := compile.SQL(root, columns, s.engine.dialect, segments{ctx, s})
	if err != nil && ctx.Err() != nil {
		return "", refine(ctx, err)
	}
	if err != nil {
		return "", fmt.Errorf("compile the query: %w", err)
	}
	return sql, nil
}
