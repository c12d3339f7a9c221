package collect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// verdict on a list.
type verdict int

const (
	drifting verdict = iota // it could not be proven this time
	proven
	refused // the service does not show all of it
)

// result of reading one list.
type result struct {
	verdict    verdict
	start, end time.Time // the service's time of the first and the last answer
	oldest     time.Time // record; zero when none was dated
	length     int       // rows of the list when it was proven
	note       string    // why it is not proven
}

const (
	maxPasses = 5
	// agreeingPasses is how many steady passes in a row, cut differently, prove the twins of an
	// unsorted list.
	agreeingPasses = 3
	maxRepeats     = 20_000 // records held in memory because they came on two pages of a pass
)

// pass is one reading of a list from its first page to its end.
type pass struct {
	number  uint32
	length  int  // offset at which the list ended
	total   int  // as the service said first; -1 when it never did
	steady  bool // total and first record stayed, the length agrees, and nothing slipped
	sorted  bool // newest first throughout
	refused bool // an offset was refused before the end
	reason  string

	// A page of a sorted list is asked for from the last row of the one before that is newer than its
	// oldest: rows of one moment, which may change places, are then on one page. In a list that others
	// only join it begins with rows that were met; where it does not, records have left the list above
	// it, and those that took their places may never have been on a page.
	tail    []record.Item // the rows from there on
	asked   bool          // the page being noted was asked for so
	torn    bool          // what lies between two pages is not proven to have been seen
	slipped bool          // a page began with a row not met before that is no neighbour of one moment

	print    print
	agreeing int                                 // steady passes before it that saw the same rows
	repeats  map[record.Identity]*record.Counted // came on more than one page; Count is of the whole pass
	flooded  bool                                // more repeats than are held

	start, end, oldest time.Time
}

// met tells whether the pass has seen a row on a page before.
func (p *pass) met(t *tally, id record.Identity) bool {
	s := t.rows[id]
	return s != nil && s.pass == p.number
}

// goOn looks at the beginning of a page that should go on where the one before ended, and returns
// how many of its rows are the same.
func (p *pass) goOn(t *tally, rows []record.Item) int {
	if !p.asked || len(rows) == 0 {
		return 0
	}
	last := p.tail[len(p.tail)-1]
	met, newer := p.met(t, rows[0].ID), rows[0].Time.After(last.Time)
	p.torn = p.torn || !met || !newer
	p.slipped = p.slipped || !met && !rows[0].Time.Equal(last.Time)
	if len(rows) >= len(p.tail) && slices.EqualFunc(rows[:len(p.tail)], p.tail, func(a, b record.Item) bool { return a.ID == b.ID }) {
		return len(p.tail)
	}
	if len(p.tail) > 1 {
		p.flooded = true // rows that changed places look like twins
	}
	return 0
}

// endWith keeps the rows of a page from which the next one is asked for: of a sorted one, a row and those
// of the oldest moment; otherwise the last alone, from which also goes on what is all of one moment.
func (p *pass) endWith(rows []record.Item, sorted bool) {
	from := len(rows) - 1
	if sorted {
		oldest := rows[from].Time
		if first := slices.IndexFunc(rows, func(row record.Item) bool { return !row.Time.After(oldest) }); first > 1 {
			from = first - 1
		}
	}
	p.tail = rows[from:]
}

// row counts one row. The tally's entry still is that of the pages before.
func (p *pass) row(id record.Identity, s *seen, it record.Item) {
	p.print.add(id)
	if s == nil || s.pass != p.number {
		return
	}
	if r := p.repeats[id]; r != nil {
		r.Count++
		return
	}
	if len(p.repeats) >= maxRepeats {
		p.flooded = true
		return
	}
	p.repeats[id] = &record.Counted{Item: it, Count: int(s.here) + 1}
}

// readScope reads a list until it is proven, refused, or has drifted too often.
func (r *reading) readScope(ctx context.Context, sc scope) (result, error) {
	t := newTally()
	var res result
	var before *pass
	for n := range maxPasses {
		p, err := r.pass(ctx, sc, t, n)
		if err != nil {
			return res, err
		}
		if res.start.IsZero() || p.steady {
			res.start = p.start
		}
		res.end, res.oldest = p.end, earlier(res.oldest, p.oldest)
		if p.refused {
			if r.beyondDue(t, p) {
				res.verdict, res.length = proven, p.length
				return res, nil
			}
			res.note = p.reason
			return r.split(ctx, sc, p, res)
		}
		ok, err := r.prove(ctx, sc, t, p, before)
		if err != nil {
			return res, err
		}
		if ok {
			res.verdict, res.length, res.note = proven, p.length, ""
			return res, nil
		}
		res.note, before = p.reason, p
	}
	return res, nil
}

// prove looks for a proof after a pass; p.length becomes the proven length.
func (r *reading) prove(ctx context.Context, sc scope, t *tally, p, before *pass) (bool, error) {
	if !p.steady {
		r.out.Drifts++
		return r.settle(ctx, sc, t, p)
	}
	if t.proven(p) == p.length {
		return true, nil
	}
	p.reason = "records that look alike lie on different pages, and it could not be proven how many they are"
	if before != nil && before.steady && before.length == p.length && before.print == p.print {
		p.agreeing = before.agreeing + 1
	}
	// In a list sorted by time twins lie side by side, so another cut brings them onto one page, and
	// a row that came twice may as well be one of a moment's records that changed places.
	if p.sorted || p.flooded || p.agreeing < agreeingPasses-1 {
		return false, nil
	}
	twins := make([]record.Counted, 0, len(p.repeats))
	for _, it := range p.repeats {
		twins = append(twins, *it)
	}
	return true, r.stage(ctx, twins, 0)
}

// beyondDue reports whether a steady, sorted pass that was refused an offset has already seen
// everything that this run is due to read.
func (r *reading) beyondDue(t *tally, p *pass) bool {
	return p.steady && p.sorted && t.proven(p) == p.length &&
		!r.progress.first && !r.due().IsZero() && p.oldest.Before(r.due())
}

// pass reads a list once. Its n-th repetition cuts the pages differently.
func (r *reading) pass(ctx context.Context, sc scope, t *tally, n int) (*pass, error) {
	r.out.Passes++
	p := &pass{number: uint32(n + 1), total: -1, steady: true, sorted: true, repeats: map[record.Identity]*record.Counted{}}
	var head record.Identity
	empties := 0
	for {
		if most := r.opts.MaxOffset; most > 0 && p.length >= most && !(p.total >= 0 && p.length >= p.total) {
			p.refuse(sc, p.length)
			break
		}
		offset := p.length
		if p.asked = offset > 0 && min(r.size.cut(n, offset), r.size.largest) > len(p.tail); p.asked {
			offset -= len(p.tail)
		} else {
			p.torn = p.torn || offset > 0
		}
		page, err := r.fetch(ctx, sc, offset, n)
		if connect.KindOf(err) == connect.OffsetRefused && p.length > 0 {
			if p.total < 0 || p.length < p.total {
				p.refuse(sc, p.length)
			}
			break
		}
		if err != nil {
			return nil, err
		}
		p.see(page, r.serviceTime(page))
		if offset+len(page.Items) <= p.length {
			// A page without more before the announced end is asked for again: it may be a fault of the moment.
			if more := page.HasMore != nil && *page.HasMore; empties < 2 && (p.length < p.total || more) {
				empties++
				continue
			}
			break
		}
		noted, err := r.note(ctx, t, p, page)
		if err != nil {
			return nil, err
		}
		if p.length == 0 {
			head = noted.first
		} else if !p.oldest.IsZero() && noted.entry.After(p.oldest) {
			p.sorted = false
		}
		p.sorted = p.sorted && noted.sorted
		p.oldest = earlier(p.oldest, noted.oldest)
		p.length = offset + len(page.Items)
		r.opts.Progress(Progress{r.opts.Integration, sc.Window, p.length, p.total, r.out.Staged})
	}
	if p.length < p.total && !p.refused {
		p.unsteady("the service announced %d records and gave %d", p.total, p.length)
	}
	if p.sorted && p.slipped {
		p.unsteady("records left the list while it was read, and others may have slipped between its pages")
	}
	return p, r.checkHead(ctx, sc, t, p, head)
}

// see compares an answer with the ones before.
func (p *pass) see(page *connect.AuditPage, at time.Time) {
	if p.start.IsZero() {
		p.start, p.total = at, page.Total
	}
	p.end = at
	// Some services give no total, or 0, with an empty page.
	if len(page.Items) > 0 && page.Total != p.total {
		p.unsteady("the list changed while it was read: %d records, then %d", p.total, page.Total)
		p.total = max(p.total, page.Total)
	}
}

func (p *pass) unsteady(format string, args ...any) {
	p.steady = false
	p.reason = fmt.Sprintf(format, args...)
}

func (p *pass) refuse(sc scope, offset int) {
	p.refused = true
	p.reason = fmt.Sprintf("%s: the service does not show records from offset %d on", sc, offset)
}

// checkHead reads the first page again: in a steady pass it begins as it did.
func (r *reading) checkHead(ctx context.Context, sc scope, t *tally, p *pass, head record.Identity) error {
	page, err := r.fetch(ctx, sc, 0, int(p.number)-1)
	if err != nil {
		return err
	}
	p.end = r.serviceTime(page)
	noted, err := r.note(ctx, t, nil, page)
	if err != nil {
		return err
	}
	switch {
	case noted.first != head:
		p.unsteady("records were added while the list was read")
	case len(page.Items) > 0 && page.Total != p.total:
		p.unsteady("the list changed while it was read: %d records, then %d", p.total, page.Total)
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
