package stage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Cursor returns the ID of the last file of an integration that a sink has
// taken; 0 when none.
func (s *Stage) Cursor(ctx context.Context, sink, integration string) (int64, error) {
	var id int64
	err := s.read.QueryRowContext(ctx, "SELECT file FROM cursor WHERE sink = ? AND integration = ?", sink, integration).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// Advance moves a sink's cursor to a file. A cursor never goes back.
func (s *Stage) Advance(ctx context.Context, sink, integration string, fileID int64) error {
	err := s.update(ctx, "advance", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cursor (sink, integration, file) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET file = max(file, excluded.file)`, sink, integration, fileID)
		return err
	})
	if err != nil {
		return fmt.Errorf("stage: cursor of %s: %w", sink, err)
	}
	return nil
}

// Quarantine notes that a sink refused a file for good. The caller advances the
// cursor past it afterwards; a retention run keeps the file.
func (s *Stage) Quarantine(ctx context.Context, sink string, f File, reason string) error {
	err := s.update(ctx, "quarantine", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO quarantine (sink, file, reason, since) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET reason = excluded.reason, retry = 0`, sink, f.ID, reason, toMicro(s.opts.Clock()))
		return err
	})
	if err != nil {
		return fmt.Errorf("stage: quarantine of file %d for %s: %w", f.ID, sink, err)
	}
	return nil
}

// Quarantined returns every file in quarantine, also those queued for a retry.
func (s *Stage) Quarantined(ctx context.Context) ([]Quarantined, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+fileColumns+`, quarantine.sink, quarantine.reason, quarantine.since
		FROM quarantine JOIN file ON file.id = quarantine.file ORDER BY file.id, quarantine.sink`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Quarantined
	for rows.Next() {
		var q Quarantined
		var since int64
		if q.File, err = s.scanFile(rows.Scan, &q.Sink, &q.Reason, &since); err != nil {
			return nil, err
		}
		q.Since = fromMicro(since)
		out = append(out, q)
	}
	return out, rows.Err()
}

// Requeue asks for a quarantined file to be offered to its sink again.
func (s *Stage) Requeue(ctx context.Context, sink string, fileID int64) error {
	if err := s.changeQuarantine(ctx, "requeue", "UPDATE quarantine SET retry = 1 WHERE sink = ? AND file = ?", sink, fileID); err != nil {
		return err
	}
	s.announce()
	return nil
}

// Requeued returns the files that were asked to be offered to a sink again.
func (s *Stage) Requeued(ctx context.Context, sink string) ([]File, error) {
	return s.queryFiles(ctx, "SELECT "+fileColumns+` FROM file WHERE removed = 0
		AND id IN (SELECT file FROM quarantine WHERE sink = ? AND retry = 1) ORDER BY id`, sink)
}

// Unquarantine takes a file out of quarantine: its sink has it now.
func (s *Stage) Unquarantine(ctx context.Context, sink string, fileID int64) error {
	return s.changeQuarantine(ctx, "unquarantine", "DELETE FROM quarantine WHERE sink = ? AND file = ?", sink, fileID)
}

func (s *Stage) changeQuarantine(ctx context.Context, name, query, sink string, fileID int64) error {
	err := s.update(ctx, name, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, query, sink, fileID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("stage: file %d in the quarantine of %s: %w", fileID, sink, err)
	}
	return nil
}
