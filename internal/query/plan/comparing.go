package plan

import (
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/query/syntax"
	"ledgerline/internal/record"
)

// maxComparisons bounds how often one command runs what is before it again.
const maxComparisons = 20

// other is a window to compare with.
type other struct {
	window record.Window
	name   string
}

// compareWith runs everything before it over other windows and joins the
// numbers of the same groups. The names of the new columns are not documented:
// this function chooses them.
func (p *planner) compareWith(f *frame, c *syntax.CompareWith) {
	if f.shape == records || f.shape == series && f.after != "TIMESTATS" {
		p.report(c, "Unexpected input for COMPARE: it follows stats, link, top or timestats")
		return
	}
	others := p.others(c)
	var columns []*Column
	for _, n := range c.Fields {
		if col := p.field(f, n, "COMPARE"); col != nil {
			if !col.Type.Kind.Numeric() || col.Type.List {
				p.report(n, "Invalid field for COMPARE: %s is not a number", n.Text)
				continue
			}
			columns = append(columns, col)
		}
	}
	if c.Fields == nil {
		for _, col := range f.visible {
			if col.Type.Kind.Numeric() && !col.Type.List && !isKey(f, col) {
				columns = append(columns, col)
			}
		}
	}
	if f.shape == series {
		p.compareSeries(f, columns, others, true)
		return
	}
	for _, o := range others {
		g := p.again(o.window)
		if g == nil {
			return
		}
		j := &Join{Left: f.node, Right: g.node, Mode: Outer}
		for i, k := range f.keys {
			j.On = append(j.On, Pair{keyed(k), keyed(g.keys[i])})
		}
		f.node = j
		for _, col := range columns {
			then := p.lookup(g, col.Name)
			if then == nil {
				continue
			}
			j.Take = append(j.Take, then)
			value, change := p.compared(f, col, then, o), p.changed(f, col, then, o)
			p.put(f, value)
			p.put(f, change)
		}
	}
}

func isKey(f *frame, c *Column) bool {
	if f.points != nil && slices.Contains(f.points.By, c) {
		return true
	}
	for _, k := range f.keys {
		if k.Column.ID == c.ID {
			return true
		}
	}
	return false
}

// again plans what is before the current command over another window.
func (p *planner) again(w record.Window) *frame {
	before, window, clause := p.before, p.window, p.clause
	p.forced = &w
	g := p.pipe(before.commands, w)
	p.forced, p.before, p.window, p.clause = nil, before, window, clause
	if len(p.errors.List) > 0 {
		return nil
	}
	return g
}

// others are the windows that a compare command names.
func (p *planner) others(c *syntax.CompareWith) []other {
	var out []other
	for _, r := range c.Ranges {
		from, ok1 := p.timeArgument(r.From)
		to, ok2 := p.timeArgument(r.To)
		if !ok1 || !ok2 || !from.Before(to) {
			p.report(r, "Invalid time value: a range is written '2018-06-07T00:00:00Z' to '2018-06-14T00:00:00Z'")
			return nil
		}
		name := from.Format("2006-01-02T15:04Z")
		if r.Alias != nil {
			name = r.Alias.Text
		}
		out = append(out, other{record.Window{From: from, To: to}, name})
	}
	if c.Ranges != nil {
		return out
	}
	n := limitOr(c.Count, 1)
	if n < 1 || n > maxComparisons {
		p.report(c, "Unexpected input for COMPARE: the count is between 1 and %d", maxComparisons)
		return nil
	}
	w := p.bounded()
	for i := 1; i <= n; i++ {
		o := p.shifted(w, c.Shift, int64(i))
		if c.Size != nil {
			o.window.To = p.shift(o.window.From, c.Size.Count, c.Size.Unit)
		}
		out = append(out, o)
	}
	return out
}

// shifted moves a window n times; without an offset, by its own length back.
func (p *planner) shifted(w record.Window, by *syntax.Offset, n int64) other {
	if by == nil || by.Auto {
		d := w.Length()
		from := w.From
		for range n {
			from = from.Add(-d)
		}
		name := "previous"
		if n > 1 {
			name = fmt.Sprintf("previous %d", n)
		}
		return other{record.Window{From: from, To: from.Add(d)}, name}
	}
	count, sign := min(by.Count, maxUnits/maxComparisons)*n, "+"
	name := count
	if by.Negative {
		count, sign = -count, "-"
	}
	return other{
		record.Window{From: p.shift(w.From, count, by.Unit), To: p.shift(w.To, count, by.Unit)},
		fmt.Sprintf("%s%d%s", sign, name, short(by.Unit)),
	}
}

// short is the letter for a unit in the names of columns.
func short(u syntax.Unit) string {
	if u == syntax.Month {
		return "mon"
	}
	return strings.ToLower(string(u[:1]))
}

// timeCompare adds to a time series the values that many periods earlier,
// bucket by bucket.
func (p *planner) timeCompare(f *frame, c *syntax.TimeCompare) {
	if f.shape != series || f.after != "TIMESTATS" {
		p.report(c, "Unexpected input for TIMECOMPARE: it follows timestats")
		return
	}
	n := limitOr(c.Count, 1)
	if c.Shift == nil || n < 1 || n > maxComparisons {
		p.report(c, "Unexpected input for TIMECOMPARE: write timecompare shift = 1w")
		return
	}
	var others []other
	for i := 1; i <= n; i++ {
		others = append(others, p.shifted(p.bounded(), &syntax.Offset{Negative: true, Count: c.Shift.Count, Unit: c.Shift.Unit}, int64(i)))
	}
	p.compareSeries(f, f.points.Values, others, false)
}

// compareSeries adds to a time series what it is over other windows, bucket by
// bucket, in buckets of the same span.
func (p *planner) compareSeries(f *frame, values []*Column, others []other, changes bool) {
	every := p.every
	p.every = &f.points.span
	defer func() { p.every = every }()
	add := func(c *Column) {
		p.put(f, c)
		f.points.Values = append(f.points.Values, c)
	}
	for _, o := range others {
		g := p.again(o.window)
		if g == nil || g.points == nil {
			return
		}
		j := &Join{Left: f.node, Right: g.node, Mode: Outer, On: []Pair{{ref(f.points.Bucket), ref(g.points.Bucket)}}}
		for k, col := range f.points.By {
			j.On = append(j.On, Pair{grouped(ref(col)), grouped(ref(g.points.By[k]))})
		}
		f.node = j
		for _, col := range values {
			then := p.lookup(g, col.Name)
			if then == nil {
				continue
			}
			j.Take = append(j.Take, then)
			value := p.compared(f, col, then, o)
			add(value)
			if changes {
				add(p.changed(f, col, then, o))
			}
		}
	}
}

// compared is what a column is over another window.
func (p *planner) compared(f *frame, c, then *Column, o other) *Column {
	out := p.described(c, then.Type)
	out.Name = fmt.Sprintf("%s (%s)", c.Name, o.name)
	p.extend(f, out, ref(then))
	return out
}

// changed is how much a column differs from what it is over another window, in percent of that.
func (p *planner) changed(f *frame, c, then *Column, o other) *Column {
	out := p.column(fmt.Sprintf("%% Change of %s (%s)", c.Name, o.name), Type{Kind: Float})
	out.Unit = "percent"
	difference := call(Sub, Float, call(ToFloat, Float, ref(c)), call(ToFloat, Float, ref(then)))
	p.extend(f, out, call(Div, Float, call(Mul, Float, difference, whole(100)), ref(then)))
	return out
}
