package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/stage"
)

// countOrder is the order in which the counts of a step are shown.
var countOrder = [...]string{"pages", "received", "new", "duplicates", "files", "records", "bytes", "warnings", "quarantined"}

// printRun shows a run and its steps, the first error last.
func printRun(w io.Writer, run stage.Run) {
	took := ""
	if !run.Ended.IsZero() {
		took = " in " + run.Ended.Sub(run.Started).Round(time.Millisecond).String()
	}
	fmt.Fprintf(w, "run %d of %s (%s) %s%s\n", run.ID, run.Integration, run.Trigger, run.State, took)
	for _, s := range run.Steps {
		var parts []string
		for _, name := range countOrder {
			if n, ok := s.Counts[name]; ok {
				parts = append(parts, count(n)+" "+name)
			}
		}
		line := fmt.Sprintf("  %-8s %-10s %8s  %s", s.Name, s.State, duration(s.Started, s.Ended), strings.Join(parts, ", "))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
		if s.Note != "" {
			fmt.Fprintf(w, "           note: %s\n", harmless(s.Note))
		}
		if s.Error != "" {
			fmt.Fprintf(w, "           error: %s\n", harmless(s.Error))
		}
	}
}

func duration(from, to time.Time) string {
	if to.IsZero() {
		return ""
	}
	return to.Sub(from).Round(time.Millisecond).String()
}

// cells turns a result into text, at most limit rows of it.
func cells(columns []query.Column, rows [][]any, limit int) (headers []string, text [][]string) {
	var shown []int
	for i, c := range columns {
		if !c.Hidden {
			shown = append(shown, i)
			headers = append(headers, c.Name)
		}
	}
	for _, row := range rows[:min(limit, len(rows))] {
		line := make([]string, len(shown))
		for i, at := range shown {
			line[i] = cell(row[at])
		}
		text = append(text, line)
	}
	return headers, text
}

// cell shows one value. Times are UTC; a missing value is empty.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.FormatFloat(v, 'f', 0, 64)
		}
		return strconv.FormatFloat(v, 'g', 10, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return stamp(v)
	case []any:
		parts := make([]string, len(v))
		for i, member := range v {
			parts[i] = cell(member)
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(v)
	}
}
