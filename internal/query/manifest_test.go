package query

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"ledgerline/internal/record"
)

// TestCountsFromManifest asks for counts in windows and log groups of which
// segments lie inside, across and outside. Counts are taken from the manifest
// where that is all it needs, so they are compared with a count in Go.
func TestCountsFromManifest(t *testing.T) {
	st := newStore(t)
	var all []rec
	for piece := range 6 {
		var recs []rec
		for i := range 20 {
			r := rec{ago: float64(piece*10 + i), source: []string{"Audit", "audit", "Access"}[i%3], group: []string{groupA, groupB}[piece%2], text: "x"}
			if r.source == "Access" {
				r.fields = map[string]any{"Status": []string{"ok", "OK", "bad"}[i%2+piece%2]}
			}
			if piece == 5 && i > 10 {
				r.group = groupA
			}
			recs = append(recs, r)
		}
		ingest(t, st, piece, recs)
		all = append(all, recs...)
	}
	e := newEngine(st)
	status := func(r rec) string { s, _ := r.fields["Status"].(string); return strings.ToLower(s) }
	questions := []struct {
		text string
		hold func(rec) bool
	}{
		{"*", func(rec) bool { return true }},
		{"'Log Source' = audit", func(r rec) bool { return strings.EqualFold(r.source, "audit") }},
		{"'Log Source' != AUDIT", func(r rec) bool { return r.source == "Access" }},
		{"'Log Source' in (Audit, Nothing) or Status = ok", func(r rec) bool { return r.source != "Access" || status(r) == "ok" }},
		{"Status = ok", func(r rec) bool { return status(r) == "ok" }},
		{"Status != ok", func(r rec) bool { return status(r) != "ok" }},
		{"Status = null", func(r rec) bool { return status(r) == "" }},
		{"not Status like 'b*'", func(r rec) bool { return status(r) != "bad" }},
		{"'User Name' = ada", func(rec) bool { return false }},
		{"'Log Group' = alpha", func(r rec) bool { return r.group == groupA }},
		{"'Log Group' != '" + groupA + "'", func(r rec) bool { return r.group != groupA }},
		{"'Log Group' in (Beta, Gamma) or Status = ok", func(r rec) bool { return r.group == groupB || status(r) == "ok" }},
		{"'Log Group' = null", func(r rec) bool { return false }},
		{"'Log Source' like 'A?d*'", func(r rec) bool { return r.source != "Access" }},
		{"'Log Source' not like 'acc*s'", func(r rec) bool { return r.source != "Access" }},
		{"'User Name' = null and Status != null", func(r rec) bool { return status(r) != "" }},
	}
	for _, minutes := range [][2]float64{{0, 1440}, {0, 15}, {7, 44}, {30, 31}, {70, 90}} {
		for _, groups := range [][]string{nil, {groupA}, {groupB}, {groupA, groupB}, {}} {
			for _, q := range questions {
				want, by := int64(0), map[string]int64{}
				for _, r := range all {
					if r.ago <= minutes[1] && r.ago > minutes[0] && q.hold(r) && (groups == nil || strings.Contains(strings.Join(groups, " "), r.group)) {
						want++
						by[strings.ToLower(r.source)]++
					}
				}
				at := func(m float64) time.Time { return testNow.Add(-time.Duration(m * float64(time.Minute))) }
				req := Request{Text: q.text + " | stats count", Window: record.Window{From: at(minutes[1]), To: at(minutes[0])}, Scope: Scope{Groups: groups}, Matched: true}
				res, err := e.Run(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				if res.Rows[0][0] != want || res.Matched != want {
					t.Errorf("%s in %v of %q: %v, %d matched, want %d", q.text, minutes, groups, res.Rows, res.Matched, want)
				}
				req.Text = q.text + " | stats count, count as again by 'Log Source'"
				if res, err = e.Run(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				got := map[string]int64{}
				for _, row := range res.Rows {
					got[strings.ToLower(row[0].(string))] = row[1].(int64)
				}
				if fmt.Sprint(got) != fmt.Sprint(by) || len(res.Rows) != len(by) {
					t.Errorf("%s by source in %v of %q: %v, want %v", q.text, minutes, groups, res.Rows, by)
				}
			}
		}
	}
}

// TestReadsOnlyWhatCanMatch: segments of other log groups and log sources stay closed.
func TestReadsOnlyWhatCanMatch(t *testing.T) {
	st := newStore(t)
	for i, r := range []rec{
		{ago: 10, source: "Audit", group: groupA, text: "x"},
		{ago: 20, source: "Audit", group: groupB, text: "x"},
		{ago: 30, source: "Access", group: groupB, text: "x"},
	} {
		ingest(t, st, i, []rec{r})
	}
	e := newEngine(st)
	for text, want := range map[string]int{
		"*": 3, "'Log Group' = Alpha": 1, "'Log Group' = Beta": 2, "'Log Source' like 'acc*'": 1, "'Log Group' = Beta and 'Log Source' = Audit": 1,
		"* | where 'Log Source' = Access": 1, "* | eval a = 1 | where a = 1 and 'Log Source' in (access, other)": 1,
		"* | head 2 | where 'Log Source' = Access": 3, "* | eval 'Log Source' = x | where 'Log Source' = x": 3,
		"'Log Group' != Alpha": 3, // a record without a log group would match
	} {
		req := request(text + " | fields 'Original Log Content'")
		req.Matched = true
		x, err := e.Explain(t.Context(), req, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(x.SQL, ".parquet'"); got != want {
			t.Errorf("%s reads %d segments, want %d\n%s", text, got, want, x.SQL)
		}
		res, err := e.Run(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, "* ") && res.Matched != 3 {
			t.Errorf("%s: %d records match the search", text, res.Matched)
		}
	}
}

// TestPatternsInAnyCase compares patterns with a matcher in Go that folds one
// letter at a time, over texts with the letters that fold to ASCII ones.
func TestPatternsInAnyCase(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	letters := []string{"i", "I", "İ", "ı", "k", "K", "\u212A", "s", "ſ", ".", "(", "\n", " ", "-", "_", "1"}
	made := func(from []string, n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(pick(r, from))
		}
		return b.String()
	}
	st := newStore(t)
	recs := make([]rec, 400)
	for i := range recs {
		recs[i] = rec{ago: float64(i + 1), text: "x", fields: map[string]any{"Message": "ik" + made(letters, r.IntN(4))}}
	}
	ingest(t, st, 1, recs)
	e := newEngine(st)
	patterns := []string{"*", "i", "k", "I", "K", ".", "(", " ", "_", "1", "?", "*"}
	for range 150 {
		pattern := made(patterns, 1+r.IntN(5))
		if r.IntN(3) == 0 {
			pattern = "*" + pattern + "*"
		}
		want := int64(0)
		for _, rec := range recs {
			if foldGlob([]rune(pattern), []rune(rec.fields["Message"].(string))) {
				want++
			}
		}
		if got := ask(t, e, "Message like "+quoted(pattern)+" | stats count").Rows[0][0]; got != want {
			t.Errorf("Message like %q: %v, want %d", pattern, got, want)
		}
	}
}

func foldGlob(p, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	if p[0] == '*' {
		return foldGlob(p[1:], s) || len(s) > 0 && foldGlob(p, s[1:])
	}
	return len(s) > 0 && (p[0] == '?' || unicode.ToLower(p[0]) == unicode.ToLower(s[0])) && foldGlob(p[1:], s[1:])
}
