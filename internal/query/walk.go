package query

import (
	"context"
	"math"
	"slices"
	"time"

	"ledgerline/internal/query/plan"
	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// firstSlice is how many records the first slice of a walk along time aims at, for
// a few rows: about the least that is read at once. fullSlice is how many rows a
// slice should yield at most: the engine holds them all, and an export may go on for
// as long as there are records.
const (
	firstSlice = 4_000
	fullSlice  = 1 << 17
)

// walk reads records by time, from whichever end comes first, in slices that grow
// while they yield little, until there are enough: no later slice can hold one that
// comes before. The first aims at want records, the others at those of which full
// are yielded.
func (s *session) walk(ctx context.Context, columns []*plan.Column, limit int, want, full int64, row func([]any) error) error {
	scan, root, order := s.plan.Search, s.plan.Root, s.plan.ByTime
	whole := scan.Window
	defer func() { s.plan.Root, scan.Window = root, whole }()
	segments := s.snapshot.Segments(filter(whole, scan))
	bounded := limit < math.MaxInt
	for limit > 0 {
		var rest record.Window
		var last bool
		scan.Window, rest, last = sliceOf(segments, scan.Window, want, order.By[0].Desc)
		sort := &plan.Sort{In: order.In, By: order.By, Limit: -1}
		if bounded {
			sort.Limit = limit
		}
		s.plan.Root = sort
		n, err := s.query(ctx, columns, row)
		if err != nil || last {
			return err
		}
		limit -= n
		scan.Window = rest
		want = max(1, min(want*8, want*full/int64(max(n, 1))))
	}
	return nil
}

// sliceOf divides a window so that one part holds some number of records, if records
// are spread evenly over their segments: the newest ones, or the oldest. last means
// that the whole window holds no more than that.
func sliceOf(segments []*store.Segment, w record.Window, want int64, newest bool) (slice, rest record.Window, last bool) {
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
		return w, rest, true
	}
	// Walk over the ends of segments while the slice is too small.
	slices.Sort(edges)
	edges = slices.Compact(edges)
	have := 0.0
	for i := range len(edges) - 1 {
		if newest {
			i = len(edges) - 2 - i
		}
		from, to := edges[i], edges[i+1]
		rows := 0.0
		for _, l := range loads {
			if l.from <= from && l.to >= to {
				rows += l.rows * float64(to-from) / float64(l.to-l.from)
			}
		}
		if have += rows; have < float64(want) {
			continue
		}
		part := int64((1 - (have-float64(want))/rows) * float64(to-from))
		cut := min(to, from+max(1, part))
		if newest {
			cut = max(from, to-max(1, part))
		}
		if cut == edges[0] || cut == edges[len(edges)-1] {
			break
		}
		before, after := record.Window{From: w.From, To: time.UnixMilli(cut)}, record.Window{From: time.UnixMilli(cut), To: w.To}
		if newest {
			return after, before, false
		}
		return before, after, false
	}
	return w, rest, true
}
