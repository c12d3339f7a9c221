package main

import (
	"fmt"
	"strings"
	"time"

	"ledgerline/internal/collect"
)

// Least time between two signs of progress: on a terminal, and in output that is kept.
const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 10 * time.Second
)

// progressBar shows how far a pass has come: a bar on a terminal, now and then
// a plain line elsewhere.
func progressBar(t terminal, what string) func(collect.Progress) {
	const width = 30
	last := time.Now()
	return func(p collect.Progress) {
		now, interactive := time.Now(), t.interactive()
		whole := p.Total >= 0 && p.Read >= p.Total
		every := lineEvery
		if interactive {
			every = barEvery
		}
		if now.Sub(last) < every && !(interactive && whole) {
			return
		}
		last = now
		of := ""
		if p.Total >= 0 {
			of = " of " + count(p.Total)
		}
		switch {
		case !interactive:
			fmt.Fprintf(t.err, "%s %s%s records\n", what, count(p.Read), of)
		case whole:
			fmt.Fprint(t.err, "\r\x1b[K")
		case p.Total > 0:
			filled := min(p.Read*width/p.Total, width)
			fmt.Fprintf(t.err, "\r%s [%s%s] %s%s\x1b[K", what, strings.Repeat("=", filled), strings.Repeat(" ", width-filled), count(p.Read), of)
		default:
			fmt.Fprintf(t.err, "\r%s %s records\x1b[K", what, count(p.Read))
		}
	}
}
