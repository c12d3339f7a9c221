package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// tasksSchema is the migration of scheduled tasks. What a task is, is an item;
// here is how far it has come.
const tasksSchema = `
CREATE TABLE task_states (
	task   TEXT PRIMARY KEY,
	next   INTEGER NOT NULL,              -- when it is due; 0: never
	runs   INTEGER NOT NULL,              -- since it was scheduled
	last   INTEGER NOT NULL,              -- when it was run last; 0: never
	failed INTEGER NOT NULL               -- the last run has failed
) STRICT, WITHOUT ROWID;

CREATE TABLE task_runs (
	id       TEXT PRIMARY KEY,
	task     TEXT NOT NULL,
	due      INTEGER NOT NULL,
	started  INTEGER NOT NULL,
	finished INTEGER NOT NULL,
	failure  TEXT NOT NULL,
	rows     INTEGER NOT NULL,
	groups   TEXT NOT NULL,               -- JSON; null: all there were
	work     TEXT NOT NULL,
	result   BLOB NOT NULL                -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX task_runs_task ON task_runs (task, started, id);
`

// TaskState is how far a scheduled task has come.
type TaskState struct {
	Task   string
	Next   time.Time // when it is due; zero: never
	Runs   int64     // since it was scheduled
	Last   time.Time // when it was run last; zero: never
	Failed bool      // the last run
}

// TaskRun is one run of a scheduled task and what it found.
type TaskRun struct {
	ID       string
	Task     string
	Due      time.Time
	Started  time.Time
	Finished time.Time
	Failure  string   // empty: it has succeeded
	Rows     int64    // of the result
	Groups   []string // log groups that the result may tell of; nil: all there were
	Work     string   // storage work that it asked for
	Result   []byte   // JSON; not set in lists
}

// keptRuns is how many runs of a task are kept.
const keptRuns = 100

// Schedule says when a task is due next, as one that was not run since. A zero
// time leaves it waiting for another call.
func (b *ItemChange) Schedule(task string, next time.Time) error {
	_, err := b.tx.exec(`INSERT INTO task_states (task, next, runs, last, failed) VALUES (?1, ?2, 0, 0, 0)
		ON CONFLICT (task) DO UPDATE SET next = ?2, runs = 0`, task, toMillis(next))
	return err
}

// Unschedule forgets a task with its runs.
func (b *ItemChange) Unschedule(task string) error {
	if _, err := b.tx.exec("DELETE FROM task_runs WHERE task = ?", task); err != nil {
		return err
	}
	_, err := b.tx.exec("DELETE FROM task_states WHERE task = ?", task)
	return err
}

// Advance notes that a task has done what was due at a time, and what is next. A
// task that was scheduled anew or forgotten meanwhile stays as it is.
func (b *ItemChange) Advance(task string, due, next time.Time, runs int64) error {
	_, err := b.tx.exec("UPDATE task_states SET next = ?, runs = ? WHERE task = ? AND next = ?", toMillis(next), runs, task, toMillis(due))
	return err
}

// Ran enters a run; of one without an id, with a new one.
func (b *ItemChange) Ran(r TaskRun) error {
	groups, err := json.Marshal(r.Groups)
	if err != nil {
		return err
	}
	if r.ID == "" {
		r.ID = NewOCID("loganalyticstaskrun")
	}
	if r.Result == nil {
		r.Result = []byte("null")
	}
	if _, err := b.tx.exec("INSERT INTO task_runs (id, task, due, started, finished, failure, rows, groups, work, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Task, toMillis(r.Due), toMillis(r.Started), toMillis(r.Finished), r.Failure, r.Rows, string(groups), r.Work, r.Result); err != nil {
		return err
	}
	if _, err := b.tx.exec(`DELETE FROM task_runs WHERE task = ?1 AND id NOT IN (SELECT id FROM task_runs WHERE task = ?1 ORDER BY started DESC, id LIMIT ?2)`,
		r.Task, keptRuns); err != nil {
		return err
	}
	_, err = b.tx.exec("UPDATE task_states SET last = ?, failed = ? WHERE task = ?", toMillis(r.Started), r.Failure != "", r.Task)
	return err
}

const taskStateColumns = "task, next, runs, last, failed"

func scanTaskState(row func(...any) error) (TaskState, error) {
	var s TaskState
	var next, last int64
	err := row(&s.Task, &next, &s.Runs, &last, &s.Failed)
	s.Next, s.Last = fromMillis(next), fromMillis(last)
	return s, err
}

// TaskStates returns how far every scheduled task has come, by the task's id.
func (c *Catalog) TaskStates(ctx context.Context) (map[string]TaskState, error) {
	rows, err := c.read.QueryContext(ctx, "SELECT "+taskStateColumns+" FROM task_states")
	if err != nil {
		return nil, fmt.Errorf("catalog: scheduled tasks: %w", err)
	}
	defer rows.Close()
	all := map[string]TaskState{}
	for rows.Next() {
		s, err := scanTaskState(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("catalog: scheduled tasks: %w", err)
		}
		all[s.Task] = s
	}
	return all, rows.Err()
}

// NextTask returns the task that is due first, of those due at a time; false when
// there is none.
func (c *Catalog) NextTask(ctx context.Context, now time.Time) (TaskState, bool, error) {
	s, err := scanTaskState(c.read.QueryRowContext(ctx, "SELECT "+taskStateColumns+" FROM task_states WHERE next > 0 AND next <= ? ORDER BY next, task LIMIT 1", toMillis(now)).Scan)
	err = notFound(err, "scheduled task", "")
	if errors.Is(err, ErrNotFound) {
		return s, false, nil
	}
	return s, err == nil, err
}

const taskRunColumns = "id, task, due, started, finished, failure, rows, groups, work"

func scanTaskRun(row func(...any) error) (TaskRun, error) {
	var r TaskRun
	var due, started, finished int64
	var groups string
	if err := row(&r.ID, &r.Task, &due, &started, &finished, &r.Failure, &r.Rows, &groups, &r.Work); err != nil {
		return r, err
	}
	r.Due, r.Started, r.Finished = fromMillis(due), fromMillis(started), fromMillis(finished)
	return r, json.Unmarshal([]byte(groups), &r.Groups)
}

// TaskRuns lists the last runs of a task, without their results. Sort key:
// timeStarted (default).
func (c *Catalog) TaskRuns(ctx context.Context, task string, p Page) ([]TaskRun, string, error) {
	l := list{columns: taskRunColumns, from: "task_runs", key: "id", where: []string{"task = ?"}, args: []any{task}}
	var err error
	if l.sort, err = sortBy(p.Sort, "timeStarted", map[string]string{"timeStarted": "started"}); err != nil {
		return nil, "", err
	}
	return pageOf(ctx, c.read, l, p, scanTaskRun)
}

// TaskRun returns a run of a task with its result, or ErrNotFound.
func (c *Catalog) TaskRun(ctx context.Context, task, id string) (TaskRun, error) {
	var result []byte
	row := c.read.QueryRowContext(ctx, "SELECT "+taskRunColumns+", result FROM task_runs WHERE task = ? AND id = ?", task, id)
	r, err := scanTaskRun(func(dest ...any) error { return row.Scan(append(dest, &result)...) })
	r.Result = result
	return r, notFound(err, "run", id)
}
