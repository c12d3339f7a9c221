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
	"path/filepath"
	"strings"
	"time"
)

func main() {
	b := bench{}
	out := flag.String("out", "docs/benchmarks.md", "page to write")
	flag.StringVar(&b.binary, "bin", "bin/ledgerline", "the program to measure")
	flag.IntVar(&b.records, "records", 1_000_000, "audit records to upload")
	flag.IntVar(&b.clients, "clients", 20, "clients of the small uploads")
	flag.IntVar(&b.rate, "rate", 500, "small uploads a second")
	flag.IntVar(&b.events, "events", 1_000_000, "events of Analytics to collect from a bucket; 0 leaves them out")
	flag.IntVar(&b.mixed, "mixed", 10_000_000, "mixed records to ask questions of; 0 leaves them out")
	flag.DurationVar(&b.during, "during", 30*time.Second, "how long they go on")
	shown := flag.Int("browser", 0, "mixed records to show in Chromium: measures and writes only that section of the page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := b.write(ctx, *out, *shown)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write measures all and writes the page, or what a browser shows and writes that
// section. The other part of the page stays.
func (b *bench) write(ctx context.Context, name string, shown int) error {
	old, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	page, section := string(old), sectionOf(string(old), browserHeading)
	if shown > 0 {
		section, err = measureBrowser(ctx, b.binary, "web/bench/browser.mjs", shown)
	} else {
		page, err = b.run(ctx)
	}
	if err != nil {
		return err
	}
	if section != "" {
		page = putSection(page, browserHeading, section)
	}
	return os.WriteFile(name, []byte(page), 0o644)
}

type bench struct {
	binary           string
	records, clients int
	rate, mixed      int
	events           int
	during           time.Duration
}

func (b *bench) run(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "ledgerline-bench-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	say("making %d records", b.records)
	documents, err := makeDocuments(b.records)
	if err != nil {
		return "", err
	}
	yard := measureYardstick(documents)

	say("uploading %d documents", len(documents))
	s, err := startServer(ctx, b.binary, filepath.Join(dir, "large"))
	if err != nil {
		return "", err
	}
	defer s.kill()
	large, err := measureIngest(ctx, s, documents, b.records)
	if err != nil {
		return "", err
	}
	say("asking")
	answers, err := measureQueries(ctx, s)
	if err != nil {
		return "", err
	}
	large.peak = s.peakMemory()
	if err := s.stop(); err != nil {
		return "", err
	}
	large.space = measureSpace(s.data)

	say("%d small uploads a second for %s", b.rate, b.during)
	if s, err = startServer(ctx, b.binary, filepath.Join(dir, "small")); err != nil {
		return "", err
	}
	defer s.kill()
	small, err := measureSmall(ctx, s, b.clients, b.rate, b.during)
	if err != nil {
		return "", err
	}
	small.peak = s.peakMemory()
	if err := s.stop(); err != nil {
		return "", err
	}

	var page strings.Builder
	writePage(&page, b, yard, large, answers, small)
	if b.events > 0 {
		say("collecting %d events from a bucket", b.events)
		m, err := measureBucket(ctx, b.binary, filepath.Join(dir, "bucket"), b.events)
		if err != nil {
			return "", err
		}
		writeBucket(&page, m)
	}
	if b.mixed > 0 {
		err = b.compare(ctx, filepath.Join(dir, "mixed"), &page)
	}
	return page.String(), err
}

// compare asks the same questions in our language and in SQL.
func (b *bench) compare(ctx context.Context, dir string, page *strings.Builder) error {
	say("storing %d mixed records", b.mixed)
	lab, err := newLaboratory(ctx, dir, b.mixed)
	if err != nil {
		return err
	}
	defer lab.close()
	var duels, heavy []duel
	for _, c := range contests {
		say("asking: %s", c.name)
		duels = append(duels, lab.contest(ctx, c))
	}
	for _, c := range large {
		say("asking: %s", c.name)
		heavy = append(heavy, lab.contest(ctx, c))
	}
	writeContests(page, b.mixed, lab, duels, heavy, peakMemory(os.Getpid()))
	return ctx.Err()
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
