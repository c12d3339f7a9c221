package main

import (
	"fmt"
	"strings"
	"time"

	"ledgerline/internal/collect"
)

// progressBar shows on a terminal how far a pass has come. Elsewhere, where
// output is kept, it is silent.
func progressBar(t terminal, what string) func(collect.Progress) {
	if !t.interactive() {
		return nil
	}
	const width = 30
	var last time.Time
	return func(p collect.Progress) {
		now, total := time.Now(), int64(p.Total)
		done := total > 0 && int64(p.Read) >= total
		if now.Sub(last) < 100*time.Millisecond && !done {
			return
		}
		last = now
		if total <= 0 {
			fmt.Fprintf(t.err, "\r%s %s records\x1b[K", what, count(p.Read))
			return
		}
		filled := int(min(int64(p.Read)*width/total, width))
		fmt.Fprintf(t.err, "\r%s [%s%s] %s of %s\x1b[K", what, strings.Repeat("=", filled), strings.Repeat(" ", width-filled), count(p.Read), count(total))
		if done {
			fmt.Fprint(t.err, "\r\x1b[K")
		}
	}
}
