package collect

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// tally is what has been seen of one list. It holds identities, not records.
type tally struct {
	rows   map[record.Identity]*seen
	parser fastjson.Parser
}

// seen counts one identity.
type seen struct {
	time int64  // microseconds; 0 when unknown
	most uint32 // largest count on one page: the event exists at least so often
	pass uint32 // the pass that saw it last
	here uint32 // rows of that pass
}

// noted is what one page added to the tally.
type noted struct {
	fresh  int       // rows of identities not seen before, or oftener on this page than on any before
	sorted bool      // newest first, every row dated
	entry  time.Time // of the first row that the pass had not seen; repeated rows come before it
	oldest time.Time
	first  record.Identity
}

func newTally() *tally { return &tally{rows: map[record.Identity]*seen{}} }

// note stages a page and counts its rows for a pass, which may be nil.
func (r *reading) note(ctx context.Context, t *tally, p *pass, page *connect.AuditPage) (noted, error) {
	n := noted{sorted: true}
	rows := make([]record.Item, len(page.Items))
	for i, raw := range page.Items {
		id, when, a := identify(&t.parser, r.opts.Instance, raw)
		r.resources.add(a.ResourceType, a.ResourceCode)
		if i == 0 {
			n.first = id
		}
		if when.IsZero() || (i > 0 && when.After(n.oldest)) {
			n.sorted = false
		}
		if !when.IsZero() && (n.oldest.IsZero() || when.Before(n.oldest)) {
			n.oldest = when
		}
		rows[i] = record.Item{ID: id, Time: when, Raw: raw}
	}
	known := 0 // rows at its beginning that the page before ended with
	if p != nil {
		known = p.goOn(t, rows)
	}
	items := make([]record.Counted, 0, len(rows))
	again := make([]int, 0, len(rows)) // of each item, rows that were counted with the page before
	at := make(map[record.Identity]int, len(rows))
	for i, row := range rows {
		k, twin := at[row.ID]
		if !twin {
			k = len(items)
			at[row.ID] = k
			items, again = append(items, record.Counted{Item: row}), append(again, 0)
		}
		items[k].Count++
		if p == nil {
			continue
		}
		if n.entry.IsZero() && !p.met(t, row.ID) {
			n.entry = row.Time
		}
		if i < known {
			again[k]++
		} else {
			p.row(row.ID, t.rows[row.ID], row)
		}
	}
	for k := range items {
		n.fresh += t.count(items[k], p, again[k])
	}
	if p != nil && len(rows) > 0 {
		p.endWith(rows, p.sorted && n.sorted)
	}
	return n, r.stage(ctx, items, len(rows))
}

// count enters what a page holds of one identity and returns by how much that is more than any page
// held before. Of its rows, again were counted with the page before.
func (t *tally) count(it record.Counted, p *pass, again int) (fresh int) {
	s := t.rows[it.ID]
	if s == nil {
		s = &seen{time: micro(it.Time)}
		t.rows[it.ID] = s
	}
	rows := uint32(it.Count)
	if rows > s.most {
		fresh = int(rows - s.most)
		s.most = rows
	}
	if p != nil {
		if s.pass != p.number {
			s.pass, s.here = p.number, 0
		}
		s.here += rows - uint32(again)
	}
	return fresh
}

// stage makes the wanted items durable; of were received for them.
func (r *reading) stage(ctx context.Context, items []record.Counted, of int) error {
	wanted := items[:0]
	for _, it := range items {
		if it.Time.IsZero() || !it.Time.Before(r.progress.floor) {
			wanted = append(wanted, it)
		}
	}
	added := 0
	if len(wanted) > 0 {
		var err error
		if added, err = r.ledger.Add(ctx, r.opts.Integration, wanted); err != nil {
			return err
		}
	}
	r.out.Staged += added
	r.out.Duplicates += max(0, of-added)
	return nil
}

// proven is how many rows of the list are certain to have been seen by a pass.
func (t *tally) proven(p *pass) int {
	sum := 0
	for _, s := range t.rows {
		if s.pass == p.number {
			sum += int(s.most)
		}
	}
	return sum
}

// after is how many rows newer than a time are certain to have been seen.
func (t *tally) after(at time.Time) int {
	sum := 0
	for _, s := range t.rows {
		if s.time > micro(at) {
			sum += int(s.most)
		}
	}
	return sum
}

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// print is an order-free fingerprint of rows, each counted as often as it came.
type print [2]uint64

func (f *print) add(id record.Identity) {
	f[0] += binary.BigEndian.Uint64(id[:8])
	f[1] += binary.BigEndian.Uint64(id[8:16])
}
