package ops

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"
)

// Classify puts rows that look alike into classes and says which are unusual.
// The service's method is not published. This one is a grid: rows are alike that
// have the same text in the same fields, and numbers and times in the same of
// at most ten bins, whose width is by the rule of Freedman and Diaconis (On the
// histogram as a density estimator, 1981) and covers what is not an outlier;
// numbers below and above have a bin each.
//
// The distance of a class is the largest modified z-score of its fields: of the
// median of a number, and, for a text, of how much rarer than the field's other
// texts it is. A class is an anomaly when its distance exceeds Irregular.
//
// The input has the values of Fields, then those of Others, which describe
// classes but do not make them. The output is, for each class, number, rows,
// percentage, distance, anomaly (1 or 0), the distance up to which classes are
// regular, then for each value its least and greatest, or its most frequent text.
// Classes with most rows come first. It depends on the order of rows in no way.
type Classify struct {
	Fields, Others []Measure
	Top, Bottom    int // classes to keep of those with most or fewest rows; below 0 all
}

// Measure tells numbers and times from text.
type Measure bool

// What a value of a row is.
const (
	IsText   Measure = false
	IsNumber Measure = true
)

const (
	// maxClassified bounds the rows that are held in memory.
	maxClassified = 500_000
	maxBins       = 10
	// rareShare is the share of rows below which a text may be rare.
	rareShare = 0.01
)

// Run is the operator.
func (o Classify) Run(ctx context.Context, in Source, emit Emit) (partial string, err error) {
	var rows [][]any
	err = in(func(row []any) error {
		if len(rows) >= maxClassified {
			partial = "classify looks at the first 500000 rows: ask for a shorter time range"
			return nil
		}
		rows = append(rows, slices.Clone(row))
		return ctx.Err()
	})
	if err != nil || len(rows) == 0 {
		return partial, err
	}
	scales := make([]scale, len(o.Fields))
	for i, m := range o.Fields {
		scales[i] = measure(rows, i, m)
	}
	classes := map[string]*class{}
	for _, row := range rows {
		var key strings.Builder
		for i := range scales {
			key.WriteString(scales[i].label(row[i]))
			key.WriteByte(0)
		}
		c := classes[key.String()]
		if c == nil {
			c = &class{key: key.String()}
			classes[c.key] = c
		}
		c.rows = append(c.rows, row)
	}
	list := make([]*class, 0, len(classes))
	for _, c := range classes {
		for i := range scales {
			c.distance = max(c.distance, scales[i].distance(c.rows, i))
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *class) int {
		return cmp.Or(cmp.Compare(len(b.rows), len(a.rows)), cmp.Compare(a.key, b.key))
	})
	for i, c := range list {
		kept := o.Top < 0 && o.Bottom < 0 || i < o.Top || o.Bottom >= 0 && i >= len(list)-o.Bottom
		if !kept {
			continue
		}
		if err := emit(o.describe(int64(i+1), c, len(rows))); err != nil {
			return partial, err
		}
	}
	return partial, nil
}

// class is a set of rows that look alike.
type class struct {
	key      string
	rows     [][]any
	distance float64
}

func (o Classify) describe(id int64, c *class, total int) []any {
	anomaly := int64(0)
	if c.distance > Irregular {
		anomaly = 1
	}
	out := []any{id, int64(len(c.rows)), 100 * float64(len(c.rows)) / float64(total), c.distance, anomaly, float64(Irregular)}
	for i, m := range slices.Concat(o.Fields, o.Others) {
		if m == IsNumber {
			least, most := extremes(c.rows, i)
			out = append(out, least, most)
		} else {
			out = append(out, mostFrequent(c.rows, i))
		}
	}
	return out
}

// extremes are the least and the greatest value of a field; nil without any.
func extremes(rows [][]any, field int) (least, most any) {
	for _, row := range rows {
		v, ok := numberOf(row[field])
		if !ok {
			continue
		}
		if l, ok := numberOf(least); !ok || v < l {
			least = row[field]
		}
		if m, ok := numberOf(most); !ok || v > m {
			most = row[field]
		}
	}
	return least, most
}

// mostFrequent is the text that most rows have; of equals, the least.
func mostFrequent(rows [][]any, field int) any {
	counts := map[string]int{}
	for _, row := range rows {
		if s, ok := row[field].(string); ok {
			counts[s]++
		}
	}
	best, most := any(nil), 0
	for s, n := range counts {
		if n > most || n == most && s < best.(string) {
			best, most = s, n
		}
	}
	return best
}

// scale is how one field divides rows.
type scale struct {
	number     bool
	robust     robust // of numbers, or of the logarithms of how often texts occur
	low, width float64
	bins       float64
	counts     map[string]int
	total      int
}

func measure(rows [][]any, field int, m Measure) scale {
	s := scale{number: bool(m), total: len(rows)}
	if s.number {
		s.divide(rows, field)
		return s
	}
	s.counts = map[string]int{}
	for _, row := range rows {
		s.counts[s.label(row[field])]++
	}
	logs := make([]float64, 0, len(s.counts))
	for _, n := range s.counts {
		logs = append(logs, math.Log(float64(n)))
	}
	s.robust = describeRobustly(logs)
	return s
}

// divide chooses the bins of numbers.
func (s *scale) divide(rows [][]any, field int) {
	var values []float64
	for _, row := range rows {
		if v, ok := numberOf(row[field]); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return
	}
	s.robust = describeRobustly(values)
	regular := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.Abs(s.robust.score(v)) > Irregular })
	if len(regular) == 0 {
		regular = values
	}
	n := len(regular)
	s.low = regular[0]
	length := regular[n-1] - s.low
	s.width = 2 * (regular[n*3/4] - regular[n/4]) / math.Cbrt(float64(n))
	if s.width <= 0 || length/s.width > maxBins {
		s.width = length / maxBins
	}
	if s.width > 0 {
		s.bins = math.Ceil(length / s.width)
	}
}

// label is the bin of a number or the text without letter case.
func (s *scale) label(v any) string {
	if !s.number {
		if t, ok := v.(string); ok {
			return "=" + strings.ToLower(t)
		}
		return ""
	}
	n, ok := numberOf(v)
	switch score := s.robust.score(n); {
	case !ok:
		return ""
	case score > Irregular:
		return "above"
	case score < -Irregular:
		return "below"
	case s.width == 0:
		return "0"
	}
	return string(rune('0' + int(min(math.Floor((n-s.low)/s.width), s.bins-1))))
}

// distance of the rows of a class in one field.
func (s *scale) distance(rows [][]any, field int) float64 {
	if !s.number {
		n := s.counts[s.label(rows[0][field])]
		if float64(n) >= rareShare*float64(s.total) {
			return 0
		}
		return max(0, -s.robust.score(math.Log(float64(n))))
	}
	var values []float64
	for _, row := range rows {
		if v, ok := numberOf(row[field]); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return math.Abs(s.robust.score(middle(values)))
}

// numberOf is a number or time as a number; ok is false for everything else.
func numberOf(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case time.Time:
		return float64(v.UnixMilli()), true
	}
	return 0, false
}
