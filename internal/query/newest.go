package query

import (
	"slices"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// sliceStart chooses the instant from which to the end of the window some
// number of records lie, if records are spread evenly over their segments.
// last means that the whole rest of the window is no more than that.
func sliceStart(segments []*store.Segment, w record.Window, want int64) (cut int64, last bool) {
	type load struct {
		from, to int64
		rows     float64
	}
	var loads []load
	var edges []int64
	total := int64(0)
	for _, seg := range segments {
		from, to := seg.From, seg.To+1
		if !w.From.IsZero() {
			from = max(from, w.From.UnixMilli())
		}
		if !w.To.IsZero() {
			to = min(to, w.To.UnixMilli())
		}
		if from >= to {
			continue
		}
		rows := float64(seg.Rows) * float64(to-from) / float64(seg.To+1-seg.From)
		loads = append(loads, load{from, to, rows})
		edges = append(edges, from, to)
		total += int64(rows)
	}
	if total <= want {
		return 0, true
	}
	// Walk back over the ends of segments while the slice is too small.
	slices.Sort(edges)
	edges = slices.Compact(edges)
	have := 0.0
	for i := len(edges) - 2; i >= 0; i-- {
		from, to := edges[i], edges[i+1]
		rows := 0.0
		for _, l := range loads {
			if l.from <= from && l.to >= to {
				rows += l.rows * float64(to-from) / float64(l.to-l.from)
			}
		}
		if have+rows >= float64(want) {
			part := (float64(want) - have) / rows
			return max(from, to-max(1, int64(part*float64(to-from)))), from == edges[0] && part >= 1
		}
		have += rows
	}
	return 0, true
}
