package plan

import (
	"fmt"
	"time"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// span is the length of a bucket of time.
type span struct {
	count int64
	unit  syntax.Unit
}

func (s span) String() string { return fmt.Sprintf("%d%s", s.count, s.unit) }

// millis is the span's nominal length.
func (s span) millis() int64 { return s.count * unitMillis(s.unit) }

// ladder lists the spans that an automatic or a raised span is chosen from.
func ladder() []span {
	return []span{
		{1, syntax.Second}, {5, syntax.Second}, {15, syntax.Second}, {30, syntax.Second},
		{1, syntax.Minute}, {5, syntax.Minute}, {15, syntax.Minute}, {30, syntax.Minute},
		{1, syntax.Hour}, {3, syntax.Hour}, {6, syntax.Hour}, {12, syntax.Hour},
		{1, syntax.Day}, {1, syntax.Week}, {1, syntax.Month}, {3, syntax.Month}, {1, syntax.Year},
	}
}

const (
	minute = 60_000
	hour   = 60 * minute
	day    = 24 * hour
)

// automatic chooses the span for a window in milliseconds (section 5.3 of the
// reference, whose table this is).
func automatic(window int64) span {
	steps := []struct {
		atMost int64
		span   span
	}{
		{15 * minute, span{15, syntax.Second}},
		{hour, span{1, syntax.Minute}},
		{12 * hour, span{5, syntax.Minute}},
		{day, span{15, syntax.Minute}},
		{3 * day, span{30, syntax.Minute}},
		{7 * day, span{1, syntax.Hour}},
		{14 * day, span{3, syntax.Hour}},
		{31 * day, span{6, syntax.Hour}},
		{93 * day, span{1, syntax.Day}},
		{366 * day, span{1, syntax.Week}},
	}
	for _, s := range steps {
		if window <= s.atMost {
			return s.span
		}
	}
	return raise(span{1, syntax.Month}, window, false)
}

// ceiling is the longest window a span may be asked for. Only some are known;
// for the rest the limit is a number of points.
func ceiling(s span, afterLink bool) int64 {
	switch s.millis() {
	case minute:
		if afterLink {
			return 5 * hour
		}
		return 12 * hour
	case 5 * minute:
		if afterLink {
			return day
		}
		return 3 * day
	case 15 * minute:
		if afterLink {
			return 3 * day
		}
		return 10 * day
	}
	if afterLink {
		return 300 * s.millis()
	}
	return 960 * s.millis()
}

// raise replaces a span that is too short for the window by the next one that is not.
func raise(s span, window int64, afterLink bool) span {
	if window <= ceiling(s, afterLink) {
		return s
	}
	for _, next := range ladder() {
		if next.millis() > s.millis() && window <= ceiling(next, afterLink) {
			return next
		}
	}
	// Centuries: as many years as it takes.
	return span{window/(300*unitMillis(syntax.Year)) + 1, syntax.Year}
}

// buckets is a division of a window of time.
type buckets struct {
	span   span
	edges  []int64 // starts, epoch milliseconds; the first may lie before the window
	end    int64   // end of the last bucket
	window record.Window
}

// cut divides the window. Edges lie on multiples of the span in the zone: days,
// weeks (from Monday), months and years on those of its calendar, shorter spans
// where the wall clock shows a multiple. So a bucket in which the clock changes
// is shorter or longer than the others.
func cut(w record.Window, s span, zone *time.Location) buckets {
	b := buckets{span: s, window: w}
	end := w.To.UnixMilli()
	t := s.floor(w.From.In(zone))
	for t.UnixMilli() < end {
		b.edges = append(b.edges, t.UnixMilli())
		t = s.next(t)
	}
	b.end = t.UnixMilli()
	return b
}

// floor is the last edge at or before t, in the zone of t.
func (s span) floor(t time.Time) time.Time {
	y, m, d := t.Date()
	n := s.count
	switch s.unit {
	case syntax.Year:
		return startOfDay(y-int(floorMod(int64(y), n)), 1, 1, t.Location())
	case syntax.Month:
		months := int64(y)*12 + int64(m) - 1
		months -= floorMod(months, n)
		return startOfDay(int(months/12), time.Month(months%12+1), 1, t.Location())
	case syntax.Week:
		// Day 0, 1970-01-01, was a Thursday, so Mondays are 4 modulo 7.
		return startOfDay(y, m, d-int(floorMod(dayNumber(y, m, d)-4, 7*n)), t.Location())
	case syntax.Day:
		return startOfDay(y, m, d-int(floorMod(dayNumber(y, m, d), n)), t.Location())
	}
	edge := t.Add(-time.Duration(floorMod(wall(t), s.millis())) * time.Millisecond)
	edge = edge.Truncate(time.Millisecond)
	if change, _ := t.ZoneBounds(); change.IsZero() || !edge.Before(change) {
		return edge
	} else {
		return s.floor(change.Add(-time.Millisecond))
	}
}

// next is the first edge after the edge t.
func (s span) next(t time.Time) time.Time {
	y, m, d := t.Date()
	n := int(s.count)
	switch s.unit {
	case syntax.Year:
		return startOfDay(y+n, 1, 1, t.Location())
	case syntax.Month:
		return startOfDay(y, m+time.Month(n), 1, t.Location())
	case syntax.Week:
		return startOfDay(y, m, d+7*n, t.Location())
	case syntax.Day:
		return startOfDay(y, m, d+n, t.Location())
	}
	for {
		edge := t.Add(time.Duration(s.millis()-floorMod(wall(t), s.millis())) * time.Millisecond)
		_, change := t.ZoneBounds()
		if change.IsZero() || edge.Before(change) {
			return edge
		}
		if floorMod(wall(change), s.millis()) == 0 {
			return change
		}
		t = change
	}
}

// wall is what the clock of t's zone shows, as milliseconds since 1970.
func wall(t time.Time) int64 {
	_, offset := t.Zone()
	return t.UnixMilli() + int64(offset)*1000
}

// startOfDay is the first instant of a date, also where the clock changes at midnight.
func startOfDay(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	want := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMilli()
	if wall(t) >= want {
		return t
	}
	if later := t.Add(time.Duration(want-wall(t)) * time.Millisecond); wall(later) == want {
		return later
	}
	_, change := t.ZoneBounds()
	return change
}

// dayNumber counts days since 1970-01-01.
func dayNumber(y int, m time.Month, d int) int64 {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func floorMod(a, n int64) int64 {
	if m := a % n; m < 0 {
		return m + n
	} else {
		return m
	}
}

// number is the expression for the number of the bucket that a time falls in:
// one division for each run of buckets of equal length.
func (b buckets) number(at Expr) Expr {
	ms := call(ToMillis, Int, at)
	runs := b.runs()
	if len(runs) == 0 {
		return &Const{nil, Type{Kind: Int}}
	}
	args := []Expr{test(Lt, ms, whole(b.edges[0])), &Const{nil, Type{Kind: Int}}}
	for _, r := range runs {
		args = append(args, test(Lt, ms, whole(r.end)), r.number(ms))
	}
	return call(If, Int, append(args, &Const{nil, Type{Kind: Int}})...)
}

// inside is number for times that all lie in the window, which it need not test.
func (b buckets) inside(at Expr) Expr {
	runs := b.runs()
	if len(runs) != 1 {
		return b.number(at)
	}
	return runs[0].number(call(ToMillis, Int, at))
}

// run is a number of buckets of equal length, one after the other.
type run struct{ first, start, length, end int64 }

// number is the expression for the number of the bucket of an instant in the run.
func (r run) number(ms Expr) Expr {
	n := call(IntDiv, Int, call(Sub, Int, ms, whole(r.start)), whole(r.length))
	if r.first > 0 {
		n = call(Add, Int, n, whole(r.first))
	}
	return n
}

func (b buckets) runs() []run {
	var runs []run
	for i, start := range b.edges {
		end := b.end
		if i+1 < len(b.edges) {
			end = b.edges[i+1]
		}
		if n := len(runs); n > 0 && runs[n-1].length == end-start {
			runs[n-1].end = end
			continue
		}
		runs = append(runs, run{int64(i), start, end - start, end})
	}
	return runs
}

// start is the expression for the start of the bucket with the number.
func (b buckets) start(number Expr) Expr {
	type run struct{ first, start, length int64 }
	var runs []run
	for i, start := range b.edges {
		end := b.end
		if i+1 < len(b.edges) {
			end = b.edges[i+1]
		}
		if n := len(runs); n == 0 || runs[n-1].length != end-start {
			runs = append(runs, run{int64(i), start, end - start})
		}
	}
	var args []Expr
	for i, r := range runs {
		ms := call(Add, Int, whole(r.start), call(Mul, Int, call(Sub, Int, number, whole(r.first)), whole(r.length)))
		if i+1 < len(runs) {
			args = append(args, test(Lt, number, whole(runs[i+1].first)))
		}
		args = append(args, ms)
	}
	if len(args) == 0 {
		return &Const{nil, Type{Kind: Time}}
	}
	ms := args[0]
	if len(args) > 1 {
		ms = call(If, Int, args...)
	}
	return call(FromMillis, Time, ms)
}

// bounded is the effective window with its open ends closed: by what the store
// holds, else by now.
func (p *planner) bounded() record.Window {
	w := p.window
	if !w.From.IsZero() && !w.To.IsZero() {
		return w
	}
	if p.env.Extent != nil {
		got, err := p.env.Extent(w)
		if err != nil && p.failed == nil {
			p.failed = err
		}
		w = got
	}
	if w.To.IsZero() {
		w.To = p.env.Now
	}
	if w.From.IsZero() {
		w.From = w.To
	}
	return w
}

// divide cuts the effective window into buckets of the asked span, or of an automatic one.
func (p *planner) divide(asked *syntax.Duration, afterLink bool) buckets {
	w := p.bounded()
	length := w.Length().Milliseconds()
	s := automatic(length)
	switch {
	case p.every != nil:
		if s = *p.every; raise(s, length, afterLink) != s {
			p.report(syntax.Span{}, "Unexpected input for %s: the other time range is too long for a span of %s", p.clause, s)
			return buckets{window: w}
		}
	case asked != nil:
		if asked.Count < 1 || asked.Count > maxUnits {
			p.report(asked, "Unexpected input for %s: a span is at least one second", p.clause)
			return buckets{window: w}
		}
		s = raise(span{asked.Count, asked.Unit}, length, afterLink)
	}
	return cut(w, s, p.env.Zone)
}
