package stage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ledgerline/internal/record"
)

// Cover enters what is known of a window. Covered windows that touch are joined,
// their rows summed, and take away from the gaps they cover. A gap is entered only for the
// parts that are not covered already; a newer note replaces an older one.
func (s *Stage) Cover(ctx context.Context, c Coverage) error {
	if c.Window.Empty() {
		return nil
	}
	err := s.update(ctx, "cover", func(tx *sql.Tx) error {
		before, err := s.touching(ctx, tx, c)
		if err != nil {
			return err
		}
		var covered []record.Window
		for _, b := range before {
			if b.State == Covered {
				covered = append(covered, b.Window)
			}
		}
		if c.State == Covered {
			return s.coverAll(ctx, tx, c, before)
		}
		for _, b := range before {
			if b.State != Gap {
				continue
			}
			for _, w := range record.Missing(b.Window, c.Window) {
				if err := s.enterWindow(ctx, tx, b.Coverage, w); err != nil {
					return err
				}
			}
			if err := dropWindow(ctx, tx, b.id); err != nil {
				return err
			}
		}
		for _, w := range record.Missing(c.Window, covered...) {
			if err := s.enterWindow(ctx, tx, c, w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("stage: coverage of %s: %w", c.Integration, err)
	}
	return nil
}

func (s *Stage) coverAll(ctx context.Context, tx *sql.Tx, c Coverage, before []coverageRow) error {
	whole := c.Window
	for _, b := range before {
		if b.State == Covered {
			whole = record.Union(whole, b.Window)[0]
			c.Rows += b.Rows
		} else {
			for _, w := range record.Missing(b.Window, c.Window) {
				if err := s.enterWindow(ctx, tx, b.Coverage, w); err != nil {
					return err
				}
			}
		}
		if err := dropWindow(ctx, tx, b.id); err != nil {
			return err
		}
	}
	return s.enterWindow(ctx, tx, c, whole)
}

type coverageRow struct {
	Coverage
	id int64
}

const coverageColumns = "id, integration, window_from, window_to, state, note, rows, recorded"

// touching returns the rows that overlap c's window, end where it begins or begin
// where it ends. Rows do not overlap, so they are in the order of their ends, and
// an index leads to the first and past the last.
func (s *Stage) touching(ctx context.Context, tx *sql.Tx, c Coverage) ([]coverageRow, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+coverageColumns+` FROM coverage
		WHERE integration = ? AND window_to >= ? ORDER BY window_to`, c.Integration, toMicro(c.Window.From))
	if err != nil {
		return nil, err
	}
	return scanCoverage(rows, func(w record.Window) bool { return !w.From.After(c.Window.To) })
}

// scanCoverage reads rows for as long as their window is wanted.
func scanCoverage(rows *sql.Rows, wanted func(record.Window) bool) ([]coverageRow, error) {
	defer rows.Close()
	var out []coverageRow
	for rows.Next() {
		var c coverageRow
		var from, to, recorded int64
		if err := rows.Scan(&c.id, &c.Integration, &from, &to, &c.State, &c.Note, &c.Rows, &recorded); err != nil {
			return nil, err
		}
		c.Window = record.Window{From: fromMicro(from), To: fromMicro(to)}
		c.Recorded = fromMicro(recorded)
		if !wanted(c.Window) {
			break
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func (s *Stage) enterWindow(ctx context.Context, tx *sql.Tx, c Coverage, w record.Window) error {
	recorded := c.Recorded
	if recorded.IsZero() {
		recorded = s.opts.Clock()
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO coverage (integration, window_from, window_to, state, note, rows, recorded)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, c.Integration, toMicro(w.From), toMicro(w.To), c.State, c.Note, c.Rows, toMicro(recorded))
	return err
}

func dropWindow(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM coverage WHERE id = ?", id)
	return err
}

// Coverage returns what is known of an integration's time, oldest first. Covered
// windows and gaps do not overlap; time in neither was never asked for.
func (s *Stage) Coverage(ctx context.Context, integration string) ([]Coverage, error) {
	return s.queryCoverage(ctx, "SELECT "+coverageColumns+" FROM coverage WHERE integration = ? ORDER BY window_from, id", integration)
}

// Gaps returns the windows of an integration that are known not to be read.
func (s *Stage) Gaps(ctx context.Context, integration string) ([]Coverage, error) {
	return s.queryCoverage(ctx, "SELECT "+coverageColumns+" FROM coverage WHERE integration = ? AND state = 'gap' ORDER BY window_from, id", integration)
}

func (s *Stage) queryCoverage(ctx context.Context, query string, args ...any) ([]Coverage, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	found, err := scanCoverage(rows, func(record.Window) bool { return true })
	out := make([]Coverage, len(found))
	for i, c := range found {
		out[i] = c.Coverage
	}
	return out, err
}

// State returns a small text that was kept under a key; empty when there is none.
func (s *Stage) State(ctx context.Context, integration, key string) (string, error) {
	var value string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM state WHERE integration = ? AND key = ?", integration, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetState keeps a small text, such as a watermark, under a key.
func (s *Stage) SetState(ctx context.Context, integration, key, value string) error {
	err := s.update(ctx, "state", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO state (integration, key, value) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET value = excluded.value`, integration, key, value)
		return err
	})
	if err != nil {
		return fmt.Errorf("stage: state %s of %s: %w", key, integration, err)
	}
	return nil
}

// MarkCovered is Cover for a window that is provably read.
func (s *Stage) MarkCovered(ctx context.Context, integration string, w record.Window, rows int) error {
	return s.Cover(ctx, Coverage{Integration: integration, Window: w, State: Covered, Rows: rows})
}

// MarkGap is Cover for a window that is known not to be read.
func (s *Stage) MarkGap(ctx context.Context, integration string, w record.Window, note string) error {
	return s.Cover(ctx, Coverage{Integration: integration, Window: w, State: Gap, Note: note})
}
