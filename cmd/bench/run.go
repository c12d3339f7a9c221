package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A part of the benchmark makes sections of the page.
type part struct {
	name    string // as -only spells it
	measure func(ctx context.Context, dir string) ([]section, error)
}

// section is what comes after a heading.
type section struct{ title, text string }

func (b *bench) parts() []part {
	return []part{{"upload", b.upload}, {"small", b.small}, {"bucket", b.bucket}, {"language", b.language}}
}

// chosen are the parts that a list of names stands for; an empty one for all.
func (b *bench) chosen() ([]part, error) {
	all := b.parts()
	if b.only == "" {
		return all, nil
	}
	names := strings.Split(b.only, ",")
	for _, name := range names {
		if !slices.ContainsFunc(all, func(p part) bool { return p.name == name }) {
			return nil, fmt.Errorf("-only %s: there is no part %q; there are upload, small, bucket and language", b.only, name)
		}
	}
	return slices.DeleteFunc(all, func(p part) bool { return !slices.Contains(names, p.name) }), nil
}

// run measures the chosen parts and puts their sections into the page. Other
// sections stay, with the commit that they were measured at.
func (b *bench) run(ctx context.Context, page string) (string, error) {
	parts, err := b.chosen()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "ledgerline-bench-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	page = putHead(page)
	for _, p := range parts {
		mine := filepath.Join(dir, p.name)
		sections, err := p.measure(ctx, mine)
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.name, err)
		}
		if err := os.RemoveAll(mine); err != nil {
			return "", err
		}
		for _, s := range sections {
			heading := "## " + s.title + "\n"
			page = putSection(page, heading, heading+"\n"+measuredAt()+"\n\n"+s.text)
		}
	}
	return page, ctx.Err()
}

// upload measures large uploads and questions over what they hold.
func (b *bench) upload(ctx context.Context, dir string) ([]section, error) {
	say("making %d records", b.records)
	documents, err := makeDocuments(b.records)
	if err != nil {
		return nil, err
	}
	yard := measureYardstick(documents)
	say("uploading %d documents", len(documents))
	s, err := startServer(ctx, b.binary, dir)
	if err != nil {
		return nil, err
	}
	defer s.kill()
	large, err := measureIngest(ctx, s, documents, b.records)
	if err != nil {
		return nil, err
	}
	say("asking")
	answers, err := measureQueries(ctx, s)
	if err != nil {
		return nil, err
	}
	large.peak = s.peakMemory()
	if err := s.stop(); err != nil {
		return nil, err
	}
	large.space = measureSpace(s.data)
	return []section{{"From upload to searchable", uploadText(yard, large)}, {"Queries over these records", queriesText(answers)}}, nil
}

// small measures many small uploads at once.
func (b *bench) small(ctx context.Context, dir string) ([]section, error) {
	say("%d small uploads a second for %s", b.rate, b.during)
	s, err := startServer(ctx, b.binary, dir)
	if err != nil {
		return nil, err
	}
	defer s.kill()
	small, err := measureSmall(ctx, s, b.clients, b.rate, b.during)
	if err != nil {
		return nil, err
	}
	small.peak = s.peakMemory()
	if err := s.stop(); err != nil {
		return nil, err
	}
	return []section{{"Small uploads", b.smallText(small)}}, nil
}

// bucket measures collecting from a bucket.
func (b *bench) bucket(ctx context.Context, dir string) ([]section, error) {
	say("collecting %d events from a bucket", b.events)
	m, err := measureBucket(ctx, b.binary, dir, b.events)
	if err != nil {
		return nil, err
	}
	return []section{{"From bucket to searchable", bucketText(m)}}, nil
}

// language asks the same questions in our language and in SQL.
func (b *bench) language(ctx context.Context, dir string) ([]section, error) {
	say("storing %d mixed records", b.mixed)
	lab, err := newLaboratory(ctx, dir, b.mixed)
	if err != nil {
		return nil, err
	}
	defer lab.close()
	var duels []duel
	for _, c := range contests {
		say("asking: %s", c.name)
		duels = append(duels, lab.contest(ctx, c))
	}
	var efforts []effort
	for _, c := range large {
		say("asking: %s", c.name)
		efforts = append(efforts, lab.strain(ctx, c.name, c.text))
	}
	return []section{{"The query language beside hand-written SQL", contestsText(b.mixed, lab, duels, efforts)}}, nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
