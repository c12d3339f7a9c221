package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

var epoch = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// event of the pretended service. Events with the same body are twins.
type event struct {
	at, shown  time.Time // shown: when the list begins to hold it (late records)
	kind, code string
	body       string
}

// fakeService is the truth and a list of it that misbehaves.
type fakeService struct {
	t         testing.TB
	rng       *rand.Rand
	now       time.Time     // the service's clock
	tick      time.Duration // per request
	retention time.Duration
	events    []event
	gone      []event  // that happened and are listed no more
	ordered   []*event // as the list has them; of so many events as it has members
	serial    int

	faults      bool
	grow        float64 // chance of new events before a request
	late        float64 // share of new events that appear late
	vanish      float64 // chance that the service deletes records of a stretch of its list before a request
	twins       float64 // share of new events that repeat the one before
	lateBy      time.Duration
	refuseFrom  int  // offset
	unordered   bool // one fixed order that is not by time
	apart       bool // one fixed order in which twins lie anywhere
	shuffled    bool // another order at each request
	looseTies   bool // records of one time change places
	truncate    bool // pages may come short
	emptyPages  bool // pages may come empty
	lie         int  // added to the total
	wildTotals  bool
	noTotal     bool
	cap         int // of rows a page
	noDate      bool
	tooLarge    int // limits above fail with a bad payload
	fail        func(q connect.AuditQuery) error
	requests    int
	maxRequests int
}

func newService(t testing.TB, seed uint64) *fakeService {
	return &fakeService{t: t, rng: rand.New(rand.NewPCG(seed, 7)), now: epoch, tick: time.Second, retention: 30 * 24 * time.Hour,
		twins: 0.1, lateBy: 5 * time.Minute, maxRequests: 200_000}
}

var kinds = []string{"ICS_ProjectV2", "ICS_AppInstance", "ICS_DVM", "NEW_KIND"}

// happen adds an event that took place at the given time.
func (s *fakeService) happen(at time.Time) {
	e := event{at: at.Truncate(time.Millisecond), shown: at}
	if n := len(s.events); n > 0 && s.rng.Float64() < s.twins {
		e = s.events[n-1]
		if !e.shown.After(s.now) && e.shown.Before(at) {
			e.shown = at // a twin does not appear in the past
		}
		s.events = append(s.events, e)
		return
	}
	s.serial++
	if s.rng.Float64() < s.late {
		e.shown = at.Add(time.Duration(s.rng.Int64N(int64(s.lateBy))))
	}
	e.kind = kinds[s.rng.IntN(len(kinds))]
	e.code = fmt.Sprintf("CODE_%d", s.rng.IntN(6))
	e.body = fmt.Sprintf(`{"auditTrailMessage":"m%d","operationName":"update","resourceCode":%q,"resourceType":%q,"timeStamp":%q,"userName":"u@example.com"}`,
		s.serial, e.code, e.kind, e.at.Format("2006-01-02T15:04:05.000-0700"))
	s.events = append(s.events, e)
}

// delete takes events away, as a service does that forgets what belonged to something deleted.
func (s *fakeService) delete(at, n int) {
	n = min(n, len(s.events)-at)
	s.gone = append(s.gone, s.events[at:at+n]...)
	s.events = slices.Concat(s.events[:at], s.events[at+n:]) // lists given before keep what they point to
	s.ordered = nil
}

// history fills a stretch of time before now.
func (s *fakeService) history(n int, span time.Duration) {
	for i := range n {
		at := s.now.Add(-span + span*time.Duration(i)/time.Duration(n))
		if s.rng.IntN(4) == 0 && len(s.events) > 0 {
			at = s.events[len(s.events)-1].at // bursts share a time
		}
		s.happen(at)
	}
	for i := range s.events {
		s.events[i].shown = s.events[i].at
	}
}

func (s *fakeService) AuditRecords(ctx context.Context, q connect.AuditQuery) (*connect.AuditPage, error) {
	s.requests++
	if s.requests > s.maxRequests {
		s.t.Fatal("the collector does not come to an end")
	}
	s.now = s.now.Add(s.tick)
	if s.fail != nil {
		if err := s.fail(q); err != nil {
			return nil, err
		}
	}
	if s.faults && s.tooLarge > 0 && q.Limit > s.tooLarge {
		return nil, &connect.Error{Kind: connect.BadPayload, Message: "cut off"}
	}
	for s.faults && len(s.events) < 800 && s.rng.Float64() < s.grow {
		s.happen(s.now.Add(-time.Duration(s.rng.Int64N(int64(s.tick) + 1))))
	}
	for s.faults && len(s.events) > 10 && s.rng.Float64() < s.vanish {
		s.delete(s.rng.IntN(len(s.events)), 1+s.rng.IntN(9))
	}
	if s.faults && s.refuseFrom > 0 && q.Offset >= s.refuseFrom {
		return nil, &connect.Error{Kind: connect.OffsetRefused, Message: "offset"}
	}
	list := s.list(q)
	page := &connect.AuditPage{Total: len(list), Date: s.now.Truncate(time.Second)}
	limit := q.Limit
	if s.cap > 0 {
		limit = min(limit, s.cap)
	}
	rows := list[min(q.Offset, len(list)):min(q.Offset+limit, len(list))]
	if s.faults {
		if s.truncate && s.rng.IntN(3) == 0 && len(rows) > 1 {
			rows = rows[:1+s.rng.IntN(len(rows))]
		}
		if s.emptyPages && s.rng.IntN(10) == 0 {
			rows = nil
		}
		page.Total += s.lie
		if s.wildTotals && s.rng.IntN(3) == 0 {
			page.Total = s.rng.IntN(2 * (len(list) + 1))
		}
	}
	if s.noTotal {
		page.Total = -1
	}
	if s.noDate {
		page.Date = time.Time{}
	}
	for _, e := range rows {
		page.Items = append(page.Items, json.RawMessage(e.body))
	}
	return page, nil
}

func (s *fakeService) list(q connect.AuditQuery) []*event {
	from := s.now.Add(-s.retention)
	for _, l := range lookBacks {
		if l.name == q.Window && l.length > 0 {
			from = s.now.Add(-l.length)
		}
	}
	var list []*event
	for _, e := range s.order() {
		if !e.shown.After(s.now) && !e.at.Before(from) && (q.Type == "" || q.Type == e.kind) && (q.Code == "" || q.Code == e.code) {
			list = append(list, e)
		}
	}
	if s.faults && (s.shuffled || s.looseTies) {
		s.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if !s.shuffled {
			slices.SortStableFunc(list, newestFirst)
		}
	}
	return list
}

// order is made anew when something has happened: most requests find it as it was.
func (s *fakeService) order() []*event {
	if len(s.ordered) == len(s.events) {
		return s.ordered
	}
	s.ordered = s.ordered[:0]
	for i := range slices.Backward(s.events) { // of one time, the one that happened last first
		s.ordered = append(s.ordered, &s.events[i])
	}
	if s.apart {
		order := rand.New(rand.NewPCG(uint64(len(s.events)), 5))
		order.Shuffle(len(s.ordered), func(i, j int) { s.ordered[i], s.ordered[j] = s.ordered[j], s.ordered[i] })
	} else if s.unordered {
		slices.SortStableFunc(s.ordered, func(a, b *event) int { return cmp.Compare(scatter(a.body), scatter(b.body)) })
	} else {
		slices.SortStableFunc(s.ordered, newestFirst)
	}
	return s.ordered
}

func newestFirst(a, b *event) int { return b.at.Compare(a.at) }

func scatter(s string) string { id := record.Identify(s); return string(id[:]) }

// truth is how often each event should be staged, of those not before from.
func (s *fakeService) truth(from time.Time) map[string]int {
	want := map[string]int{}
	for _, e := range slices.Concat(s.events, s.gone) {
		if !e.at.Before(from) {
			want[e.body]++
		}
	}
	return want
}

// fakeLedger keeps what stage would.
type fakeLedger struct {
	counts  map[record.Identity]int
	rows    map[string]int
	streams map[string]int
	state   map[string]string
	covered []record.Window
	gaps    []Gap
	fail    func(op string) error // crashes
}

func newLedger() *fakeLedger {
	return &fakeLedger{counts: map[record.Identity]int{}, rows: map[string]int{}, streams: map[string]int{}, state: map[string]string{}}
}

func (l *fakeLedger) step(op string) error {
	if l.fail == nil {
		return nil
	}
	return l.fail(op)
}

// Update enters into a copy, which takes the place of the original at the end.
func (l *fakeLedger) Update(_ context.Context, do func(Book) error) error {
	draft := *l
	draft.counts, draft.rows, draft.streams, draft.state = maps.Clone(l.counts), maps.Clone(l.rows), maps.Clone(l.streams), maps.Clone(l.state)
	draft.covered, draft.gaps = slices.Clone(l.covered), slices.Clone(l.gaps)
	if err := do(&draft); err != nil {
		return err
	}
	if err := l.step("commit"); err != nil {
		return err
	}
	*l = draft
	return l.step("committed")
}

func (l *fakeLedger) Add(_ context.Context, stream string, items []record.Counted) (int, error) {
	if err := l.step("add"); err != nil {
		return 0, err
	}
	added := 0
	for _, it := range items {
		if n := it.Count - l.counts[it.ID]; n > 0 {
			l.counts[it.ID] = it.Count
			l.rows[string(it.Raw)] += n
			l.streams[stream] += n
			added += n
		}
	}
	return added, nil
}

func (l *fakeLedger) State(_ context.Context, _, key string) (string, error) {
	return l.state[key], nil
}

func (l *fakeLedger) SetState(_ context.Context, _, key, value string) error {
	if err := l.step("state"); err != nil {
		return err
	}
	l.state[key] = value
	return nil
}

func (l *fakeLedger) MarkCovered(_ context.Context, _ string, w record.Window, _ int) error {
	if err := l.step("covered"); err != nil {
		return err
	}
	l.covered = append(l.covered, w)
	return nil
}

func (l *fakeLedger) MarkGap(_ context.Context, _ string, w record.Window, note string) error {
	if err := l.step("gap"); err != nil {
		return err
	}
	l.gaps = append(l.gaps, Gap{w, note})
	return nil
}

// openGaps are the gaps less what was covered.
func (l *fakeLedger) openGaps() []record.Window {
	var out []record.Window
	for _, g := range l.gaps {
		out = append(out, record.Missing(g.Window, l.covered...)...)
	}
	return out
}

func compare(t testing.TB, got, want map[string]int) {
	t.Helper()
	wrong := 0
	for body, n := range want {
		if got[body] != n {
			if wrong++; wrong < 5 {
				t.Errorf("staged %d times, happened %d times: %s", got[body], n, body)
			}
		}
	}
	for body, n := range got {
		if want[body] == 0 {
			if wrong++; wrong < 5 {
				t.Errorf("staged %d times, never happened: %s", n, body)
			}
		}
	}
	if wrong > 4 {
		t.Errorf("%d records wrong of %d", wrong, len(want))
	}
}
