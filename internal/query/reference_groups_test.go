package query

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// measure is an aggregate with its meaning over the rows of a group, the newest
// record first.
type measure struct {
	text string
	kind kind
	of   func(rows []line) any
}

// aggregate notes the use of an aggregate function.
func (d drawer) aggregate(name string) string {
	d.used["aggregate "+name] = true
	return name
}

// measure draws an aggregate. Those that ask for the order of records have
// times that differ.
func (d drawer) measure(s sheet, timed bool) measure {
	numeric, texts := s.of(numbers, fractions), s.of(loose)
	if len(numeric) == 0 || len(texts) == 0 {
		return measure{d.aggregate("count"), numbers, func(rows []line) any { return float64(len(rows)) }}
	}
	n, t := pick(d.r, numeric), pick(d.r, texts)
	over := func(f func(list []float64) any) func([]line) any {
		return func(rows []line) any {
			if list := numbersOf(rows, n); len(list) > 0 {
				return f(list)
			}
			return nil
		}
	}
	p, like := d.r.IntN(101), s.kinds[n]
	list := []measure{
		{"count", numbers, func(rows []line) any { return float64(len(rows)) }},
		{"count(" + quoted(t) + ")", numbers, func(rows []line) any { return float64(len(present(rows, t))) }},
		{"distinctcount(" + quoted(t) + ")", numbers, func(rows []line) any { return float64(len(s.distinctOf(rows, t))) }},
		{"sum(" + quoted(n) + ")", like, over(func(l []float64) any { return total(l) })},
		{"avg(" + quoted(n) + ")", fractions, over(func(l []float64) any { return total(l) / float64(len(l)) })},
		{"min(" + quoted(n) + ")", like, over(func(l []float64) any { return slices.Min(l) })},
		{"max(" + quoted(n) + ")", like, over(func(l []float64) any { return slices.Max(l) })},
		{"median(" + quoted(n) + ")", fractions, over(func(l []float64) any { return percentile(l, 0.5) })},
		{fmt.Sprintf("pct(%s, %d)", quoted(n), p), fractions, over(func(l []float64) any { return percentile(l, float64(p)/100) })},
		{"stddev(" + quoted(n) + ")", fractions, over(func(l []float64) any {
			if len(l) < 2 {
				return nil
			}
			mean, sum := total(l)/float64(len(l)), 0.0
			for _, v := range l {
				sum += (v - mean) * (v - mean)
			}
			return math.Sqrt(sum / float64(len(l)-1))
		})},
		{"ifnull(max(" + quoted(n) + "), -7)", like, func(rows []line) any {
			if l := numbersOf(rows, n); len(l) > 0 {
				return slices.Max(l)
			}
			return -7.0
		}},
		{"earliest(" + quoted(t) + ")", loose, func(rows []line) any {
			if l := present(rows, t); len(l) > 0 {
				return l[len(l)-1].cells[t]
			}
			return nil
		}},
		{"latest(" + quoted(t) + ")", loose, func(rows []line) any {
			if l := present(rows, t); len(l) > 0 {
				return l[0].cells[t]
			}
			return nil
		}},
		{"unique(" + quoted(t) + ")", lists, func(rows []line) any {
			return listed(s.distinctOf(rows, t))
		}},
		{"values(" + quoted(t) + ")", lists, func(rows []line) any {
			l := present(rows, t)
			slices.Reverse(l)
			return listed(l, t)
		}},
	}
	m := list[d.r.IntN(len(list))]
	if !timed {
		m = list[d.r.IntN(11)]
	}
	name, rest, _ := strings.Cut(m.text, "(")
	d.aggregate(name)
	if name == "ifnull" {
		inner, _, _ := strings.Cut(rest, "(")
		d.aggregate(inner)
	}
	return m
}

func present(rows []line, name string) []line {
	return slices.DeleteFunc(slices.Clone(rows), func(l line) bool { return l.cells[name] == nil })
}

func numbersOf(rows []line, name string) (out []float64) {
	for _, l := range rows {
		if v, ok := l.cells[name].(float64); ok {
			out = append(out, v)
		}
	}
	return out
}

// distinctOf lists the values of a column in the order of their first appearance,
// each in the spelling that sorts first.
func (s sheet) distinctOf(rows []line, name string) (out []any) {
	at := map[any]int{}
	for _, l := range slices.Backward(rows) {
		k := s.folds(l, name)
		i, seen := at[k]
		switch {
		case k == nil:
		case !seen:
			at[k] = len(out)
			out = append(out, l.cells[name])
		case compareCells(l.cells[name], out[i], false) < 0:
			out[i] = l.cells[name]
		}
	}
	return out
}

// listed is a list of at most ten values, of the column of rows when it is named.
func listed[T any](values []T, name ...string) any {
	if len(values) == 0 {
		return nil
	}
	var out []any
	for _, v := range values[:min(10, len(values))] {
		if l, ok := any(v).(line); ok {
			out = append(out, l.cells[name[0]])
		} else {
			out = append(out, v)
		}
	}
	return out
}

// measures draws a list of aggregates and adds what they make of each group.
func (d drawer) measures(s, out sheet, timed bool, rows func(l line) []line) (string, sheet) {
	text := ""
	for range 1 + d.r.IntN(4) {
		m, to := d.measure(s, timed), out.fresh()
		text += m.text + " as " + to + ", "
		out = out.with(to, m.kind, func(_ int, l line) any { return m.of(rows(l)) })
	}
	return strings.TrimSuffix(text, ", "), out
}

// members are the records of a group, the newest first.
func members(l line) []line {
	return slices.SortedStableFunc(slices.Values(l.recs), func(a, b line) int { return compareCells(a.cells["Time"], b.cells["Time"], true) })
}

// stats groups records or groups.
func (d drawer) stats(s sheet) (string, sheet) {
	by := s.some(d, loose, spelt, numbers)
	if d.r.IntN(4) == 0 {
		by = nil
	}
	out := s.grouped(by)
	if by == nil { // one row, also of nothing
		out.lines = []line{{cells: map[string]any{}, recs: s.lines}}
	}
	text, out := d.measures(s, out, !s.groups, members)
	if by != nil {
		text += " by " + quotedList(by)
	}
	for i := range out.lines {
		out.lines[i].recs = nil
	}
	return d.command("stats") + text, out
}

// link groups records and keeps them within reach.
func (d drawer) link(s sheet) (string, sheet) {
	by, nulls := s.some(d, loose, spelt, numbers), d.r.IntN(2) == 0
	out := s.keep(func(l line) bool {
		missing := present([]line{l}, by[0])
		if len(by) > 1 {
			missing = append(missing, present([]line{l}, by[1])...)
		}
		return len(missing) == len(by) || nulls && len(missing) > 0
	}).grouped(by)
	out.linked = true
	edge := func(f func(a, b time.Time) bool) func(int, line) any {
		return func(_ int, l line) any {
			best := l.recs[0].cells["Time"].(time.Time)
			for _, r := range l.recs {
				if at := r.cells["Time"].(time.Time); f(at, best) {
					best = at
				}
			}
			return best
		}
	}
	out = out.with("Count", numbers, func(_ int, l line) any { return float64(len(l.recs)) })
	out = out.with("Start Time", instants, edge(time.Time.Before))
	out = out.with("End Time", instants, edge(time.Time.After))
	out = out.with("Group Duration", numbers, func(_ int, l line) any {
		return float64(l.cells["End Time"].(time.Time).Sub(l.cells["Start Time"].(time.Time)).Milliseconds())
	})
	slices.SortStableFunc(out.lines, func(a, b line) int { return compareCells(a.cells["Start Time"], b.cells["Start Time"], false) })
	text := d.command("link") + fmt.Sprintf("includenulls = %t %s", nulls, quotedList(by))
	for range d.r.IntN(3) {
		var more string
		more, out = []func(raw, s sheet) (string, sheet){d.linkStats, d.addFields, d.table, d.view, d.classify}[d.r.IntN(5)](s, out)
		text += more
	}
	return text, out
}

// linkStats adds aggregates of the records of each group.
func (d drawer) linkStats(raw, s sheet) (string, sheet) {
	text, out := d.measures(raw, s, true, members)
	return d.command("stats") + text, out
}

// addFields adds an aggregate of some records of each group, and one over some groups.
func (d drawer) addFields(raw, s sheet) (string, sheet) {
	if !raw.has("Content Size Out") || raw.kinds["Content Size Out"] != numbers {
		return d.table(raw, s)
	}
	m, to, all := d.measure(raw, true), s.fresh(), s.fresh()
	size := float64(d.r.IntN(4))
	out := s.with(to, m.kind, func(_ int, l line) any {
		return m.of(slices.DeleteFunc(slices.Clone(l.recs), func(r line) bool { v, ok := r.cells["Content Size Out"].(float64); return !ok || v < size }))
	})
	var some []line
	for _, l := range s.lines {
		if l.cells["Count"].(float64) > size {
			some = append(some, l)
		}
	}
	out = out.with(all, numbers, func(_ int, l line) any {
		if l.cells["Count"].(float64) > size {
			return total(numbersOf(some, "Count"))
		}
		return nil
	})
	d.aggregate("sum")
	return d.command("addfields") + fmt.Sprintf("[ 'Content Size Out' >= %v | stats %s as %s ], [ * | where Count > %v | eventstats sum(Count) as %s ]", size, m.text, to, size, all), out
}

// table attaches a table; the rows pass.
func (d drawer) table(_, s sheet) (string, sheet) {
	d.command("updatetable")
	return d.command("createtable") + "name = T select Count as N, literal(x) as K | updatetable name = T [ * | where N > 1 ]", s
}

// classify attaches classes; the rows pass.
func (d drawer) classify(_, s sheet) (string, sheet) {
	return d.command("classify") + "correlate = -* 'Start Time', Count as Chart", s
}

// view looks for each group in a view of the larger groups.
func (d drawer) view(_, s sheet) (string, sheet) {
	least, to, theirs := float64(d.r.IntN(4)), s.fresh(), s.fresh()
	d.command("map")
	out := s.with(to, numbers, func(_ int, l line) any {
		for _, v := range s.lines {
			if n := v.cells["Count"].(float64); n > least && l.cells["Count"].(float64) < n {
				return n
			}
		}
		return nil
	})
	return d.command("createview") + fmt.Sprintf("[ * | where Count > %v | rename Count as %s ] as V | map [ * | where Count < %s | eval %s = %s ] using V", least, theirs, theirs, to, theirs), out
}

// eventstats writes aggregates, or what positions hold, into every group.
func (d drawer) eventstats(s sheet) (string, sheet) {
	by := s.of(loose)
	key, text := "", ""
	if len(by) > 0 && d.r.IntN(2) == 0 {
		key = pick(d.r, by)
		text = " by " + quoted(key)
	}
	parts := map[string][]line{}
	place := map[int]int{}
	of := func(l line) string {
		if key == "" {
			return ""
		}
		return s.key(l, []string{key})
	}
	for i, l := range s.lines {
		place[i] = len(parts[of(l)])
		parts[of(l)] = append(parts[of(l)], l)
	}
	names := s.of(numbers, fractions)
	if len(names) == 0 || d.r.IntN(2) == 0 {
		m, to := d.measure(s, false), s.fresh()
		return d.command("eventstats") + m.text + " as " + to + text, s.with(to, m.kind, func(_ int, l line) any { return m.of(parts[of(l)]) })
	}
	n, to := pick(d.r, names), s.fresh()
	q := quoted(n)
	at := func(offset func(i, size int) int) func(int, line) any {
		return func(i int, l line) any {
			part := parts[of(l)]
			if j := offset(place[i], len(part)); j >= 0 && j < len(part) {
				return part[j].cells[n]
			}
			return nil
		}
	}
	type position struct {
		text string
		of   func(int, line) any
	}
	p := []position{
		{"first(" + q + ")", at(func(_, _ int) int { return 0 })}, {"last(" + q + ")", at(func(_, size int) int { return size - 1 })},
		{"nthval(" + q + ", 2)", at(func(_, _ int) int { return 1 })}, {"lag(" + q + ")", at(func(i, _ int) int { return i - 1 })},
		{"lead(" + q + ")", at(func(i, _ int) int { return i + 1 })}, {"rownum", func(i int, _ line) any { return float64(place[i] + 1) }},
	}[d.r.IntN(6)]
	name, _, _ := strings.Cut(p.text, "(")
	d.aggregate(name)
	like := s.kinds[n]
	if name == "rownum" {
		like = numbers
	}
	return d.command("eventstats") + p.text + " as " + to + text, s.with(to, like, p.of)
}

// timestats makes a point of each hour and line. Lines are ordered by their
// totals, which may be equal: rows are compared without their order.
func (d drawer) timestats(s sheet) (string, sheet) {
	by := ""
	if d.r.IntN(2) == 0 {
		by = pick(d.r, s.of(loose))
	}
	out := sheet{kinds: map[string]kind{"Time": instants}, groups: true, next: s.next}
	keys := []any{nil}
	if by != "" {
		keys, out.kinds[by] = nil, loose
		for _, g := range s.grouped([]string{by}).lines {
			keys = append(keys, g.cells[by])
		}
	}
	for _, key := range keys {
		for h := range 24 {
			from := testNow.Add(time.Duration(h-24) * time.Hour)
			l := line{cells: map[string]any{"Time": from}}
			if by != "" {
				l.cells[by] = key
			}
			for _, r := range s.lines {
				at, _ := r.cells["Time"].(time.Time)
				if (by == "" || compareFolded(r.cells[by], key)) && !at.Before(from) && at.Before(from.Add(time.Hour)) {
					l.recs = append(l.recs, r)
				}
			}
			out.lines = append(out.lines, l)
		}
	}
	text, out := d.measures(s, out, true, members)
	n := pick(d.r, s.of(numbers))
	rate := out.fresh()
	text += fmt.Sprintf(", %s(%s) as %s", d.aggregate("persecond"), quoted(n), rate)
	out = out.with(rate, fractions, func(_ int, l line) any {
		if list := numbersOf(l.recs, n); len(list) > 0 {
			return total(list) / 3600
		}
		return nil
	})
	if by != "" {
		text += " by " + quoted(by)
	}
	text = d.command("timestats") + "span = 1hour " + text
	if d.r.IntN(3) == 0 { // the first value one day earlier: there is none
		text += d.command("timecompare") + "shift = 1day"
	}
	return text, out
}

func compareFolded(a, b any) bool {
	x, ok := a.(string)
	y, ok2 := b.(string)
	return a == b || ok && ok2 && strings.EqualFold(x, y)
}

// compare puts the counts of the hours before beside those of the last ones.
func (d drawer) compare(s sheet) (string, sheet) {
	hours := 1 + d.r.IntN(2)
	by := pick(d.r, []string{"User Name", "Status", "Log Source"})
	span := time.Duration(hours) * time.Hour
	within := func(from, to time.Time) sheet {
		return s.keep(func(l line) bool { at := l.cells["Time"].(time.Time); return !at.Before(from) && at.Before(to) }).grouped([]string{by})
	}
	now, before := within(testNow.Add(-span), testNow), within(testNow.Add(-2*span), testNow.Add(-span))
	out := now.with("n", numbers, func(_ int, l line) any { return float64(len(l.recs)) })
	earlier := func(l line) float64 {
		for _, b := range before.lines {
			if compareFolded(b.cells[by], l.cells[by]) {
				return float64(len(b.recs))
			}
		}
		return 0
	}
	shifted := fmt.Sprintf("n (-%dh)", hours)
	out = out.with(shifted, numbers, func(_ int, l line) any {
		if n := earlier(l); n > 0 {
			return n
		}
		return nil
	})
	out = out.with("% Change of "+shifted, fractions, func(_ int, l line) any {
		if n := earlier(l); n > 0 {
			return 100 * (float64(len(l.recs)) - n) / n
		}
		return nil
	})
	return fmt.Sprintf(" and Time >= dateRelative(%dhour)", hours) + d.command("stats") + "count as n by " + quoted(by) + d.command("compare") + fmt.Sprintf("timeshift = -%dhour", hours), out
}

// geostats groups by a place.
func (d drawer) geostats(s sheet) (string, sheet) {
	by := pick(d.r, []string{"User Name", "Status"})
	out := s.keep(func(l line) bool { return l.cells[by] != nil }).grouped([]string{by})
	text, out := d.measures(s, out, true, members)
	return d.command("geostats") + "include = custom coordinates = " + quoted(by) + " " + text, out
}

// fieldSummary lists the most frequent values of a field.
func (d drawer) fieldSummary(s sheet) (string, sheet) {
	field, most := pick(d.r, []string{"User Name", "Status", "Log Source"}), 1+d.r.IntN(4)
	out := s.keep(func(l line) bool { return l.cells[field] != nil }).grouped([]string{field})
	slices.SortStableFunc(out.lines, func(a, b line) int { return cmp.Compare(len(b.recs), len(a.recs)) })
	out.lines = out.lines[:min(most, len(out.lines))]
	out = out.with("field", loose, func(int, line) any { return field })
	out = out.with("value", loose, func(_ int, l line) any { return l.cells[field] })
	out = out.with("count", numbers, func(_ int, l line) any { return float64(len(l.recs)) })
	delete(out.kinds, field)
	return d.command("fieldsummary") + fmt.Sprintf("maxvalues = %d includetrends = false %s", most, quoted(field)), out
}

// trend lists the counts of each hour.
func (d drawer) trend(s sheet) (string, sheet) {
	out := s.grouped([]string{"Status"})
	to := out.fresh()
	d.aggregate("trend")
	return d.command("stats") + "trend(count, 1hour) as " + to + " by Status", out.with(to, lists, func(_ int, l line) any {
		list := make([]any, 24)
		for h := range list {
			list[h] = 0.0
		}
		for _, r := range l.recs {
			h := 23 - int(testNow.Add(-time.Millisecond).Sub(r.cells["Time"].(time.Time)).Hours())
			list[h] = list[h].(float64) + 1
		}
		return list
	})
}
