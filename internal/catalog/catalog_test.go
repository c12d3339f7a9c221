package catalog

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const tenancy = "ocid1.tenancy.oc1..t"

// fakeClock is a clock that tests move.
type fakeClock struct{ ms atomic.Int64 }

func (c *fakeClock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *fakeClock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func newClock() *fakeClock {
	c := &fakeClock{}
	c.ms.Store(time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func open(t testing.TB, dir string, clock *fakeClock, seeds Seeds) *Catalog {
	t.Helper()
	seeds.Tenancy = tenancy
	c, err := Open(context.Background(), dir, seeds, Options{Clock: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestFindKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, t.TempDir(), newClock(), Seeds{Keys: []Key{{User: "ocid1.user.oc1..u", Fingerprint: "AA:bb", Public: &key.PublicKey}}})
	got, user, err := c.FindKey(context.Background(), tenancy+"/ocid1.user.oc1..u/aa:bb")
	if err != nil || user != "ocid1.user.oc1..u" || !got.Equal(&key.PublicKey) {
		t.Errorf("got %v, %s, %v", got, user, err)
	}
	for _, id := range []string{"", "aa:bb", "x/ocid1.user.oc1..u/aa:bb", tenancy + "/ocid1.user.oc1..u/aa:bc", tenancy + "/ocid1.user.oc1..v/aa:bb"} {
		if _, _, err := c.FindKey(context.Background(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestSeedsAreRefused(t *testing.T) {
	_, err := Open(context.Background(), t.TempDir(), Seeds{Keys: []Key{{User: "u", Fingerprint: "aa"}, {User: "v", Fingerprint: "bb"}}}, Options{})
	if err == nil || !strings.Contains(err.Error(), "aa") || !strings.Contains(err.Error(), "bb") {
		t.Errorf("both problems are to be told: %v", err)
	}
}

func TestSeededLogGroups(t *testing.T) {
	ctx, dir, clock := context.Background(), t.TempDir(), newClock()
	names := func(c *Catalog) map[string]string {
		groups, _, err := c.LogGroups(ctx, LogGroupFilter{}, Page{})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, g := range groups {
			out[g.ID] = fmt.Sprint(g.Name, " ", g.Seeded)
		}
		return out
	}

	c := open(t, dir, clock, Seeds{})
	made := names(c)
	if len(made) != 1 {
		t.Fatalf("a first start without groups makes one: %v", made)
	}
	c.Close()
	c = open(t, dir, clock, Seeds{})
	if again := names(c); !reflect.DeepEqual(again, made) {
		t.Errorf("a second start makes no other: %v, before %v", again, made)
	}
	c.Close()

	c = open(t, dir, clock, Seeds{LogGroups: []SeedGroup{{"g1", "One"}, {"g2", "Two"}}})
	for id, want := range map[string]string{"g1": "One true", "g2": "Two true"} {
		if got := names(c)[id]; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	name := "Other"
	if _, err := c.UpdateLogGroup(ctx, "g1", "", LogGroupChange{Name: &name}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("update of a seed: %v", err)
	}
	if err := c.DeleteLogGroup(ctx, "g1", ""); !errors.Is(err, ErrReadOnly) {
		t.Errorf("delete of a seed: %v", err)
	}
	before, _ := c.LogGroup(ctx, "g1")
	c.Close()

	clock.advance(time.Hour)
	c = open(t, dir, clock, Seeds{LogGroups: []SeedGroup{{"g1", "First"}}})
	if got := names(c); got["g1"] != "First true" || got["g2"] != "Two false" {
		t.Errorf("renamed and dropped seeds: %v", got)
	}
	if g, err := c.LogGroup(ctx, "g1"); err != nil || g.Etag == before.Etag || !g.Updated.Equal(clock.now()) || !g.Created.Equal(before.Created) {
		t.Errorf("renamed: %+v, before %+v, %v", g, before, err)
	}
}

func TestLogGroupLifeCycle(t *testing.T) {
	ctx, dir, clock := context.Background(), t.TempDir(), newClock()
	c := open(t, dir, clock, Seeds{LogGroups: []SeedGroup{{"seed", "Seed"}}})
	g, err := c.CreateLogGroup(ctx, LogGroup{Name: "A group_1-x", Compartment: tenancy, Description: "d", Freeform: map[string]string{"a": "ü"},
		Defined: map[string]map[string]any{"n": {"k": "v"}}}, Retry{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(g.ID, "ocid1.loganalyticsloggroup.oc1..") || len(g.ID) != len("ocid1.loganalyticsloggroup.oc1..")+60 {
		t.Errorf("id %s", g.ID)
	}
	c.Close()
	c = open(t, dir, clock, Seeds{LogGroups: []SeedGroup{{"seed", "Seed"}}})
	if got, err := c.LogGroup(ctx, g.ID); err != nil || !reflect.DeepEqual(got, g) {
		t.Errorf("read %+v, %v; created %+v", got, err, g)
	}

	clock.advance(time.Second)
	name := "B"
	u, err := c.UpdateLogGroup(ctx, g.ID, g.Etag, LogGroupChange{Name: &name})
	if err != nil || u.Name != "B" || u.Description != "d" || u.Freeform["a"] != "ü" || u.Etag == g.Etag || !u.Updated.Equal(clock.now()) {
		t.Errorf("updated %+v, %v", u, err)
	}
	if _, err := c.UpdateLogGroup(ctx, g.ID, g.Etag, LogGroupChange{Name: &name}); !errors.Is(err, ErrEtag) {
		t.Errorf("stale etag: %v", err)
	}
	if err := c.DeleteLogGroup(ctx, g.ID, g.Etag); !errors.Is(err, ErrEtag) {
		t.Errorf("delete with a stale etag: %v", err)
	}
	file := File{Reference: "f", UploadName: "u", LogGroup: g.ID, Received: clock.now()}
	if err := c.AddFile(ctx, file); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteLogGroup(ctx, g.ID, ""); !errors.Is(err, ErrInUse) {
		t.Errorf("delete with an upload under way: %v", err)
	}
	if err := c.FinishFiles(ctx, []Finished{{File: file}}); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteLogGroup(ctx, g.ID, u.Etag); err != nil {
		t.Error(err)
	}
	if _, err := c.LogGroup(ctx, g.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	for _, bad := range []string{"", " x", "x ", "_x", "a/b", "a\nb", "ä", strings.Repeat("x", 256)} {
		if _, err := c.CreateLogGroup(ctx, LogGroup{Name: bad}, Retry{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("name %q: %v", bad, err)
		}
	}
}

func TestRetryTokens(t *testing.T) {
	ctx, clock := context.Background(), newClock()
	c := open(t, t.TempDir(), clock, Seeds{LogGroups: []SeedGroup{{"seed", "Seed"}}})
	retry := Retry{Scope: "u/create", Token: "t", Payload: [32]byte{1}}

	// The same request, twenty times at once, makes one group.
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			g, err := c.CreateLogGroup(ctx, LogGroup{Name: "A"}, retry)
			if err != nil {
				t.Error(err)
			}
			ids[i] = g.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("ids %v", ids)
		}
	}
	if groups, _, _ := c.LogGroups(ctx, LogGroupFilter{Name: "a"}, Page{}); len(groups) != 1 {
		t.Errorf("%d groups", len(groups))
	}
	other := retry
	other.Payload = [32]byte{2}
	if _, err := c.CreateLogGroup(ctx, LogGroup{Name: "B"}, other); !errors.Is(err, ErrTokenReused) {
		t.Errorf("other payload: %v", err)
	}
	other.Scope = "v/create"
	if g, err := c.CreateLogGroup(ctx, LogGroup{Name: "B"}, other); err != nil || g.ID == ids[0] {
		t.Errorf("other scope: %v, %v", g, err)
	}

	if err := c.Remember(ctx, Retry{Scope: "s", Token: "x"}, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := c.Remember(ctx, Retry{Scope: "s", Token: "x"}, []byte("second")); err != nil {
		t.Fatal(err)
	}
	clock.advance(TokenLife - time.Millisecond)
	if got, ok, err := c.Remembered(ctx, Retry{Scope: "s", Token: "x"}); err != nil || !ok || string(got) != "first" {
		t.Errorf("within 24 hours: %s, %v, %v", got, ok, err)
	}
	clock.advance(time.Millisecond)
	if _, ok, err := c.Remembered(ctx, Retry{Scope: "s", Token: "x"}); ok || err != nil {
		t.Errorf("after 24 hours: %v, %v", ok, err)
	}
}

func TestDocuments(t *testing.T) {
	ctx, dir, clock := context.Background(), t.TempDir(), newClock()
	c := open(t, dir, clock, Seeds{})
	first := clock.now()
	doc := func(kind, name, text string) Document {
		return Document{Kind: kind, Name: name, JSON: []byte(text), Updated: first.Add(time.Duration(text[0]-'0') * time.Hour).UTC()}
	}
	if err := c.SaveContent(ctx, []Document{doc("source", "a", "1"), doc("parser", "a", "2"), doc("field", "b", "3")}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.SaveContent(ctx, []Document{doc("source", "a", "4")}, []DocumentKey{{"field", "b"}, {"label", "none"}}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	clock.advance(24 * time.Hour)
	c = open(t, dir, clock, Seeds{})
	got, err := c.LoadContent(ctx)
	if !c.FirstStart().Equal(first) {
		t.Errorf("first start %v, want %v", c.FirstStart(), first)
	}
	want := []Document{doc("parser", "a", "2"), doc("source", "a", "4")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %v, %v", got, err)
	}
}

// A job that fails leaves no trace, and those that share its transaction are kept.
func TestFailingJobAlone(t *testing.T) {
	ctx := context.Background()
	c := open(t, t.TempDir(), newClock(), Seeds{})
	boom := errors.New("boom")
	hold, entered := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = c.writer.do(ctx, false, func(*tx) error { close(entered); <-hold; return nil })
	})
	<-entered
	results := make([]error, 30)
	for i := range results {
		wg.Go(func() {
			results[i] = c.writer.do(ctx, i%2 == 0, func(tx *tx) error {
				if _, err := tx.exec("INSERT INTO documents VALUES ('k', ?, x'', 0)", fmt.Sprint(i)); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return boom
				case 2:
					panic("bang")
				}
				return nil
			})
		})
	}
	close(hold)
	wg.Wait()
	docs, err := c.LoadContent(ctx)
	if err != nil || len(docs) != 10 {
		t.Errorf("%d documents, %v; every third of 30 must be there", len(docs), err)
	}
	for i, err := range results {
		if (err == nil) != (i%3 == 0) {
			t.Errorf("job %d: %v", i, err)
		}
	}
}

func TestClosed(t *testing.T) {
	c := open(t, t.TempDir(), newClock(), Seeds{})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.SaveContent(context.Background(), nil, nil); err == nil {
		t.Error("a write after Close succeeded")
	}
}

// Users of the configuration are administrators, unless it puts them into groups.
func TestGroupsOfSeededUsers(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, t.TempDir(), newClock(), Seeds{Groups: map[string][]string{"ocid1.user.oc1..b": {"Auditors"}, "ocid1.user.oc1..c": {}},
		Keys: []Key{{User: "ocid1.user.oc1..a", Fingerprint: "aa", Public: &key.PublicKey}, {User: "ocid1.user.oc1..b", Fingerprint: "aa", Public: &key.PublicKey},
			{User: "ocid1.user.oc1..c", Fingerprint: "aa", Public: &key.PublicKey}}})
	for id, want := range map[string][]string{"ocid1.user.oc1..a": {Administrators}, "ocid1.user.oc1..b": {"Auditors"}, "ocid1.user.oc1..c": {}} {
		u, err := c.User(id)
		if err != nil || !slices.Equal(u.Groups, want) || u.In(Administrators) != slices.Contains(want, Administrators) {
			t.Errorf("%s: %v, %v; want %v", id, u.Groups, err, want)
		}
	}
}
