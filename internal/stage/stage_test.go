package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func openAt(t testing.TB, dir string, opts Options) *Stage {
	t.Helper()
	if opts.Clock == nil {
		opts.Clock = func() time.Time { return noon }
	}
	if opts.SealAfter == 0 {
		opts.SealAfter = time.Hour
	}
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// item n happened n seconds after noon.
func item(n, count int) record.Counted {
	raw := fmt.Sprintf(`{"n":%d}`, n)
	return record.Counted{Count: count, Item: record.Item{ID: record.Identify(raw), Time: noon.Add(time.Duration(n) * time.Second), Raw: []byte(raw)}}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tally counts each item's text over the files and checks the ledger.
func tally(t testing.TB, s *Stage, integration string) map[string]int {
	t.Helper()
	report := verified(t)(s.Verify(context.Background()))
	if !report.OK() {
		t.Fatalf("verify: %v", report.Problems)
	}
	got := map[string]int{}
	files := fileList(s, integration)
	for _, f := range files {
		body, err := s.ReadVerified(f)
		check(t, err)
		var env struct{ Items []json.RawMessage }
		check(t, json.Unmarshal(body, &env))
		for _, it := range env.Items {
			got[string(it)]++
		}
	}
	return got
}

func verified(t testing.TB) func(*VerifyReport, error) *VerifyReport {
	return func(r *VerifyReport, err error) *VerifyReport {
		t.Helper()
		check(t, err)
		return r
	}
}

func fileList(s *Stage, integration string) []File {
	files, err := s.Files(context.Background(), integration, 0, 1<<20)
	if err != nil {
		panic(err)
	}
	return files
}

func TestAddStagesOnlyTheIncrease(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, t.TempDir(), Options{})
	for i, step := range []struct{ n, count, added int }{
		{1, 1, 1}, {1, 1, 0}, {1, 3, 2}, {1, 2, 0}, {2, 2, 2},
	} {
		added, err := s.Add(ctx, "oic", []record.Counted{item(step.n, step.count)})
		check(t, err)
		if added != step.added {
			t.Errorf("step %d: added %d, want %d", i, added, step.added)
		}
	}
	// Another integration has its own identities.
	if added := addOne(s, "other", item(1, 1)); added != 1 {
		t.Errorf("added %d to another integration, want 1", added)
	}
	if n, err := s.Pending(ctx, "oic"); err != nil || n != 5 {
		t.Errorf("pending %d, %v; want 5", n, err)
	}
	sealAll(s, "oic")
	if got := tally(t, s, "oic"); got[`{"n":1}`] != 3 || got[`{"n":2}`] != 2 || len(got) != 2 {
		t.Errorf("staged %v", got)
	}
}

func addOne(s *Stage, integration string, it record.Counted) int {
	n, err := s.Add(context.Background(), integration, []record.Counted{it})
	if err != nil {
		panic(err)
	}
	return n
}

func sealAll(s *Stage, integration string) []File {
	files, err := s.Seal(context.Background(), integration, Envelope{})
	if err != nil {
		panic(err)
	}
	return files
}

func TestSealWritesTheEnvelopeVerbatim(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, t.TempDir(), Options{})
	raws := []string{"{\n  \"a\" : 1.0e0\n}", `{"a":"ü\u00fc"}`}
	for i, raw := range raws {
		it := item(10-i, 1)
		it.Raw = []byte(raw)
		addOne(s, "oic", it)
	}
	w := record.Window{From: noon, To: noon.Add(time.Hour)}
	files, err := s.Seal(ctx, "oic", Envelope{Links: []Link{{Href: "https://h.example.com:443/a?b&c", Rel: "self"}}, Window: w})
	check(t, err)
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	f := files[0]
	body, err := s.ReadVerified(f)
	check(t, err)
	want := `{"items":[` + raws[0] + `,` + raws[1] + `],"links":[{"href":"https://h.example.com:443/a?b\u0026c","rel":"self"}]}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	if !f.First.Equal(noon.Add(9*time.Second)) || !f.Last.Equal(noon.Add(10*time.Second)) || f.Window != w || f.Count != 2 {
		t.Errorf("file %+v", f)
	}
	if f.Name != "oic-20240501T120009.000Z-00000001.json" {
		t.Errorf("name %s", f.Name)
	}
	listed := fileList(s, "oic")
	if len(listed) != 1 || listed[0] != f {
		t.Errorf("listed %+v\nwant   %+v", listed, f)
	}
}

func TestSealCutsBeforeTheLimit(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{MaxFileBytes: 100})
	big := item(500, 1)
	big.Raw = []byte(`"` + strings.Repeat("x", 200) + `"`)
	for n := range 20 {
		addOne(s, "oic", item(n, 1))
		if n == 7 {
			addOne(s, "oic", big)
		}
	}
	for _, f := range sealAll(s, "oic") {
		if f.Bytes > 100 && f.Count != 1 {
			t.Errorf("%s has %d bytes and %d items", f.Name, f.Bytes, f.Count)
		}
	}
	if got := tally(t, s, "oic"); len(got) != 21 {
		t.Errorf("%d items, want 21", len(got))
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openAt(t, dir, Options{})
	addOne(s, "oic", item(1, 1))
	sealAll(s, "oic")
	addOne(s, "oic", item(2, 1))
	check(t, s.SetState(ctx, "oic", "watermark", "w"))
	run, err := s.BeginRun(ctx, "oic", "once")
	check(t, err)
	check(t, s.PutStep(ctx, run, 0, Step{Name: "fetch", State: Running, Started: noon, Counts: map[string]int64{"pages": 3}, Note: "one page came twice"}))
	check(t, s.Close())

	s = openAt(t, dir, Options{})
	if n, _ := s.Pending(ctx, "oic"); n != 1 {
		t.Errorf("pending %d", n)
	}
	if added := addOne(s, "oic", item(1, 1)); added != 0 {
		t.Error("an identity was forgotten")
	}
	if v, _ := s.State(ctx, "oic", "watermark"); v != "w" {
		t.Errorf("state %q", v)
	}
	r, err := s.Run(ctx, run)
	check(t, err)
	if r.State != Abandoned || r.Ended.IsZero() || r.Steps[0].State != Abandoned || r.Steps[0].Counts["pages"] != 3 || r.Steps[0].Note != "one page came twice" {
		t.Errorf("run %+v", r)
	}
	sealAll(s, "oic")
	if files := fileList(s, "oic"); len(files) != 2 || files[1].ID != 2 || files[1].Chain == files[0].Chain {
		t.Errorf("files %+v", files)
	}
	if got := tally(t, s, "oic"); len(got) != 2 {
		t.Errorf("staged %v", got)
	}
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{})
	for n := range 3 {
		addOne(s, "oic", item(n, 1))
		sealAll(s, "oic")
	}
	files := fileList(s, "oic")
	check(t, os.WriteFile(files[0].Path, []byte(`{"items":[1],"links":[]}`), 0o600))
	check(t, os.Remove(files[1].Path))
	if _, err := s.write.Exec("UPDATE file SET sha256 = zeroblob(32) WHERE id = 3"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec("UPDATE identity SET count = 2"); err != nil {
		t.Fatal(err)
	}
	report := verified(t)(s.Verify(context.Background()))
	text := strings.Join(report.Problems, "\n")
	for _, want := range []string{"file 1", "file 2", "chain is broken at file 3", "6 items were counted"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if _, err := s.ReadVerified(files[0]); !errors.Is(err, ErrDamaged) {
		t.Errorf("reading a changed file: %v", err)
	}
}

func TestRetainKeepsWhatIsNeeded(t *testing.T) {
	ctx := context.Background()
	now := noon
	dir := t.TempDir()
	s := openAt(t, dir, Options{Clock: func() time.Time { return now }})
	for n := range 5 {
		addOne(s, "oic", item(n, 1))
		sealAll(s, "oic")
		now = now.Add(24 * time.Hour)
	}
	addOne(s, "held", item(1, 1))
	sealAll(s, "held")
	files := fileList(s, "oic")
	check(t, s.Advance(ctx, "local", "oic", files[3].ID))
	check(t, s.Advance(ctx, "oci", "oic", files[2].ID))
	check(t, s.Advance(ctx, "oci", "oic", files[1].ID)) // does not go back
	check(t, s.Quarantine(ctx, "oci", files[1], "refused"))
	removed, err := s.Retain(ctx, Retention{
		Before: now.Add(time.Hour),
		Sinks: func(name string) []string {
			if name == "held" {
				return nil
			}
			return []string{"local", "oci"}
		},
		Hold: func(name string) bool { return name == "held" },
	})
	check(t, err)
	// Files 1 and 3 may go: 2 is in quarantine, the OCI sink has not read 4 and 5.
	if removed != 2 {
		t.Errorf("removed %d", removed)
	}
	if got := tally(t, s, "oic"); len(got) != 3 || got[`{"n":1}`] != 1 || got[`{"n":3}`] != 1 || got[`{"n":4}`] != 1 {
		t.Errorf("left %v", got)
	}
	if _, err := os.Stat(filepath.Dir(files[0].Path)); !errors.Is(err, os.ErrNotExist) {
		t.Error("the empty day was kept")
	}
	if _, err := s.File(ctx, files[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a tombstone was returned: %v", err)
	}
}

func TestQuarantineIsRetriedOnRequest(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, t.TempDir(), Options{})
	addOne(s, "oic", item(1, 1))
	f := sealAll(s, "oic")[0]
	check(t, s.Quarantine(ctx, "oci", f, "400 no such log source"))
	q, err := s.Quarantined(ctx)
	check(t, err)
	if len(q) != 1 || q[0].File != f || q[0].Reason != "400 no such log source" || q[0].Sink != "oci" || !q[0].Since.Equal(noon) {
		t.Fatalf("quarantine %+v", q)
	}
	if files, _ := s.Requeued(ctx, "oci"); len(files) != 0 {
		t.Error("nobody asked for a retry")
	}
	wake := s.Sealed()
	check(t, s.Requeue(ctx, "oci", f.ID))
	select {
	case <-wake:
	default:
		t.Error("a retry wakes the deliverer")
	}
	if files, _ := s.Requeued(ctx, "oci"); len(files) != 1 {
		t.Error("the retry is not listed")
	}
	check(t, s.Unquarantine(ctx, "oci", f.ID))
	if err := s.Unquarantine(ctx, "oci", f.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("unquarantined twice: %v", err)
	}
}

func TestForgetCountsWhatItDrops(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, t.TempDir(), Options{})
	addOne(s, "oic", item(1, 2))
	addOne(s, "oic", item(100, 1))
	undated := item(7, 1)
	undated.Time = time.Time{}
	addOne(s, "oic", undated)
	sealAll(s, "oic")
	n, err := s.Forget(ctx, "oic", noon.Add(50*time.Second))
	check(t, err)
	if n != 2 { // item 1, and the undated one, which was seen at noon
		t.Errorf("forgot %d", n)
	}
	if addOne(s, "oic", item(100, 1)) != 0 || addOne(s, "oic", item(1, 1)) != 1 {
		t.Error("the wrong identities were dropped")
	}
	tally(t, s, "oic")
}

// The ledger forgets identities by their time; one dated long ago, or never to
// be forgotten, would let its record in again or stay for ever.
func TestDated(t *testing.T) {
	now := noon
	for at, kept := range map[time.Time]bool{
		now: true, now.Add(time.Hour): true, now.AddDate(0, -6, 0): true,
		now.AddDate(-2, 0, 0): false, time.Unix(0, 0): false, now.AddDate(76, 0, 0): false, {}: false,
	} {
		if got := dated(at, now); got.IsZero() == kept || kept && !got.Equal(at) {
			t.Errorf("%s is dated %s", at, got)
		}
	}
}

// An item is the same one however much later it is read again, also when its time
// has meanwhile come into bounds, or left them.
func TestTheNameOfAnItemDoesNotAge(t *testing.T) {
	now := noon
	s := openAt(t, t.TempDir(), Options{Clock: func() time.Time { return now }})
	var all []record.Counted
	for n, at := range []time.Time{{}, noon, time.Unix(0, 0), time.Unix(-5, 0), noon.AddDate(-1, 0, 1), noon.AddDate(0, 0, 3), noon.AddDate(300, 0, 0)} {
		it := item(n, 1)
		it.Time = at
		all = append(all, it)
	}
	for day, want := range []int{len(all), 0, 0, 0} {
		if added, err := s.Add(t.Context(), "oic", all); err != nil || added != want {
			t.Errorf("day %d: added %d, %v; want %d", day, added, err, want)
		}
		now = now.AddDate(0, 0, 1)
	}
	f := sealAll(s, "oic")[0]
	if !f.First.Equal(noon.AddDate(-1, 0, 1)) || !f.Last.Equal(noon) {
		t.Errorf("the file spans %s to %s: times out of bounds do not count", f.First, f.Last)
	}
}

// A service may give one id to two events; their times tell them apart.
func TestOneIDAtTwoTimesIsTwoItems(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	for i, at := range []time.Time{noon, noon.Add(time.Second), noon, {}} {
		it := item(1, 1)
		it.Time = at
		if added, want := addOne(s, "oic", it), []int{1, 1, 0, 1}[i]; added != want {
			t.Errorf("at %s: added %d, want %d", at, added, want)
		}
	}
}

// A transaction is entered whole or not at all.
func TestUpdateIsAllOrNothing(t *testing.T) {
	ctx := t.Context()
	s := openAt(t, t.TempDir(), Options{})
	w := record.Window{From: noon, To: noon.Add(time.Hour)}
	enter := func(end error) error {
		return s.Update(ctx, func(tx *Tx) error {
			first, err := tx.Add(ctx, "oic", []record.Counted{item(1, 2)})
			check(t, err)
			second, err := tx.Add(ctx, "oic", []record.Counted{item(1, 3), item(2, 1)})
			check(t, err)
			if first != 2 || second != 2 {
				t.Errorf("added %d and %d; the second sees what the first entered", first, second)
			}
			check(t, tx.MarkCovered(ctx, "oic", w, first+second))
			check(t, tx.SetState(ctx, "oic", "object", "done"))
			return end
		})
	}
	refused := errors.New("refused")
	if err := enter(refused); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	n, _ := s.Pending(ctx, "oic")
	state, _ := s.State(ctx, "oic", "object")
	if coverage, _ := s.Coverage(ctx, "oic"); n != 0 || state != "" || len(coverage) != 0 {
		t.Errorf("half of it is there: %d pending, state %q, coverage %v", n, state, coverage)
	}
	check(t, enter(nil))
	n, _ = s.Pending(ctx, "oic")
	state, _ = s.State(ctx, "oic", "object")
	if coverage, _ := s.Coverage(ctx, "oic"); n != 4 || state != "done" || len(coverage) != 1 || coverage[0].Rows != 4 {
		t.Errorf("%d pending, state %q, coverage %v", n, state, coverage)
	}
}

func TestNamesAndItemsAreChecked(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, t.TempDir(), Options{})
	for _, name := range []string{"", "..", "../x", "a/b", ".hidden", "received"} {
		if _, err := s.Add(ctx, name, []record.Counted{item(1, 1)}); err == nil {
			t.Errorf("integration %q was accepted", name)
		}
	}
	bad := item(1, 1)
	bad.Raw = []byte(`{"a":1},{"b":2}`)
	if _, err := s.Add(ctx, "oic", []record.Counted{item(2, 1), bad}); err == nil {
		t.Error("two values in one item were accepted")
	}
	if _, err := s.Add(ctx, "oic", []record.Counted{item(2, 1), item(3, 0)}); err == nil {
		t.Error("an item that nobody saw was accepted")
	}
	if n, _ := s.Pending(ctx, "oic"); n != 0 {
		t.Error("half of a refused page was staged")
	}
}
