package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

// flowRun is an instance as the pretended service knows it.
type flowRun struct {
	id      int
	status  string
	updated time.Time
}

func (f flowRun) body() string {
	return fmt.Sprintf(`{"id":"%d","instance-id":"%d","integration":"ORDERS","integration-version":"01.00.0000","status":"%s","last-tracked-time":"%s"}`,
		f.id, f.id, f.status, f.updated.Format("2006-01-02T15:04:05.000-0700"))
}

func (f flowRun) step(n int) string {
	return fmt.Sprintf(`{"milestone":"m%d","message":"<step> %d of %d","date":"%s"}`, n, n, f.id, f.updated.Format(time.RFC3339))
}

// fakeMonitor is a list of instances that changes while it is read.
type fakeMonitor struct {
	rng       *rand.Rand
	now       time.Time
	runs      []flowRun
	change    float64 // chance that something happens before an answer
	noTotal   bool
	maxOffset int
	gone      map[string]bool // instances whose steps are no longer kept
	fail      error           // of the next answer
}

func (m *fakeMonitor) happen() {
	m.now = m.now.Add(time.Duration(1+m.rng.IntN(2000)) * time.Millisecond)
	if running := slices.IndexFunc(m.runs, func(f flowRun) bool { return f.status == "IN_PROGRESS" }); running >= 0 && m.rng.IntN(2) == 0 {
		m.runs[running].status = []string{"COMPLETED", "FAILED"}[m.rng.IntN(2)]
		m.runs[running].updated = m.now
		return
	}
	m.runs = append(m.runs, flowRun{len(m.runs), []string{"COMPLETED", "IN_PROGRESS"}[m.rng.IntN(2)], m.now})
}

func (m *fakeMonitor) Instances(_ context.Context, q connect.InstanceQuery) (*connect.InstancePage, error) {
	if err := m.fail; err != nil {
		m.fail = nil
		return nil, err
	}
	if m.rng.Float64() < m.change {
		m.happen()
	}
	if m.maxOffset > 0 && q.Offset > m.maxOffset {
		return nil, &connect.Error{Kind: connect.OffsetRefused, Message: "the offset is refused"}
	}
	var list []flowRun
	for _, f := range m.runs {
		if i := slices.IndexFunc(lookBacks[:], func(l lookBack) bool { return l.name == q.Window }); lookBacks[i].length == 0 || !f.updated.Before(m.now.Add(-lookBacks[i].length)) {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b flowRun) int { return b.updated.Compare(a.updated) })
	page := &connect.InstancePage{Total: len(list), Date: m.now.Truncate(time.Second)}
	for _, f := range list[min(q.Offset, len(list)):min(q.Offset+q.Limit, len(list))] {
		page.Items = append(page.Items, json.RawMessage(f.body()))
	}
	more := q.Offset+q.Limit < len(list)
	page.HasMore = &more
	if m.noTotal {
		page.Total, page.HasMore = -1, nil
	}
	return page, nil
}

func (m *fakeMonitor) Activity(_ context.Context, id string) (steps []json.RawMessage, err error) {
	if m.gone[id] {
		return nil, &connect.Error{Kind: connect.NotFound, Message: "no such instance"}
	}
	for _, f := range m.runs {
		if fmt.Sprint(f.id) == id {
			return []json.RawMessage{[]byte(f.step(1)), []byte(f.step(2)), []byte(f.step(2))}, nil
		}
	}
	return nil, nil
}

func (m *fakeMonitor) reader(l *fakeLedger, change ...func(*InstancesOptions)) *Instances {
	o := InstancesOptions{Integration: "runs", Instance: "host", PageSize: 7, Clock: func() time.Time { return m.now }}
	for _, c := range change {
		c(&o)
	}
	return NewInstances(m, l, o)
}

func newMonitor(seed uint64, runs int) *fakeMonitor {
	m := &fakeMonitor{rng: rand.New(rand.NewPCG(seed, 3)), now: epoch, gone: map[string]bool{}}
	for range runs {
		m.happen()
	}
	return m
}

// However the list moves, and wherever the process dies: every instance is there
// in its last state, and no state of one twice.
func TestInstancesAreReadOnceInEachState(t *testing.T) {
	crash := errors.New("crash")
	for seed := range uint64(60) {
		m, l := newMonitor(seed, 20+int(seed)%60), newLedger()
		m.change, m.noTotal = 0.5, seed%5 == 0
		for range 8 {
			n, at := 0, 1+m.rng.IntN(8)
			l.fail = func(string) error {
				if n++; n == at {
					return crash
				}
				return nil
			}
			if m.rng.IntN(4) == 0 {
				m.fail = &connect.Error{Kind: connect.Transient}
			}
			if _, err := m.reader(l).Collect(t.Context()); err != nil && !errors.Is(err, crash) && connect.KindOf(err) == 0 {
				t.Fatalf("seed %d: %v", seed, err)
			}
			m.now = m.now.Add(time.Duration(m.rng.IntN(3*3600)) * time.Second)
		}
		l.fail, m.fail, m.change = nil, nil, 0
		out, err := m.reader(l).Collect(t.Context())
		if err != nil || len(out.Gaps) > 0 {
			t.Fatalf("seed %d: %+v, %v", seed, out, err)
		}
		for body, n := range l.rows {
			if n != 1 {
				t.Errorf("seed %d: staged %d times: %s", seed, n, body)
			}
		}
		for _, f := range m.runs {
			if l.rows[f.body()] != 1 {
				t.Errorf("seed %d: the last state is missing: %s", seed, f.body())
			}
		}
		if gaps := l.openGaps(); len(gaps) > 0 {
			t.Errorf("seed %d: gaps are left: %v", seed, gaps)
		}
		if again, err := m.reader(l).Collect(t.Context()); err != nil || again.Staged != 0 {
			t.Errorf("seed %d: unchanged, and staged again: %+v, %v", seed, again, err)
		}
		if t.Failed() {
			return
		}
	}
}

// A reading that claims to be whole holds what the list held when it began.
func TestWhatIsProvenOfInstancesIsStaged(t *testing.T) {
	proven := 0
	for seed := range uint64(100) {
		m, l := newMonitor(seed, 60), newLedger()
		m.change = 0.9
		before := slices.Clone(m.runs)
		out, err := m.reader(l).Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Gaps) > 0 {
			continue
		}
		proven++
		ids := map[string]bool{}
		for body := range l.rows {
			id, _, _ := strings.Cut(strings.TrimPrefix(body, `{"id":"`), `"`)
			ids[id] = true
		}
		for _, f := range before {
			if !ids[fmt.Sprint(f.id)] {
				t.Fatalf("seed %d: proven without instance %d", seed, f.id)
			}
		}
	}
	if proven < 60 {
		t.Errorf("only %d of 100 readings were proven: the test says little", proven)
	}
}

func TestAListThatCannotBePagedToItsEndIsAGap(t *testing.T) {
	m, l := newMonitor(1, 60), newLedger()
	m.maxOffset = 20
	out, err := m.reader(l).Collect(t.Context())
	if err != nil || len(out.Gaps) != 1 || out.Staged != 21 || out.Gaps[0].Window.Empty() {
		t.Fatalf("%+v, %v", out, err)
	}
	if w := l.openGaps(); len(w) != 1 {
		t.Errorf("open gaps %v", w)
	}
	m.now = m.now.Add(time.Minute)
	if out, err = m.reader(l).Collect(t.Context()); err != nil || out.Staged != 0 {
		t.Errorf("the next run: %+v, %v", out, err)
	}
}

// Steps come as the events of OCI Logging do, each once, also one that a loop repeats to the letter.
func TestStepsOfInstances(t *testing.T) {
	m, l := newMonitor(3, 12), newLedger()
	m.gone["5"] = true
	steps := func(o *InstancesOptions) { o.Steps = true }
	out, err := m.reader(l, steps).Collect(t.Context())
	if err != nil || out.Staged != (len(m.runs)-1)*3 || out.Refused != 1 || !strings.Contains(out.Notes[0], "instance 5") {
		t.Fatalf("%+v, %v", out, err)
	}
	for body := range l.rows {
		var e struct {
			Type, ID, Time string
			Data           struct{ ActionName, InstanceID, IntegrationFlowIdentifier, Message string }
			Step           json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if e.Type != TypeActivity || e.ID == "" || e.Time == "" || e.Data.IntegrationFlowIdentifier != "ORDERS!01.00.0000" || !strings.HasPrefix(e.Data.ActionName, "m") ||
			!strings.Contains(e.Data.Message, " of "+e.Data.InstanceID) || !strings.Contains(string(e.Step), "<step>") {
			t.Errorf("%s", body)
		}
	}
	m.happen()
	if out, err = m.reader(l, steps).Collect(t.Context()); err != nil || out.Staged != 3 {
		t.Errorf("the next run: %+v, %v", out, err)
	}
}

// oddMonitor is a list that stays as it is, and answers about steps by instance.
type oddMonitor struct {
	list  []string
	steps map[string][]string // an instance without an entry answers what is no JSON
}

func (m *oddMonitor) Instances(context.Context, connect.InstanceQuery) (*connect.InstancePage, error) {
	page := &connect.InstancePage{Total: len(m.list), HasMore: new(bool), Date: epoch}
	for _, raw := range m.list {
		page.Items = append(page.Items, json.RawMessage(raw))
	}
	return page, nil
}

func (m *oddMonitor) Activity(_ context.Context, id string) (out []json.RawMessage, err error) {
	list, ok := m.steps[id]
	if !ok {
		return nil, &connect.Error{Op: "list the steps", Kind: connect.BadPayload, Message: "the answer was cut off"}
	}
	for _, raw := range list {
		out = append(out, json.RawMessage(raw))
	}
	return out, nil
}

// Instances and steps of any time, of a state nobody knows or of none are kept; what
// is no step, or cannot be read, is counted with its reason and the rest goes on.
func TestOddInstancesAndSteps(t *testing.T) {
	m := &oddMonitor{list: []string{
		flowRun{1, "COMPLETED", epoch}.body(), flowRun{2, "UNHEARD_OF", epoch}.body(), flowRun{3, "FAILED", time.Unix(0, 0)}.body(),
		flowRun{4, "FAILED", epoch.AddDate(76, 0, 0)}.body(), `{"id":"5","status":"COMPLETED"}`, `{"without":"an id"}`, `{"id":"7","last-tracked-time":"yesterday"}`,
	}, steps: map[string][]string{"1": {flowRun{1, "", epoch}.step(1), `"a text"`, `[1]`, `{"milestone":"no time"}`, `{"date":"1970-01-01T00:00:00Z"}`, `{"date":"2100-01-01T00:00:00Z"}`},
		"3": {}, "4": {}, "5": {flowRun{5, "", epoch}.step(1)}, "7": {}}} // that of 2 cannot be read
	clock := func() time.Time { return epoch }
	l := newLedger()
	for range 2 {
		if _, err := NewInstances(m, l, InstancesOptions{Integration: "runs", Clock: clock}).Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]int{}
	for _, raw := range m.list {
		want[raw] = 1
	}
	compare(t, l.rows, want)
	l = newLedger()
	out, err := NewInstances(m, l, InstancesOptions{Integration: "steps", Steps: true, Clock: clock}).Collect(t.Context())
	if err != nil || out.Staged != 5 || out.Refused != 4 {
		t.Errorf("%+v, %v", out, err)
	}
	for _, reason := range []string{"instance 1: a step is no JSON object", "instance 2: list the steps: the answer was cut off", "an instance has no id"} {
		if !strings.Contains(strings.Join(out.Notes, "\n"), reason) {
			t.Errorf("the notes do not say %q: %q", reason, out.Notes)
		}
	}
}
