package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

const (
	ana = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	bo  = "00000000000000000000000000000b0b"
	oac = "OCI Analytics Cloud Audit Logs"
)

// domain is an identity domain that counts what it is asked.
type domain struct {
	mu    sync.Mutex
	users map[string]string
	down  bool
	asked []string
	lists int
}

func (d *domain) Person(_ context.Context, id string) (connect.Person, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, id)
	if d.down {
		return connect.Person{}, false, errors.New("down")
	}
	name, ok := d.users[id]
	return connect.Person{ID: id, Name: name, Active: true}, ok, nil
}

func (d *domain) Persons(_ context.Context, visit func([]connect.Person) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lists++
	if d.down {
		return errors.New("down")
	}
	for id, name := range d.users {
		if err := visit([]connect.Person{{ID: id, Name: name, Active: true}}); err != nil {
			return err
		}
	}
	return nil
}

type rig struct {
	*Directory
	t      *testing.T
	cat    *catalog.Catalog
	domain *domain
	now    time.Time
	stored []string
}

func newRig(t *testing.T, users map[string]string) *rig {
	t.Helper()
	r := &rig{t: t, domain: &domain{users: users}, now: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if r.cat, err = catalog.Open(t.Context(), t.TempDir(), catalog.Seeds{}, catalog.Options{Clock: r.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cat.Close() })
	domains := map[string]Domain{}
	if users != nil {
		domains["identity"] = r.domain
	}
	r.Directory = r.open(domains)
	return r
}

func (r *rig) clock() time.Time { return r.now }

func (r *rig) open(domains map[string]Domain) *Directory {
	r.t.Helper()
	d, err := Open(r.t.Context(), r.cat, domains, Options{Clock: r.clock, Named: []string{oac},
		Stored: func(context.Context) ([]string, error) { return r.stored, nil }})
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// named enriches an entry of a user id and returns its User Name and User ID.
func named(d *Directory, source, id string, at time.Time, more ...record.Cell) (name, kept string) {
	e := record.Entry{Time: at.UnixMilli(), Origin: &record.Origin{Source: source}, Cells: more}
	if id != "" {
		e.Cells = append(e.Cells, record.Cell{Field: fieldUserID, Value: record.Text(id)})
	}
	d.Enrich(&e)
	for _, c := range e.Cells {
		switch c.Field {
		case fieldUserName:
			name += c.Value.Str
		case fieldUserID:
			kept = c.Value.Str
		}
	}
	return name, kept
}

func TestGUID(t *testing.T) {
	for in, want := range map[string]string{
		ana: ana, strings.ToUpper(ana): ana, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0": ana,
		"aa11bb22cc33dd44ee55ff66gg77hh88": "aa11bb22cc33dd44ee55ff66gg77hh88", // Oracle's sample
		"":                                 "", "ana@example.com": "", ana[:31]: "", ana + "0": "", "0f1e2d3c4b5a6978_8796a5b4c3d2e1f": "", strings.Repeat("g", 32): "",
		"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f": "", "0f1e2d3c44b5a-6978-8796-a5b4c3d2e1f0": "",
	} {
		if got, ok := GUID(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}

// The setting of OAC may change in mid-stream: each record is judged by itself.
func TestBothSettingsAreNamed(t *testing.T) {
	r := newRig(t, map[string]string{ana: "ana@example.com"})
	if _, err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, tc := range []struct{ source, id, want string }{
			{oac, ana, "ana@example.com"}, {oac, strings.ToUpper(ana), "ana@example.com"}, {oac, "cy@example.com", "cy@example.com"},
			{oac, "", ""}, {oac, bo, ""}, {"Linux Syslog Logs", "1000", ""}, {"Linux Syslog Logs", ana, "ana@example.com"},
		} {
			name, kept := named(r.Directory, tc.source, tc.id, r.now)
			if name != tc.want || kept != tc.id {
				t.Errorf("%s %q: name %q, id %q; want %q and the id as it came", tc.source, tc.id, name, kept, tc.want)
			}
		}
	}
	if name, _ := named(r.Directory, oac, ana, r.now, record.Cell{Field: fieldUserName, Value: record.Text("as it came")}); name != "as it came" {
		t.Errorf("the record's own name became %q", name)
	}
}

// Without a connection and without a file, records are as they came.
func TestOffWithoutAConnection(t *testing.T) {
	r := newRig(t, nil)
	for _, id := range []string{ana, "cy@example.com"} {
		if name, _ := named(r.Directory, oac, id, r.now); name != "" {
			t.Errorf("%q was named %q", id, name)
		}
	}
	r.Run(t.Context()) // returns
	if _, err := r.Refresh(t.Context()); !errors.Is(err, ErrNoDomain) {
		t.Error(err)
	}
	if _, err := r.Backfill(t.Context()); !errors.Is(err, ErrNoDomain) {
		t.Error(err)
	}
}

// A name holds from when it was learned; the first one also for the time before.
func TestNameOfTheTime(t *testing.T) {
	r := newRig(t, map[string]string{ana: "ana.a"})
	start := r.now
	for _, name := range []string{"ana.a", "ana.b", "ana.c"} {
		r.domain.users[ana] = name
		if _, err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.now = r.now.Add(24 * time.Hour)
	}
	for _, d := range []*Directory{r.Directory, r.open(nil)} { // also as read again from disk
		for at, want := range map[time.Duration]string{-1000 * time.Hour: "ana.a", time.Hour: "ana.a", 24 * time.Hour: "ana.b", 47 * time.Hour: "ana.b", 1000 * time.Hour: "ana.c"} {
			if name, _ := named(d, oac, ana, start.Add(at)); name != want {
				t.Errorf("after %v: %q, want %q", at, name, want)
			}
		}
	}
}

// Ingest asks nobody; what it met is looked up beside it, once, and who is
// nobody is not asked for again for hours.
func TestUnknownIsLookedUpInTheBackground(t *testing.T) {
	r := newRig(t, map[string]string{ana: "ana@example.com"})
	for range 1000 {
		named(r.Directory, oac, ana, r.now)
		named(r.Directory, oac, bo, r.now)
	}
	if len(r.domain.asked) != 0 {
		t.Fatalf("ingest asked for %v", r.domain.asked)
	}
	report, err := r.LookUp(t.Context())
	if err != nil || report != (Report{Seen: 2, Changed: 1, Absent: 1}) {
		t.Errorf("%+v %v", report, err)
	}
	if name, _ := named(r.Directory, oac, ana, r.now); name != "ana@example.com" {
		t.Errorf("after the look-up: %q", name)
	}
	for _, d := range []*Directory{r.Directory, r.open(map[string]Domain{"identity": r.domain})} {
		named(d, oac, bo, r.now.Add(absentLasts-time.Second))
		if report, err := d.LookUp(t.Context()); err != nil || report.Seen != 0 {
			t.Errorf("who is nobody was asked for again: %+v %v", report, err)
		}
	}
	r.now = r.now.Add(absentLasts)
	r.domain.users[bo] = "bo@example.com"
	named(r.Directory, oac, bo, r.now)
	if report, err := r.LookUp(t.Context()); err != nil || report.Changed != 1 {
		t.Errorf("after the memory of nobody ran out: %+v %v", report, err)
	}
	l, table, err := r.cat.LookupTable(t.Context(), catalog.PeopleLookup)
	if err != nil || l.Rows != 2 || table.Rows[0][1] != "bo@example.com" {
		t.Errorf("%+v %v", table, err)
	}
}

// A domain that is down forgets nothing: what is wanted stays wanted, and nobody
// is taken for absent.
func TestDomainThatIsDown(t *testing.T) {
	r := newRig(t, map[string]string{ana: "ana@example.com"})
	r.domain.down = true
	named(r.Directory, oac, ana, r.now)
	if _, err := r.LookUp(t.Context()); err == nil {
		t.Error("no error")
	}
	if _, err := r.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	r.domain.down = false
	if report, err := r.LookUp(t.Context()); err != nil || report.Changed != 1 {
		t.Errorf("%+v %v", report, err)
	}
}

// What waits is bounded, and back-fill finds the rest in the store.
func TestBackfillAsksForStoredIDs(t *testing.T) {
	r := newRig(t, map[string]string{ana: "ana@example.com"})
	for i := range mostWanted + 100 {
		named(r.Directory, oac, fmt.Sprintf("%032x", i+1), r.now)
	}
	if n := len(r.wanted); n != mostWanted {
		t.Errorf("%d wait", n)
	}
	r = newRig(t, map[string]string{ana: "ana@example.com"})
	r.stored = []string{ana, strings.ToUpper(ana), bo, "cy@example.com"}
	report, err := r.Backfill(t.Context())
	if err != nil || report != (Report{Seen: 2, Changed: 1, Absent: 1}) {
		t.Errorf("%+v %v", report, err)
	}
	if report, err := r.Backfill(t.Context()); err != nil || report != (Report{Seen: 2, Absent: 1}) {
		t.Errorf("the second time: %+v %v", report, err)
	}
}

func TestImport(t *testing.T) {
	r := newRig(t, nil)
	report, err := r.Import(t.Context(), []byte("\uFEFFUser ID,User Name,Display Name,Active\n"+strings.ToUpper(ana)+",ana@example.com,\"Example, Ana\",TRUE\n"+bo+",bo@example.com,,false\n"))
	if err != nil || report != (Report{Seen: 2, Changed: 2}) {
		t.Fatalf("%+v %v", report, err)
	}
	if name, _ := named(r.Directory, oac, ana, r.now); name != "ana@example.com" {
		t.Errorf("%q", name)
	}
	if name, _ := named(r.Directory, oac, "cy@example.com", r.now); name != "cy@example.com" {
		t.Errorf("a file switches naming on, yet a name became %q", name)
	}
	list := r.List()
	if len(list) != 2 || list[0].Display != "Example, Ana" || list[1].Active || list[0].Origin != catalog.OriginFile {
		t.Errorf("%+v", list)
	}
	for _, bad := range []string{"", "who,what\n1,2\n", "id,name\nocid1.user.oc1..x,ana\n", "id,name\n" + ana + ",\n", "id,name,active\n" + ana + ",ana,perhaps\n", "id\n" + ana + "\n"} {
		if _, err := r.Import(t.Context(), []byte(bad)); !errors.Is(err, catalog.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The background lists everybody at its start and ends with its context.
func TestRun(t *testing.T) {
	r := newRig(t, map[string]string{ana: "ana@example.com"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	deadline := time.After(10 * time.Second)
	for len(r.List()) == 0 {
		select {
		case <-deadline:
			t.Fatal("nobody was listed")
		default:
			named(r.Directory, oac, bo, r.now)
		}
	}
	cancel()
	<-done
}
