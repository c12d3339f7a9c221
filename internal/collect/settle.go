package collect

import (
	"context"
	"time"

	"ledgerline/internal/connect"
)

const maxSettling = 6 // rounds of head and tail

// settle proves a sorted list that changed while it was read, without reading it all again. The
// head is read until a page brings nothing new; then the last page, whose answer names the total.
// As many rows as the list has above that page's oldest record must be certain to have been seen.
// Rows as old as that record are on the page itself.
//
// Records leave such a list at the old end, by expiry: those are older than what the last page
// shows, and are not counted. One that joined after the head was read makes the sum too small, and
// another round finds it. One that was seen and then deleted from the midst makes it too large, or
// would hide another that was never seen: that one can only have slipped between two pages, so a
// torn pass is not settled. What settles in no round is left to the next pass, and in the end is a gap.
func (r *reading) settle(ctx context.Context, sc scope, t *tally, p *pass) (bool, error) {
	if !p.sorted || p.torn || p.total < 0 {
		return false, nil
	}
	for range maxSettling {
		total, err := r.readHead(ctx, sc, t)
		if err != nil || total <= 0 {
			return false, err
		}
		offset := max(0, total-r.size.now)
		tail, err := r.fetch(ctx, sc, offset, 0)
		if err != nil {
			return false, err
		}
		n, err := r.note(ctx, t, nil, tail)
		if err != nil {
			return false, err
		}
		p.end = r.serviceTime(tail)
		if len(tail.Items) == 0 || offset+len(tail.Items) != tail.Total || !n.sorted {
			continue // it moved meanwhile, or the page came short
		}
		if t.after(n.oldest) == tail.Total-r.asOld(t, tail, n.oldest) {
			p.length = tail.Total
			return true, nil
		}
	}
	p.reason = "the list changed while it was read, and what was seen does not add up to its length"
	return false, nil
}

// asOld counts the rows of a sorted page that are as old as its oldest.
func (r *reading) asOld(t *tally, page *connect.AuditPage, oldest time.Time) int {
	for i := len(page.Items) - 1; i >= 0; i-- {
		if _, when, _ := identify(&t.parser, r.opts.Instance, page.Items[i]); when.After(oldest) {
			return len(page.Items) - 1 - i
		}
	}
	return len(page.Items)
}

// readHead reads from the first page until one brings nothing new and returns the total it names.
func (r *reading) readHead(ctx context.Context, sc scope, t *tally) (int, error) {
	for offset := 0; ; {
		page, err := r.fetch(ctx, sc, offset, 0)
		if err != nil {
			return 0, err
		}
		n, err := r.note(ctx, t, nil, page)
		if err != nil {
			return 0, err
		}
		if n.fresh == 0 || len(page.Items) == 0 {
			return page.Total, nil
		}
		offset += len(page.Items)
	}
}
