package collect

import (
	"context"
	"fmt"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// searched is what reading one window came to.
type searched struct {
	until    time.Time     // everything of the window before is provably read; its beginning: nothing is
	reason   string        // why not more
	shortest time.Duration // not to be divided below this
}

const (
	mostPages = 20  // of one search; what follows is asked for by a later window
	deepPages = 500 // of a window that cannot be divided
)

// read pages through one window. Each page is staged before the next is asked for.
func (s *searching) read(ctx context.Context, w record.Window) (searched, error) {
	p := pages{seen: map[record.Identity]bool{}, tokens: map[string]bool{}, most: mostPages}
	if w.Length() <= shortestWindow {
		p.most = deepPages
	}
	unproven := func(shortest time.Duration, reason string, args ...any) (searched, error) {
		return searched{until: w.From, shortest: shortest, reason: fmt.Sprintf(reason, args...)}, nil
	}
	for token := ""; ; {
		page, asked, err := s.page(ctx, w, token)
		switch {
		case connect.KindOf(err) == connect.Refused && token == "":
			// A short window was accepted when the run began: it is this one that is refused.
			return unproven(shortestRefused, "the service refuses it: %v", err)
		case connect.KindOf(err) == connect.Refused:
			return unproven(shortestWindow, "the service refuses page %d: %v", p.n+1, err)
		case err != nil:
			return searched{}, err
		}
		if err := s.stagePage(ctx, w, page, &p); err != nil {
			return searched{}, err
		}
		until, reason := p.judge(w, page, asked)
		switch {
		case reason != "" && p.n == 1 && page.Next == "" && len(page.Rows) < asked:
			return unproven(shortestCounted, "%s", reason) // its count may mean something else
		case reason != "":
			return unproven(shortestWindow, "%s", reason)
		case until.IsZero():
			token = page.Next
			continue
		case p.n == 1:
			return searched{until: until}, nil
		}
		same, err := s.sameHead(ctx, w, &p)
		if err != nil {
			return searched{}, err
		}
		if !same {
			return unproven(shortestWindow, "records left the list while it was read")
		}
		return searched{until: until}, nil
	}
}

// page asks for one page; asked is its limit. The size follows the failures on the way.
func (s *searching) page(ctx context.Context, w record.Window, token string) (page *connect.LogPage, asked int, err error) {
	for try := 0; ; try++ {
		asked = s.size.now
		page, err = s.client.SearchLogs(ctx, connect.LogSearch{From: w.From, To: w.To, Query: s.query(), Limit: asked, Page: token})
		if err == nil {
			s.size.succeeded(len(page.Rows))
			s.out.Pages++
			return page, asked, nil
		}
		if ctx.Err() != nil || try >= maxHalvings || !tooLarge(err) || !s.size.failed() {
			return nil, asked, err
		}
		s.opts.Logger.Info("asking for smaller pages", "integration", s.opts.Integration, "page_size", s.size.now, "error", err)
	}
}

func (s *searching) stagePage(ctx context.Context, w record.Window, page *connect.LogPage, p *pages) error {
	p.n++
	b := newBatch(s.opts.Routes)
	for _, row := range page.Rows {
		e, err := b.add(row)
		if err != nil {
			s.out.Refused++
			s.out.note("a record of %s %v", w, err)
			continue
		}
		p.note(e)
	}
	for id := range b.index {
		p.seen[id] = true
	}
	p.rows, p.count = p.rows+len(page.Rows), max(p.count, page.Count)
	if err := b.stage(ctx, s.ledger, &s.out); err != nil {
		return err
	}
	s.opts.Progress(Progress{Integration: s.opts.Integration, Window: w.String(), Read: s.out.Received, Total: -1, Staged: s.out.Staged})
	return nil
}

// sameHead asks for the first page once more: its first record must still be
// there, else records before the later pages went away and those shifted.
func (s *searching) sameHead(ctx context.Context, w record.Window, p *pages) (bool, error) {
	page, _, err := s.page(ctx, w, "")
	if err != nil {
		return false, err
	}
	again := pages{seen: map[record.Identity]bool{}}
	if err := s.stagePage(ctx, w, page, &again); err != nil {
		return false, err
	}
	return again.seen[p.first], nil
}

// pages is what has been seen of one search.
type pages struct {
	seen    map[record.Identity]bool // on the pages before this one
	tokens  map[string]bool
	first   record.Identity
	last    time.Time // of the latest record
	n, most int       // pages
	rows    int
	count   int // largest that the service named
	largest int // page that had another after it
	drifted bool
}

// note takes a record of the current page.
func (p *pages) note(e logEvent) {
	if p.first == (record.Identity{}) {
		p.first = e.id
	}
	// Sorted pages that share no record were not shifted while they were read.
	if e.seen.IsZero() || e.seen.Before(p.last) || p.seen[e.id] {
		p.drifted = true
	}
	if e.seen.After(p.last) {
		p.last = e.seen
	}
}

// judge says after a page until when the window is read, zero if another page
// is to be asked for, or why it cannot be told.
func (p *pages) judge(w record.Window, page *connect.LogPage, asked int) (until time.Time, reason string) {
	rows, more := len(page.Rows), page.Next != ""
	switch {
	case p.drifted && (more || p.n > 1):
		return until, "its pages are unsorted, or share records"
	case !more && p.full(rows, asked):
		return until, "the last page is full: there may be more than the service gives for one search"
	case !more && p.rows < p.count:
		return until, fmt.Sprintf("the service counts %d records and gives %d", p.count, p.rows)
	case !more:
		return w.To, ""
	case p.tokens[page.Next]:
		return until, "the service names the same next page again"
	case p.n >= p.most && p.last.After(w.From):
		return earlier(p.last, w.To), "" // what is as old as the last record may go on on the next page
	case p.n >= p.most:
		return until, fmt.Sprintf("it has more than %d pages", p.most)
	}
	p.tokens[page.Next] = true
	p.largest = max(p.largest, rows)
	return until, ""
}

// full reports whether the last page is as long as a page may be, so that a
// limit of the service may have ended it. The service's count is no proof: it
// may stop at the same limit.
func (p *pages) full(rows, asked int) bool {
	return rows >= asked || p.n > 1 && rows > 0 && rows >= p.largest
}
