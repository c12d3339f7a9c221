package simulate

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// office is the staff, what they work on, and the dice that say who does what
// next.
type office struct {
	users   []string
	people  int                    // users before this index are people, the rest are accounts
	night   int                    // who works off hours
	objects map[string][]*resource // by resource type
	rate    float64

	mu      sync.Mutex
	random  *rand.Rand
	seq     uint32
	next    time.Time // when the next session begins; zero before the first step
	pending pending
}

var givenNames = [...]string{"ana", "ben", "carla", "dario", "elif", "femi", "gita", "hiro", "ines", "jonas", "kofi", "lena",
	"mara", "noor", "otto", "priya", "quinn", "rosa", "sven", "tomoko"}

var businessThings = [...]string{"Orders", "Invoices", "Rechnungsprüfung", "Shipments", "Clientes y Pedidos", "Payments", "注文連携",
	"Suppliers", "Employees", "Заказы", "Price Lists", "Journal Entries"}

var businessPlaces = [...]string{"ERP", "CRM", "HCM", "Data Warehouse", "Entrepôt", "File Server", "Payroll"}

func newOffice(o Options) *office {
	f := &office{random: rand.New(rand.NewPCG(o.Seed, 0x6c656467)), rate: o.Rate, objects: map[string][]*resource{}, people: o.Users}
	for i := range o.Users {
		name := fmt.Sprintf("user%d@example.com", i+1)
		if i < len(givenNames) {
			name = givenNames[i] + "@example.com"
		}
		f.users = append(f.users, name)
	}
	f.night = o.Users - 1
	f.users = append(f.users, "svc-deploy@example.com", "7c9e6679f7424a0bb1d2e3f405162738_APPID")
	add := func(r *resource) { f.objects[r.typ] = append(f.objects[r.typ], r) }
	for i := range o.Integrations {
		thing, place := businessThings[i%len(businessThings)], businessPlaces[i/len(businessThings)%len(businessPlaces)]
		name := fmt.Sprintf("%s To %s", thing, place)
		if round := i / (len(businessThings) * len(businessPlaces)); round > 0 {
			name = fmt.Sprintf("%s %d", name, round+1)
		}
		code := codeOf(name, i)
		for v := range 1 + f.random.IntN(3) {
			version := fmt.Sprintf("01.%02d.%04d", v, f.random.IntN(4))
			if v == 0 {
				version = "01.00.0000"
			}
			add(&resource{"Integration", "ICS_ProjectV2", code, name, version})
			if i%4 == 0 {
				add(&resource{"Schedule", "ICS_Schedule", code, name, version})
			}
		}
		switch i % 5 {
		case 0, 1:
			add(&resource{kind: "Connection", typ: "ICS_AppInstance", code: "CONN_" + code, name: place + " Connection " + fmt.Sprint(i+1)})
		case 2:
			add(&resource{kind: "Lookup", typ: "ICS_DVM", code: "LOOKUP_" + code, name: thing + " Codes"})
		case 3:
			add(&resource{kind: "Library", typ: "API_LIBRARY", code: "LIB_" + code, name: thing + " Functions", version: "01.00.0000"})
		case 4:
			add(&resource{kind: "Agent Group", typ: "ICS_AgentDefinition", code: "AGENT_GROUP_" + fmt.Sprint(i+1), name: place + " Agents"})
			add(&resource{kind: "Agent", typ: "ICS_AgentInstance", code: "AGENT_" + fmt.Sprint(i+1), name: "agent" + fmt.Sprint(i+1) + ".example.com"})
		}
	}
	for i, p := range businessPlaces {
		add(&resource{kind: "Package", typ: "ICS_PACKAGE", code: fmt.Sprintf("PACKAGE_%d", i+1), name: "example.package." + strings.ToLower(p)})
	}
	add(&resource{kind: "Certificate", typ: "ICS_CERTIFICATE", code: "EXAMPLE_CERT", name: "example-cert"})
	return f
}

// codeOf makes an identifier of a display name: upper case ASCII.
func codeOf(name string, n int) string {
	code := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		case r == ' ':
			return '_'
		}
		return -1
	}, name)
	return fmt.Sprintf("%s_%d", strings.Trim(code, "_"), n+1)
}

// past makes exactly n records over the days before now, oldest first.
func (f *office) past(n, days int, now time.Time) []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	span := time.Duration(days) * 24 * time.Hour
	events := make([]event, 0, n+longestSession)
	for len(events) < n {
		// Off hours only one person and the accounts are about.
		start, night := moment(f.random, now.Add(-span), span, 0.05)
		events = f.session(events, start, night, now)
	}
	events = events[:n]
	slices.SortFunc(events, func(a, b event) int { return a.compare(&b) })
	return events
}

// moment draws when something begins: mostly on working days between 7 and 18
// UTC; off hours only so often as off says.
func moment(random *rand.Rand, from time.Time, span time.Duration, off float64) (t time.Time, night bool) {
	for {
		t = from.Add(time.Duration(random.Int64N(int64(span))))
		night = offHours(t)
		if !night || random.Float64() < off {
			return t, night
		}
	}
}

func offHours(t time.Time) bool {
	t = t.UTC()
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday || t.Hour() < 7 || t.Hour() >= 18
}

// work lets sessions begin and their records appear until now. Late ones are
// held back, some minutes.
func (f *office) work(now time.Time, chance *injector, lateBy time.Duration) []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rate > 0 {
		if f.next.IsZero() {
			f.next = now.Add(f.gap())
		}
		for n := 0; !f.next.After(now) && n < mostSessions; n++ {
			for _, e := range f.session(nil, f.next, offHours(f.next), time.Time{}) {
				seen := e.at
				if chance.happens(Late) {
					seen += 1 + f.random.Int64N(lateBy.Milliseconds())
				}
				heap.Push(&f.pending, waiting{e, seen})
			}
			f.next = f.next.Add(f.gap())
		}
		if !f.next.After(now) {
			f.next = now.Add(f.gap()) // a great leap of the clock: the rest of it was a holiday
		}
	}
	var out []event
	for len(f.pending) > 0 && f.pending[0].seen <= now.UnixMilli() {
		out = append(out, heap.Pop(&f.pending).(waiting).event)
	}
	return out
}

// rest ends all work; what waits to be seen never is.
func (f *office) rest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rate, f.pending = 0, nil
}

// one makes a single record of the given time, for drift and late arrivals.
func (f *office) one(at time.Time) event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.event(f.pick("ICS_AppInstance"), f.person(), updated, at)
}

const (
	sessionRecords = 4.6    // mean records of a session, measured over a long history
	longestSession = 64     // records
	mostSessions   = 20_000 // begun in one step
)

func (f *office) gap() time.Duration {
	return time.Duration(f.random.ExpFloat64() * sessionRecords / f.rate * float64(time.Hour))
}

func (f *office) person() int { return f.random.IntN(f.people) }

func (f *office) pick(typ string) *resource {
	all := f.objects[typ]
	if len(all) == 0 { // a very small office has no such thing
		all = f.objects["ICS_ProjectV2"]
	}
	return all[f.random.IntN(len(all))]
}

func (f *office) event(r *resource, user int, v verb, at time.Time) event {
	f.seq++
	return event{at: at.UnixMilli(), resource: r, seq: f.seq, user: uint16(user), verb: v}
}

func (e *event) compare(o *event) int {
	switch {
	case e.at != o.at:
		if e.at < o.at {
			return -1
		}
		return 1
	case e.seq < o.seq:
		return -1
	case e.seq > o.seq:
		return 1
	}
	return 0
}

// waiting is an event that happened but cannot be seen before a moment.
type waiting struct {
	event
	seen int64 // epoch milliseconds
}

type pending []waiting

func (p pending) Len() int { return len(p) }
func (p pending) Less(i, j int) bool {
	return p[i].seen < p[j].seen || p[i].seen == p[j].seen && p[i].seq < p[j].seq
}
func (p pending) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *pending) Push(x any)   { *p = append(*p, x.(waiting)) }
func (p *pending) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}
