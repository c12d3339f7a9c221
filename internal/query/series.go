package query

import (
	"fmt"
	"slices"
	"strconv"

	"ledgerline/internal/query/plan"
)

// pointColumns are the columns shown, then those that the series needs besides.
func (s *session) pointColumns() []*plan.Column {
	out := slices.Clone(s.plan.Columns)
	sr := s.plan.Series
	for _, c := range slices.Concat([]*plan.Column{sr.Bucket}, sr.By, sr.Values) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// pivot makes lines of the points, in the order in which lines first occur, and
// cuts the rows to the columns shown.
func (s *session) pivot(res *Result) {
	sr := s.plan.Series
	columns := s.pointColumns()
	at := func(c *plan.Column) int { return slices.Index(columns, c) }
	out := &Series{Span: sr.Span, Buckets: sr.Buckets, By: describe(sr.By), Values: describe(sr.Values)}
	bucket := at(sr.Bucket)
	known := map[string]int{}
	for _, row := range res.Rows {
		key := make([]any, len(sr.By))
		for i, c := range sr.By {
			key[i] = row[at(c)]
		}
		id := keyText(key)
		n, ok := known[id]
		if !ok {
			n = len(out.Lines)
			known[id] = n
			line := Line{Key: key, Points: make([][]any, len(sr.Values))}
			for i := range line.Points {
				line.Points[i] = make([]any, len(sr.Buckets))
			}
			out.Lines = append(out.Lines, line)
		}
		if b, ok := row[bucket].(int64); ok && b >= 0 && int(b) < len(sr.Buckets) {
			for i, c := range sr.Values {
				out.Lines[n].Points[i][b] = row[at(c)]
			}
		}
	}
	for i := range res.Rows {
		res.Rows[i] = res.Rows[i][:len(s.plan.Columns)]
	}
	res.Series = out
	res.Total = int64(len(res.Rows))
	if len(out.Lines) >= plan.MaxLines {
		res.Partial = "only the lines with the largest totals are shown: name fewer groups, or use topcount"
	}
}

// keyText tells keys apart, values of different types included.
func keyText(key []any) string {
	var b []byte
	for _, v := range key {
		s := fmt.Sprintf("%T:%v", v, v)
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
	}
	return string(b)
}
