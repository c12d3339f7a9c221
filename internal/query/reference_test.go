package query

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The reference evaluator answers a small part of the language over Go values,
// one record after the other, and knows nothing of plans or SQL.

// term is a condition with its meaning.
type term struct {
	text string
	hold func(r rec) bool
}

func str(r rec, field string) (string, bool) {
	switch field {
	case "Log Source":
		return r.source, true
	case "Original Log Content":
		return r.text, true
	}
	v, ok := r.fields[field].(string)
	return v, ok
}

func num(r rec, field string) (float64, bool) {
	switch v := r.fields[field].(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// glob matches by trying every split.
func glob(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	p, rest := []rune(pattern), []rune(s)
	switch p[0] {
	case '*', '%':
		for i := 0; i <= len(rest); i++ {
			if glob(string(p[1:]), string(rest[i:])) {
				return true
			}
		}
		return false
	case '?':
		return len(rest) > 0 && glob(string(p[1:]), string(rest[1:]))
	}
	return len(rest) > 0 && strings.EqualFold(string(p[0]), string(rest[0])) && glob(string(p[1:]), string(rest[1:]))
}

// words splits a text at everything but letters, digits and the underscore.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127)
	})
}

var (
	users   = []string{"Ada", "ada", "Bob", "BOB", "o'neil", "x%y", "Zoë", "zOË", ""}
	states  = []string{"200", "404", "500"}
	sources = []string{"Audit", "Access", "Third Logs"}
	nouns   = []string{"error", "errors", "disk", "full", "node_1", "GET", "naïve", "100%", "it's"}
)

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// randomRecords makes records in which fields are often missing and often equal.
func randomRecords(r *rand.Rand, n int) []rec {
	out := make([]rec, n)
	for i := range out {
		f := map[string]any{}
		if r.IntN(4) > 0 {
			f["User Name"] = pick(r, users)
		}
		if r.IntN(5) > 0 {
			f["Status"] = pick(r, states)
		}
		if r.IntN(3) > 0 {
			f["Content Size Out"] = r.IntN(7) - 2
		}
		if r.IntN(3) > 0 {
			f["Load"] = float64(r.IntN(9)) / 4
		}
		if r.IntN(4) == 0 {
			f["Error Code"] = pick(r, []string{"e-1", "E-1"})
		}
		text := ""
		for range 1 + r.IntN(4) {
			text += pick(r, nouns) + pick(r, []string{" ", ": ", "-", "."})
		}
		// Whole minutes, each once, so that the order of records has no ties.
		out[i] = rec{ago: float64(1 + i), source: pick(r, sources), text: text, fields: f}
	}
	return out
}

func randomTerm(r *rand.Rand, depth int) term {
	if depth > 0 {
		a, b := randomTerm(r, depth-1), randomTerm(r, depth-1)
		switch r.IntN(4) {
		case 0:
			return term{"(" + a.text + " and " + b.text + ")", func(x rec) bool { return a.hold(x) && b.hold(x) }}
		case 1:
			return term{"(" + a.text + " or " + b.text + ")", func(x rec) bool { return a.hold(x) || b.hold(x) }}
		case 2:
			return term{"not " + a.text, func(x rec) bool { return !a.hold(x) }}
		}
	}
	field := pick(r, []string{"User Name", "Status", "Log Source"})
	values := map[string][]string{"User Name": users, "Status": states, "Log Source": sources}[field]
	switch r.IntN(9) {
	case 0:
		v := pick(r, values)
		return term{quoted(field) + " = " + quoted(v), func(x rec) bool { s, ok := str(x, field); return ok && strings.EqualFold(s, v) }}
	case 1:
		v := pick(r, values)
		return term{quoted(field) + " != " + quoted(v), func(x rec) bool { s, ok := str(x, field); return !ok || !strings.EqualFold(s, v) }}
	case 2:
		a, b := pick(r, values), pick(r, values)
		not := pick(r, []string{"", "not "})
		return term{fmt.Sprintf("%s %sin (%s, %s, null)", quoted(field), not, quoted(a), quoted(b)), func(x rec) bool {
			s, ok := str(x, field)
			return (!ok || strings.EqualFold(s, a) || strings.EqualFold(s, b)) == (not == "")
		}}
	case 3:
		v := []rune(pick(r, values))
		p := "*"
		if len(v) > 1 {
			p = pick(r, []string{string(v[:2]) + "*", "%" + string(v[1:]), "?" + string(v[1:]), "%" + string(v[1:2]) + "%"})
		}
		if strings.ContainsAny(string(v), "%") {
			p = "?%?"
		}
		return term{quoted(field) + " like " + quoted(p), func(x rec) bool { s, ok := str(x, field); return ok && glob(p, s) }}
	case 4:
		op, n := pick(r, []string{"<", "<=", ">", ">=", "=", "!="}), float64(r.IntN(7)-2)
		f := pick(r, []string{"Content Size Out", "Load"})
		return term{fmt.Sprintf("%s %s %v", quoted(f), op, n), func(x rec) bool {
			v, ok := num(x, f)
			return !ok && op == "!=" || ok && map[string]bool{"<": v < n, "<=": v <= n, ">": v > n, ">=": v >= n, "=": v == n, "!=": v != n}[op]
		}}
	case 5:
		f := pick(r, []string{"User Name", "Load", "Error Code"})
		return term{quoted(f) + " = null", func(x rec) bool { return x.fields[f] == nil }}
	case 6:
		lo := float64(r.IntN(4) - 1)
		return term{fmt.Sprintf("'Content Size Out' between %v and %v", lo, lo+2), func(x rec) bool {
			v, ok := num(x, "Content Size Out")
			return ok && v >= lo && v <= lo+2
		}}
	case 7:
		v := pick(r, []string{"e-1", "E-1"})
		return term{"'Error Code' = " + quoted(v), func(x rec) bool { s, ok := str(x, "Error Code"); return ok && s == v }}
	default:
		w := pick(r, []string{"error", "DISK", "node_1", "node", "get", "naïve", "100"})
		return term{w, func(x rec) bool { return slices.Contains(words(x.text), strings.ToLower(w)) }}
	}
}

var seedFlag = flag.Uint64("seed", 0, "seed of the property test; 0 takes one from the clock")

// TestAgreesWithReference asks generated queries over generated records and
// compares with the reference evaluator.
func TestAgreesWithReference(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	recs := randomRecords(r, 300)
	st := newStore(t)
	for i, part := range slices.Collect(slices.Chunk(recs, 70)) {
		ingest(t, st, i, part)
	}
	e := newEngine(st)
	cases := 1200
	if testing.Short() {
		cases = 200
	}
	for i := range cases {
		cond := randomTerm(r, r.IntN(4))
		var kept []rec
		for _, x := range recs {
			if cond.hold(x) {
				kept = append(kept, x)
			}
		}
		text, want := randomPipe(r, kept)
		text = cond.text + text
		req := request(text)
		req.Limit = -1
		res, err := e.Run(context.Background(), req)
		if err != nil {
			t.Fatalf("seed %d case %d: %s\n%v", seed, i, text, err)
		}
		if !sameRows(res.Rows, want) {
			x, _ := e.Explain(context.Background(), req, false)
			t.Fatalf("seed %d case %d: %s\ngot  %v\nwant %v\n%s\n%s", seed, i, text, res.Rows, want, x.Plan, x.SQL)
		}
	}
}

// randomPipe makes the commands after the search and the rows they must yield.
func randomPipe(r *rand.Rand, kept []rec) (string, [][]any) {
	switch r.IntN(6) {
	case 0:
		return " | stats count", [][]any{{float64(len(kept))}}
	case 1:
		return " | stats count as n, sum('Content Size Out') as s, avg(Load) as a, distinctcount('User Name') as d, min('Content Size Out') as lo, max(Load) as hi, median(Load) as m by Status", aggregated(kept)
	case 2:
		n := 1 + r.IntN(20)
		want := [][]any{}
		for _, x := range kept[:min(n, len(kept))] { // newest first already
			want = append(want, []any{testNow.Add(-time.Duration(x.ago) * time.Minute).Format(time.RFC3339)})
		}
		return fmt.Sprintf(" | fields -*, Time | head %d", n), want
	case 3:
		return " | sort -Load, 'User Name', Time | fields -*, Time", sorted(kept)
	case 4:
		return timeCounts(r, kept)
	default:
		k := r.IntN(5) - 1
		want := [][]any{}
		for _, x := range kept {
			v, ok := num(x, "Content Size Out")
			l, ok2 := num(x, "Load")
			if ok && ok2 && v*l > float64(k) {
				want = append(want, []any{v * l, v - 1})
			}
		}
		return fmt.Sprintf(" | eval a = 'Content Size Out' * Load, b = 'Content Size Out' - 1 | where a > %d | fields -*, a, b", k), want
	}
}

func aggregated(kept []rec) [][]any {
	groups := map[string][]rec{}
	for _, x := range kept {
		s, ok := str(x, "Status")
		if !ok {
			s = "\xff" // nulls last
		}
		groups[s] = append(groups[s], x)
	}
	keys := []string{}
	for k := range groups {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	want := [][]any{}
	for _, k := range keys {
		var sizes, loads []float64
		names := map[string]bool{}
		for _, x := range groups[k] {
			if v, ok := num(x, "Content Size Out"); ok {
				sizes = append(sizes, v)
			}
			if v, ok := num(x, "Load"); ok {
				loads = append(loads, v)
			}
			if s, ok := str(x, "User Name"); ok {
				names[strings.ToLower(s)] = true
			}
		}
		var key, sum, avg, lo, hi, median any
		if k != "\xff" {
			key = k
		}
		if len(sizes) > 0 {
			sum, lo = total(sizes), slices.Min(sizes)
		}
		if len(loads) > 0 {
			avg, hi = total(loads)/float64(len(loads)), slices.Max(loads)
			slices.Sort(loads)
			at := float64(len(loads)-1) / 2
			median = (loads[int(math.Floor(at))] + loads[int(math.Ceil(at))]) / 2
		}
		want = append(want, []any{key, float64(len(groups[k])), sum, avg, float64(len(names)), lo, hi, median})
	}
	return want
}

func total(list []float64) (sum float64) {
	for _, v := range list {
		sum += v
	}
	return sum
}

func sorted(kept []rec) [][]any {
	list := slices.Clone(kept)
	slices.SortStableFunc(list, func(a, b rec) int {
		x, okx := num(a, "Load")
		y, oky := num(b, "Load")
		if okx != oky {
			return map[bool]int{true: -1, false: 1}[okx]
		}
		s, oks := str(a, "User Name")
		u, oku := str(b, "User Name")
		if d := cmp.Compare(y, x); d != 0 {
			return d
		}
		if oks != oku {
			return map[bool]int{true: -1, false: 1}[oks]
		}
		// Equal but for letter case: the spelling decides, then Time ascending.
		return cmp.Or(cmp.Compare(strings.ToLower(s), strings.ToLower(u)), cmp.Compare(s, u), cmp.Compare(b.ago, a.ago))
	})
	want := [][]any{}
	for _, x := range list {
		want = append(want, []any{testNow.Add(-time.Duration(x.ago) * time.Minute).Format(time.RFC3339)})
	}
	return want
}

// timeCounts counts by hour; testNow is a whole hour and the day has 24 of them.
func timeCounts(_ *rand.Rand, kept []rec) (string, [][]any) {
	counts := make([]float64, 24)
	for _, x := range kept {
		counts[23-(int(math.Ceil(x.ago/60))-1)]++
	}
	want := [][]any{}
	for h, n := range counts {
		want = append(want, []any{testNow.Add(time.Duration(h-24) * time.Hour).Format(time.RFC3339), n})
	}
	return " | timestats span = 1hour count", want
}
