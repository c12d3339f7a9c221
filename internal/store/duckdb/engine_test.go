package duckdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"ledgerline/internal/store"
	"ledgerline/internal/store/duckdb"
)

func open(t *testing.T, opts duckdb.Options) store.Engine {
	t.Helper()
	e, err := duckdb.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func query(e store.Engine, sql string, args ...any) (out [][]any, err error) {
	rows, err := e.Query(context.Background(), sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		out = append(out, append([]any(nil), rows.Values()...))
	}
	return out, rows.Err()
}

func TestValuesArePlain(t *testing.T) {
	e := open(t, duckdb.Options{})
	cases := map[string]any{
		"NULL":                          nil,
		"'é'":                           "é",
		"1::TINYINT":                    int64(1),
		"4::UTINYINT":                   int64(4),
		"18446744073709551615::UBIGINT": float64(18446744073709551615),
		"sum(x) FROM range(4) r(x)":     int64(6), // HUGEINT
		"12.50::DECIMAL(8,2)":           12.5,
		"3::DECIMAL(8,0)":               int64(3),
		"0.5::FLOAT":                    0.5,
		"true":                          true,
		"[1, NULL, 3]":                  []any{int64(1), nil, int64(3)},
		"[['a'], []]":                   []any{[]any{"a"}, []any{}},
		"'\\xAA'::BLOB":                 "\xaa",
		// FIPS 180-4's example of one block
		"sha512('abc')": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"sha512(NULL)":  nil,
	}
	cases["TIMESTAMP_MS '2026-03-14 12:00:01.25'"] = time.Date(2026, 3, 14, 12, 0, 1, 250e6, time.UTC)
	cases["TIMESTAMP '2026-03-14 12:00:01.25'"] = time.Date(2026, 3, 14, 12, 0, 1, 250e6, time.UTC)
	for sql, want := range cases {
		got, err := query(e, "SELECT "+sql)
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0][0], want) {
			t.Errorf("%s: %#v %v, want %#v", sql, got, err, want)
		}
	}
	got, err := query(e, "SELECT ? + 1, ?", int64(41), "x'; DROP")
	if err != nil || !reflect.DeepEqual(got, [][]any{{int64(42), "x'; DROP"}}) {
		t.Errorf("parameters: %v %v", got, err)
	}
}

// SQL reads the folders it may, and reaches nothing else.
func TestSQLIsConfined(t *testing.T) {
	allowed, secret := t.TempDir(), t.TempDir()
	for _, dir := range []string{allowed, secret} {
		if err := os.WriteFile(filepath.Join(dir, "x.csv"), []byte("a\n1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := open(t, duckdb.Options{Dirs: []string{allowed}, TempDir: t.TempDir()})
	if got, err := query(e, "SELECT * FROM read_csv('"+allowed+"/x.csv')"); err != nil || len(got) != 1 {
		t.Fatalf("allowed: %v %v", got, err)
	}
	for _, sql := range []string{
		"SELECT * FROM read_csv('" + secret + "/x.csv')",
		"SELECT * FROM read_csv('" + allowed + "/../" + filepath.Base(filepath.Dir(secret)) + "/" + filepath.Base(secret) + "/x.csv')",
		"SELECT * FROM '" + secret + "/x.csv'",
		"SELECT * FROM read_text('/etc/passwd')",
		"SELECT * FROM glob('/etc/*')",
		"SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
		"COPY (SELECT 1) TO '" + allowed + "/made.csv'",
		"CREATE TABLE t(x INT)",
		"SET memory_limit = '10GB'",
		"RESET enable_external_access",
		"ATTACH '" + allowed + "/made.db'",
		"INSTALL httpfs", "LOAD httpfs",
		"PRAGMA enable_external_access = true",
		"SELECT 1; DROP TABLE t",
		"CALL checkpoint()",
		"",
	} {
		if got, err := query(e, sql); err == nil {
			t.Errorf("%s: ran: %v", sql, got)
		}
	}
	if files, _ := os.ReadDir(allowed); len(files) != 1 {
		t.Errorf("something was written: %v", files)
	}
	if got, err := query(e, "EXPLAIN SELECT 1"); err != nil || len(got) == 0 {
		t.Errorf("explain: %v", err)
	}
}

// A third result waits until one of two is read, at most as long as its context.
func TestResultsQueue(t *testing.T) {
	e := open(t, duckdb.Options{Results: 2})
	ctx, cancel := context.WithCancel(context.Background())
	var held []store.Rows
	for range 2 {
		rows, err := e.Query(ctx, "SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, rows)
	}
	done := make(chan error)
	go func() {
		_, err := e.Query(ctx, "SELECT 2")
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("a query out of turn: %v", err)
	}
	go func() {
		rows, err := e.Query(context.Background(), "SELECT 3")
		if err == nil {
			err = rows.Close()
		}
		done <- err
	}()
	runtime.Gosched()
	for _, rows := range held {
		if err := errors.Join(rows.Close(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatalf("after the others ended: %v", err)
	}
}

// Who reads a result slowly, or never, keeps nobody from asking.
func TestReadersHoldNoTurn(t *testing.T) {
	e := open(t, duckdb.Options{Concurrent: 1})
	for i := range 20 {
		rows, err := e.Query(t.Context(), "SELECT i FROM range(100000) r(i)")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatalf("result %d: %v", i, rows.Err())
		}
	}
	if got, err := query(e, "SELECT 1"); err != nil || len(got) != 1 {
		t.Fatalf("beside the readers: %v %v", got, err)
	}
}

// A query that is given up stops and gives its place back.
func TestCancelledQueryStops(t *testing.T) {
	e := open(t, duckdb.Options{Concurrent: 1})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		rows, err := e.Query(ctx, "SELECT count(*) FROM range(100000000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3")
		if err == nil {
			rows.Next()
			err = errors.Join(rows.Err(), rows.Close())
		}
		done <- err
	}()
	runtime.Gosched()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	if got, err := query(e, "SELECT 1"); err != nil || len(got) != 1 {
		t.Fatalf("afterwards: %v %v", got, err)
	}
}

// A query larger than memory spills into the temporary folder.
func TestLargeQuerySpills(t *testing.T) {
	e := open(t, duckdb.Options{MemoryLimit: "60MB", TempDir: filepath.Join(t.TempDir(), "spill"), Threads: 1})
	got, err := query(e, "SELECT count(*) FROM (SELECT md5(i::VARCHAR) m, i FROM range(1500000) r(i) ORDER BY m OFFSET 1)")
	if err != nil || got[0][0] != int64(1_499_999) {
		t.Fatalf("%v %v", got, err)
	}
}

func TestClosedEngineRefuses(t *testing.T) {
	e := open(t, duckdb.Options{})
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := query(e, "SELECT 1"); err == nil {
		t.Fatal("a closed engine ran a query")
	}
}
