package collect

import (
	"context"
)

const maxSettling = 6 // rounds of head and tail

// settle proves a sorted list that grew while it was read, without reading it all again. The head
// is read until a page brings nothing new; then the last page. When the total is the same on
// both, the rows that are certainly seen and newer than the last page's oldest must be as many as
// the list has. Rows as old as that oldest one are on the last page itself.
//
// Records only join such a list, or leave it at the old end by expiry: those that left are older
// than what the last page shows, and are not counted.
func (r *reading) settle(ctx context.Context, sc scope, t *tally, p *pass) (bool, error) {
	if !p.sorted || p.total < 0 {
		return false, nil
	}
	for range maxSettling {
		total, err := r.readHead(ctx, sc, t)
		if err != nil || total <= 0 {
			return false, err
		}
		offset := max(0, total-r.size.cut(0))
		tail, err := r.fetch(ctx, sc, offset, 0)
		if err != nil {
			return false, err
		}
		n, err := r.note(ctx, t, nil, tail)
		if err != nil {
			return false, err
		}
		p.end = r.serviceTime(tail)
		if tail.Total != total || offset+len(tail.Items) != total || len(tail.Items) == 0 || !n.sorted {
			continue // it moved again, or the page came short
		}
		last, listed := n.oldest, total
		for i := len(tail.Items) - 1; i >= 0; i-- {
			if _, when, _ := identify(&t.parser, r.opts.Instance, tail.Items[i]); when.After(last) {
				break
			}
			listed--
		}
		if t.after(last) == listed {
			p.length = total
			return true, nil
		}
		p.reason = "the list changed while it was read, and what was seen does not add up to its length"
		return false, nil
	}
	p.reason = "the list changes faster than it can be read"
	return false, nil
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
