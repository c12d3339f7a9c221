package query

import (
	"context"

	"ledgerline/internal/record"
)

// Present lists the fields that records of the query's search may have, in no
// order: those with a column in a segment that the search keeps open. Only the
// books are read, so that a field may turn out to be empty in what matches.
func (e *Engine) Present(ctx context.Context, req Request) ([]record.Field, error) {
	ctx, cancel := e.deadline(ctx, req)
	defer cancel()
	s, err := e.open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer s.close()
	scan := s.plan.Search
	if scan == nil || scan.Groups != nil && len(scan.Groups) == 0 {
		return nil, nil
	}
	var found []record.Field
	seen := map[string]bool{}
	for _, seg := range s.snapshot.Segments(filter(scan.Window, scan)) {
		for _, c := range seg.Columns {
			if seen[c.Name] {
				continue
			}
			seen[c.Name] = true
			if f, ok := e.catalogue.Field(c.Name); ok {
				found = append(found, f)
			}
		}
	}
	return found, nil
}
