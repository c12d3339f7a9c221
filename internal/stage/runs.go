package stage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// BeginRun enters a run of an integration and returns its ID. The trigger is
// schedule, once or manual.
func (s *Stage) BeginRun(ctx context.Context, integration, trigger string) (int64, error) {
	var id int64
	err := s.update(ctx, "begin run", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "INSERT INTO run (integration, trigger, started, ended, state, first_error) VALUES (?, ?, ?, 0, ?, '')",
			integration, trigger, toMicro(s.opts.Clock()), Running)
		if err != nil {
			return err
		}
		id, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("stage: run of %s: %w", integration, err)
	}
	return id, nil
}

// PutStep enters or replaces the step with the given number, from 0, of a run.
func (s *Stage) PutStep(ctx context.Context, run int64, number int, step Step) error {
	counts, err := json.Marshal(step.Counts)
	if err != nil {
		return err
	}
	err = s.update(ctx, "step", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO step (run, number, name, target, started, ended, state, counts, note, error)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, run, number, step.Name, step.Target, toMicro(step.Started), toMicro(step.Ended),
			step.State, string(counts), step.Note, step.Error)
		return err
	})
	if err != nil {
		return fmt.Errorf("stage: step %d of run %d: %w", number, run, err)
	}
	return nil
}

// EndRun closes a run with its final state and first error, which may be empty.
func (s *Stage) EndRun(ctx context.Context, run int64, state RunState, firstError string) error {
	err := s.update(ctx, "end run", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE run SET ended = ?, state = ?, first_error = ? WHERE id = ?",
			toMicro(s.opts.Clock()), state, firstError, run)
		return err
	})
	if err != nil {
		return fmt.Errorf("stage: run %d: %w", run, err)
	}
	return nil
}

const runColumns = "id, integration, trigger, started, ended, state, first_error"

func scanRun(scan func(...any) error) (Run, error) {
	var r Run
	var started, ended int64
	err := scan(&r.ID, &r.Integration, &r.Trigger, &started, &ended, &r.State, &r.FirstError)
	r.Started, r.Ended = fromMicro(started), fromMicro(ended)
	return r, err
}

// Runs returns the latest runs with their steps, newest first. An empty
// integration means all of them.
func (s *Stage) Runs(ctx context.Context, integration string, limit int) ([]Run, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+runColumns+" FROM run WHERE ?1 IN ('', integration) ORDER BY id DESC LIMIT ?2", integration, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Run
	for rows.Next() {
		r, err := scanRun(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Steps, err = s.steps(ctx, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Run returns one run with its steps, or an error that wraps ErrNotFound.
func (s *Stage) Run(ctx context.Context, id int64) (Run, error) {
	r, err := scanRun(s.read.QueryRowContext(ctx, "SELECT "+runColumns+" FROM run WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("stage: run %d: %w", id, ErrNotFound)
	}
	if err == nil {
		r.Steps, err = s.steps(ctx, id)
	}
	return r, err
}

func (s *Stage) steps(ctx context.Context, run int64) ([]Step, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT name, target, started, ended, state, counts, note, error FROM step WHERE run = ? ORDER BY number", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Step
	for rows.Next() {
		var st Step
		var started, ended int64
		var counts string
		if err := rows.Scan(&st.Name, &st.Target, &started, &ended, &st.State, &counts, &st.Note, &st.Error); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(counts), &st.Counts); err != nil {
			return nil, err
		}
		st.Started, st.Ended = fromMicro(started), fromMicro(ended)
		out = append(out, st)
	}
	return out, rows.Err()
}

// ForgetRuns drops the runs that ended before the given time and returns how many.
func (s *Stage) ForgetRuns(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := s.update(ctx, "forget runs", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM run WHERE ended > 0 AND ended < ?", toMicro(before))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return int(n), err
}

// abandonRuns marks what was running when the last process ended.
func (s *Stage) abandonRuns(ctx context.Context) error {
	return s.update(ctx, "abandon", func(tx *sql.Tx) error {
		now := toMicro(s.opts.Clock())
		if _, err := tx.ExecContext(ctx, "UPDATE step SET state = ?, ended = ? WHERE state = ?", Abandoned, now, Running); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE run SET state = ?, ended = ? WHERE state = ?", Abandoned, now, Running)
		return err
	})
}
