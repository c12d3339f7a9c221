package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// eraseFiles takes the bytes of uploaded files out of the stage.
func (s *Server) eraseFiles(ctx context.Context, files []catalog.File, actor, reason string) error {
	e := stage.Erasure{Uploads: make(map[string]time.Time, len(files)), Actor: actor, Reason: reason}
	for _, f := range files {
		e.Uploads[f.Reference] = f.Received
	}
	_, err := s.Stage.Erase(ctx, e)
	return err
}

// emptiedBy lists the uploaded files of which a purge of the given log groups leaves
// no record. It is asked before the purge: what is gone afterwards cannot tell, also
// not after a restart, which of the empty files the purge has emptied.
func (s *Server) emptiedBy(ctx context.Context, d purgeDetails, groups []string) ([]catalog.File, error) {
	going, err := s.rowsByFile(ctx, query.Request{Text: d.Query, Window: record.Window{To: *d.TimeDataEnded}, Scope: query.Scope{Groups: groups}})
	if err != nil || len(going) == 0 {
		return nil, err
	}
	all, err := s.rowsByFile(ctx, query.Request{Text: "*", Scope: query.Scope{Groups: groups}})
	if err != nil {
		return nil, err
	}
	var emptied []catalog.File
	for ref, rows := range going {
		if rows != all[ref] {
			continue
		}
		f, err := s.Catalog.File(ctx, ref)
		if errors.Is(err, catalog.ErrNotFound) {
			continue // collected, or no longer in the books
		}
		if err != nil {
			return nil, err
		}
		if f.Status != catalog.InProgress { // else more records are to come
			emptied = append(emptied, f)
		}
	}
	return emptied, nil
}

// rowsByFile counts the records that a search clause finds, by uploaded file. It
// reads for the server itself and counts among nobody's queries.
func (s *Server) rowsByFile(ctx context.Context, r query.Request) (map[string]int64, error) {
	c, _ := ctx.Value(callerKey{}).(caller)
	c.user = localUser
	r.Text += " | stats count as rows by 'Upload ID'"
	counts := map[string]int64{}
	err := s.Query.Export(onBehalf(ctx, c), r, func([]query.Column) error { return nil }, func(row []any) error {
		ref, _ := row[0].(string)
		rows, ok := row[1].(int64)
		if !ok {
			return fmt.Errorf("the engine counted %v", row)
		}
		counts[ref] = rows
		return nil
	})
	return counts, err
}
