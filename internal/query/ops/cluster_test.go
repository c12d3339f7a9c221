package ops_test

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/query/ops"
)

// message is a record of a test: what it says and which template it was made from.
type message struct {
	source, text string
	signature    string
	template     int
	bucket       int64
}

// templates are what planted messages are made from. %w is a word that varies
// and looks like any other, the rest are parameters as logs have them.
func templates() []string {
	return []string{
		"connection from %ip port %n accepted", "connection from %ip port %n closed by peer", "user %w logged in from %ip using password",
		"user %w logged out after %n seconds of being idle", "session %guid started for user %w on host %h", "job %n of queue %w finished in %n ms",
		"job %n of queue %w was cancelled by operator %w before start", "file %path written by process %n", "file %path removed by process %n during cleanup",
		"cache entry %hex evicted from region %w because memory is low", "GET %path HTTP/1.1 %n %n", "POST %path HTTP/1.1 %n %n by agent",
		"backup of database %w to %path started at %time", "%n blocks of database %w were verified without complaint", "listener %w is now accepting requests at port %n",
		"certificate of %h expires in %n days", "lookup of %h returned %n addresses", "thread pool %w grew from %n to %n threads",
		"configuration reloaded from %path", "integration %w activated by %mail", "integration %w deactivated by %mail", "integration %w updated by %mail version %n",
		"scheduled run %guid of integration %w began", "scheduled run %guid of integration %w ended with status %n", "heartbeat from node %h sequence %n",
		"disk %path is at %n percent", "mail to %mail queued as %hex", "token for client %guid refreshed until %time", "index %w rebuilt in %n seconds", "system time adjusted by %n milliseconds",
	}
}

// fill makes a message of a template.
func fill(r *rand.Rand, template string) string {
	words := []string{"alpha", "bravo", "carol", "delta", "eagle", "foxtrot", "golf", "hotel", "india", "julia"}
	hex := func(n int) string { return fmt.Sprintf("%0*x", n, r.Uint64()>>1|1<<62)[:n] }
	parts := strings.Fields(template)
	for i, p := range parts {
		switch p {
		case "%ip":
			p = fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256))
		case "%n":
			p = fmt.Sprint(r.IntN(100000))
		case "%w":
			p = words[r.IntN(len(words))]
		case "%h":
			p = fmt.Sprintf("node%d.example.com", r.IntN(50))
		case "%guid":
			p = hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12)
		case "%hex":
			p = "0x" + hex(12)
		case "%path":
			p = "/var/data/" + words[r.IntN(len(words))] + "/" + words[r.IntN(len(words))] + ".dat"
		case "%mail":
			p = words[r.IntN(len(words))] + "@example.com"
		case "%time":
			p = fmt.Sprintf("2026-03-%02dT%02d:%02d:00Z", 1+r.IntN(28), r.IntN(24), r.IntN(60))
		}
		parts[i] = p
	}
	return strings.Join(parts, " ")
}

func planted(r *rand.Rand, n int) []message {
	all := templates()
	mask := ops.Masker()
	out := make([]message, n)
	for i := range out {
		t := i % len(all)
		text := fill(r, all[t])
		out[i] = message{"Planted", text, mask(text), t, int64(r.IntN(10))}
	}
	return out
}

// key stands for a signature as the engine's digest does.
func key(seed maphash.Seed, source, signature string) int64 {
	return int64(maphash.String(seed, source+"\x00"+signature) >> 1)
}

// rows are the messages as the engine aggregates and orders them, by a plain
// implementation of the contract of ops.Clusters.
func rows(seed maphash.Seed, messages []message) ops.Source {
	type group struct {
		row []any
	}
	mask := ops.Masker()
	totals := map[int64]int64{}
	groups := map[[2]int64]*group{}
	for _, m := range messages {
		signature := m.signature
		if signature == "" {
			signature = mask(m.text)
		}
		k := key(seed, m.source, signature)
		at := [2]int64{k, m.bucket}
		if groups[at] == nil {
			groups[at] = &group{row: []any{k, m.source, signature, m.bucket, int64(0), m.text, nil, int64(0)}}
		}
		g := groups[at]
		g.row[4] = g.row[4].(int64) + 1
		g.row[5] = min(g.row[5].(string), m.text)
		totals[k]++
	}
	list := slices.Collect(maps.Values(groups))
	slices.SortFunc(list, func(a, b *group) int {
		ka, kb := a.row[0].(int64), b.row[0].(int64)
		if d := totals[kb] - totals[ka]; d != 0 {
			return int(d)
		}
		if c := strings.Compare(a.row[1].(string)+"\x00"+a.row[2].(string), b.row[1].(string)+"\x00"+b.row[2].(string)); c != 0 {
			return c
		}
		return int(a.row[3].(int64) - b.row[3].(int64))
	})
	return func(yield func([]any) error) error {
		for _, g := range list {
			if err := yield(g.row); err != nil {
				return err
			}
		}
		return nil
	}
}

func run(t testing.TB, f ops.Func, in ops.Source) [][]any {
	t.Helper()
	var out [][]any
	if partial, err := f(context.Background(), in, func(row []any) error { out = append(out, row); return nil }); err != nil || partial != "" {
		t.Fatal(partial, err)
	}
	return out
}

// Messages made from 30 templates form 30 clusters, each of one template, and
// they are the same whatever the order of the messages.
func TestClustersAreTheTemplates(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	seed := maphash.MakeSeed()
	n := 50_000
	if testing.Short() {
		n = 6_000 // two hundred of each template
	}
	messages := planted(r, n)
	o := ops.Clusters{Similarity: ops.DefaultSimilarity, Buckets: 10, Collection: "c"}
	var first [][]any
	for range 3 {
		r.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
		got := run(t, o.Run, rows(seed, messages))
		if first == nil {
			first = got
		} else if fmt.Sprint(first) != fmt.Sprint(got) {
			t.Fatal("another order of the messages yields other clusters")
		}
	}
	assigned := map[int64]string{}
	for _, row := range run(t, o.Assign, rows(seed, messages)) {
		assigned[row[0].(int64)] = row[1].(string)
	}
	clusterOf, templateOf, counts := map[int]string{}, map[string]int{}, map[string]int64{}
	for _, m := range messages {
		id := assigned[key(seed, m.source, m.signature)]
		if other, ok := clusterOf[m.template]; ok && other != id {
			t.Fatalf("template %q is split: %q", templates()[m.template], m.text)
		}
		if other, ok := templateOf[id]; ok && other != m.template {
			t.Fatalf("templates %q and %q share a cluster", templates()[m.template], templates()[other])
		}
		clusterOf[m.template], templateOf[id] = id, m.template
		counts[id]++
	}
	if len(first) != len(templates()) {
		t.Fatalf("%d clusters, want %d", len(first), len(templates()))
	}
	for _, row := range first {
		sum := int64(0)
		for _, n := range row[7].([]any) {
			sum += n.(int64)
		}
		if n := counts[row[1].(string)]; row[3] != n || sum != n {
			t.Errorf("cluster %v counts %v and a trend of %d, want %d", row[4], row[3], sum, n)
		}
	}
}

// A rare message that names a problem comes first, even if it is like a
// frequent one in all other words; rare ones come before frequent ones.
func TestRareProblemComesFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	messages := planted(r, 3000)
	messages = append(messages,
		message{source: "Planted", text: "scheduled run 00aa11bb of integration alpha failed with status 500"},
		message{source: "Planted", text: "no errors were found by the nightly check of volumes"},
		message{source: "Planted", text: "volume snapshot policy changed"})
	got := run(t, ops.Clusters{Similarity: ops.DefaultSimilarity, Buckets: 10}.Run, rows(maphash.MakeSeed(), messages))
	if len(got) != len(templates())+3 {
		t.Fatalf("%d clusters", len(got))
	}
	if sample := got[0][4]; sample != "scheduled run 00aa11bb of integration alpha failed with status 500" || got[0][9] != "1" || got[0][3] != int64(1) {
		t.Fatalf("first is %v", got[0])
	}
	for i, row := range got[1:] {
		if row[9] != "0" {
			t.Errorf("%v is said to be a problem", row[4])
		}
		if row[3].(int64) < got[max(1, i)][3].(int64) {
			t.Errorf("%v comes after a more frequent one", row[4])
		}
	}
}

// Ten words with three that differ form a cluster at 0.67, with four they do not;
// at 1 every signature is one of its own.
func TestSimilarity(t *testing.T) {
	text := func(words ...string) message {
		return message{source: "S", text: "one two three four five six " + strings.Join(words, " ")}
	}
	for _, c := range []struct {
		similarity float64
		messages   []message
		want       int
	}{
		{0.67, []message{text("a", "b", "c", "d"), text("x", "y", "z", "d")}, 1},
		{0.67, []message{text("a", "b", "c", "d"), text("w", "x", "y", "z")}, 2},
		{0.6, []message{text("a", "b", "c", "d"), text("w", "x", "y", "z")}, 1},
		{1, []message{text("a", "b", "c", "d"), text("a", "b", "c", "e")}, 2},
		{1, []message{text("a", "b", "c", "1"), text("a", "b", "c", "2")}, 1},
		{0.1, []message{text("a", "b", "c", "d"), text("a", "b", "c")}, 2},
		{0.67, []message{text("a", "b", "c", "d"), {source: "T", text: text("a", "b", "c", "d").text}}, 2},
	} {
		if got := run(t, ops.Clusters{Similarity: c.similarity, Buckets: 1}.Run, rows(maphash.MakeSeed(), c.messages)); len(got) != c.want {
			t.Errorf("at %v %d clusters of %v, want %d", c.similarity, len(got), c.messages, c.want)
		}
	}
}

func TestMask(t *testing.T) {
	mask := ops.Masker()
	for text, want := range map[string]string{
		"":                                     "",
		"plain words stay":                     "plain words stay",
		"took 12.5 ms, 3rd try":                "took * ms, * try",
		"from 10.0.0.1:443 and fe80::1%eth0":   "from * and *",
		"at 2026-03-10T12:00:00.123Z [main]":   "at * [main]",
		"id=3f2504e0-4f89-11d3-9a0c-0305e82c3": "id=*",
		"dump deadbeef of 0xFF":                "dump * of *",
		"read /var/log/messages and/or not":    "read * and/or not",
		"see https://example.com/a?b=c now":    "see * now",
		"mail bob@example.com":                 "mail *",
		`it's "a b" and 'c d' too`:             "it's * and * too",
		"user:bob7 key=v9,x":                   "user:* key=*,x",
		`{"level":"ERROR","n":12,"m":"disk \"a\" full","t":{"z":["x",null]}}`: `    ERROR  *  disk \ a\  full   x null `,
	} {
		if got := mask(text); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	long := strings.Repeat("é", ops.MaskLength+5)
	if got := mask(long); got != long[:2*ops.MaskLength] {
		t.Errorf("a long text became %d bytes", len(got))
	}
}

// An operator stops when the query is given up, and passes on what its input says.
func TestClustersStop(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	endless := func(yield func([]any) error) error {
		for i := int64(0); ; i++ {
			if err := yield([]any{i, "S", fmt.Sprint("a ", i), int64(0), int64(1), "x", nil, int64(0)}); err != nil {
				return err
			}
		}
	}
	nothing := func([]any) error { return nil }
	if _, err := (ops.Clusters{Buckets: 1}).Run(ctx, endless, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	broken := errors.New("broken")
	if _, err := (ops.Clusters{}).Run(context.Background(), func(func([]any) error) error { return broken }, nothing); !errors.Is(err, broken) {
		t.Errorf("broken input: %v", err)
	}
}

// Words without end are no reason to keep them all: the rest is left out, and said so.
func TestClustersAreBounded(t *testing.T) {
	in := func(yield func([]any) error) error {
		for i := range int64(60_000) {
			word := strings.Map(func(r rune) rune { return 'g' + (r - '0') }, fmt.Sprint(i))
			if err := yield([]any{i, "S", word, int64(0), int64(1), word, nil, int64(0)}); err != nil {
				return err
			}
		}
		return nil
	}
	n := 0
	partial, err := ops.Clusters{Similarity: 0.67, Buckets: 1}.Run(context.Background(), in, func([]any) error { n++; return nil })
	if err != nil || n != 50_000 || !strings.Contains(partial, "more clusters than") {
		t.Fatalf("%d clusters, %q, %v", n, partial, err)
	}
}
