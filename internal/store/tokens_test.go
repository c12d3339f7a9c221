package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

func TestWords(t *testing.T) {
	cases := map[string][]string{
		"":                          nil,
		" .,-":                      nil,
		"one":                       {"one"},
		"One TWO_2-three":           {"one", "two_2", "three"},
		"naïve ÄÖ straße":           {"naïve", "äö", "straße"},
		"Kelvin K and long ſ":       {"kelvin", "k", "and", "long", "s"},
		"日本 ٣":                      {"日本", "٣"},
		`C:\new\bob`:                {"c", "new", "bob"},
		"a\x00b\xffc":               {"a", "b", "c"},
		"user@example.com,10.0.0.1": {"user", "example", "com", "10", "0", "0", "1"},
	}
	for in, want := range cases {
		if got := slices.Collect(store.Words(in)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	inner := map[string][]string{"abc": nil, "a b c": {"b"}, " a b": {"a"}, "x,middle,y": {"middle"}, "é-mid-é": {"mid"}, "": nil}
	for in, want := range inner {
		if got := slices.Collect(store.InnerWords(in)); !slices.Equal(got, want) {
			t.Errorf("inner %q: %q, want %q", in, got, want)
		}
	}
}

// Whatever letters a comparison without case takes for equal, words must too.
func TestWordsIgnoreCaseLikeComparisonsDo(t *testing.T) {
	t.Parallel()
	one := func(s string) string { return strings.Join(slices.Collect(store.Words(s)), "|") }
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsLetter(r) {
			continue
		}
		if unicode.ToLower(r) == r && unicode.SimpleFold(r) == r { // most letters have no case
			if w := one(string(r)); w != string(r) {
				t.Fatalf("%c (%U) becomes %q", r, r, w)
			}
			continue
		}
		for _, same := range []rune{unicode.ToLower(r), unicode.SimpleFold(r)} {
			if !unicode.IsLetter(same) {
				continue // a combining iota equals a letter, but is none
			}
			if a, b := one("x"+string(r)), one("x"+string(same)); a != b {
				t.Fatalf("%c (%U) becomes %q, %c (%U) becomes %q", r, r, a, same, same, b)
			}
		}
		if w := one(string(r)); one(w) != w {
			t.Fatalf("%U: folding twice differs", r)
		}
	}
}

// TestPartsPrune: a rare word reads few blocks, a word that is nowhere reads
// about one in a hundred, and time cuts at blocks; rows are never missed.
func TestPartsPrune(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	s, err := store.Open(dir, nil, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	const rows, block = 4 * 8192, 8192
	r := rand.New(rand.NewPCG(1, 1))
	o := origin("a")
	entries := make([]record.Entry, rows)
	for i := range entries {
		entries[i] = entry(o, noon+int64(i), int64(i), fmt.Sprintf(`{"n":"row%d","r":%d}`, i, r.Uint64()))
	}
	entries[20_000].Cells = []record.Cell{{Field: "f", Value: record.Text("Needle")}}
	entries[20_001].Labels = []string{"first label", "second-label"}
	ingest(t, s, chunk(1, 0, entries...))
	sn := s.Snapshot()
	defer func() { sn.Release() }()
	parts := func(f store.Filter) []store.Part {
		p, err := sn.Parts(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	read := func(ps []store.Part) (n int64) {
		for _, p := range ps {
			n += p.EndRow - p.FirstRow
		}
		return n
	}
	holds := func(ps []store.Part, row int64) bool {
		return slices.ContainsFunc(ps, func(p store.Part) bool { return p.FirstRow <= row && row < p.EndRow })
	}
	if p := parts(store.Filter{}); len(p) != 1 || p[0].FirstRow != 0 || p[0].EndRow != rows {
		t.Errorf("everything: %+v", p)
	}
	if p := parts(store.Filter{Tokens: []string{"needle"}}); !holds(p, 20_000) || read(p) > 2*block {
		t.Errorf("needle: %+v", p)
	}
	if p := parts(store.Filter{Tokens: []string{"SECOND", "label"}}); !holds(p, 20_001) || read(p) > 2*block {
		t.Errorf("label: %+v", p)
	}
	if p := parts(store.Filter{From: noon + 30_000, To: noon + 30_001}); !holds(p, 30_000) || read(p) != block {
		t.Errorf("time: %+v", p)
	}
	if p := parts(store.Filter{From: noon + rows}); p != nil {
		t.Errorf("after the end: %+v", p)
	}
	for range 100 {
		row := r.Int64N(rows)
		if p := parts(store.Filter{Tokens: []string{fmt.Sprintf("row%d", row)}}); !holds(p, row) {
			t.Fatalf("row %d is missed", row)
		}
	}
	var wrong int64
	for i := range 300 {
		wrong += read(parts(store.Filter{Tokens: []string{fmt.Sprintf("absent%d", i)}}))
	}
	if share := float64(wrong) / (300 * rows); share > 0.02 {
		t.Errorf("an absent word reads %.1f %% of the rows", 100*share)
	}
	// A damaged filter may slow a search down, never make it miss rows. The one
	// that was read is in memory, so the store is opened anew.
	path := parts(store.Filter{})[0].Segment.Path + ".tok"
	edit(t, path, func(b []byte) []byte { b[len(b)/4] ^= 1; return b }) // in a filter of blocks; slices follow them
	sn.Release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(dir, nil, store.Options{}); err != nil {
		t.Fatal(err)
	}
	sn = s.Snapshot()
	if p := parts(store.Filter{Tokens: []string{"absent"}}); read(p) != rows {
		t.Errorf("damaged filter: %+v", p)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if p := parts(store.Filter{Tokens: []string{"absent"}}); read(p) != rows {
		t.Errorf("missing filter: %+v", p)
	}
}
