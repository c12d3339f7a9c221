package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

// noon of some day, epoch milliseconds.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC).UnixMilli()

const hour = int64(3600_000)

// engineFor starts an engine for the stores in a folder.
func engineFor(t testing.TB, root string) store.Engine {
	t.Helper()
	e, err := duckdb.Open(duckdb.Options{Dirs: []string{root}, TempDir: filepath.Join(t.TempDir(), "spill"), Threads: 1, Concurrent: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return shared{e}
}

// shared is an engine that outlives stores: starting DuckDB takes a while.
type shared struct{ store.Engine }

func (shared) Close() error { return nil }

func open(t testing.TB, dir string, opts store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(dir, engineFor(t, dir), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func chunk(stage byte, number int, entries ...record.Entry) store.Chunk {
	return store.Chunk{Stage: [32]byte{stage}, Number: number, Entries: entries}
}

func origin(source string) *record.Origin {
	return &record.Origin{Upload: "u-1", UploadName: "nightly", File: "a.json", LogGroup: "ocid1.group.a", Source: source, Received: noon}
}

func entry(o *record.Origin, ms, ordinal int64, text string, cells ...record.Cell) record.Entry {
	return record.Entry{Time: ms, Ordinal: ordinal, Text: text, Origin: o, Cells: cells}
}

func ingest(t testing.TB, s *store.Store, c store.Chunk) store.Ingested {
	t.Helper()
	in, err := s.Ingest(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// table renders the rows that segments hold, in the order of the query.
func table(t testing.TB, s *store.Store, segs []*store.Segment, selected, rest string) []string {
	t.Helper()
	if len(segs) == 0 {
		return nil
	}
	var files []string
	for _, seg := range segs {
		files = append(files, "'"+seg.Path+"'")
	}
	sql := fmt.Sprintf("SELECT %s FROM read_parquet([%s], union_by_name = true, file_row_number = true, filename = true) %s", selected, strings.Join(files, ", "), rest)
	rows, err := s.Query(context.Background(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var cells []string
		for _, v := range rows.Values() {
			if at, ok := v.(time.Time); ok {
				v = at.Format("2006-01-02T15:04:05.000")
			}
			cells = append(cells, fmt.Sprintf("%v", v))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func wantRows(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("rows\n got %q\nwant %q", got, want)
	}
}

func TestIngestedRowsAreRead(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	o := origin("OCI Integration Audit Logs")
	o.Entity = "host-ä"
	first := entry(o, noon+1, 0, `{"user":"Ann"}`,
		record.Cell{Field: "suser", Value: record.Text("Ann")},
		record.Cell{Field: "bytes", Value: record.Whole(9_007_199_254_740_993)},
		record.Cell{Field: "ratio", Value: record.Fraction(0.25)},
		record.Cell{Field: "seen", Value: record.At(noon - 5)})
	first.Labels = []string{"Login", "日本"}
	second := entry(o, noon, 1, "plain\ntext")
	third := entry(o, noon+1, 2, "", record.Cell{Field: "suser", Value: record.Value{Kind: record.String, Str: "Bo", List: []string{"Cy", ""}}})
	in := ingest(t, s, chunk(1, 0, first, second, third))
	if in.Rows != 3 || in.Duplicate || len(in.Segments) != 1 || in.Dropped != 0 {
		t.Fatalf("ingested %+v", in)
	}
	sn := s.Snapshot()
	defer sn.Release()
	segs := sn.Segments(store.Filter{})
	wantRows(t, table(t, s, segs, "time, ordinal, mbody, msrcid, mtgt, mtgttype, mtag, suser, bytes, ratio, seen, typeof(time)", ""),
		"2026-03-14T12:00:00.000|1|plain\ntext|OCI Integration Audit Logs|host-ä|<nil>|<nil>|<nil>|<nil>|<nil>|<nil>|TIMESTAMP",
		`2026-03-14T12:00:00.001|0|{"user":"Ann"}|OCI Integration Audit Logs|host-ä|<nil>|[Login 日本]|[Ann]|9007199254740993|0.25|2026-03-14T11:59:59.995|TIMESTAMP`,
		"2026-03-14T12:00:00.001|2||OCI Integration Audit Logs|host-ä|<nil>|<nil>|[Bo Cy ]|<nil>|<nil>|<nil>|TIMESTAMP")
	seg := segs[0]
	if seg.From != noon || seg.To != noon+1 || seg.Rows != 3 || !slices.Equal(seg.Groups, []string{"ocid1.group.a"}) {
		t.Errorf("segment %+v", seg)
	}
}
