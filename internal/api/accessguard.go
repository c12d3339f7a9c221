package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"ledgerline/internal/audit"
	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/quota"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// caller is who a context answers to.
type caller struct {
	user   string
	rights catalog.Rights
	event  audit.Event // the part of an event that all of its queries share
}

type callerKey struct{}

// onBehalf marks a context with its caller.
func onBehalf(ctx context.Context, c caller) context.Context {
	return store.Asking(context.WithValue(ctx, callerKey{}, c), c.user)
}

// guarded is an engine that answers within what the caller of the context may
// read. Handlers have no other, so none of them can forget to ask.
type guarded struct {
	Engine
	catalog *catalog.Catalog
	shares  *quota.Shares
	audit   *audit.Log // nil: nothing is noted
}

// begin restricts a request to what its caller may read, and counts it among the
// caller's queries until done. A context without a caller may read nothing.
func (g guarded) begin(ctx context.Context, r query.Request) (restricted query.Request, c caller, done func(), err error) {
	c, _ = ctx.Value(callerKey{}).(caller)
	groups, err := g.catalog.Groups(ctx, c.rights, catalog.Read)
	if err != nil {
		return r, c, nil, err
	}
	switch {
	case groups == nil:
	case r.Scope.Groups == nil:
		r.Scope.Groups = groups
	default:
		r.Scope.Groups = slices.DeleteFunc(slices.Clone(r.Scope.Groups), func(id string) bool { return !slices.Contains(groups, id) })
	}
	if c.user == localUser {
		return r, c, func() {}, nil
	}
	done, err = g.shares.Query(c.user)
	return r, c, done, err
}

func (g guarded) Run(ctx context.Context, r query.Request) (*query.Result, error) {
	r, c, done, err := g.begin(ctx, r)
	if err != nil {
		return nil, err
	}
	defer done()
	started := time.Now()
	result, err := g.Engine.Run(ctx, r)
	rows := int64(-1)
	if err == nil {
		rows = int64(len(result.Rows))
	}
	g.auditQuery(c, "query", r, rows, err, time.Since(started))
	return result, err
}

// Explain leaves out the SQL for callers who may not read everything: it names
// files that hold records of other log groups, too, and their rows.
func (g guarded) Explain(ctx context.Context, r query.Request, analyze bool) (*query.Explanation, error) {
	r, c, done, err := g.begin(ctx, r)
	if err != nil {
		return nil, err
	}
	defer done()
	started := time.Now()
	x, err := g.Engine.Explain(ctx, r, analyze)
	if analyze {
		g.auditQuery(c, "explain", r, -1, err, time.Since(started))
	}
	if err == nil && r.Scope.Groups != nil {
		x.SQL = "-- not shown to those who may not read every log group"
	}
	return x, err
}

func (g guarded) Export(ctx context.Context, r query.Request, header func([]query.Column) error, row func([]any) error) error {
	r, c, done, err := g.begin(ctx, r)
	if err != nil {
		return err
	}
	defer done()
	started, rows := time.Now(), int64(0)
	err = g.Engine.Export(ctx, r, header, func(values []any) error {
		if rows++; rows%exportCheck == 0 {
			if err := g.stillAllowed(ctx, c, r.Scope.Groups); err != nil {
				return err
			}
		}
		return row(values)
	})
	g.auditQuery(c, "export", r, rows, err, time.Since(started))
	return err
}

// exportCheck is after how many rows of an export, which may take an hour, its
// caller's rights are looked at again.
const exportCheck = 1000

// stillAllowed refuses a caller who is disabled by now, or may no longer read the log
// groups of its query.
func (g guarded) stillAllowed(ctx context.Context, c caller, groups []string) error {
	if c.user == localUser {
		return nil
	}
	u, err := g.catalog.ActiveUser(c.user)
	if err != nil {
		return notAuthenticated(err)
	}
	allowed, err := g.catalog.Groups(ctx, g.catalog.Rights(u), catalog.Read)
	if err == nil && allowed != nil && (groups == nil || slices.ContainsFunc(groups, func(id string) bool { return !slices.Contains(allowed, id) })) {
		err = absent("you may no longer read all that this query is about; run it again")
	}
	return err
}

func (g guarded) Present(ctx context.Context, r query.Request) ([]record.Field, error) {
	r, _, done, err := g.begin(ctx, r)
	if err != nil {
		return nil, err
	}
	defer done()
	return g.Engine.Present(ctx, r)
}

// Matching serves purges, which say themselves from which log groups their caller
// may delete.
func (g guarded) Matching(r query.Request) (func(context.Context, *store.Segment) ([]bool, error), error) {
	if r.Scope.Groups == nil {
		return nil, errors.New("api: a condition must be bound to log groups")
	}
	return g.Engine.Matching(r)
}

// Describe reads no record, so it may as well be as if there were none.
func (g guarded) Describe(r query.Request) (*query.Description, error) {
	r.Scope.Groups = []string{}
	return g.Engine.Describe(r)
}
