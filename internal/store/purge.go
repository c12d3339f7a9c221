package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
)

// Purge names rows that are to be deleted: those that all of its members that are
// set agree on. Without any member set it names nothing.
type Purge struct {
	Uploads []string // references of uploaded files
	Groups  []string // OCIDs of log groups
	Before  int64    // rows with an earlier time, in epoch milliseconds
	// Match chooses among the rows that the members above name; nil: all of them.
	// It returns for each row of a segment, in file order, whether it is meant.
	Match  func(ctx context.Context, seg *Segment) ([]bool, error)
	Actor  string // who asks, for the journal
	Reason string
	// Progress, when set, is told how many of the segments that may hold such rows
	// have been done.
	Progress func(done, of int)
}

// PurgeReport says what a purge deleted, or would delete.
type PurgeReport struct {
	Segments int   // that were rewritten or removed
	Rows     int64 // deleted
	Bytes    int64 // of these segments' files, by the share of the rows deleted
}

func (p *Purge) empty() bool { return len(p.Uploads) == 0 && len(p.Groups) == 0 && p.Before <= 0 }

// cut is a purge of one segment.
type cut struct {
	*Purge
	matched []bool // of the segment's rows; nil: all
}

// cutOf asks which rows of a segment a purge means.
func (p *Purge) cutOf(ctx context.Context, seg *Segment) (*cut, error) {
	c := &cut{Purge: p}
	if p.Match == nil {
		return c, nil
	}
	var err error
	if c.matched, err = p.Match(ctx, seg); err == nil && int64(len(c.matched)) != seg.Rows {
		err = fmt.Errorf("%d rows were judged, there are %d", len(c.matched), seg.Rows)
	}
	return c, err
}

// rows marks the rows of a batch that are named. into may be used for the answer.
func (c *cut) rows(b *batch, into []bool) []bool {
	gone := slices.Grow(into[:0], b.rows)[:b.rows]
	for i := range gone {
		gone[i] = (c.Before <= 0 || b.vectors[timeAt].ints[i] < c.Before) && (c.matched == nil || c.matched[b.first+int64(i)])
	}
	only(gone, &b.vectors[uploadAt], c.Uploads)
	only(gone, &b.vectors[groupAt], c.Groups)
	return gone
}

// only takes back the rows whose value is none of those wanted.
func only(gone []bool, v *vector, wanted []string) {
	if len(wanted) == 0 {
		return
	}
	var last parquet.ByteArray
	known, at := false, 0
	for i := range gone {
		if len(v.defs) > 0 && v.defs[i] == 0 {
			gone[i] = false
			continue
		}
		value := v.strs[at]
		if at++; at == 1 || string(value) != string(last) { // values stand in runs
			last, known = value, slices.Contains(wanted, string(value))
		}
		gone[i] = gone[i] && known
	}
}

// Purge deletes rows and enters in the journal who asked, why, how many rows there
// were, and their hash. Queries under way still see them; later ones do not. The
// stage is not touched: whoever purges has it erase what was uploaded. With an error, segments before the failing one are purged.
func (s *Store) Purge(ctx context.Context, p Purge) (PurgeReport, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	return s.eachPurged(ctx, p, func(seg *Segment, c *cut) (int64, error) { return s.purge(ctx, seg, c) })
}

// CountPurge says what Purge would delete.
func (s *Store) CountPurge(ctx context.Context, p Purge) (PurgeReport, error) {
	s.merging.Lock() // a merge would take segments away from under it
	defer s.merging.Unlock()
	return s.eachPurged(ctx, p, func(seg *Segment, c *cut) (int64, error) { return countPurge(ctx, seg, c) })
}

func (s *Store) eachPurged(ctx context.Context, p Purge, do func(*Segment, *cut) (int64, error)) (PurgeReport, error) {
	var report PurgeReport
	if p.empty() {
		return report, errors.New("store: a purge must name uploads, log groups or a time")
	}
	segs, err := s.purgeable(ctx, &p)
	if err != nil {
		return report, err
	}
	for i, seg := range segs {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		if p.Progress != nil {
			p.Progress(i, len(segs))
		}
		c, err := p.cutOf(ctx, seg)
		var rows int64
		if err == nil {
			rows, err = do(seg, c)
		}
		if err != nil {
			return report, fmt.Errorf("store: purge segment %d: %w", seg.ID, err)
		}
		if rows > 0 {
			report.Segments++
			report.Rows += rows
			report.Bytes += seg.Bytes * rows / seg.Rows
		}
	}
	return report, nil
}

// purgeable lists the segments that may hold rows of a purge.
func (s *Store) purgeable(ctx context.Context, p *Purge) ([]*Segment, error) {
	holders := map[int64]bool{}
	for _, upload := range p.Uploads {
		if err := s.holders(ctx, upload, holders); err != nil {
			return nil, fmt.Errorf("store: segments of upload %q: %w", upload, err)
		}
	}
	var out []*Segment
	for _, seg := range s.current().segments {
		switch {
		case len(p.Uploads) > 0 && !holders[seg.ID]:
		case p.Before > 0 && seg.From >= p.Before:
		case len(p.Groups) > 0 && !slices.ContainsFunc(seg.Groups, func(g string) bool { return slices.Contains(p.Groups, g) }):
		default:
			out = append(out, seg)
		}
	}
	return out, nil
}

func (s *Store) holders(ctx context.Context, upload string, into map[int64]bool) error {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT segment FROM holds WHERE upload = ?`, upload)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		into[id] = true
	}
	return rows.Err()
}

func countPurge(ctx context.Context, seg *Segment, c *cut) (int64, error) {
	m, err := newMerger([]*Segment{seg}, seg.Columns, c)
	if err != nil {
		return 0, err
	}
	defer m.close()
	for kept := int64(0); ; {
		b, err := m.next()
		if errors.Is(err, io.EOF) {
			return seg.Rows - kept, nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return 0, err
		}
		kept += int64(b.rows)
	}
}

// purge replaces a segment by one without the rows, or by none.
func (s *Store) purge(ctx context.Context, seg *Segment, c *cut) (int64, error) {
	rows, err := countPurge(ctx, seg, c)
	if err != nil || rows == 0 {
		return 0, err
	}
	if !intact(ctx, seg) { // else the entry would vouch for rows that are not those that came in
		return 0, errDamaged
	}
	segs, err := s.writeWithout(ctx, []*Segment{seg}, c)
	if kept, _ := sumRefs(refs(segs)); err == nil && kept+rows != seg.Rows {
		err = errDamaged
	}
	if err == nil {
		err = s.syncFolders(segs)
	}
	if err != nil {
		s.discard(segs)
		return 0, err
	}
	err = s.commit(ctx, change{
		kind: KindPurge, actor: c.Actor, reason: c.Reason, add: segs, remove: []*Segment{seg},
		extra: func(ctx context.Context, tx *sql.Tx) error {
			if err := moveHolds(ctx, tx, []*Segment{seg}, segs); err != nil || len(c.Groups) > 0 || c.Before > 0 || c.matched != nil {
				return err
			}
			for _, to := range segs {
				for _, upload := range c.Uploads {
					if _, err := tx.ExecContext(ctx, `DELETE FROM holds WHERE segment = ? AND upload = ?`, to.ID, upload); err != nil {
						return err
					}
				}
			}
			return nil
		},
	})
	if err != nil {
		s.discardUnlessFailed(segs)
		return 0, err
	}
	return rows, nil
}
