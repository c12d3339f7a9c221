package query

import (
	"fmt"
	"strings"
	"time"
)

// String shows the window, the steps of a run with their rows and times, the
// plan and the SQL.
func (x *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "window %s\n", x.Window)
	for _, h := range x.Hints {
		fmt.Fprintf(&b, "hint: %s\n", h)
	}
	if x.analyzed() {
		fmt.Fprintf(&b, "\n%-24s %12s %12s %12s\n", "step", "rows in", "rows out", "time")
		for _, s := range x.Steps {
			fmt.Fprintf(&b, "%-24s %12s %12s %12s\n", s.Name, counted(s.Read), counted(s.Rows), s.Elapsed.Round(time.Microsecond))
		}
		fmt.Fprintf(&b, "%-24s %12s %12s %12s\n", "all", "", "", x.Elapsed.Round(time.Microsecond))
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n", strings.TrimRight(x.Plan, "\n"), strings.TrimRight(x.SQL, "\n"))
	return b.String()
}

// analyzed reports whether a step was run.
func (x *Explanation) analyzed() bool {
	for _, s := range x.Steps {
		if s.Rows >= 0 {
			return true
		}
	}
	return false
}

// counted shows a number of rows; nothing where none were counted.
func counted(n int64) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprint(n)
}
