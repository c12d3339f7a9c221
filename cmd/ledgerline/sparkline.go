package main

import (
	"slices"
	"strings"

	"ledgerline/internal/query"
)

// lines shows a result over time: a row for each group with its total and its
// course, the largest total first.
func lines(s *query.Series, limit int) (headers []string, rows [][]string) {
	for _, c := range s.By {
		headers = append(headers, c.Name)
	}
	value := "value"
	if len(s.Values) > 0 {
		value = s.Values[0].Name
	}
	headers = append(headers, value, "per "+s.Span)
	type line struct {
		row   []string
		total float64
	}
	var all []line
	for _, l := range s.Lines {
		points := numbers(l.Points[0])
		total := 0.0
		for _, p := range points {
			total += p
		}
		var row []string
		for _, key := range l.Key {
			row = append(row, cell(key))
		}
		all = append(all, line{append(row, cell(total), sparkline(points)), total})
	}
	slices.SortStableFunc(all, func(a, b line) int {
		switch {
		case a.total > b.total:
			return -1
		case a.total < b.total:
			return 1
		}
		return 0
	})
	for _, l := range all[:min(limit, len(all))] {
		rows = append(rows, l.row)
	}
	return headers, rows
}

func numbers(values []any) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case int64:
			out[i] = float64(v)
		case float64:
			out[i] = v
		}
	}
	return out
}

// sparkline draws points as bars of eight heights, neighbours joined when there
// are more points than fit.
func sparkline(points []float64) string {
	const width, heights = 48, "▁▂▃▄▅▆▇█"
	bars := []rune(heights)
	joined := points
	if len(points) > width {
		joined = make([]float64, width)
		for i, p := range points {
			joined[i*width/len(points)] += p
		}
	}
	top := 0.0
	for _, p := range joined {
		top = max(top, p)
	}
	var b strings.Builder
	for _, p := range joined {
		switch {
		case p <= 0:
			b.WriteByte(' ')
		default:
			b.WriteRune(bars[min(int(p/top*float64(len(bars))), len(bars)-1)])
		}
	}
	return strings.TrimRight(b.String(), " ")
}
