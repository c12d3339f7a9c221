package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metricQuery is an expression of the Monitoring query language in the forms
// that Oracle's dashboards use (log sources, section 4): queries of one metric,
// joined with one another and with numbers by * / + -, from left to right.
type metricQuery struct {
	terms     []metricOperand
	operators []byte // between the terms
}

// metricOperand is a metric or a number.
type metricOperand struct {
	metric *metricTerm
	number float64
}

// metricTerm is Metric[interval]{dimension="value"}.groupBy(dimension).statistic().
type metricTerm struct {
	metric   string
	interval string // as written, "auto" until settle
	every    time.Duration
	want     map[string]string
	groupBy  []string // nil: by every dimension there is
	together bool     // .grouping(): into one series
	stat     string
	argument float64
}

var (
	metricHead  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_]*)\s*\[\s*(auto|\d{1,4}[mhd])\s*\]`)
	metricWant  = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(?:"([^"]*)"|([^",}\s]+))\s*(?:,|$)`)
	metricCall  = regexp.MustCompile(`^\s*\.\s*([A-Za-z]+)\s*\(([^()]*)\)`)
	metricPlain = regexp.MustCompile(`^\d+(?:\.\d+)?`)
)

const mostTerms = 20

func parseMetricQuery(text string) (*metricQuery, error) {
	q := &metricQuery{}
	text = strings.TrimSpace(text)
	if len(text) > longestQuery {
		return nil, fmt.Errorf("the query is longer than %d characters", longestQuery)
	}
	for {
		rest, err := q.operand(text)
		if err != nil {
			return nil, err
		}
		text = strings.TrimSpace(rest)
		if text == "" {
			break
		}
		if !strings.ContainsRune("*/+-", rune(text[0])) || len(q.terms) == mostTerms {
			return nil, fmt.Errorf("the query cannot be read at %q", text)
		}
		q.operators = append(q.operators, text[0])
		text = strings.TrimSpace(text[1:])
	}
	if !slices.ContainsFunc(q.terms, func(o metricOperand) bool { return o.metric != nil }) {
		return nil, errors.New("the query names no metric")
	}
	return q, nil
}

func (q *metricQuery) operand(text string) (rest string, err error) {
	if m := metricPlain.FindString(text); m != "" {
		n, err := strconv.ParseFloat(m, 64)
		q.terms = append(q.terms, metricOperand{number: n})
		return text[len(m):], err
	}
	m := metricHead.FindStringSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("the query has no metric with an interval at %q", text)
	}
	t := &metricTerm{metric: m[1], interval: m[2], want: map[string]string{}}
	text = strings.TrimSpace(text[len(m[0]):])
	if strings.HasPrefix(text, "{") {
		inner, after, ok := strings.Cut(text[1:], "}")
		if !ok {
			return "", errors.New("the dimensions have no closing brace")
		}
		if err := t.dimensions(inner); err != nil {
			return "", err
		}
		text = after
	}
	for t.stat == "" {
		m := metricCall.FindStringSubmatch(text)
		if m == nil {
			return "", fmt.Errorf("a statistic such as .sum() is missing at %q", text)
		}
		if err := t.call(m[1], strings.TrimSpace(m[2])); err != nil {
			return "", err
		}
		text = text[len(m[0]):]
	}
	if t.interval != "auto" {
		if t.every = parseInterval(t.interval); t.every < time.Minute || t.every > 24*time.Hour {
			return "", errors.New("an interval is from 1m to 24h, or 1d")
		}
	}
	q.terms = append(q.terms, metricOperand{metric: t})
	return text, nil
}

func (t *metricTerm) dimensions(text string) error {
	for strings.TrimSpace(text) != "" {
		m := metricWant.FindStringSubmatch(text)
		if m == nil {
			return fmt.Errorf("the dimensions cannot be read at %q", text)
		}
		t.want[m[1]] = m[2] + m[3]
		text = text[len(m[0]):]
	}
	return nil
}

func (t *metricTerm) call(name, argument string) error {
	switch name {
	case "grouping":
		t.together = true
	case "groupBy":
		for d := range strings.SplitSeq(argument, ",") {
			t.groupBy = append(t.groupBy, strings.Trim(strings.TrimSpace(d), `"`))
		}
	case "percentile":
		p, err := strconv.ParseFloat(argument, 64)
		if err != nil || !(p > 0 && p < 1) {
			return errors.New("a percentile is between 0 and 1")
		}
		t.stat, t.argument = name, p
	case "sum", "mean", "avg", "count", "max", "min", "rate":
		t.stat = name
	default:
		return fmt.Errorf("the simulator does not know .%s()", name)
	}
	return nil
}

func parseInterval(text string) time.Duration {
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil {
		return 0
	}
	return time.Duration(n) * map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[len(text)-1]]
}

// settle chooses the interval that stands for auto.
func (q *metricQuery) settle(span time.Duration) {
	auto := "1h"
	if span <= 6*time.Hour {
		auto = "1m"
	} else if span <= 36*time.Hour {
		auto = "5m"
	}
	for _, o := range q.terms {
		if o.metric != nil && o.metric.interval == "auto" {
			o.metric.interval, o.metric.every = auto, parseInterval(auto)
		}
	}
}

// interval is the shortest of the query.
func (q *metricQuery) interval() time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, o := range q.terms {
		if o.metric != nil {
			least = min(least, o.metric.every)
		}
	}
	return least
}

// group keeps the dimensions that a sample's series is named by.
func (t *metricTerm) group(d map[string]string) map[string]string {
	if t.groupBy == nil && !t.together {
		return d
	}
	out := map[string]string{}
	for _, name := range t.groupBy {
		if v, ok := d[name]; ok {
			out[name] = v
		}
	}
	return out
}

func (t *metricTerm) statistic(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	switch t.stat {
	case "sum":
		return sum
	case "count":
		return float64(len(values))
	case "mean", "avg":
		return sum / float64(len(values))
	case "max":
		return slices.Max(values)
	case "min":
		return slices.Min(values)
	case "rate":
		return sum / t.every.Seconds()
	default: // nearest rank
		list := slices.Sorted(slices.Values(values))
		return list[int(math.Ceil(t.argument*float64(len(list))))-1]
	}
}

// evaluate joins the operands. Series are joined by their dimensions, points by
// their time; what is missing on one side has no result.
func (q *metricQuery) evaluate(of func(*metricTerm) []MetricSeries) ([]MetricSeries, error) {
	var left []MetricSeries
	var number *float64
	for i, o := range q.terms {
		op := byte(0)
		if i > 0 {
			op = q.operators[i-1]
		}
		switch {
		case i == 0 && o.metric == nil:
			number = &o.number
		case i == 0:
			left = of(o.metric)
		case o.metric == nil && number != nil:
			n := calculate(op, *number, o.number)
			number = &n
		case o.metric == nil:
			for k := range left {
				for j := range left[k].Points {
					left[k].Points[j].Value = calculate(op, left[k].Points[j].Value, o.number)
				}
			}
		case number != nil:
			left = of(o.metric)
			for k := range left {
				for j := range left[k].Points {
					left[k].Points[j].Value = calculate(op, *number, left[k].Points[j].Value)
				}
			}
			number = nil
		default:
			left = joined(op, left, of(o.metric))
		}
	}
	for k := range left {
		left[k].Points = slices.DeleteFunc(left[k].Points, func(p MetricPoint) bool { return math.IsNaN(p.Value) || math.IsInf(p.Value, 0) })
	}
	return left, nil
}

func joined(op byte, left, right []MetricSeries) []MetricSeries {
	out := []MetricSeries{}
	for _, a := range left {
		for _, b := range right {
			if !maps.Equal(a.Dimensions, b.Dimensions) {
				continue
			}
			values := map[string]float64{}
			for _, p := range b.Points {
				values[p.Timestamp] = p.Value
			}
			var points []MetricPoint
			for _, p := range a.Points {
				if v, ok := values[p.Timestamp]; ok {
					points = append(points, MetricPoint{p.Timestamp, calculate(op, p.Value, v)})
				}
			}
			a.Points = points
			out = append(out, a)
		}
	}
	return out
}

func calculate(op byte, a, b float64) float64 {
	switch op {
	case '*':
		return a * b
	case '/':
		return a / b
	case '+':
		return a + b
	default:
		return a - b
	}
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
