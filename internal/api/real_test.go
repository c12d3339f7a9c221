package api

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// realRig is a rig whose queries run over a real store, which holds thirty
// records: one a minute before begin+30m, users ann, bo and cy in turn, every
// fifth operation a DELETE.
func realRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	g := newRig(t, change...)
	dir := t.TempDir()
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{store.SegmentDir(dir)}, TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir, engine, store.Options{Clock: g.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	chunk := store.Chunk{Stage: sha256.Sum256([]byte("stage"))}
	origin := &record.Origin{Upload: "up", UploadName: "push", File: "audit.json", LogGroup: groupID, Source: auditLog, Received: begin.UnixMilli()}
	for i := range 30 {
		op := "EDIT"
		if i%5 == 0 {
			op = "DELETE"
		}
		user := [...]string{"ann", "bo", "cy"}[i%3] + "@example.com"
		chunk.Entries = append(chunk.Entries, record.Entry{Time: begin.Add(time.Duration(i) * time.Minute).UnixMilli(), Ordinal: int64(i), Origin: origin,
			Text:  fmt.Sprintf("%s %s ORDERS_%d", user, op, i),
			Cells: []record.Cell{{Field: g.field("User Name"), Value: record.Text(user)}, {Field: g.field("Resource Operations"), Value: record.Text(op)}}})
	}
	if _, err := st.Ingest(context.Background(), chunk); err != nil {
		t.Fatal(err)
	}
	g.server.Query = query.NewEngine(st, names{g}, query.Options{Clock: g.now})
	t.Cleanup(g.server.Close) // before the store
	return g
}

// begin is the time of the first record of a realRig.
var begin = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

func (g *rig) field(display string) string {
	g.t.Helper()
	f, ok := g.lib.Field(display)
	if !ok {
		g.t.Fatalf("no field %s", display)
	}
	return f.Name
}

// names answers the query language's questions about names.
type names struct{ *rig }

func (n names) Field(name string) (record.Field, bool) { return n.lib.Field(name) }
func (n names) Fields() []record.Field                 { return n.lib.Fields() }
func (n names) LogGroups() map[string]string           { return map[string]string{groupID: "Audit"} }

func (n names) Lookup(name string) (*plan.Lookup, bool) {
	_, t, err := n.cat.LookupTable(context.Background(), name)
	return &plan.Lookup{Columns: t.Columns, Rows: t.Rows}, err == nil
}
