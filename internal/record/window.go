package record

import (
	"fmt"
	"slices"
	"time"
)

// Window is a half-open stretch of time: From is inside, To is not.
type Window struct{ From, To time.Time }

// Empty reports whether no instant is inside.
func (w Window) Empty() bool { return !w.From.Before(w.To) }

// Contains reports whether t is inside.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.From) && t.Before(w.To) }

// Length of the window; zero when empty.
func (w Window) Length() time.Duration {
	if w.Empty() {
		return 0
	}
	return w.To.Sub(w.From)
}

// Intersect returns what both windows share.
func (w Window) Intersect(o Window) Window {
	if o.From.After(w.From) {
		w.From = o.From
	}
	if o.To.Before(w.To) {
		w.To = o.To
	}
	return w
}

func (w Window) String() string {
	return fmt.Sprintf("[%s, %s)", w.From.UTC().Format(time.RFC3339), w.To.UTC().Format(time.RFC3339))
}

// Union returns the windows joined: sorted, disjoint and without touching
// neighbours. Empty windows are dropped.
func Union(ws ...Window) []Window {
	ws = slices.DeleteFunc(slices.Clone(ws), Window.Empty)
	slices.SortFunc(ws, func(a, b Window) int { return a.From.Compare(b.From) })
	var out []Window
	for _, w := range ws {
		if n := len(out); n > 0 && !w.From.After(out[n-1].To) {
			if w.To.After(out[n-1].To) {
				out[n-1].To = w.To
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// Missing returns what of w is in none of the covered windows.
func Missing(w Window, covered ...Window) []Window {
	var out []Window
	for _, c := range Union(covered...) {
		if c.Intersect(w).Empty() {
			continue
		}
		if before := (Window{w.From, c.From}); !before.Empty() {
			out = append(out, before)
		}
		w.From = c.To
	}
	if !w.Empty() {
		out = append(out, w)
	}
	return out
}
