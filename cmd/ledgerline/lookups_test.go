package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
)

// ask runs a command line against the server of w and returns what it printed.
func (w *world) ask(args ...string) (out, problems string, code int) {
	w.Helper()
	var o, e bytes.Buffer
	code = run(w.Context(), append([]string{"--config", w.path("server.yaml")}, args...), terminal{in: strings.NewReader(""), out: &o, err: &e, env: os.LookupEnv})
	return o.String(), e.String(), code
}

func (w *world) must(args ...string) string {
	w.Helper()
	out, problems, code := w.ask(args...)
	if code != exitDone {
		w.Fatalf("%q: exit %d: %s", args, code, problems)
	}
	return out
}

func TestLookupsFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	w.serve(0)
	w.write("owners.csv", "resource,team\nORDERS,sales\nBILLS,finance\n")
	if got := w.must("lookups", "put", "owners", w.path("owners.csv"), "--description", "who owns what"); got != "lookup owners has 2 rows of 2 columns\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("lookups", "list"); !strings.Contains(got, "owners") || !strings.Contains(got, "who owns what") {
		t.Errorf("%q", got)
	}
	if got := w.must("query", "-o", "csv", "searchlookup table = owners | where team = finance"); got != "resource,team\nBILLS,finance\n" {
		t.Errorf("%q", got)
	}
	// The next query sees the new table.
	w.write("owners.csv", "resource,squad\nBILLS,red\n")
	w.must("lookups", "put", "owners", w.path("owners.csv"))
	if got := w.must("query", "-o", "csv", "searchlookup table = owners"); got != "resource,squad\nBILLS,red\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("lookups", "show", "OWNERS"); !strings.Contains(got, "squad") || !strings.Contains(got, "red") {
		t.Errorf("%q", got)
	}
	w.write("bad.csv", "a,b\n1\n")
	if _, problems, code := w.ask("lookups", "put", "bad", w.path("bad.csv")); code != exitFailed || !strings.Contains(problems, "line 2 has 1 values") {
		t.Errorf("exit %d: %s", code, problems)
	}
	w.must("lookups", "delete", "owners")
	if _, problems, code := w.ask("query", "searchlookup table = owners"); code != exitFailed || !strings.Contains(problems, "no lookup of this name") {
		t.Errorf("exit %d: %s", code, problems)
	}
}

func TestLookupTablesAreCachedUntilTheyChange(t *testing.T) {
	ctx := context.Background()
	c, err := catalog.Open(ctx, t.TempDir(), catalog.Seeds{}, catalog.Options{Clock: func() time.Time { return time.UnixMilli(1e12) }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.CreateLookup(ctx, catalog.Lookup{Name: "T"}, catalog.Table{Columns: []string{"a"}, Rows: [][]string{{"1"}}}, catalog.Retry{}); err != nil {
		t.Fatal(err)
	}
	tables := &lookupTables{catalog: c, log: slog.New(slog.DiscardHandler)}
	first, ok := tables.Lookup("t")
	if again, _ := tables.Lookup("T"); !ok || again != first {
		t.Error("an unchanged table was read again")
	}
	if _, err := c.AppendLookup(ctx, catalog.LookupChange{Name: "T"}, []byte("2\n")); err != nil {
		t.Fatal(err)
	}
	if next, ok := tables.Lookup("T"); !ok || len(next.Rows) != 2 || len(first.Rows) != 1 || tables.cells != 2 {
		t.Errorf("%v, %d cells", next, tables.cells)
	}
	ingest, ok := tables.ForIngest("T")
	if again, _ := tables.ForIngest("t"); !ok || again != ingest || len(ingest.Rows) != 2 {
		t.Errorf("for log sources: %v, then %v", ingest, again)
	}
	if _, ok := tables.Lookup("none"); ok {
		t.Error("found what is not there")
	}
}
