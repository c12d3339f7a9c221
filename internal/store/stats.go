package store

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Stats is what the store holds.
type Stats struct {
	Segments int
	Rows     int64
	Bytes    int64      // of segment files, without token filters
	Days     []DayStats // by day, then source
}

// DayStats is what the store holds of one source and UTC day.
type DayStats struct {
	Source   string
	Day      time.Time
	Segments int
	Rows     int64
	Bytes    int64
}

// Stats counts from the manifest in memory.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var out Stats
	days := map[dayKey]*DayStats{}
	for _, seg := range s.current().segments {
		d := days[keyOf(seg)]
		if d == nil {
			d = &DayStats{Source: seg.Source, Day: seg.Day}
			days[keyOf(seg)] = d
		}
		d.Segments++
		d.Rows += seg.Rows
		d.Bytes += seg.Bytes
		out.Segments++
		out.Rows += seg.Rows
		out.Bytes += seg.Bytes
	}
	for _, d := range days {
		out.Days = append(out.Days, *d)
	}
	slices.SortFunc(out.Days, func(a, b DayStats) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Source, b.Source))
	})
	return out, ctx.Err()
}
