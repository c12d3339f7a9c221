package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// RetainReport says what retention dropped.
type RetainReport struct {
	Segments int
	Rows     int64
	Bytes    int64
}

// Retention says what Retain may drop.
type Retention struct {
	For  func(source string) time.Duration // how long rows are kept; zero or less: for ever
	Hold func(group string) bool           // legal hold: nothing of a log group is dropped; may be nil
}

// Retain drops whole segments whose last row, by the later of record time and
// ingest time, is older than the source's retention. A segment stays while any of
// its log groups is held.
func (s *Store) Retain(ctx context.Context, r Retention) (RetainReport, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	now := s.opts.Clock().UnixMilli()
	keep := map[string]time.Duration{}
	due := map[string][]*Segment{}
	for _, seg := range s.current().segments {
		d, asked := keep[seg.Source]
		if !asked {
			d = r.For(seg.Source)
			keep[seg.Source] = d
		}
		if d > 0 && now-max(seg.To, seg.Ingested) > d.Milliseconds() && (r.Hold == nil || !slices.ContainsFunc(seg.Groups, r.Hold)) {
			due[seg.Source] = append(due[seg.Source], seg)
		}
	}
	var report RetainReport
	for source, segs := range due {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		slices.Reverse(segs) // oldest first, for whoever reads the journal
		err := s.commit(ctx, change{
			kind: KindDrop, actor: "retention", reason: fmt.Sprintf("%q is kept for %s", source, keep[source]), remove: segs,
		})
		if err != nil {
			return report, fmt.Errorf("store: drop segments of %q: %w", source, err)
		}
		for _, seg := range segs {
			report.Segments++
			report.Rows += seg.Rows
			report.Bytes += seg.Bytes
		}
	}
	return report, nil
}
