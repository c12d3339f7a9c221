package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/store/duckdb"
)

// readParquet reads a file with the engine, which is not what has written it. %s in
// the SQL stands for the name of the file.
func readParquet(t *testing.T, file io.Reader, sql string) [][]any {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "export.parquet")
	body, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{dir}, TempDir: t.TempDir(), Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	rows, err := engine.Query(t.Context(), fmt.Sprintf(sql, "'"+path+"'"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][]any
	for rows.Next() {
		out = append(out, append([]any{}, rows.Values()...))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return out
}

func TestSDKExportParquet(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	resp, err := c.ExportQueryResult(ctx, exportRequest("'Resource Operations' = DELETE | fields -*, Time, 'User Name' | sort Time", loganalytics.ExportDetailsOutputFormatParquet))
	if err != nil {
		t.Fatal(err)
	}
	got := readParquet(t, resp.Content, `SELECT "User Name", epoch_ms("Time") FROM %s`)
	if len(got) != 6 || !reflect.DeepEqual(got[2], []any{"bo@example.com", begin.Add(10 * time.Minute).UnixMilli()}) {
		t.Errorf("%v", got)
	}
	resp, err = c.ExportQueryResult(ctx, exportRequest("* | stats count as n, avg('Record Number') as a, unique('Resource Operations') as ops by 'User Name' | sort 'User Name'", loganalytics.ExportDetailsOutputFormatParquet))
	if err != nil {
		t.Fatal(err)
	}
	// The records of ann are 0, 3, … 27: 13.5 on average; 0 and 15 are deletions.
	got = readParquet(t, resp.Content, `SELECT "User Name", n, a, list_sort(ops)::VARCHAR FROM %s`)
	if len(got) != 3 || !reflect.DeepEqual(got[0], []any{"ann@example.com", int64(10), 13.5, "[DELETE, EDIT]"}) {
		t.Errorf("%v", got)
	}
	resp, err = c.ExportQueryResult(ctx, exportRequest("'User Name' = nobody", loganalytics.ExportDetailsOutputFormatParquet))
	if err != nil {
		t.Fatal(err)
	}
	if got = readParquet(t, resp.Content, "SELECT count(*) FROM %s"); got[0][0] != int64(0) {
		t.Errorf("%v", got)
	}
}

// Every kind of value comes back as it was, in row groups that bound what is held,
// and a file that breaks off cannot be read.
func TestExportParquetOfAllKinds(t *testing.T) {
	g := newRig(t)
	const rows = 40_000
	r := rand.New(rand.NewPCG(1, 1))
	text := make([]byte, 1000)
	var trouble error
	g.engine.export = func(_ context.Context, _ query.Request, header func([]query.Column) error, row func([]any) error) error {
		if err := header([]query.Column{{Name: "n", Type: record.Long}, {Name: "n", Type: record.Double}, {Name: "t", Type: record.String}, {Name: "hidden", Hidden: true},
			{Name: "at", Type: record.Timestamp}, {Name: "list", Type: record.Integer, List: true}, {Name: "table", Table: []query.Column{{Name: "x"}}}, {Name: "flag"}}); err != nil {
			return err
		}
		for i := range rows {
			for j := range text {
				text[j] = byte('a' + r.IntN(26))
			}
			values := []any{int64(i), float64(i) / 2, string(text), 0, begin.Add(time.Duration(i) * time.Millisecond), []any{int64(i), nil, int64(7)},
				&query.Table{Columns: []query.Column{{Name: "x"}}, Rows: [][]any{{int64(i)}}}, i%2 == 0}
			switch i {
			case 1:
				values[1] = int64(3) // a whole number among fractions
			case 2:
				values = make([]any, len(values))
			}
			if err := row(values); err != nil {
				return err
			}
		}
		return trouble
	}
	url := g.open()
	resp := g.export(t.Context(), url, `{"query":"*","format":"parquet"}`)
	if kind := resp.Header.Get("Content-Type"); kind != parquetKind {
		t.Errorf("%s", kind)
	}
	got := readParquet(t, resp.Body, `SELECT (SELECT count(*) FROM %[1]s), (SELECT sum(n) FROM %[1]s), n, "n 2", length(t), epoch_ms("at"), list::VARCHAR, "table", flag
		FROM %[1]s ORDER BY n NULLS LAST LIMIT 2`)
	all, sum := int64(rows), fmt.Sprint(int64(rows)*(rows-1)/2-2)
	want := [][]any{{all, sum, int64(0), 0.0, int64(1000), begin.UnixMilli(), "[0, NULL, 7]", `[{"x":0}]`, "true"},
		{all, sum, int64(1), 3.0, int64(1000), begin.UnixMilli() + 1, "[1, NULL, 7]", `[{"x":1}]`, "false"}}
	for i := range got {
		got[i][1] = fmt.Sprint(got[i][1])
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	resp = g.export(t.Context(), url, `{"query":"*","format":"parquet"}`)
	// A row counts some 1,070 bytes, so that 16 MiB are about 15,700 of them.
	groups := readParquet(t, resp.Body, `SELECT max(row_group_num_rows) < 17000, count(DISTINCT row_group_id) FROM parquet_metadata(%s)`)
	if !reflect.DeepEqual(groups, [][]any{{true, int64(3)}}) {
		t.Errorf("%v", groups)
	}

	trouble = errors.New("the engine has stopped")
	resp = g.export(t.Context(), url, `{"query":"*","format":"parquet"}`)
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, want an unexpected end", err)
	}
}
