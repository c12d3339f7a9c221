package simulate

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// stream is a kind of happenings that come by chance: runs of integrations,
// work in Analytics.
type stream struct {
	random *rand.Rand
	rate   float64 // entries an hour
	mean   float64 // entries of a happening, about
	off    float64 // how much of it goes on off hours, 0 to 1
	// make draws one happening and returns its entries, in order of time; seen
	// is the usual time at which each comes into its log.
	make func(at time.Time) []entry

	next    time.Time
	pending queue
	until   int64 // what came into a log by then has been given out; the rest comes later
}

// past makes n entries that are seen before now, over the span before it. What
// comes later of the last happenings waits.
func (s *stream) past(n int, span time.Duration, now time.Time) []entry {
	s.until = now.UnixMilli()
	out := make([]entry, 0, n)
	for len(out) < n {
		at, _ := moment(s.random, now.Add(-span), span, s.off)
		for _, e := range s.make(at) {
			switch {
			case e.seen > now.UnixMilli():
				heap.Push(&s.pending, e)
			case len(out) < n:
				out = append(out, e)
			}
		}
	}
	return out
}

// work lets happenings begin and their entries be seen until now. Late ones are
// held back.
func (s *stream) work(now time.Time, chance *injector, lateBy time.Duration) []entry {
	if s.rate > 0 {
		if s.next.IsZero() {
			s.next = now.Add(s.gap())
		}
		for n := 0; !s.next.After(now) && n < mostSessions; n++ {
			for _, e := range s.make(s.next) {
				if chance.happens(Late) {
					e.seen += 1 + s.random.Int64N(lateBy.Milliseconds())
				}
				e.seen = max(e.seen, s.until+1)
				heap.Push(&s.pending, e)
			}
			s.next = s.next.Add(s.gap())
		}
		if !s.next.After(now) {
			s.next = now.Add(s.gap())
		}
	}
	var out []entry
	for len(s.pending) > 0 && s.pending[0].seen <= now.UnixMilli() {
		out = append(out, heap.Pop(&s.pending).(entry))
	}
	s.until = max(s.until, now.UnixMilli())
	return out
}

func (s *stream) gap() time.Duration {
	return time.Duration(s.random.ExpFloat64() * s.mean / s.rate * float64(time.Hour))
}

// queue holds entries that cannot be seen yet.
type queue []entry

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].seen < q[j].seen || q[i].seen == q[j].seen && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(entry)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
