package api

import (
	"context"
	"slices"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

type rightsKey struct{}

// withRights marks a context with what its caller may do.
func withRights(ctx context.Context, r catalog.Rights) context.Context {
	return context.WithValue(ctx, rightsKey{}, r)
}

// guarded is an engine that answers within what the caller of the context may
// read. Handlers have no other, so none of them can forget to ask.
type guarded struct {
	Engine
	catalog *catalog.Catalog
}

// scope restricts a request. A context without a caller may read nothing.
func (g guarded) scope(ctx context.Context, r query.Request) (query.Request, error) {
	groups := []string{}
	if rights, ok := ctx.Value(rightsKey{}).(catalog.Rights); ok {
		var err error
		if groups, err = g.catalog.Groups(ctx, rights, catalog.Read); err != nil {
			return r, err
		}
	}
	switch {
	case groups == nil:
	case r.Scope.Groups == nil:
		r.Scope.Groups = groups
	default:
		r.Scope.Groups = slices.DeleteFunc(slices.Clone(r.Scope.Groups), func(id string) bool { return !slices.Contains(groups, id) })
	}
	return r, nil
}

func (g guarded) Run(ctx context.Context, r query.Request) (*query.Result, error) {
	r, err := g.scope(ctx, r)
	if err != nil {
		return nil, err
	}
	return g.Engine.Run(ctx, r)
}

// Explain leaves out the SQL for callers who may not read everything: it names
// files that hold records of other log groups, too, and their rows.
func (g guarded) Explain(ctx context.Context, r query.Request, analyze bool) (*query.Explanation, error) {
	r, err := g.scope(ctx, r)
	if err != nil {
		return nil, err
	}
	x, err := g.Engine.Explain(ctx, r, analyze)
	if err == nil && r.Scope.Groups != nil {
		x.SQL = "-- not shown to those who may not read every log group"
	}
	return x, err
}

func (g guarded) Export(ctx context.Context, r query.Request, header func([]query.Column) error, row func([]any) error) error {
	r, err := g.scope(ctx, r)
	if err != nil {
		return err
	}
	return g.Engine.Export(ctx, r, header, row)
}

// Describe reads no record, so it may as well be as if there were none.
func (g guarded) Describe(r query.Request) (*query.Description, error) {
	r.Scope.Groups = []string{}
	return g.Engine.Describe(r)
}
