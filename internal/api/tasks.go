package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/schedule"
)

// Scheduled tasks run a saved search, or purge. taskrun.go runs them, with the
// rights of whoever described them last.

// taskOperations are those of scheduled tasks, and of their runs, which are ours.
func taskOperations() []operation {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		tasks               = "/20200601/namespaces/{namespaceName}/scheduledTasks"
		task                = tasks + "/{scheduledTaskId}"
		runs                = ownBase + "/scheduled-tasks/{scheduledTaskId}/runs"
	)
	return []operation{
		{Method: post, Pattern: tasks, Name: "CreateScheduledTask", handle: (*Server).createTask},
		{Method: get, Pattern: tasks, Name: "ListScheduledTasks", handle: (*Server).listTasks},
		{Method: get, Pattern: task, Name: "GetScheduledTask", handle: (*Server).getTask},
		{Method: put, Pattern: task, Name: "UpdateScheduledTask", handle: (*Server).updateTask},
		{Method: del, Pattern: task, Name: "DeleteScheduledTask", handle: (*Server).deleteTask},
		{Method: post, Pattern: task + "/actions/pause", Name: "PauseScheduledTask", handle: (*Server).pauseTask},
		{Method: post, Pattern: task + "/actions/resume", Name: "ResumeScheduledTask", handle: (*Server).resumeTask},
		{Method: post, Pattern: task + "/actions/changeCompartment", Name: "ChangeScheduledTaskCompartment", handle: (*Server).moveTask},
		{Method: post, Pattern: task + "/actions/run", Name: "Run", handle: (*Server).runTask},
		{Method: post, Pattern: task + "/actions/verify", Name: "Verify", handle: (*Server).verifyTask},
		{Method: get, Pattern: runs, Name: "OwnTaskRuns", handle: (*Server).listTaskRuns},
		{Method: get, Pattern: runs + "/{runId}", Name: "OwnTaskRun", handle: (*Server).getTaskRun},
	}
}

// taskDetails is what a client says of a task. Members of Oracle's that nothing
// here acts upon are kept as they came.
type taskDetails struct {
	Kind          string                    `json:"kind"` // STANDARD
	TaskType      string                    `json:"taskType"`
	DisplayName   string                    `json:"displayName"`
	Description   string                    `json:"description,omitempty"`
	CompartmentID string                    `json:"compartmentId"`
	Schedules     []taskSchedule            `json:"schedules"`
	Action        *taskAction               `json:"action"`
	FreeformTags  map[string]string         `json:"freeformTags,omitempty"`
	DefinedTags   map[string]map[string]any `json:"definedTags,omitempty"`
}

// taskSchedule is Oracle's CronSchedule or FixedFrequencySchedule.
type taskSchedule struct {
	Type                 string     `json:"type"` // CRON or FIXED_FREQUENCY
	Expression           string     `json:"expression,omitempty"`
	TimeZone             string     `json:"timeZone,omitempty"`
	RecurringInterval    string     `json:"recurringInterval,omitempty"`
	RepeatCount          *int       `json:"repeatCount,omitempty"`
	TimeOfFirstExecution *time.Time `json:"timeOfFirstExecution,omitempty"`
	TimeEnd              *time.Time `json:"timeEnd,omitempty"`
	QueryOffsetSecs      int        `json:"queryOffsetSecs,omitempty"`
	MisfirePolicy        string     `json:"misfirePolicy,omitempty"`
}

// taskAction is Oracle's StreamAction or PurgeAction.
type taskAction struct {
	Type                string          `json:"type"` // STREAM or PURGE
	SavedSearchID       string          `json:"savedSearchId,omitempty"`
	SavedSearchDuration string          `json:"savedSearchDuration,omitempty"`
	MetricExtraction    json.RawMessage `json:"metricExtraction,omitempty"`
	TemplateDetails     json.RawMessage `json:"templateDetails,omitempty"`
	Query               string          `json:"queryString,omitempty"`
	PurgeDuration       string          `json:"purgeDuration,omitempty"`
	PurgeCompartmentID  string          `json:"purgeCompartmentId,omitempty"`
	Subtree             bool            `json:"compartmentIdInSubtree,omitempty"`
	DataType            string          `json:"dataType,omitempty"`
}

// task is what is kept of a task.
type task struct {
	taskDetails
	Owner  string `json:"owner"` // whose rights it runs with
	Paused bool   `json:"paused"`
	item   catalog.Item
}

const savedSearchTask, purgeTask = "SAVED_SEARCH", "PURGE"

func readTask(v catalog.Item) (*task, error) {
	t := &task{item: v}
	return t, json.Unmarshal(v.Body, t)
}

// maxOffset bounds queryOffsetSecs and savedSearchDuration.
const maxOffset = 30 * 24 * time.Hour

// plan reads the one schedule of a task.
func (d *taskDetails) plan() (*schedule.Schedule, error) {
	if len(d.Schedules) != 1 {
		return nil, invalid("a task has one schedule")
	}
	in := d.Schedules[0]
	s := &schedule.Schedule{Repeat: -1, Misfire: schedule.Misfire(in.MisfirePolicy)}
	if in.TimeOfFirstExecution != nil {
		s.First = in.TimeOfFirstExecution.UTC()
	}
	if in.TimeEnd != nil {
		s.End = in.TimeEnd.UTC()
	}
	switch s.Misfire {
	case "", schedule.RetryOnce, schedule.RetryEvery, schedule.Skip:
	default:
		return nil, invalid("misfirePolicy must be RETRY_ONCE, RETRY_INDEFINITELY or SKIP")
	}
	if in.QueryOffsetSecs < 0 || time.Duration(in.QueryOffsetSecs) > maxOffset/time.Second {
		return nil, invalid("queryOffsetSecs must be 0 to %d", maxOffset/time.Second)
	}
	var err error
	switch in.Type {
	case "CRON":
		location, zoneErr := zone(cmp.Or(in.TimeZone, "UTC"))
		if zoneErr != nil {
			return nil, zoneErr
		}
		if s.Cron, err = schedule.ParseCron(in.Expression, location); err != nil {
			return nil, invalid("expression: %v", err)
		}
	case "FIXED_FREQUENCY":
		if s.Every, err = schedule.ParseDuration(in.RecurringInterval); err != nil || s.Every < schedule.MinInterval || s.Every > schedule.MaxInterval {
			return nil, invalid("recurringInterval must be a duration from PT5M to P21D")
		}
		if in.RepeatCount != nil {
			s.Repeat = *in.RepeatCount
		}
	default:
		return nil, invalid("the type of a schedule must be CRON or FIXED_FREQUENCY")
	}
	return s, nil
}

// checkTask refuses a task that could not run, with what its caller may do now.
func (s *Server) checkTask(ctx context.Context, d *taskDetails) (*schedule.Schedule, error) {
	switch {
	case d.Kind != "STANDARD":
		return nil, invalid("kind must be STANDARD: nothing is computed ahead here")
	case d.CompartmentID == "":
		return nil, missing("compartmentId")
	case d.Action == nil:
		return nil, missing("action")
	}
	plan, err := d.plan()
	if err != nil {
		return nil, err
	}
	switch {
	case d.TaskType == savedSearchTask && d.Action.Type == "STREAM":
		if _, err := d.window(plan, s.opts.Clock()); err != nil {
			return nil, err
		}
		_, err = s.savedQuery(ctx, d.Action.SavedSearchID) // which asks for the right to read it
	case d.TaskType == purgeTask && d.Action.Type == "PURGE":
		var p purgeDetails
		if p, err = d.purge(s.opts.Clock()); err == nil {
			_, err = s.purgeOf(ctx, p)
		}
	default:
		err = invalid("taskType must be SAVED_SEARCH with an action STREAM, or PURGE with an action PURGE")
	}
	d.DisplayName = cmp.Or(d.DisplayName, d.TaskType)
	return plan, err
}

func (s *Server) createTask(c *call) (*response, error) {
	var d taskDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	plan, err := s.checkTask(c.r.Context(), &d)
	if err != nil {
		return nil, err
	}
	id := catalog.NewOCID(string(catalog.ScheduledTask))
	v, err := s.createItem(c, ch.text, catalog.Item{Kind: catalog.ScheduledTask, ID: id, Name: d.DisplayName, Compartment: d.CompartmentID},
		task{taskDetails: d, Owner: c.user}, func(change *catalog.ItemChange) error { return change.Schedule(id, plan.Next(s.opts.Clock())) })
	return s.answerTask(c, v, err)
}

func (s *Server) getTask(c *call) (*response, error) {
	v, err := s.Catalog.Item(c.r.Context(), catalog.ScheduledTask, c.path["scheduledTaskId"])
	return s.answerTask(c, v, err)
}

// verifyTask compares what an ACCELERATION task computed ahead with what a query
// finds; tasks of that type are none here.
func (s *Server) verifyTask(c *call) (*response, error) {
	if _, err := s.getTask(c); err != nil {
		return nil, err
	}
	return nil, invalid("only tasks of type ACCELERATION are verified, whose results are computed ahead; here there are none: Run tries this one")
}

// updateTask replaces what is given. The task is its caller's from then on, since
// it will run with that one's rights.
func (s *Server) updateTask(c *call) (*response, error) {
	var d taskDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	return s.changeTask(c, ch.ifMatch, func(t *task, change *catalog.ItemChange) error {
		t.DisplayName, t.Description = cmp.Or(d.DisplayName, t.DisplayName), cmp.Or(d.Description, t.Description)
		if d.Kind != "" && d.Kind != "STANDARD" {
			return invalid("kind must be STANDARD")
		}
		if d.Action != nil {
			t.Action = d.Action
		}
		if d.FreeformTags != nil {
			t.FreeformTags = d.FreeformTags
		}
		if d.DefinedTags != nil {
			t.DefinedTags = d.DefinedTags
		}
		if d.Schedules != nil {
			t.Schedules = d.Schedules
		}
		t.Owner = c.user
		plan, err := s.checkTask(c.r.Context(), &t.taskDetails)
		if err != nil || d.Schedules == nil || t.Paused {
			return err
		}
		return change.Schedule(t.item.ID, plan.Next(s.opts.Clock()))
	})
}

func (s *Server) deleteTask(c *call) (*response, error) {
	id := c.path["scheduledTaskId"]
	return s.removeItem(c, catalog.ScheduledTask, id, func(change *catalog.ItemChange) error { return change.Unschedule(id) })
}

func (s *Server) pauseTask(c *call) (*response, error) {
	return s.changeTaskWithoutBody(c, func(t *task, change *catalog.ItemChange) error {
		t.Paused = true
		return change.Schedule(t.item.ID, time.Time{})
	})
}

// resumeTask begins the schedule anew: what would have been due in between is not
// made up for.
func (s *Server) resumeTask(c *call) (*response, error) {
	return s.changeTaskWithoutBody(c, func(t *task, change *catalog.ItemChange) error {
		plan, err := t.plan()
		if err != nil || !t.Paused {
			return err
		}
		t.Paused = false
		return change.Schedule(t.item.ID, plan.Next(s.opts.Clock()))
	})
}

func (s *Server) moveTask(c *call) (*response, error) {
	var d taskDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.CompartmentID == "" {
		return nil, missing("compartmentId")
	}
	if _, err := s.changeTask(c, ch.ifMatch, func(t *task, _ *catalog.ItemChange) error {
		t.CompartmentID = d.CompartmentID
		return nil
	}); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) changeTaskWithoutBody(c *call, do func(*task, *catalog.ItemChange) error) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	return s.changeTask(c, ifMatch, do)
}

// changeTask changes a task under its etag.
func (s *Server) changeTask(c *call, ifMatch string, do func(*task, *catalog.ItemChange) error) (*response, error) {
	v, err := s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		v, err := change.Find(catalog.ScheduledTask, c.path["scheduledTaskId"], ifMatch)
		if err != nil {
			return v, err
		}
		t, err := readTask(v)
		if err == nil {
			err = do(t, change)
		}
		if err != nil {
			return v, err
		}
		v.Name, v.Compartment = t.DisplayName, t.CompartmentID
		if v.Body, err = json.Marshal(t); err != nil {
			return v, err
		}
		return change.Put(v)
	})
	return s.answerTask(c, v, err)
}

// taskModel is Oracle's StandardTask.
type taskModel struct {
	taskDetails
	taskProgress
}

// taskProgress is what the service says of a task, in lists as well.
type taskProgress struct {
	ID                  string     `json:"id"`
	TimeCreated         *time.Time `json:"timeCreated"`
	TimeUpdated         *time.Time `json:"timeUpdated"`
	LifecycleState      string     `json:"lifecycleState"`
	TaskStatus          string     `json:"taskStatus"` // READY, PAUSED or COMPLETED
	PauseReason         string     `json:"pauseReason,omitempty"`
	NumOccurrences      int64      `json:"numOccurrences"`
	TimeOfNextExecution *time.Time `json:"timeOfNextExecution,omitempty"`
	TimeLastExecuted    *time.Time `json:"timeLastExecuted,omitempty"`
	LastExecutionStatus string     `json:"lastExecutionStatus,omitempty"`
}

func progressOf(t *task, state catalog.TaskState) taskProgress {
	m := taskProgress{ID: t.item.ID, TimeCreated: stamp(t.item.Created), TimeUpdated: stamp(t.item.Updated), LifecycleState: "ACTIVE", TaskStatus: "READY",
		NumOccurrences: state.Runs, TimeOfNextExecution: stamp(state.Next), TimeLastExecuted: stamp(state.Last)}
	switch {
	case t.Paused:
		m.TaskStatus, m.PauseReason = "PAUSED", "USER_ACTION"
	case state.Next.IsZero():
		m.TaskStatus = "COMPLETED"
	}
	switch {
	case state.Last.IsZero():
	case state.Failed:
		m.LastExecutionStatus = workFailed
	default:
		m.LastExecutionStatus = workSucceeded
	}
	return m
}

func (s *Server) answerTask(c *call, v catalog.Item, err error) (*response, error) {
	if err != nil {
		return nil, err
	}
	t, err := readTask(v)
	if err != nil {
		return nil, err
	}
	states, err := s.Catalog.TaskStates(c.r.Context())
	if err != nil {
		return nil, err
	}
	return answer(taskModel{t.taskDetails, progressOf(t, states[v.ID])}).with("etag", v.Etag), nil
}

// taskSummary is Oracle's ScheduledTaskSummary.
type taskSummary struct {
	taskProgress
	TaskType      string                    `json:"taskType"`
	DisplayName   string                    `json:"displayName"`
	CompartmentID string                    `json:"compartmentId"`
	ScheduleType  string                    `json:"scheduleType"`
	FreeformTags  map[string]string         `json:"freeformTags,omitempty"`
	DefinedTags   map[string]map[string]any `json:"definedTags,omitempty"`
	savedSearch   string
}

// allTasks lists the tasks of a compartment.
func (s *Server) allTasks(ctx context.Context, compartment string) ([]taskSummary, error) {
	list, err := s.allItems(ctx, catalog.ScheduledTask, compartment)
	if err != nil {
		return nil, err
	}
	states, err := s.Catalog.TaskStates(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]taskSummary, len(list))
	for i, v := range list {
		t, err := readTask(v)
		if err != nil {
			return nil, err
		}
		all[i] = taskSummary{taskProgress: progressOf(t, states[v.ID]), TaskType: t.TaskType, DisplayName: t.DisplayName, CompartmentID: t.CompartmentID,
			ScheduleType: t.Schedules[0].Type, FreeformTags: t.FreeformTags, DefinedTags: t.DefinedTags, savedSearch: t.Action.SavedSearchID}
	}
	return all, nil
}

func (s *Server) listTasks(c *call) (*response, error) {
	kind, err := c.need("taskType")
	if err != nil {
		return nil, err
	}
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var name, part, saved, template, target string
	if err := c.params(map[string]*string{"displayName": &name, "displayNameContains": &part, "savedSearchId": &saved, "templateId": &template, "targetService": &target}); err != nil {
		return nil, err
	}
	all, err := s.allTasks(c.r.Context(), compartment)
	if err != nil {
		return nil, err
	}
	return listItems(c, all, "timeCreated", func(t taskSummary) bool {
		return t.TaskType == kind && (name == "" || strings.EqualFold(name, t.DisplayName)) && contains(t.DisplayName, part) && (saved == "" || saved == t.savedSearch) &&
			template == "" && target == "" // no task here has either
	}, map[string]func(taskSummary) string{
		"timeCreated": func(t taskSummary) string { return sortable(t.TimeCreated) + t.ID },
		"timeUpdated": func(t taskSummary) string { return sortable(t.TimeUpdated) + t.ID },
		"displayName": func(t taskSummary) string { return t.DisplayName },
	}, func(t taskSummary) taskSummary { return t })
}
