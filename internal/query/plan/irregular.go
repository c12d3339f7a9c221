package plan

import (
	"ledgerline/internal/query/ops"
	"ledgerline/internal/query/syntax"
)

// outlier keeps the rows with an irregular value in one of the fields, or those
// without (remove = true), or marks them. A value is irregular that lies more
// than 1.5 times the distance of the quartiles beyond them: the fences of J. W.
// Tukey, Exploratory Data Analysis, 1977.
func (p *planner) outlier(f *frame, c *syntax.Outlier) {
	var quartiles []Agg
	var any []Expr
	for _, n := range c.Fields {
		v := p.measured(f, n)
		if v == nil {
			return
		}
		low, high := p.column("", Type{Kind: Float}), p.column("", Type{Kind: Float})
		quartiles = append(quartiles, Agg{Column: low, Function: Percentile, Arg: v, P: 0.25}, Agg{Column: high, Function: Percentile, Arg: v, P: 0.75})
		fence := call(Mul, Float, call(Sub, Float, ref(high), ref(low)), fraction(1.5))
		any = append(any, test(Lt, v, call(Sub, Float, ref(low), fence)), test(Gt, v, call(Add, Float, ref(high), fence)))
	}
	f.node = p.alongside(f.node, p.lineOf(f), quartiles...)
	irregular := disjunction(any)
	switch {
	case c.Action == "annotate":
		p.mark(f, c.Span, c.Alias, "Outlier", irregular)
	case c.Remove != nil && c.Remove.Value:
		f.restrict(negation(irregular))
	default:
		f.restrict(irregular)
	}
}

// anomaly marks rows whose value in one of the fields, else in any column of
// numbers, is far from what is usual: its modified z-score (see ops.Irregular)
// is beyond 3.5. The usual is the median of all rows of the line. Where rows are
// buckets of time over at least three weeks or days, it is the median of the
// same time of the week or day.
func (p *planner) anomaly(f *frame, c *syntax.Anomaly) {
	if f.shape == records {
		p.report(c, "Unexpected input for ANOMALY: a grouping command such as timestats or link must come first")
		return
	}
	var values []Expr
	for _, n := range c.Fields {
		if v := p.measured(f, n); v != nil {
			values = append(values, v)
		}
	}
	if c.Fields == nil {
		for _, col := range f.visible {
			if col.Type.Kind.Numeric() && !col.Type.List && !isKey(f, col) {
				values = append(values, call(ToFloat, Float, ref(col)))
			}
		}
	}
	if len(values) == 0 {
		p.report(c, "Missing input for ANOMALY: a column of numbers")
		return
	}
	line := p.lineOf(f)
	season := p.season(f)
	var any []Expr
	alongside := func(by []Expr, fn AggOp, arg Expr) Expr {
		col := p.column("", Type{Kind: Float})
		f.node = p.alongside(f.node, by, Agg{Column: col, Function: fn, Arg: arg, P: 0.5})
		return ref(col)
	}
	for _, v := range values {
		by := line
		if season != nil {
			by = append(append([]Expr{}, line...), season)
		}
		usual := alongside(by, Percentile, v)
		away := call(Abs, Float, call(Sub, Float, v, usual))
		median, mean := alongside(line, Percentile, away), alongside(line, Avg, away)
		spread := call(If, Float, test(Gt, median, fraction(0)), call(Div, Float, median, fraction(0.6745)), call(Mul, Float, mean, fraction(1.253314)))
		any = append(any, test(Gt, away, call(Mul, Float, spread, fraction(ops.Irregular))))
	}
	p.mark(f, c.Span, c.Alias, "Anomaly", disjunction(any))
}

// measured is a field as a fraction.
func (p *planner) measured(f *frame, n syntax.Name) Expr {
	col := p.field(f, n, p.clause)
	if col == nil {
		return nil
	}
	v := p.numeric(n, ref(col))
	if v == nil {
		return nil
	}
	return call(ToFloat, Float, v)
}

// lineOf is what tells the lines of a time series apart.
func (p *planner) lineOf(f *frame) []Expr {
	if f.shape == series {
		return []Expr{f.order[len(f.order)-1].By}
	}
	return nil
}

// season is the time of the week or day of a bucket, in the zone of the request;
// nil when there are fewer than three periods of buckets shorter than one.
func (p *planner) season(f *frame) Expr {
	if f.shape != series || len(f.points.Buckets) < 2 {
		return nil
	}
	edges := f.points.Buckets
	step := edges[1] - edges[0]
	length := edges[len(edges)-1] - edges[0] + step
	at := func(pattern string) Expr {
		return call(FormatTime, String, ref(f.time), text(pattern), text(p.env.Zone.String()))
	}
	switch {
	case step <= day && length >= 21*day:
		return at("%u %H:%M")
	case step < day && length >= 3*day:
		return at("%H:%M")
	}
	return nil
}

// mark makes a column with 1 where cond is true, else 0.
func (p *planner) mark(f *frame, at syntax.Span, alias *syntax.Name, name string, cond Expr) {
	if alias != nil {
		name = alias.Text
	}
	c := p.assign(f, syntax.Name{Span: at, Text: name}, call(ToBit, Int, cond), "")
	if f.points != nil {
		f.points.Values = append(f.points.Values, c)
	}
}
