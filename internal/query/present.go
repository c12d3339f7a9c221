package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// Present lists the fields that records of the query's search may have, in no
// order: those with a column in a segment that the search keeps open. Mostly only the
// books are read, so that a field may turn out to be empty in what matches. Where a
// segment holds records of log groups that the request may not read as well, a
// column of it counts when a record has it that may be read: another's would tell what
// those are about.
func (e *Engine) Present(ctx context.Context, req Request) ([]record.Field, error) {
	ctx, cancel := e.deadline(ctx, req)
	defer cancel()
	found, unsure, window, err := e.columns(ctx, req)
	if err != nil {
		return nil, err
	}
	req.Window = window
	for part := range slices.Chunk(unsure, maxCounted) {
		had, err := e.had(ctx, req, part)
		if err != nil {
			return nil, err
		}
		found = append(found, had...)
	}
	return found, nil
}

// maxCounted is how many fields one query counts.
const maxCounted = 100

// columns lists the fields with a column in the segments of a search, and apart those
// that may be of records alone that the request may not read; window is the search's.
func (e *Engine) columns(ctx context.Context, req Request) (found, unsure []record.Field, window record.Window, err error) {
	s, err := e.open(ctx, req)
	if err != nil {
		return nil, nil, window, err
	}
	defer s.close()
	scan := s.plan.Search
	if scan == nil || scan.Groups != nil && len(scan.Groups) == 0 {
		return nil, nil, window, nil
	}
	list := s.snapshot.Segments(filter(scan.Window, scan))
	foreign := func(seg *store.Segment) bool {
		return req.Scope.Groups != nil && slices.ContainsFunc(seg.Groups, func(g string) bool { return !slices.Contains(req.Scope.Groups, g) })
	}
	seen := map[string]bool{}
	for _, shared := range []bool{false, true} {
		for _, seg := range list {
			if foreign(seg) != shared {
				continue
			}
			for _, c := range seg.Columns {
				f, ok := e.catalogue.Field(c.Name)
				switch {
				case seen[c.Name] || !ok:
				case shared && !store.Fixed(c.Name):
					unsure = append(unsure, f)
				default:
					found = append(found, f)
				}
				seen[c.Name] = true
			}
		}
	}
	return found, unsure, scan.Window, nil
}

// had chooses of some fields those that a record has which the request may read.
func (e *Engine) had(ctx context.Context, req Request, fields []record.Field) (had []record.Field, err error) {
	var text strings.Builder
	for i, f := range fields {
		fmt.Fprintf(&text, ", count('%s') as n%d", f.Name, i) // an internal name is of letters and digits
	}
	req.Text, req.Limit = "* | stats "+text.String()[2:], 1
	r, err := e.Run(ctx, req)
	if err != nil || len(r.Rows) == 0 {
		return nil, err
	}
	for i, f := range fields {
		if n, ok := r.Rows[0][i].(int64); ok && n > 0 {
			had = append(had, f)
		}
	}
	return had, nil
}
