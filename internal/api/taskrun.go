package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
	"ledgerline/internal/schedule"
)

// Bounds of what is kept of a saved search's result.
const (
	maxTaskRows   = 1000
	maxTaskResult = 4 << 20 // bytes
)

// RunDueTasks runs the scheduled tasks that are due, the one that waits longest
// first, until none is. A run and its next time are entered in one transaction, so
// that after a crash a run is made once more rather than not at all; of a purge that
// deletes nothing twice, of a search it leaves one result.
func (s *Server) RunDueTasks(ctx context.Context) error {
	for {
		state, ok, err := s.Catalog.NextTask(ctx, s.opts.Clock())
		if err != nil || !ok {
			return err
		}
		err = s.runDue(ctx, state)
		if errors.Is(err, catalog.ErrNotFound) { // it was deleted
			_, err = s.Catalog.ChangeItems(ctx, localUser, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
				return catalog.Item{}, change.Unschedule(state.Task)
			})
		}
		if err != nil {
			return fmt.Errorf("scheduled task %s: %w", state.Task, err)
		}
	}
}

func (s *Server) runDue(ctx context.Context, state catalog.TaskState) error {
	t, plan, err := s.plannedTask(ctx, state.Task)
	if err != nil {
		return err
	}
	due, next := plan.Due(state.Next, s.opts.Clock(), state.Runs)
	if due.IsZero() { // missed, and left out
		_, err := s.Catalog.ChangeItems(ctx, t.Owner, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
			return t.item, change.Advance(state.Task, state.Next, next, state.Runs)
		})
		return err
	}
	window, err := t.window(plan, due)
	if err != nil {
		return err
	}
	_, err = s.execute(ctx, t, due, window, func(change *catalog.ItemChange) error {
		return change.Advance(state.Task, state.Next, next, state.Runs+1)
	})
	return err
}

func (s *Server) plannedTask(ctx context.Context, id string) (*task, *schedule.Schedule, error) {
	v, err := s.Catalog.Item(ctx, catalog.ScheduledTask, id)
	if err != nil {
		return nil, nil, err
	}
	t, err := readTask(v)
	if err != nil {
		return nil, nil, err
	}
	plan, err := t.plan()
	return t, plan, err
}

// window is what a saved search looks at when it is due: as long as the action
// says, else as the interval of the schedule.
func (d *taskDetails) window(plan *schedule.Schedule, due time.Time) (record.Window, error) {
	length := plan.Interval(due)
	if text := d.Action.SavedSearchDuration; text != "" {
		var err error
		if length, err = schedule.ParseDuration(text); err != nil || length < time.Minute || length > maxOffset {
			return record.Window{}, invalid("savedSearchDuration must be a duration from PT1M to P30D")
		}
	}
	end := due.Add(-time.Duration(d.Schedules[0].QueryOffsetSecs) * time.Second)
	return record.Window{From: end.Add(-length), To: end}, nil
}

// purge is what a purge task deletes when it is due.
func (d *taskDetails) purge(due time.Time) (purgeDetails, error) {
	age, err := schedule.ParseDuration(d.Action.PurgeDuration)
	if err != nil || age >= 0 {
		return purgeDetails{}, invalid("purgeDuration must be a negative duration such as -P30D")
	}
	end := due.Add(age)
	p := purgeDetails{CompartmentID: d.Action.PurgeCompartmentID, Subtree: d.Action.Subtree, TimeDataEnded: &end, Query: d.Action.Query, DataType: d.Action.DataType}
	return p, p.check()
}

// execute runs a task and enters the run, with what else its end changes. The
// error is trouble of our own; why the task itself has failed is in the run.
func (s *Server) execute(ctx context.Context, t *task, due time.Time, window record.Window, also func(*catalog.ItemChange) error) (catalog.TaskRun, error) {
	run := catalog.TaskRun{Task: t.item.ID, Due: due, Started: s.opts.Clock().UTC(), Groups: []string{}}
	var work *storageWork
	owned, err := s.inNameOf(ctx, t.Owner, "Run "+t.item.ID)
	switch {
	case err != nil:
	case t.TaskType == purgeTask:
		work, err = s.askPurge(owned, t, &run)
	default:
		err = s.search(owned, t, window, &run)
	}
	if ctx.Err() != nil {
		return run, ctx.Err() // it is due again after the restart
	}
	if err != nil {
		run.Failure = asError(err).Message
		s.opts.Logger.Warn("a scheduled task has failed", "task", t.item.ID, "name", t.DisplayName, "error", logText(err))
	}
	run.Finished = s.opts.Clock().UTC()
	_, err = s.Catalog.ChangeItems(ctx, t.Owner, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		if work != nil {
			item := s.storageWorkItem(purgeDetails{CompartmentID: work.CompartmentID})
			item.ID = run.Work
			var err error
			if item.Body, err = json.Marshal(work); err != nil {
				return item, err
			}
			if _, err := change.Put(item); err != nil {
				return item, err
			}
		}
		if err := change.Ran(run); err != nil {
			return t.item, err
		}
		return t.item, also(change)
	})
	if err == nil && work != nil {
		s.purges.wake()
	}
	return run, err
}

// lacks says that the owner of a task has lost a right.
func lacks(verb string) error {
	return absent("the owner of the task may no longer %s loganalytics-features-family; let somebody update the task who may", verb)
}

// askPurge makes the storage work that a purge task asks for.
func (s *Server) askPurge(ctx context.Context, t *task, run *catalog.TaskRun) (*storageWork, error) {
	if owner, _ := ctx.Value(callerKey{}).(caller); !owner.rights.Everywhere(catalog.Features, catalog.Manage) {
		return nil, lacks("manage")
	}
	d, err := t.purge(run.Due)
	if err != nil {
		return nil, err
	}
	p, err := s.purgeOf(ctx, d)
	if err != nil {
		return nil, err
	}
	run.Groups, run.Work = p.Groups, catalog.NewOCID(string(catalog.StorageWork))
	w := s.storageWorkOf(t.Owner, d, p.Groups)
	w.PolicyID, w.PolicyName = t.item.ID, t.DisplayName
	return &w, nil
}

// search runs the saved search of a task over what its owner may read.
func (s *Server) search(ctx context.Context, t *task, window record.Window, run *catalog.TaskRun) error {
	owner, _ := ctx.Value(callerKey{}).(caller)
	if !owner.rights.Everywhere(catalog.Features, catalog.Read) {
		return lacks("read")
	}
	groups, err := s.Catalog.Groups(ctx, owner.rights, catalog.Read)
	if err != nil {
		return err
	}
	run.Groups = groups // before it runs: why it fails may tell of them, too
	text, err := s.savedQuery(ctx, t.Action.SavedSearchID)
	if err != nil {
		return err
	}
	result, err := s.Query.Run(ctx, query.Request{Text: text, Window: window, Zone: time.UTC, Scope: query.Scope{Groups: groups}, Limit: maxTaskRows, Timeout: s.limits.AsyncTime})
	if err != nil {
		return err
	}
	kept, err := json.Marshal(ownResultOf(result))
	if err != nil {
		return err
	}
	if len(kept) > maxTaskResult {
		return fmt.Errorf("%w: the result takes more than the %d MB that are kept; let the saved search end with stats, or name fewer fields", query.ErrMemory, maxTaskResult>>20)
	}
	run.Rows, run.Result = int64(len(result.Rows)), kept
	return nil
}

// savedQuery finds the text of a saved search of the dashboards, for a caller who
// may read those.
func (s *Server) savedQuery(ctx context.Context, id string) (string, error) {
	if who, _ := ctx.Value(callerKey{}).(caller); !who.rights.Everywhere(catalog.Dashboards, catalog.Read) {
		return "", absent("the saved search %.200q is not found", id)
	}
	v, err := s.Catalog.Item(ctx, catalog.DashboardSearch, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return "", absent("the saved search %.200q is not found", id)
	}
	if err != nil {
		return "", err
	}
	var body struct {
		UI struct {
			Query string `json:"queryString"`
		} `json:"uiConfig"`
	}
	if err := json.Unmarshal(v.Body, &body); err != nil || body.UI.Query == "" {
		return "", invalid("the saved search %.200q has no query in uiConfig.queryString", v.Name)
	}
	_, err = s.Query.Describe(query.Request{Text: body.UI.Query, Zone: time.UTC})
	return body.UI.Query, err
}

// runTask runs a task at once, beside its schedule. Oracle's service does so for
// tasks that compute ahead only.
func (s *Server) runTask(c *call) (*response, error) {
	from, err := c.time("timeStart")
	if err != nil {
		return nil, err
	}
	to, err := c.time("timeEnd")
	if err != nil {
		return nil, err
	}
	ctx := c.r.Context()
	t, plan, err := s.plannedTask(ctx, c.path["scheduledTaskId"])
	if err != nil {
		return nil, err
	}
	now := s.opts.Clock().UTC()
	window, err := t.window(plan, now)
	if err != nil {
		return nil, err
	}
	if !from.IsZero() {
		window.From = from
	}
	if !to.IsZero() {
		window.To = to
	}
	if window.Empty() {
		return nil, invalid("timeStart must be before timeEnd")
	}
	run, err := s.execute(ctx, t, now, window, func(*catalog.ItemChange) error { return nil })
	if err != nil {
		return nil, err
	}
	if run.Failure == "" {
		return &response{}, nil
	}
	may, err := s.mayReadAll(c, run.Groups)
	if err == nil && may { // to others even that it failed would tell something
		err = &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "the task has failed; see its runs"}
	}
	return &response{}, err
}

// taskRunModel is a run of a scheduled task.
type taskRunModel struct {
	ID       string          `json:"id"`
	Task     string          `json:"scheduledTaskId"`
	Due      *time.Time      `json:"timeDue"`
	Started  *time.Time      `json:"timeStarted"`
	Finished *time.Time      `json:"timeFinished"`
	Status   string          `json:"status"` // SUCCEEDED or FAILED
	Failure  string          `json:"failure,omitempty"`
	Rows     int64           `json:"rows"`
	Work     string          `json:"storageWorkRequestId,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"` // as of our own query call
}

func taskRunOf(r catalog.TaskRun) taskRunModel {
	m := taskRunModel{ID: r.ID, Task: r.Task, Due: stamp(r.Due), Started: stamp(r.Started), Finished: stamp(r.Finished), Status: workSucceeded, Failure: r.Failure,
		Rows: r.Rows, Work: r.Work, Result: r.Result}
	if r.Failure != "" {
		m.Status = workFailed
	}
	return m
}

// listTaskRuns lists the runs of a task whose results the caller may read.
func (s *Server) listTaskRuns(c *call) (*response, error) {
	p, err := c.page("timeStarted")
	if err != nil {
		return nil, err
	}
	if _, err := s.Catalog.Item(c.r.Context(), catalog.ScheduledTask, c.path["scheduledTaskId"]); err != nil {
		return nil, err
	}
	list, next, err := s.Catalog.TaskRuns(c.r.Context(), c.path["scheduledTaskId"], p)
	if err != nil {
		return nil, err
	}
	may, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(r catalog.TaskRun) bool { return !may(r.Groups) })
	return answer(collection(mapped(list, taskRunOf))).with("opc-next-page", c.next(next)), nil
}

func (s *Server) getTaskRun(c *call) (*response, error) {
	r, err := s.Catalog.TaskRun(c.r.Context(), c.path["scheduledTaskId"], c.path["runId"])
	if err != nil {
		return nil, orRefused(c, err)
	}
	ok, err := s.mayReadAll(c, r.Groups)
	if err == nil && !ok {
		err = refusedTo(c)
	}
	if err != nil {
		return nil, err
	}
	return answer(taskRunOf(r)), nil
}
