package query_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// A value that is none of its column's is an error that names the column, and a file
// without rows is a file. What comes back from one with rows is compared in
// internal/api, with an engine that has not written it.
func TestParquet(t *testing.T) {
	for _, c := range []query.Column{{Name: "n", Type: record.Long}, {Name: "n", Type: record.Double}, {Name: "n", Type: record.Timestamp}, {Name: "n", Type: record.Long, List: true}} {
		var out bytes.Buffer
		p := query.NewParquet(&out, func(v any) (string, error) { return fmt.Sprint(v), nil })
		if err := p.Header([]query.Column{{Name: "hidden", Hidden: true}, c}); err != nil {
			t.Fatal(err)
		}
		if err := p.Row([]any{nil, "text"}); err == nil || !strings.Contains(err.Error(), `"n"`) {
			t.Errorf("%v: %v", c.Type, err)
		}
	}
	var out bytes.Buffer
	p := query.NewParquet(&out, nil)
	if err := p.Header([]query.Column{{Name: "same"}, {Name: "same"}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if schema := r.MetaData().Schema; r.NumRows() != 0 || schema.NumColumns() != 2 || schema.Column(1).Name() != "same 2" {
		t.Errorf("%d rows, %v", r.NumRows(), schema)
	}
}
