package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/query/plan"
)

// lookupTables keeps the lookup tables that queries and log sources use in memory. A table is
// read again when the catalogue's is another one, so no change has to be told.
type lookupTables struct {
	catalog *catalog.Catalog
	log     *slog.Logger

	mu     sync.Mutex
	cached map[string]cachedTable // by name in lower case
	cells  int64
}

type cachedTable struct {
	etag   string
	table  *plan.Lookup
	ingest *content.LookupTable
	cells  int64
}

// maxCachedCells bounds the values kept in memory: one lookup of the largest size.
const maxCachedCells = 10_000_000

// Lookup finds a lookup table by name, in any letter case.
func (t *lookupTables) Lookup(name string) (*plan.Lookup, bool) {
	c, ok := t.find(name)
	return c.table, ok
}

// ForIngest finds a lookup table for the functions of log sources.
func (t *lookupTables) ForIngest(name string) (*content.LookupTable, bool) {
	c, ok := t.find(name)
	return c.ingest, ok
}

func (t *lookupTables) find(name string) (cachedTable, bool) {
	ctx, key := context.Background(), strings.ToLower(name)
	l, err := t.catalog.Lookup(ctx, name)
	if err != nil {
		return t.missing(name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock() // while reading, too: two queries at once read a table once
	if c, ok := t.cached[key]; ok && c.etag == l.Etag {
		return c, true
	}
	l, read, err := t.catalog.LookupTable(ctx, name)
	if err != nil {
		return t.missing(name, err)
	}
	c := cachedTable{l.Etag, planned(l, read), &content.LookupTable{Columns: read.Columns, Rows: read.Rows}, int64(len(read.Columns)) * l.Rows}
	t.cells -= t.cached[key].cells
	if t.cells+c.cells > maxCachedCells {
		t.cached, t.cells = nil, 0
	}
	if t.cached == nil {
		t.cached = map[string]cachedTable{}
	}
	t.cached[key] = c
	t.cells += c.cells
	return c, true
}

// planned is a lookup as the planner takes it.
func planned(l catalog.Lookup, t catalog.Table) *plan.Lookup {
	out := &plan.Lookup{Columns: t.Columns, Rows: t.Rows, MaxMatches: l.Matching.MaxMatches, Defaults: map[string]string{}}
	for _, name := range t.Columns {
		out.Defaults[name] = cmp.Or(l.Matching.Defaults[name], l.Matching.Default)
	}
	return out
}

func (t *lookupTables) missing(name string, err error) (cachedTable, bool) {
	if !errors.Is(err, catalog.ErrNotFound) {
		t.log.Error("a lookup table cannot be read", "lookup", name, "error", err)
	}
	return cachedTable{}, false
}
