// Command bench measures the real binary: uploads until they can be searched,
// queries, space on disk, and many small uploads at once. It writes a page of
// Markdown with the machine and the commit. Figures of different machines are
// compared by the yardstick that is measured in the same run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	b := bench{}
	out := flag.String("out", "docs/benchmarks.md", "page to write")
	flag.StringVar(&b.binary, "bin", "bin/ledgerline", "the program to measure")
	flag.IntVar(&b.records, "records", 1_000_000, "audit records to upload")
	flag.IntVar(&b.clients, "clients", 20, "clients of the small uploads")
	flag.IntVar(&b.rate, "rate", 500, "small uploads a second")
	flag.IntVar(&b.events, "events", 1_000_000, "events of Analytics to collect from a bucket")
	flag.IntVar(&b.mixed, "mixed", 10_000_000, "mixed records to ask questions of")
	flag.StringVar(&b.only, "only", "", "parts to measure, such as upload,language; the sections of the others stay as they are: upload, small, bucket, language")
	flag.DurationVar(&b.during, "during", time.Minute, "how long they go on")
	shown := flag.Int("browser", 0, "mixed records to show in Chromium: measures and writes only that section of the page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.write(ctx, *out, *shown); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write measures the chosen parts, or what a browser shows, and puts what it found
// into the page.
func (b *bench) write(ctx context.Context, name string, shown int) error {
	old, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	page := string(old)
	if shown > 0 {
		var section string
		section, err = measureBrowser(ctx, b.binary, "web/bench/browser.mjs", shown)
		page = putSection(page, browserHeading, section)
	} else {
		page, err = b.run(ctx, page)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(page), 0o644)
}

type bench struct {
	binary, only     string
	records, clients int
	rate, mixed      int
	events           int
	during           time.Duration
}
