package simulate

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Fault is one way in which the simulator misbehaves.
type Fault string

// The faults of the audit trail, of the token endpoint and of Object Storage.
const (
	Unauthorized   Fault = "401" // the presented token is revoked for good
	NotFound       Fault = "404"
	Throttled      Fault = "429"      // without Retry-After
	ThrottledAfter Fault = "429after" // with Retry-After: 1
	ServerError    Fault = "500"
	HTML503        Fault = "html503"
	HTML200        Fault = "html200"
	Truncated      Fault = "truncated" // the body ends early, with or without breaking the connection
	Slow           Fault = "slow"      // half a body, a pause, the rest
	Reset          Fault = "reset"     // the connection is reset
	Empty          Fault = "empty"     // 200 without a body
	Gzip           Fault = "gzip"      // a compressed answer, if the client takes it
	Drift          Fault = "drift"     // a record is written between two pages
	Late           Fault = "late"      // a record appears minutes after its timeStamp
	Mixed          Fault = "unordered" // the records of a page in another order
	Token401       Fault = "token401"
	Token429       Fault = "token429"
	Token503       Fault = "token503"
	Store404       Fault = "store404"
	Store429       Fault = "store429"
	Store503       Fault = "store503"
	StoreLost      Fault = "storelost" // the object is stored, the answer is lost
)

// AllFaults lists every fault.
func AllFaults() []Fault {
	return []Fault{Unauthorized, NotFound, Throttled, ThrottledAfter, ServerError, HTML503, HTML200, Truncated, Slow, Reset, Empty,
		Gzip, Drift, Late, Mixed, Token401, Token429, Token503, Store404, Store429, Store503, StoreLost}
}

// Rate says how often a fault happens: on the next Count occasions, and then
// with a probability of Chance.
type Rate struct {
	Chance float64 // 0 to 1
	Count  int
}

// Faults says what goes wrong.
type Faults struct {
	Rates map[Fault]Rate
	// Most bounds the records that drift and late arrivals may add in all, so
	// that a reader who starts over comes to rest; 0 means 50.
	Most int
}

// ParseFaults reads "5%" (every fault on one occasion in twenty), or a list such
// as "drift=0.1,429=5%,500=3x", where 3x means the next three occasions. "" and
// "none" mean no faults. "most=N" sets Most.
func ParseFaults(s string) (Faults, error) {
	f := Faults{Rates: map[Fault]Rate{}}
	if s = strings.TrimSpace(s); s == "" || s == "none" {
		return f, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		name, value, named := strings.Cut(strings.TrimSpace(part), "=")
		if named && name == "most" {
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return f, fmt.Errorf("faults: most=%s is not a number of records", value)
			}
			f.Most = n
			continue
		}
		if !named {
			value = name
		}
		rate, err := parseRate(value)
		if err != nil {
			return f, err
		}
		switch {
		case !named:
			for _, k := range AllFaults() {
				f.Rates[k] = rate
			}
		case slices.Contains(AllFaults(), Fault(name)):
			f.Rates[Fault(name)] = rate
		default:
			return f, fmt.Errorf("faults: %q is none of %s", name, join(AllFaults()))
		}
	}
	return f, nil
}

func parseRate(s string) (Rate, error) {
	if n, ok := strings.CutSuffix(s, "x"); ok {
		if count, err := strconv.Atoi(n); err == nil && count >= 0 {
			return Rate{Count: count}, nil
		}
	}
	number, percent := strings.CutSuffix(s, "%")
	p, err := strconv.ParseFloat(number, 64)
	if percent {
		p /= 100
	}
	if err != nil || !(p >= 0 && p <= 1) {
		return Rate{}, fmt.Errorf("faults: %q is not a rate: write 5%%, 0.05 or 3x", s)
	}
	return Rate{Chance: p}, nil
}

// String prints what ParseFaults reads.
func (f Faults) String() string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(f.Rates)) {
		if r := f.Rates[k]; r.Count > 0 {
			parts = append(parts, fmt.Sprintf("%s=%dx", k, r.Count))
		} else if r.Chance > 0 {
			parts = append(parts, fmt.Sprintf("%s=%g", k, r.Chance))
		}
	}
	if f.Most > 0 {
		parts = append(parts, fmt.Sprintf("most=%d", f.Most))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ",")
}

func join(faults []Fault) string {
	var names []string
	for _, f := range faults {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// injector decides, from the seed and the number of the occasion alone.
//
// Two rules keep faults from defeating a correct client: a request that is
// repeated fails at most failuresInARow times, and one that was refused in a way
// that is not to be retried (401, 404) is not refused so again at once.
type injector struct {
	mu        sync.Mutex
	seed      uint64
	faults    Faults
	occasions map[Fault]uint64
	streaks   map[string]streak
	added     int
}

type streak struct {
	failures int
	final    bool // the last failure was one that clients do not retry
}

const (
	failuresInARow = 3
	mostStreaks    = 4096
	mostAdded      = 50
)

func newInjector(seed uint64, f Faults) *injector {
	i := &injector{seed: seed, occasions: map[Fault]uint64{}}
	i.set(f)
	return i
}

func (i *injector) set(f Faults) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = Faults{Rates: maps.Clone(f.Rates), Most: f.Most}
	i.streaks, i.added = map[string]streak{}, 0
}

func (f Fault) final() bool {
	return f == Unauthorized || f == NotFound || f == Token401 || f == Store404
}

// fails reports whether any of the faults, tried in order, strikes a request.
// Requests with the same key are repetitions of one another.
func (i *injector) fails(key string, faults ...Fault) (Fault, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.streaks[key]
	for _, f := range faults {
		if s.failures >= failuresInARow || f.final() && s.final {
			continue
		}
		if i.draw(f) {
			if len(i.streaks) >= mostStreaks {
				clear(i.streaks)
			}
			i.streaks[key] = streak{s.failures + 1, f.final()}
			return f, true
		}
	}
	return "", false
}

// passed ends a streak: a request was answered properly.
func (i *injector) passed(key string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.streaks, key)
}

// happens decides a fault that neither fails a request nor adds a record.
func (i *injector) happens(f Fault) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.draw(f)
}

// adds decides whether a fault adds a record of its own.
func (i *injector) adds(f Fault) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	most := i.faults.Most
	if most <= 0 {
		most = mostAdded
	}
	if i.added >= most || !i.draw(f) {
		return false
	}
	i.added++
	return true
}

// draw is called with the lock held.
func (i *injector) draw(f Fault) bool {
	r, ok := i.faults.Rates[f]
	if !ok {
		return false
	}
	if r.Count > 0 {
		r.Count--
		i.faults.Rates[f] = r
		return true
	}
	i.occasions[f]++
	h := fnv.New64a()
	h.Write(binary.LittleEndian.AppendUint64(nil, i.seed))
	h.Write([]byte(f))
	h.Write(binary.LittleEndian.AppendUint64(nil, i.occasions[f]))
	return float64(mix(h.Sum64())>>11)/(1<<53) < r.Chance
}

// mix spreads the bits of a hash whose inputs differ little (the finalizer of
// SplitMix64, Steele, Lea and Flood, OOPSLA 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
