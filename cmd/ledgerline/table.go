package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// widest is how many characters a cell of a table shows: an OCID whole.
const widest = 100

// printTable writes rows under headers, columns aligned. Cells of log text are
// made harmless: control characters cannot move the cursor of a terminal.
func printTable(w io.Writer, headers []string, rows [][]string) {
	widths := make([]int, len(headers))
	clip := func(s string) string {
		s = harmless(s)
		if utf8.RuneCountInString(s) > widest {
			s = string([]rune(s)[:widest-1]) + "…"
		}
		return s
	}
	lines := [][]string{headers}
	for _, row := range rows {
		clipped := make([]string, len(row))
		for i, cell := range row {
			clipped[i] = clip(cell)
		}
		lines = append(lines, clipped)
	}
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(cell)
			if i < len(line)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
		if n == 0 {
			rules := make([]string, len(headers))
			for i := range rules {
				rules[i] = strings.Repeat("-", widths[i])
			}
			fmt.Fprintln(w, strings.Join(rules, "  "))
		}
	}
}

// harmless replaces what could change a terminal's state or the order of text.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// stamp shows an instant to the millisecond, in UTC.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// count shows a number with thousands apart.
func count[N int | int64](n N) string {
	s := fmt.Sprint(int64(n))
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural shows a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
