package compile

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/store/duckdb"
)

// TestTextComesBack: whatever a string holds, its literal is that string and
// its name is that column, and nothing of it is read as SQL.
func TestTextComesBack(t *testing.T) {
	engine, err := duckdb.Open(duckdb.Options{Dirs: []string{t.TempDir()}, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	pieces := []string{"'", "''", `"`, `\`, `\'`, "\x00", ";", "--", "/*", "*/", "$1", "?", "$$", "%", "\n", "ä", "𝄞", "a", " ", "E'", "\xff", "');DROP TABLE x;", ")"}
	r := rand.New(rand.NewPCG(3, 3))
	d := DuckDB{}
	for range 500 {
		var b strings.Builder
		for range r.IntN(8) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		s := b.String()
		literal, err := d.Literal(s, plan.Type{Kind: plan.String})
		if err != nil {
			t.Fatal(err)
		}
		sql := "SELECT " + literal + " AS " + d.Ident("c"+s)
		rows, err := engine.Query(context.Background(), sql)
		if err != nil {
			t.Fatalf("%q: %v", sql, err)
		}
		if !rows.Next() || rows.Values()[0] != strings.ToValidUTF8(s, "\uFFFD") {
			t.Fatalf("%q came back as %q", s, rows.Values()[0])
		}
		if want := "c" + printable(s); rows.Columns()[0] != want {
			t.Fatalf("name %q came back as %q", want, rows.Columns()[0])
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLikePattern(t *testing.T) {
	for pattern, want := range map[string]string{
		"a*b": "a%b", "100%": "100%", "a_b": `a\_b`, "a?": "a_", `\*`: "*", `\%`: `\%`, `c:\x`: `c:\\x`, `\?`: "?", `\_`: `\\\_`,
	} {
		if got := likePattern(pattern); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}
