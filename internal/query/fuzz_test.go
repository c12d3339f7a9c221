package query

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ledgerline/internal/query/compile"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// FuzzPlan: any text is planned and compiled, or refused with its mistakes.
func FuzzPlan(f *testing.F) {
	paths, err := filepath.Glob("testdata/cases/*/query.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	window := record.Window{From: testNow.AddDate(0, 0, -1), To: testNow}
	none := func(*plan.Scan) ([]store.Part, error) { return nil, nil }
	f.Fuzz(func(t *testing.T, text string) {
		q, err := syntax.Parse(text)
		if err != nil {
			return
		}
		p, err := plan.Make(q, plan.Env{Catalogue: testFields(), Now: testNow, Window: window})
		var bad *syntax.Errors
		if err != nil {
			if !errors.As(err, &bad) {
				t.Fatal(err)
			}
			return
		}
		_ = p.String()
		if _, err := compile.SQL(p.Root, p.Columns, compile.DuckDB{}, compile.Parts(none)); err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
	})
}
