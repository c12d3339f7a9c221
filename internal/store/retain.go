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

// Retain drops whole segments whose last row, by the later of record time and
// ingest time, is older than the source's retention. A retention of zero or less
// keeps rows for ever.
func (s *Store) Retain(ctx context.Context, retention func(source string) time.Duration) (RetainReport, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	now := s.opts.Clock().UnixMilli()
	keep := map[string]time.Duration{}
	due := map[string][]*Segment{}
	for _, seg := range s.current().segments {
		d, asked := keep[seg.Source]
		if !asked {
			d = retention(seg.Source)
			keep[seg.Source] = d
		}
		if d > 0 && now-max(seg.To, seg.Ingested) > d.Milliseconds() {
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
