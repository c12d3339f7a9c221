package simulate

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"time"
)

// plant is where integrations run: it writes the activity stream and remembers
// the runs, of which metrics and the monitoring API are made.
type plant struct {
	log        *serviceLog
	flows      []*flow
	total      float64 // of the flows' weights
	generation int
	random     *rand.Rand
	fault      *badVersion // nil: none
	seq        uint32
	number     uint64

	mu     sync.RWMutex
	runs   []*run // in order of time
	rested int64  // when work ended for good; 0: it goes on
}

// badVersion is a version of a flow that fails more and more while it is active.
type badVersion struct {
	flow     *flow
	version  string
	from, to int64
}

// trouble of a run of a flow at a time, and the version that was active.
func (p *plant) trouble(f *flow, at int64) (float64, string) {
	b := p.fault
	if b == nil || b.flow != f || at < b.from || at >= b.to {
		return f.trouble, f.version
	}
	return 0.2 + 0.7*float64(at-b.from)/float64(b.to-b.from), b.version
}

func newPlant(log *serviceLog, flows []*flow, generation int, random *rand.Rand) *plant {
	p := &plant{log: log, flows: flows, generation: generation, random: random}
	for _, f := range flows {
		p.total += f.weight
	}
	return p
}

// happen draws a run; Logging has each step some seconds after it.
func (p *plant) happen(at time.Time) []entry {
	f := p.flows[len(p.flows)-1]
	die := p.random.Float64() * p.total
	for _, g := range p.flows {
		if die -= g.weight; die < 0 {
			f = g
			break
		}
	}
	p.number++
	trouble, version := p.trouble(f, at.UnixMilli())
	r := newRun(f, at, p.number, p.generation, p.random, trouble)
	r.version = version
	p.remember(r)
	var out []entry
	for i, a := range r.actions() {
		p.seq++
		end := r.when(a)
		out = append(out, entry{at: end, seen: end + 2000 + p.random.Int64N(4000), what: r, log: p.log, seq: p.seq, part: uint16(i)})
	}
	return out
}

func (p *plant) remember(r *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs = append(p.runs, r)
}

// settle puts the runs of the past in order.
func (p *plant) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.SortFunc(p.runs, func(a, b *run) int { return a.compare(b) })
}

func (r *run) compare(o *run) int {
	return cmp.Or(cmp.Compare(r.at, o.at), cmp.Compare(r.number, o.number))
}

func (r *run) end() int64 { return r.at + int64(r.took) }

// rest ends all work: what is under way never ends.
func (p *plant) rest(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rested = now.UnixMilli()
}

// endedBy is the time until which runs have ended, seen at now.
func (p *plant) endedBy(now int64) int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.rested == 0 {
		return now
	}
	return min(p.rested, now)
}

// runsBetween lists the runs that began in [from, to).
func (p *plant) runsBetween(from, to int64) []*run {
	p.mu.RLock()
	defer p.mu.RUnlock()
	first := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].at >= from })
	end := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].at >= to })
	if first >= end {
		return nil
	}
	return slices.Clone(p.runs[first:end])
}
