package api

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"ledgerline/internal/catalog"
)

// attack is a request that must be refused. Its name says what it tries.
type attack struct {
	name         string
	method, path string
	body         string
	header       http.Header // beside those of a browser session of an administrator
	status       int
	code         string
}

// The attacks that issue 5 names, each word of it a table: each is refused with its
// status and code, noted in one line of the log under its request id, and leaves
// nothing behind. Those below HTTP are in accessattackraw_test.go.
func TestAttacks(t *testing.T) {
	for kind, list := range map[string][]attack{
		"zip slip":            zipSlips(t),
		"zip bomb":            zipBombs(t),
		"nested archive":      nestedArchives(t),
		"odd archive":         oddArchives(t),
		"XML entity":          xmlEntities(t),
		"path traversal":      pathTraversals(),
		"duplicate parameter": duplicates(),
		"unicode in a name":   unicodeNames(),
		"injection by a name": injections(),
		"shape of a body":     bodies(),
	} {
		t.Run(kind, func(t *testing.T) { refuseAll(t, list) })
	}
	t.Run("forgery of the audit", func(t *testing.T) { refuseAll(t, forgeries(), func(o *Options) { o.Audit = true }) })
}

// refuseAll makes attacks on a server of their own.
func refuseAll(t *testing.T, list []attack, change ...func(*Options)) {
	notes := &notes{lines: map[string][]string{}}
	g := newRig(t, append(change, func(o *Options) { o.Logger, o.LogGroup = slog.New(notes), groupID })...)
	g.user("chief", catalog.Administrators)
	b := g.browser()
	if code := b.logIn("chief", password); code != 200 {
		t.Fatalf("login: %d", code)
	}
	before := g.kept()
	for i, a := range list {
		id := fmt.Sprintf("attack-%d", i)
		b.header = http.Header{"Opc-Request-Id": {id}, "Opc-Meta-Loggrpid": {groupID}}
		maps.Copy(b.header, a.header)
		status, m := b.call(a.method, a.path, a.body)
		if status != a.status || m["code"] != a.code {
			t.Errorf("%s: %d %v, want %d %s", a.name, status, m, a.status, a.code)
		}
		text, _ := m["message"].(string)
		for _, leak := range []string{"SQL", "sqlite", "root:", "\r", "\x00", "\u202e", "\u200b", "goroutine"} {
			if strings.Contains(text, leak) {
				t.Errorf("%s: the answer holds %q: %q", a.name, leak, text)
			}
		}
		if lines := notes.of(id); len(lines) != 1 {
			t.Errorf("%s: %d lines in the log: %q", a.name, len(lines), lines)
		}
	}
	if after := g.kept(); after != before {
		t.Errorf("something was left behind:\nbefore %s\nafter  %s", before, after)
	}
}

// kept sums up what a server of the tests keeps.
func (g *rig) kept() string {
	g.t.Helper()
	ctx, page := g.t.Context(), catalog.Page{}
	must := func(err error) {
		if err != nil {
			g.t.Fatal(err)
		}
	}
	groups, _, err := g.cat.LogGroups(ctx, catalog.LogGroupFilter{}, page)
	must(err)
	lookups, _, err := g.cat.Lookups(ctx, catalog.LookupFilter{}, page)
	must(err)
	searches, _, err := g.cat.SavedSearches(ctx, page)
	must(err)
	uploads, _, _, err := g.cat.Uploads(ctx, catalog.UploadFilter{}, page)
	must(err)
	var users, items []string
	keys, staged := 0, 0
	for _, u := range g.received() {
		if u.User != localUser { // as the notes of the service itself are
			staged++
		}
	}
	for _, u := range g.cat.Users() {
		users, keys = append(users, u.Name), keys+len(g.cat.Keys(u.ID))
	}
	for _, kind := range []catalog.ItemKind{catalog.Dashboard, catalog.DashboardSearch, catalog.Entity, catalog.EntityType, catalog.ScheduledTask, catalog.StorageWork, catalog.Association} {
		list, err := g.server.allItems(ctx, kind, "")
		must(err)
		for _, v := range list {
			if !v.BuiltIn {
				items = append(items, string(kind)+" "+v.Name)
			}
		}
	}
	return fmt.Sprintf("%d log groups, %d lookups, %d searches, %d uploads, users %q, %d keys, %d policies, items %q, content %d, %d staged, %d purges, %d bytes in flight",
		len(groups), len(lookups), len(searches), len(uploads), users, keys, len(g.cat.Policies()), items, g.lib.Version(), staged, len(g.store.purged),
		g.server.limits.InFlight-g.server.inFlight.Left())
}

// notes is a log that keeps the lines from INFO on, by the client's part of the
// request id and by the address of the connection.
type notes struct {
	mu    sync.Mutex
	lines map[string][]string
	all   *notes      // that this one adds attributes for; nil: itself
	attrs []slog.Attr // added
}

func (n *notes) of(about string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines[about])
}

func (n *notes) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (n *notes) WithGroup(string) slog.Handler { return n }

func (n *notes) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := &notes{all: n.all, attrs: slices.Concat(n.attrs, attrs)}
	if out.all == nil {
		out.all = n
	}
	return out
}

func (n *notes) Handle(_ context.Context, r slog.Record) error {
	about, remote, text := "", "", r.Level.String()+" "+r.Message
	look := func(a slog.Attr) bool {
		switch a.Key {
		case "opc_request_id":
			about, _, _ = strings.Cut(a.Value.String(), "/")
		case "remote":
			remote = a.Value.String()
		}
		text += " " + a.String()
		return true
	}
	for _, a := range n.attrs {
		look(a)
	}
	r.Attrs(look)
	to := n
	if n.all != nil {
		to = n.all
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.lines[about], to.lines[remote] = append(to.lines[about], text), append(to.lines[remote], text)
	return nil
}
