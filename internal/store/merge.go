package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// mergeInputs is the number of segments that one merge reads at once: each takes
// a file descriptor and some 8,000 rows of memory.
const mergeInputs = 128

// MergeReport says what merging did.
type MergeReport struct {
	Merges  int
	In, Out int // segments
	Rows    int64
}

// Merge merges the small segments of every source and day that has more of them
// than Options.MergeAbove, or more than a quarter of that which are tiny, or that
// is over and to which nothing has been added for a while. It returns when nothing
// is due any more. What has been merged before an error stays merged. Segments
// whose rows are not those that the manifest lists are left as they are, and
// reported as an error.
func (s *Store) Merge(ctx context.Context) (MergeReport, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	var report MergeReport
	damaged := map[int64]bool{}
	var problems []error
	for {
		due := s.due(damaged)
		if len(due) == 0 {
			return report, errors.Join(problems...)
		}
		for _, in := range due {
			out, rows, err := s.merge(ctx, in)
			if errors.Is(err, errDamaged) {
				problems = append(problems, s.findDamaged(ctx, in, damaged)...)
				continue
			}
			if err != nil {
				return report, errors.Join(append(problems, fmt.Errorf("store: merge: %w", err))...)
			}
			report.Merges++
			report.In += len(in)
			report.Out += out
			report.Rows += rows
		}
	}
}

// A query opens every file of its time, so days do not keep small segments for
// ever: when a day has been over for settleAfter and got nothing new as long, they
// are merged as if they were too many, and after restAfter all into one.
const (
	settleAfter = time.Hour
	restAfter   = 24 * time.Hour
)

// due returns the sets of segments to merge.
func (s *Store) due(damaged map[int64]bool) [][]*Segment {
	small := map[dayKey][]*Segment{}
	for _, seg := range s.current().segments {
		if seg.Rows < s.opts.SmallRows && !damaged[seg.ID] {
			small[keyOf(seg)] = append(small[keyOf(seg)], seg)
		}
	}
	now := s.opts.Clock()
	var due [][]*Segment
	for _, segs := range small {
		picked := s.pick(segs, now)
		slices.SortFunc(picked, func(a, b *Segment) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID)) })
		spliced, rest := s.spliceable(picked)
		due = append(due, spliced...)
		for in := range slices.Chunk(rest, mergeInputs) {
			if len(in) > 1 {
				due = append(due, in)
			}
		}
	}
	slices.SortFunc(due, func(a, b []*Segment) int { return cmp.Compare(a[0].ID, b[0].ID) })
	return due
}

// spliceable takes the sets of segments that can be merged without reading their
// rows out of those to be merged.
func (s *Store) spliceable(segs []*Segment) (sets [][]*Segment, rest []*Segment) {
	for _, seg := range segs {
		at := slices.IndexFunc(sets, func(set []*Segment) bool {
			return seg.Rows >= s.opts.spliceRows && slices.Equal(set[0].Columns, seg.Columns)
		})
		switch {
		case at >= 0:
			sets[at] = append(sets[at], seg)
		case seg.Rows >= s.opts.spliceRows:
			sets = append(sets, []*Segment{seg})
		default:
			rest = append(rest, seg)
		}
	}
	sets = slices.DeleteFunc(sets, func(set []*Segment) bool {
		if len(set) > 1 && s.canSplice(set) {
			return false
		}
		rest = append(rest, set...)
		return true
	})
	return sets, rest
}

// pick chooses from the small segments of one source and day those to merge now.
func (s *Store) pick(segs []*Segment, now time.Time) []*Segment {
	slices.SortFunc(segs, func(a, b *Segment) int { return cmp.Or(cmp.Compare(a.Rows, b.Rows), cmp.Compare(a.ID, b.ID)) })
	tiny := 0
	last := segs[0].Day.AddDate(0, 0, 1)
	for _, seg := range segs {
		if seg.Rows < s.opts.SmallRows/100 {
			tiny++
		}
		if seg.Created.After(last) {
			last = seg.Created
		}
	}
	switch quiet := now.Sub(last); {
	case quiet >= restAfter:
		return segs
	case quiet >= settleAfter, len(segs) > s.opts.MergeAbove, tiny > max(1, s.opts.MergeAbove/4):
		return pickSmall(segs)
	}
	return nil
}

// pickSmall leaves out segments that are larger than all smaller ones together,
// so that a row is not rewritten each time a few more arrive: it is, at most,
// as often as the size of its segment can double. They come ordered by rows.
func pickSmall(segs []*Segment) []*Segment {
	end, sum := 0, int64(0)
	for i, seg := range segs {
		if seg.Rows <= sum {
			end = i + 1
		}
		sum += seg.Rows
	}
	return segs[:end]
}

var errDamaged = errors.New("rows are not those that the manifest lists")

// merge replaces segments of one source and day by fewer, sorted ones.
func (s *Store) merge(ctx context.Context, in []*Segment) (out int, rows int64, err error) {
	inRows, inHash := sumRefs(refs(in))
	write := s.writeMerged
	if s.canSplice(in) {
		write = s.writeSpliced
	}
	segs, err := write(ctx, in)
	if err == nil {
		outRows, outHash := sumRefs(refs(segs))
		if outRows != inRows || outHash != inHash {
			err = errDamaged
		}
	}
	if err == nil {
		err = s.syncFolders(segs)
	}
	if err != nil {
		s.discard(segs)
		return 0, 0, err
	}
	err = s.commit(ctx, change{
		kind: KindMerge, actor: "merge", reason: fmt.Sprintf("%d small segments of one source and day", len(in)), add: segs, remove: in,
		extra: func(ctx context.Context, tx *sql.Tx) error { return moveHolds(ctx, tx, in, segs) },
	})
	if err != nil {
		s.discardUnlessFailed(segs)
		return 0, 0, err
	}
	return len(segs), inRows, nil
}

// moveHolds says of each new segment that it may hold what any of the old held.
func moveHolds(ctx context.Context, tx *sql.Tx, in, out []*Segment) error {
	for _, to := range out {
		for _, from := range in {
			if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO holds(segment, upload, stage, chunk)
				SELECT ?, upload, stage, chunk FROM holds WHERE segment = ?`, to.ID, from.ID); err != nil {
				return fmt.Errorf("store: move uploads: %w", err)
			}
		}
	}
	return nil
}

// writeMerged writes the rows of all inputs in order. It returns what it
// finished also with an error.
func (s *Store) writeMerged(ctx context.Context, in []*Segment) (done []*Segment, err error) {
	return s.writeWithout(ctx, in, nil)
}

// writeWithout is writeMerged without the rows of a cut, which is of one input.
func (s *Store) writeWithout(ctx context.Context, in []*Segment, drop *cut) (done []*Segment, err error) {
	sets := make([][]Column, len(in))
	for i, seg := range in {
		sets[i] = seg.Columns
	}
	cols := unionColumns(sets...)
	m, err := newMerger(in, cols, drop)
	if err != nil {
		return nil, err
	}
	defer m.close()
	mem := s.scratch.Get().(*scratch)
	defer s.scratch.Put(mem)
	var w *segmentWriter
	finish := func() error {
		seg, err := w.finish()
		w = nil
		if err == nil {
			done = append(done, seg)
		}
		return err
	}
	for {
		b, err := m.next()
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && b.rows == 0 {
			continue
		}
		if err == nil && w == nil {
			w, err = newSegmentWriter(s.disk, s.segments, s.nextID.Add(1), in[0].Source, in[0].Day, cols, s.opts.Clock(), mem)
		}
		if err == nil {
			err = w.append(b)
		}
		if err != nil {
			if w != nil {
				w.abort()
			}
			return done, err
		}
		if w.seg.Rows >= s.opts.SegmentRows {
			if err := finish(); err != nil {
				return done, err
			}
		}
	}
	if w != nil {
		return done, finish()
	}
	return done, nil
}

// intact reports whether a segment's files and rows are those that were written.
func intact(ctx context.Context, seg *Segment) bool {
	if sum, _, err := fileSum(seg.Path + tokenSuffix); err != nil || sum != seg.TokenSHA256 {
		return false
	}
	if sum, _, err := fileSum(seg.Path); err != nil || sum != seg.SHA256 {
		return false
	}
	sum, _, err := rehash(ctx, seg)
	return err == nil && sum == seg.RowHash
}

// findDamaged looks for the inputs that made a merge fail.
func (s *Store) findDamaged(ctx context.Context, in []*Segment, damaged map[int64]bool) []error {
	var out []error
	for _, seg := range in {
		if ctx.Err() == nil && intact(ctx, seg) {
			continue
		}
		damaged[seg.ID] = true
		out = append(out, fmt.Errorf("store: segment %d (%s, %s) is not merged, its files are not as they were written; see verify",
			seg.ID, seg.Source, seg.Day.Format(time.DateOnly)))
	}
	if len(out) == 0 { // nothing to blame: leave all of them
		for _, seg := range in {
			damaged[seg.ID] = true
		}
		out = append(out, fmt.Errorf("store: merging %d segments from %d on changed their rows and was undone", len(in), in[0].ID))
	}
	return out
}
