package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// logRecord of the pretended OCI Logging.
type logRecord struct {
	seen, shown time.Time // by which it is sorted; when the search begins to hold it
	body        string
}

// fakeLogging is the truth and a search over it that misbehaves. Its tokens are
// offsets into the list as it is when they are used: the worst that paging can be.
type fakeLogging struct {
	t         testing.TB
	rng       *rand.Rand
	now       time.Time
	retention time.Duration
	records   []logRecord
	serial    int

	faults      bool
	grow        float64       // chance of a new record before a request
	lateBy      time.Duration // new records appear up to this late
	again       float64       // share of records that the list holds twice
	nameless    float64       // share of new records without an id
	unsorted    bool
	clamp       int  // rows a page, whatever is asked
	most        int  // rows of one search; what is beyond is left out in silence
	sums        bool // the summary counts all pages
	honest      bool // it counts also what is left out
	counts      int  // added to the summary's count
	loop        bool // a page names itself as the next
	repeat      bool // a page comes twice, the next is left out
	empty       bool // pages come empty, with a next page
	refuse      time.Duration
	refuseOlder time.Duration
	tooLarge    int
	skew        time.Duration
	requests    int
}

func newLogging(t testing.TB, seed uint64) *fakeLogging {
	return &fakeLogging{t: t, rng: rand.New(rand.NewPCG(seed, 11)), now: epoch, retention: 400 * 24 * time.Hour}
}

func (s *fakeLogging) happen(at, shown time.Time) {
	s.serial++
	at = at.Truncate(time.Millisecond)
	kind := []string{"com.oraclecloud.analytics.analyticsinstance.audit", "com.oraclecloud.analytics.analyticsinstance.diagnostic", "other"}[s.rng.IntN(3)]
	id := fmt.Sprintf(`"id":"id-%d",`, s.serial)
	if s.rng.Float64() < s.nameless {
		id = ""
	}
	body := fmt.Sprintf(`{"datetime":%d,"logContent":{%s"data":{"message":"m%d"},"source":"s","time":%q,"type":%q}}`,
		at.UnixMilli(), id, s.serial, at.Format(time.RFC3339Nano), kind)
	s.records = append(s.records, logRecord{at, shown, body})
}

func (s *fakeLogging) history(n int, span time.Duration) {
	at := s.now.Add(-span)
	for i := range n {
		if s.rng.IntN(4) > 0 { // bursts share a time
			at = s.now.Add(-span + span*time.Duration(i)/time.Duration(n))
		}
		s.happen(at, at)
	}
}

func (s *fakeLogging) SearchLogs(_ context.Context, q connect.LogSearch) (*connect.LogPage, error) {
	if s.requests++; s.requests > 100_000 {
		s.t.Fatal("the collector does not come to an end")
	}
	if q.To.Sub(q.From) > connect.LongestSearch {
		s.t.Fatalf("a window of %s is asked for", q.To.Sub(q.From))
	}
	s.now = s.now.Add(time.Second)
	if s.faults {
		for len(s.records) < 3000 && s.rng.Float64() < s.grow {
			at := s.now.Add(-time.Duration(s.rng.Int64N(int64(time.Second))))
			s.happen(at, at.Add(time.Duration(s.rng.Int64N(int64(s.lateBy)+1))))
		}
		switch {
		case s.refuse > 0 && q.To.Sub(q.From) > s.refuse, s.refuseOlder > 0 && q.From.Before(s.now.Add(-s.refuseOlder)):
			return nil, &connect.Error{Kind: connect.Refused, Message: "window"}
		case s.tooLarge > 0 && q.Limit > s.tooLarge:
			return nil, &connect.Error{Kind: connect.BadPayload, Message: "cut off"}
		}
	}
	list := s.list(q)
	all := len(list)
	if s.faults && s.most > 0 {
		list = list[:min(len(list), s.most)]
	}
	limit, offset := q.Limit, 0
	if s.clamp > 0 {
		limit = min(limit, s.clamp)
	}
	if q.Page != "" {
		offset, _ = strconv.Atoi(q.Page)
	}
	at := offset
	if s.faults && s.repeat && s.rng.IntN(4) == 0 {
		at = max(0, offset-limit)
	}
	rows := list[min(at, len(list)):min(at+limit, len(list))]
	page := &connect.LogPage{Count: len(rows), Date: s.now.Truncate(time.Second)}
	if offset+limit < len(list) {
		page.Next = strconv.Itoa(offset + limit)
	}
	if s.sums {
		page.Count = len(list)
		if s.honest {
			page.Count = all
		}
	}
	if s.faults {
		page.Count += s.counts
		if s.loop && s.rng.IntN(6) == 0 {
			page.Next = strconv.Itoa(offset)
		}
		if s.empty && s.rng.IntN(4) == 0 && page.Next != "" {
			rows, page.Next = nil, strconv.Itoa(offset)+strings.Repeat(" ", s.rng.IntN(9))
			if n, err := strconv.Atoi(strings.TrimSpace(page.Next)); err == nil {
				page.Next = strconv.Itoa(n)
			}
		}
	}
	for _, r := range rows {
		page.Rows = append(page.Rows, json.RawMessage(r.body))
	}
	return page, nil
}

func (s *fakeLogging) list(q connect.LogSearch) []logRecord {
	var list []logRecord
	for i, r := range s.records {
		if r.shown.After(s.now) || r.seen.Before(s.now.Add(-s.retention)) || r.seen.Before(q.From) || !r.seen.Before(q.To) {
			continue
		}
		list = append(list, r)
		if s.faults && float64(i%100) < 100*s.again && !strings.Contains(r.body, `{"data"`) {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b logRecord) int { return a.seen.Compare(b.seen) })
	if s.faults && s.unsorted {
		slices.Reverse(list)
	}
	return list
}

func (s *fakeLogging) truth() map[string]int {
	want := map[string]int{}
	for _, r := range s.records {
		want[r.body]++
	}
	return want
}

func searcher(s *fakeLogging, l *fakeLedger, change ...func(*LoggingOptions)) *Logging {
	o := LoggingOptions{Integration: "logs", Routes: Routes{Own: "logs", Taken: true}, Query: `search "c"`, PageSize: 20, Backfill: 180 * 24 * time.Hour,
		Clock: func() time.Time { return s.now.Add(s.skew) }}
	for _, c := range change {
		c(&o)
	}
	return NewLogging(s, l, o)
}

func TestSearchReadsEachRecordOnce(t *testing.T) {
	for _, n := range []int{0, 1, 19, 20, 21, 40, 333, 2000} {
		s, l := newLogging(t, uint64(n)), newLedger()
		s.history(n, 100*24*time.Hour)
		a := searcher(s, l)
		out, err := a.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		compare(t, l.rows, s.truth())
		if out.Staged != n || len(out.Gaps) != 0 {
			t.Errorf("%d records: outcome %+v", n, out)
		}
		if whole := record.Union(l.covered...); len(whole) != 1 || whole[0].Length() < 180*24*time.Hour {
			t.Errorf("%d records: covered %v", n, whole)
		}
		for range 5 {
			for range s.rng.IntN(30) {
				s.now = s.now.Add(5 * time.Second)
				s.happen(s.now, s.now)
			}
			s.now = s.now.Add(5 * time.Minute)
			if _, err := a.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, l.rows, s.truth())
	}
}

// After the faults stop, two more readings must have staged every record exactly once.
func TestWhateverTheSearchDoes(t *testing.T) {
	faults := map[string]func(*fakeLogging){
		"growing":                func(s *fakeLogging) { s.grow = 0.7 },
		"late":                   func(s *fakeLogging) { s.grow, s.lateBy = 0.7, 8*time.Minute },
		"twice":                  func(s *fakeLogging) { s.again, s.grow = 0.05, 0.3 },
		"nameless":               func(s *fakeLogging) { s.nameless, s.grow = 0.3, 0.3 },
		"unsorted":               func(s *fakeLogging) { s.unsorted, s.grow = true, 0.1 },
		"clamped":                func(s *fakeLogging) { s.clamp, s.grow = 7, 0.3 },
		"limited":                func(s *fakeLogging) { s.most = 60 },
		"limited and counted so": func(s *fakeLogging) { s.most, s.sums = 60, true },
		"sums":                   func(s *fakeLogging) { s.sums, s.grow = true, 0.3 },
		"limited but counted":    func(s *fakeLogging) { s.most, s.sums, s.honest = 50, true, true },
		"count too big":          func(s *fakeLogging) { s.counts = 3 },
		"count small":            func(s *fakeLogging) { s.counts = -5 },
		"looping":                func(s *fakeLogging) { s.loop = true },
		"repeating":              func(s *fakeLogging) { s.repeat, s.grow = true, 0.2 },
		"empty pages":            func(s *fakeLogging) { s.empty = true },
		"refused":                func(s *fakeLogging) { s.refuse = 3 * 24 * time.Hour },
		"too large":              func(s *fakeLogging) { s.tooLarge, s.grow = 6, 0.2 },
		"all at once": func(s *fakeLogging) {
			s.grow, s.lateBy, s.again, s.clamp, s.repeat, s.empty, s.tooLarge, s.nameless = 0.4, 5*time.Minute, 0.02, 17, true, true, 15, 0.1
		},
	}
	for name, set := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				s, l := newLogging(t, seed), newLedger()
				set(s)
				s.history(50+s.rng.IntN(400), 20*24*time.Hour)
				s.faults = true
				a := searcher(s, l, func(o *LoggingOptions) { o.Backfill = 30 * 24 * time.Hour })
				for range 4 {
					if _, err := a.Collect(t.Context()); err != nil && connect.KindOf(err) == 0 {
						t.Fatalf("seed %d: %v", seed, err)
					}
					s.now = s.now.Add(time.Duration(s.rng.IntN(600)) * time.Second)
				}
				s.faults = false
				s.now = s.now.Add(7 * time.Hour) // late records have appeared; gaps are asked for again
				for range 2 {
					if _, err := a.Collect(t.Context()); err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
				}
				compare(t, l.rows, s.truth())
				if gaps := l.openGaps(); len(gaps) != 0 {
					t.Errorf("%d gaps are left, the first %s", len(gaps), gaps[0])
				}
				if t.Failed() {
					t.Fatalf("seed %d, %d requests", seed, s.requests)
				}
			}
		})
	}
}

// A window is said to be read only if all that was listed when the run began is staged.
func TestCoveredMeansStaged(t *testing.T) {
	checked := 0
	for seed := range uint64(60) {
		s, l := newLogging(t, seed), newLedger()
		s.history(20+s.rng.IntN(200), 10*24*time.Hour)
		for i, set := range []func(){
			func() { s.grow = 0.8 }, func() { s.repeat = true }, func() { s.loop = true }, func() { s.most = 60 },
			func() { s.unsorted = true }, func() { s.empty = true }, func() { s.retention = 9*24*time.Hour + 23*time.Hour }, func() { s.clamp = 3 },
		} {
			if int(seed)%8 == i || s.rng.IntN(6) == 0 {
				set()
			}
		}
		s.faults = true
		before := slices.Clone(s.records)
		if _, err := searcher(s, l).Collect(t.Context()); err != nil {
			continue
		}
		for _, r := range before {
			for _, w := range l.covered {
				if !w.Contains(r.seen) || r.seen.Before(s.now.Add(-s.retention)) {
					continue
				}
				checked++
				if l.rows[r.body] != 1 {
					t.Fatalf("seed %d: covered without %s", seed, r.body)
				}
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d records were checked: the test says little", checked)
	}
}

func TestSearchSurvivesACrashAtEveryWrite(t *testing.T) {
	crash := errors.New("crash")
	for at := range 200 {
		s, l := newLogging(t, 3), newLedger()
		s.history(150, 40*24*time.Hour)
		n := 0
		l.fail = func(string) error {
			if n++; n == at+1 {
				return crash
			}
			return nil
		}
		_, err := searcher(s, l).Collect(t.Context())
		l.fail = nil
		s.now = s.now.Add(3 * time.Minute)
		s.happen(s.now, s.now)
		if _, err := searcher(s, l).Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if compare(t, l.rows, s.truth()); t.Failed() {
			t.Fatalf("crash at write %d", at)
		}
		if err == nil {
			return
		}
	}
	t.Error("the reading writes more often than the test crashes")
}

// The service's clock decides: neither a fast nor a slow clock of ours loses or skips a record.
func TestSearchWithAWrongClock(t *testing.T) {
	s, l := newLogging(t, 5), newLedger()
	s.history(30, 24*time.Hour)
	a := searcher(s, l, func(o *LoggingOptions) { o.Overlap = 2 * time.Minute })
	for _, s.skew = range []time.Duration{24 * time.Hour, 0, -9 * time.Hour, 30 * time.Hour, -100 * time.Hour, 0} {
		for range 5 {
			s.now = s.now.Add(4 * time.Minute)
			s.happen(s.now, s.now.Add(time.Minute)) // shown a minute late
		}
		if _, err := a.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.now = s.now.Add(10 * time.Minute)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth())
}

// What the service refuses for good is a gap, shown and asked for again, and the rest is read.
func TestARefusedWindowIsAGap(t *testing.T) {
	s, l := newLogging(t, 6), newLedger()
	s.history(100, 60*24*time.Hour)
	s.faults, s.refuseOlder = true, 30*24*time.Hour
	a := searcher(s, l, func(o *LoggingOptions) { o.Backfill = 61 * 24 * time.Hour })
	out, err := a.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Gaps) == 0 || out.Staged == 0 || out.Staged == 100 {
		t.Fatalf("outcome %+v", out)
	}
	for _, g := range out.Gaps {
		if g.Window.From.After(s.now.Add(-29 * 24 * time.Hour)) {
			t.Errorf("what can be read is in a gap: %s", g.Window)
		}
	}
	s.faults, s.now = false, s.now.Add(7*time.Hour)
	if _, err := a.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth())
	if gaps := l.openGaps(); len(gaps) != 0 {
		t.Errorf("gaps are left: %v", gaps)
	}
}

// After an outage longer than logs are kept, what is not shown any more is a gap
// and not called read; the back-fill of the first run is no such outage.
func TestWhatRetentionMayHaveRemovedIsAGap(t *testing.T) {
	s, l := newLogging(t, 9), newLedger()
	s.retention = 30 * 24 * time.Hour
	s.history(50, 20*24*time.Hour)
	a := searcher(s, l)
	if out, err := a.Collect(t.Context()); err != nil || len(out.Gaps) != 0 {
		t.Fatalf("%v %v", err, out.Gaps)
	}
	stopped := s.now
	s.now = s.now.Add(70 * 24 * time.Hour)
	s.history(50, 20*24*time.Hour)
	out, err := a.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compare(t, l.rows, s.truth())
	lost := record.Window{From: stopped, To: s.now.Add(-31 * 24 * time.Hour)}
	if len(out.Gaps) == 0 || len(record.Missing(lost, l.openGaps()...)) != 0 {
		t.Errorf("gaps %v, want %s in them", l.openGaps(), lost)
	}
	for _, g := range l.openGaps() {
		if g.To.After(s.now.Add(-15 * 24 * time.Hour)) {
			t.Errorf("what is shown is in the gap %s", g)
		}
	}
}

// Records of several logs are staged apart; what no upload takes is counted and kept.
func TestRecordsOfSeveralLogsAreStagedApart(t *testing.T) {
	s, l := newLogging(t, 7), newLedger()
	s.history(90, 24*time.Hour)
	out, err := searcher(s, l, func(o *LoggingOptions) {
		o.Routes = Routes{Own: "logs", Named: []Route{{"logs.audit", []string{"*.audit"}}, {"logs.diagnostic", []string{"*.diagnostic"}}}}
	}).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, r := range s.records {
		switch {
		case strings.Contains(r.body, ".audit"):
			want["logs.audit"]++
		case strings.Contains(r.body, ".diagnostic"):
			want["logs.diagnostic"]++
		default:
			want["logs"]++
		}
	}
	for stream, n := range want {
		if l.streams[stream] != n {
			t.Errorf("stream %s holds %d, want %d", stream, l.streams[stream], n)
		}
	}
	if out.Unmatched != want["logs"] {
		t.Errorf("%d are counted as unmatched, want %d", out.Unmatched, want["logs"])
	}
}

// Records that are odd are kept; what is no record is counted, with the reason.
func TestOddRecords(t *testing.T) {
	s, l := newLogging(t, 8), newLedger()
	at := s.now.Add(-time.Hour)
	odd := []string{
		`{"datetime":1714554931611,"logContent":{"id":"a","type":"other"}}`,
		`{"id":"b","time":"1970-01-01T00:00:00Z"}`,
		`{"id":"c","time":"2100-01-01T00:00:00Z"}`,
		`{"message":"neither id nor time"}`,
	}
	for _, body := range append(odd, `"a text"`, `[1]`) {
		s.records = append(s.records, logRecord{at, at, body})
	}
	out, err := searcher(s, l).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range odd {
		if l.rows[body] != 1 {
			t.Errorf("not staged: %s", body)
		}
	}
	if out.Refused != 2 || len(out.Notes) != 2 || !strings.Contains(out.Notes[0], "not an object") {
		t.Errorf("refused %d, notes %q", out.Refused, out.Notes)
	}
}
