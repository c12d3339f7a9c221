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
	return s.Update(ctx, func(tx *Tx) error { return tx.Cover(ctx, c) })
}

// Cover is Stage.Cover as part of a transaction.
func (t *Tx) Cover(ctx context.Context, c Coverage) error {
	if c.Window.Empty() {
		return nil
	}
	before, err := t.touching(ctx, c)
	switch {
	case err != nil:
	case c.State == Covered:
		err = t.cover(ctx, c, before)
	default:
		err = t.leaveOut(ctx, c, before)
	}
	if err != nil {
		return fmt.Errorf("stage: coverage of %s: %w", c.Integration, err)
	}
	return nil
}

// cover enters a window that was read, joined with those read before.
func (t *Tx) cover(ctx context.Context, c Coverage, before []coverageRow) error {
	whole := c.Window
	for _, b := range before {
		if b.State != Covered {
			if err := t.cutWindow(ctx, b, c.Window); err != nil {
				return err
			}
			continue
		}
		whole = record.Union(whole, b.Window)[0]
		c.Rows += b.Rows
		if err := t.dropWindow(ctx, b.id); err != nil {
			return err
		}
	}
	return t.enterWindow(ctx, c, whole)
}

// leaveOut enters what of a window was never read as a gap.
func (t *Tx) leaveOut(ctx context.Context, c Coverage, before []coverageRow) error {
	var covered []record.Window
	for _, b := range before {
		if b.State == Covered {
			covered = append(covered, b.Window)
		} else if err := t.cutWindow(ctx, b, c.Window); err != nil {
			return err
		}
	}
	for _, w := range record.Missing(c.Window, covered...) {
		if err := t.enterWindow(ctx, c, w); err != nil {
			return err
		}
	}
	return nil
}

// cutWindow leaves of a row what lies outside of a window.
func (t *Tx) cutWindow(ctx context.Context, row coverageRow, by record.Window) error {
	for _, w := range record.Missing(row.Window, by) {
		if err := t.enterWindow(ctx, row.Coverage, w); err != nil {
			return err
		}
	}
	return t.dropWindow(ctx, row.id)
}

type coverageRow struct {
	Coverage
	id int64
}

const coverageColumns = "id, integration, window_from, window_to, state, note, rows, recorded"

// touching returns the rows that overlap c's window, end where it begins or begin
// where it ends. Rows do not overlap, so they are in the order of their ends, and
// an index leads to the first and past the last.
func (t *Tx) touching(ctx context.Context, c Coverage) ([]coverageRow, error) {
	rows, err := t.sql.QueryContext(ctx, "SELECT "+coverageColumns+` FROM coverage
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

func (t *Tx) enterWindow(ctx context.Context, c Coverage, w record.Window) error {
	recorded := c.Recorded
	if recorded.IsZero() {
		recorded = t.stage.opts.Clock()
	}
	_, err := t.sql.ExecContext(ctx, `INSERT INTO coverage (integration, window_from, window_to, state, note, rows, recorded)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, c.Integration, toMicro(w.From), toMicro(w.To), c.State, c.Note, c.Rows, toMicro(recorded))
	return err
}

func (t *Tx) dropWindow(ctx context.Context, id int64) error {
	_, err := t.sql.ExecContext(ctx, "DELETE FROM coverage WHERE id = ?", id)
	return err
}

// Coverage returns what is known of an integration's time, oldest first. Covered
// windows and gaps do not overlap; time in neither was never asked for. An empty
// integration means all of them, one after the other.
func (s *Stage) Coverage(ctx context.Context, integration string) ([]Coverage, error) {
	return s.queryCoverage(ctx, "SELECT "+coverageColumns+" FROM coverage WHERE ?1 IN ('', integration) ORDER BY integration, window_from, id", integration)
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
	return s.Update(ctx, func(tx *Tx) error { return tx.SetState(ctx, integration, key, value) })
}

// SetState is Stage.SetState as part of a transaction.
func (t *Tx) SetState(ctx context.Context, integration, key, value string) error {
	_, err := t.sql.ExecContext(ctx, `INSERT INTO state (integration, key, value) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value`, integration, key, value)
	if err != nil {
		return fmt.Errorf("stage: state %s of %s: %w", key, integration, err)
	}
	return nil
}

// MarkCovered is Cover for a window that is provably read.
func (s *Stage) MarkCovered(ctx context.Context, integration string, w record.Window, rows int) error {
	return s.Cover(ctx, Coverage{Integration: integration, Window: w, State: Covered, Rows: rows})
}

// MarkCovered is Stage.MarkCovered as part of a transaction.
func (t *Tx) MarkCovered(ctx context.Context, integration string, w record.Window, rows int) error {
	return t.Cover(ctx, Coverage{Integration: integration, Window: w, State: Covered, Rows: rows})
}

// MarkGap is Cover for a window that is known not to be read.
func (s *Stage) MarkGap(ctx context.Context, integration string, w record.Window, note string) error {
	return s.Cover(ctx, Coverage{Integration: integration, Window: w, State: Gap, Note: note})
}

// MarkGap is Stage.MarkGap as part of a transaction.
func (t *Tx) MarkGap(ctx context.Context, integration string, w record.Window, note string) error {
	return t.Cover(ctx, Coverage{Integration: integration, Window: w, State: Gap, Note: note})
}
