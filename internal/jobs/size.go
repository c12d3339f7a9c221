package jobs

import (
	"slices"

	"ledgerline/internal/query"
)

// sizeOf estimates the memory of a result.
func sizeOf(r *query.Result) int64 {
	n := rowsSize(r.Rows)
	for _, t := range r.Tables {
		n += rowsSize(t.Rows)
	}
	series := func(s *query.Series) {
		if s == nil {
			return
		}
		for _, l := range s.Lines {
			n += rowsSize(slices.Concat(l.Points, [][]any{l.Key}))
		}
	}
	series(r.Series)
	for _, c := range r.Charts {
		series(c.Series)
	}
	return n
}

const cellBytes = 24 // an interface and what it points to, about

func rowsSize(rows [][]any) (n int64) {
	for _, row := range rows {
		for _, v := range row {
			n += cellBytes
			switch v := v.(type) {
			case string:
				n += int64(len(v))
			case []any:
				n += rowsSize([][]any{v})
			case *query.Table:
				if v != nil {
					n += rowsSize(v.Rows)
				}
			}
		}
	}
	return n
}
