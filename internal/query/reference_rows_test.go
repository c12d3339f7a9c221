package query

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// sheet is what the reference evaluator knows of the rows between two commands.
type sheet struct {
	kinds  map[string]kind
	lines  []line
	groups bool // rows are groups, not records
	linked bool // groups of link, whose records are within reach
	next   int  // number of the next column made
}

// line is a row, with its records where they count.
type line struct {
	cells map[string]any
	recs  []line
}

// sheetOf makes rows of records, newest first.
func sheetOf(recs []rec) sheet {
	s := sheet{kinds: map[string]kind{"Time": instants, "User Name": loose, "Status": loose, "Log Source": loose,
		"Content Size Out": numbers, "Load": numbers, "Error Code": spelt}}
	for _, x := range recs {
		cells := map[string]any{"Time": testNow.Add(-time.Duration(x.ago * float64(time.Minute))), "Log Source": x.source}
		for name, v := range x.fields {
			if n, ok := v.(int); ok {
				v = float64(n)
			}
			cells[name] = v
		}
		s.lines = append(s.lines, line{cells: cells})
	}
	return s
}

// of lists the columns of some kinds, in order of name.
func (s sheet) of(kinds ...kind) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.kinds)), func(name string) bool { return !slices.Contains(kinds, s.kinds[name]) })
}

func (s sheet) has(name string) bool { _, ok := s.kinds[name]; return ok }

// with is the sheet with a column more; each line gets its value.
func (s sheet) with(name string, k kind, value func(i int, l line) any) sheet {
	s.kinds = maps.Clone(s.kinds)
	s.kinds[name] = k
	lines := make([]line, len(s.lines))
	for i, l := range s.lines {
		lines[i] = line{maps.Clone(l.cells), l.recs}
		lines[i].cells[name] = value(i, l)
	}
	s.lines = lines
	return s
}

func (s sheet) keep(hold func(l line) bool) sheet {
	s.lines = slices.DeleteFunc(slices.Clone(s.lines), func(l line) bool { return !hold(l) })
	return s
}

// fresh names a new column.
func (s *sheet) fresh() string { s.next++; return fmt.Sprint("c", s.next) }

// folds is a value as it is grouped and compared by.
func (s sheet) folds(l line, name string) any {
	if t, ok := l.cells[name].(string); ok && s.kinds[name] == loose {
		return strings.ToLower(t)
	}
	return l.cells[name]
}

func (s sheet) key(l line, names []string) string {
	k := ""
	for _, n := range names {
		k += fmt.Sprintf("%T:%v\x00", s.folds(l, n), s.folds(l, n))
	}
	return k
}

// compareCells orders values as they are, missing ones last both ways.
func compareCells(a, b any, desc bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	d := 0
	switch a := a.(type) {
	case float64:
		d = cmp.Compare(a, b.(float64))
	case time.Time:
		d = a.Compare(b.(time.Time))
	case string:
		d = cmp.Compare(a, b.(string))
	}
	if desc {
		return -d
	}
	return d
}

// step draws a command for rows of any kind and applies it.
func (d drawer) step(s sheet) (string, sheet) {
	list := []func(sheet) (string, sheet){d.where, d.eval, d.sort, d.head, d.tail, d.dedup, d.delta, d.extract, d.regex, d.jsonextract, d.xmlextract,
		d.bucket, d.lookup, d.outlier, d.rename, d.mark, d.fields, d.distinct, d.frequent, d.top}
	return list[d.r.IntN(len(list))](s)
}

// command notes the use of a command.
func (d drawer) command(name string) string {
	d.used["command "+name] = true
	return " | " + name + " "
}

func (d drawer) where(s sheet) (string, sheet) {
	c := d.truth(s, 2)
	return d.command("where") + c.text, s.keep(func(l line) bool { return c.of(l.cells) == 1.0 })
}

func (d drawer) eval(s sheet) (string, sheet) {
	text := ""
	for i := range 1 + d.r.IntN(3) {
		var f formula
		k := []kind{numbers, loose, instants, numbers}[d.r.IntN(4)]
		switch depth := 1 + d.r.IntN(2); k {
		case loose:
			f = d.word(s, depth)
		case instants:
			f = d.instant(s, depth)
		default:
			f = d.number(s, depth, false)
			k = kindOf(f.text)
		}
		name := s.fresh()
		if text += name + " = " + f.text; i == 0 {
			text = d.command("eval") + text
		}
		s = s.with(name, k, func(_ int, l line) any { return f.of(l.cells) })
		text += ", "
	}
	return strings.TrimSuffix(text, ", "), s
}

func (d drawer) sort(s sheet) (string, sheet) {
	names := s.of(loose, spelt, numbers, instants)
	if len(names) == 0 {
		return d.where(s)
	}
	d.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:min(len(names), 1+d.r.IntN(3))]
	var keys []string
	desc := map[string]bool{}
	for _, n := range names {
		desc[n] = d.r.IntN(2) == 0
		keys = append(keys, map[bool]string{true: "-", false: ""}[desc[n]]+quoted(n))
	}
	s.lines = slices.Clone(s.lines)
	slices.SortStableFunc(s.lines, func(a, b line) int {
		for _, n := range names {
			if c := compareCells(s.folds(a, n), s.folds(b, n), desc[n]); c != 0 {
				return c
			}
		}
		return 0
	})
	return d.command("sort") + strings.Join(keys, ", "), s
}

func (d drawer) head(s sheet) (string, sheet) {
	n := d.r.IntN(30)
	s.lines = s.lines[:min(n, len(s.lines))]
	return d.command("head") + d.oneOf("", "limit = ") + fmt.Sprint(n), s
}

func (d drawer) tail(s sheet) (string, sheet) {
	n := d.r.IntN(30)
	s.lines = s.lines[len(s.lines)-min(n, len(s.lines)):]
	return d.command("tail") + fmt.Sprint("limit = ", n), s
}

func (d drawer) dedup(s sheet) (string, sheet) {
	names := s.some(d, loose, spelt, numbers)
	if len(names) == 0 {
		return d.where(s)
	}
	n, nulls, consecutive := 1+d.r.IntN(2), d.r.IntN(2) == 0, d.r.IntN(3) == 0
	seen, last := map[string]int{}, ""
	out := s.keep(func(l line) bool {
		missing := slices.ContainsFunc(names, func(name string) bool { return l.cells[name] == nil })
		k := s.key(l, names)
		if missing && !nulls {
			return false
		}
		if consecutive && k != last {
			seen[k] = 0
		}
		last = k
		seen[k]++
		return seen[k] <= n
	})
	return d.command("dedup") + fmt.Sprintf("count = %d includenulls = %t consecutive = %t %s", n, nulls, consecutive, quotedList(names)), out
}

// some draws one or two columns.
func (s sheet) some(d drawer, kinds ...kind) []string {
	names := s.of(kinds...)
	d.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:min(len(names), 1+d.r.IntN(2))]
}

func quotedList(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, quoted(n))
	}
	return strings.Join(out, ", ")
}

func (d drawer) delta(s sheet) (string, sheet) {
	names := s.of(numbers, fractions)
	if len(names) == 0 {
		return d.where(s)
	}
	a, b, back, to := pick(d.r, names), pick(d.r, names), 1+d.r.IntN(3), s.fresh()
	before := s.lines
	return d.command("delta") + fmt.Sprintf("field = %s step = %d %s as %s", quoted(b), back, quoted(a), to), s.with(to, fractions, func(i int, l line) any {
		if i < back || l.cells[a] == nil || before[i-back].cells[b] == nil {
			return nil
		}
		return l.cells[a].(float64) - before[i-back].cells[b].(float64)
	})
}

func (d drawer) bucket(s sheet) (string, sheet) {
	names := s.of(numbers)
	if len(names) == 0 {
		return d.where(s)
	}
	field := pick(d.r, names)
	return d.command("bucket") + quoted(field) + " low = 0 - 1, high = 2 - 4, others = rest", s.with(field, loose, func(_ int, l line) any {
		v, ok := l.cells[field].(float64)
		switch {
		case !ok:
			return nil
		case v >= 0 && v <= 1:
			return "low"
		case v >= 2 && v <= 4:
			return "high"
		}
		return "rest"
	})
}

// people is the lookup table of the property test.
func people() [][]string {
	return [][]string{{"ADA", "core", "1"}, {"bob", "ops", "2"}, {"bob", "second", "3"}, {"o'neil", "", "4"}}
}

func (d drawer) lookup(s sheet) (string, sheet) {
	names := s.of(loose)
	if len(names) == 0 {
		return d.where(s)
	}
	field, to := pick(d.r, names), s.fresh()
	option, fallback := "", any(nil)
	if d.r.IntN(2) == 0 {
		option, fallback = "default = none ", "none"
	}
	return d.command("lookup") + "table = People " + option + "select team as " + to + " using " + quoted(field) + " = who", s.with(to, loose, func(_ int, l line) any {
		t, ok := l.cells[field].(string)
		for _, row := range people() {
			if ok && strings.EqualFold(row[0], t) {
				if row[1] == "" {
					return nil
				}
				return row[1]
			}
		}
		return fallback
	})
}

// outlier keeps or marks numbers beyond the quartiles by more than 1.5 times
// their distance.
func (d drawer) outlier(s sheet) (string, sheet) {
	names := s.of(numbers)
	if len(names) == 0 {
		return d.where(s)
	}
	field := pick(d.r, names)
	var all []float64
	for _, l := range s.lines {
		if v, ok := l.cells[field].(float64); ok {
			all = append(all, v)
		}
	}
	low, high := percentile(all, 0.25), percentile(all, 0.75)
	odd := func(l line) any {
		v, ok := l.cells[field].(float64)
		if ok && v < low-1.5*(high-low) || ok && v > high+1.5*(high-low) {
			return 1.0
		}
		return 0.0
	}
	switch d.r.IntN(3) {
	case 0:
		return d.command("outlier") + quoted(field), s.keep(func(l line) bool { return odd(l) == 1.0 })
	case 1:
		return d.command("outlier") + "remove = true " + quoted(field), s.keep(func(l line) bool { return odd(l) != 1.0 })
	}
	to := s.fresh()
	return d.command("outlier") + "action = annotate " + quoted(field) + " as " + to, s.with(to, numbers, func(_ int, l line) any { return odd(l) })
}

// percentile interpolates between the closest ranks.
func percentile(list []float64, p float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	list = slices.Sorted(slices.Values(list))
	at := p * float64(len(list)-1)
	low, high := list[int(math.Floor(at))], list[int(math.Ceil(at))]
	return low + (high-low)*(at-math.Floor(at))
}

func (d drawer) rename(s sheet) (string, sheet) {
	names := s.of(loose, numbers, instants)
	names = slices.DeleteFunc(names, func(n string) bool { return n == "Time" })
	if len(names) == 0 {
		return d.where(s)
	}
	from, to := pick(d.r, names), s.fresh()
	s = s.with(to, s.kinds[from], func(_ int, l line) any { return l.cells[from] })
	delete(s.kinds, from)
	for _, l := range s.lines {
		delete(l.cells, from)
	}
	return d.command("rename") + quoted(from) + " as " + to, s
}

// mark draws commands that only mark rows.
func (d drawer) mark(s sheet) (string, sheet) {
	if s.groups && d.r.IntN(2) == 0 {
		c, to := d.truth(s, 1), s.fresh()
		return d.command("highlightgroups") + "color = #aabbcc [ * | where " + c.text + " ] as " + to, s.with(to, numbers, func(_ int, l line) any { return c.of(l.cells) })
	}
	return d.command(d.oneOf("highlight", "highlightrows")) + "color = red error, disk", s
}

func (d drawer) fields(s sheet) (string, sheet) {
	names := s.some(d, loose, numbers)
	if len(names) == 0 {
		return d.where(s)
	}
	return d.command("fields") + "-" + quoted(names[0]), s // a hidden field can still be used
}

func (d drawer) distinct(s sheet) (string, sheet) {
	names := s.some(d, loose, spelt, numbers)
	if len(names) == 0 {
		return d.where(s)
	}
	out := s.grouped(names)
	out.linked = false
	return d.command("distinct") + quotedList(names), out
}

// grouped makes a row of each combination of some columns, ordered by them,
// missing values last. Text shows the spelling that sorts first.
func (s sheet) grouped(names []string) sheet {
	out := sheet{kinds: map[string]kind{}, groups: true, next: s.next}
	for _, n := range names {
		out.kinds[n] = s.kinds[n]
	}
	at := map[string]int{}
	for _, l := range s.lines {
		k := s.key(l, names)
		i, ok := at[k]
		if !ok {
			i = len(out.lines)
			at[k] = i
			out.lines = append(out.lines, line{cells: map[string]any{}})
			for _, n := range names {
				out.lines[i].cells[n] = l.cells[n]
			}
		}
		g := &out.lines[i]
		g.recs = append(g.recs, l)
		for _, n := range names {
			if t, ok := l.cells[n].(string); ok && t < g.cells[n].(string) {
				g.cells[n] = t
			}
		}
	}
	slices.SortStableFunc(out.lines, func(a, b line) int {
		for _, n := range names {
			if c := compareCells(out.folds(a, n), out.folds(b, n), false); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}

func (d drawer) frequent(s sheet) (string, sheet) {
	name := d.oneOf("frequent", "rare")
	names := s.of(loose)
	if len(names) == 0 || s.groups {
		return d.where(s)
	}
	field, limit := pick(d.r, names), d.r.IntN(5)+1
	out := s.keep(func(l line) bool { return l.cells[field] != nil }).grouped([]string{field})
	total := 0
	for _, l := range out.lines {
		total += len(l.recs)
	}
	slices.SortStableFunc(out.lines, func(a, b line) int {
		if name == "rare" {
			a, b = b, a
		}
		return cmp.Compare(len(b.recs), len(a.recs))
	})
	out.lines = out.lines[:min(limit, len(out.lines))]
	label := map[string]string{"frequent": "Frequent", "rare": "Rare"}[name]
	out = out.with(label+" Count("+field+")", numbers, func(_ int, l line) any { return float64(len(l.recs)) })
	out = out.with(label+" Percent("+field+")", fractions, func(_ int, l line) any { return 100 * float64(len(l.recs)) / float64(total) })
	return d.command(name) + fmt.Sprintf("limit = %d showcount = true showpercent = true %s", limit, quoted(field)), out
}

// top keeps rows of groups, or counts values of records.
func (d drawer) top(s sheet) (string, sheet) {
	name, limit := d.oneOf("top", "bottom"), d.r.IntN(6)
	if !s.groups {
		names := s.of(loose)
		if len(names) == 0 {
			return d.where(s)
		}
		field := pick(d.r, names)
		out := s.keep(func(l line) bool { return l.cells[field] != nil }).grouped([]string{field})
		out = out.with("Count", numbers, func(_ int, l line) any { return float64(len(l.recs)) })
		return d.command(name) + fmt.Sprint("limit = ", limit, " ", quoted(field)), out.first(limit, "Count", name == "top", "")
	}
	names, by := s.of(numbers), s.of(loose)
	if len(names) == 0 {
		return d.where(s)
	}
	field, text, key := pick(d.r, names), "", ""
	if len(by) > 0 && d.r.IntN(2) == 0 {
		key = pick(d.r, by)
		text = " by " + quoted(key)
	}
	return d.command(name) + fmt.Sprint(limit, " ", quoted(field)) + text, s.first(limit, field, name == "top", key)
}

// first keeps so many rows with the largest or smallest values, for each value of by.
func (s sheet) first(limit int, field string, desc bool, by string) sheet {
	s.lines = slices.Clone(s.lines)
	slices.SortStableFunc(s.lines, func(a, b line) int { return compareCells(s.folds(a, field), s.folds(b, field), desc) })
	seen := map[string]int{}
	return s.keep(func(l line) bool {
		k := ""
		if by != "" {
			k = s.key(l, []string{by})
		}
		seen[k]++
		return seen[k] <= limit
	})
}
