package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

// savedSearch keeps a saved search of the dashboards.
func (g *rig) savedSearch(text string) string {
	g.t.Helper()
	body, err := json.Marshal(map[string]any{"displayName": "Deletions", "uiConfig": map[string]any{"queryString": text}})
	if err != nil {
		g.t.Fatal(err)
	}
	v, err := g.cat.ChangeItems(g.t.Context(), userID, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		return change.Put(catalog.Item{Kind: catalog.DashboardSearch, Name: "Deletions", Compartment: tenancy, Body: body})
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return v.ID
}

// taskRig is a rig whose clock stands still and whose queries find one row.
type taskRig struct {
	*rig
	ran []query.Request
}

func newTaskRig(t *testing.T) *taskRig {
	g := &taskRig{rig: newRig(t)}
	g.fixed = time.Now().UTC().Truncate(time.Second)
	g.engine.run = func(r query.Request) (*query.Result, error) {
		g.ran = append(g.ran, r)
		return &query.Result{Columns: []query.Column{{Name: "Count"}}, Rows: [][]any{{int64(7)}}, Window: r.Window, Matched: -1, Groups: -1, Total: 1}, nil
	}
	return g
}

func (g *taskRig) runDue() {
	g.t.Helper()
	if err := g.server.RunDueTasks(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

func TestSDKScheduledTask(t *testing.T) {
	g, ctx := newTaskRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	search := g.savedSearch("* | stats count")
	schedule := la.FixedFrequencySchedule{RecurringInterval: ptr("PT10M"), QueryOffsetSecs: ptr(120)}
	details := la.CreateStandardTaskDetails{CompartmentId: ptr(tenancy), DisplayName: ptr("Deletions"), TaskType: la.TaskTypeSavedSearch,
		Schedules: []la.Schedule{schedule}, Action: la.StreamAction{SavedSearchId: &search, SavedSearchDuration: ptr("PT1H")}}
	create := func(change func(*la.CreateStandardTaskDetails)) (la.CreateScheduledTaskResponse, error) {
		d := details
		if change != nil {
			change(&d)
		}
		return c.CreateScheduledTask(ctx, la.CreateScheduledTaskRequest{NamespaceName: ns, CreateScheduledTaskDetails: d, OpcRetryToken: ptr("once")})
	}
	for name, change := range map[string]func(*la.CreateStandardTaskDetails){
		"too often": func(d *la.CreateStandardTaskDetails) {
			d.Schedules = []la.Schedule{la.FixedFrequencySchedule{RecurringInterval: ptr("PT1M")}}
		},
		"cron too often": func(d *la.CreateStandardTaskDetails) {
			d.Schedules = []la.Schedule{la.CronSchedule{Expression: ptr("* * * * *")}}
		},
		"no zone": func(d *la.CreateStandardTaskDetails) {
			d.Schedules = []la.Schedule{la.CronSchedule{Expression: ptr("0 0 * * *"), TimeZone: ptr("Mars/One")}}
		},
		"two schedules":  func(d *la.CreateStandardTaskDetails) { d.Schedules = []la.Schedule{schedule, schedule} },
		"no schedule":    func(d *la.CreateStandardTaskDetails) { d.Schedules = nil },
		"automatic":      func(d *la.CreateStandardTaskDetails) { d.Schedules = []la.Schedule{la.AutoSchedule{}} },
		"another action": func(d *la.CreateStandardTaskDetails) { d.TaskType = la.TaskTypePurge },
		"a positive age": func(d *la.CreateStandardTaskDetails) {
			d.TaskType, d.Action = la.TaskTypePurge, la.PurgeAction{QueryString: ptr("*"), PurgeDuration: ptr("P30D"), PurgeCompartmentId: ptr(tenancy), DataType: la.StorageDataTypeLog}
		},
		"too long a search": func(d *la.CreateStandardTaskDetails) {
			d.Action = la.StreamAction{SavedSearchId: &search, SavedSearchDuration: ptr("P31D")}
		},
	} {
		if _, err := create(change); err == nil {
			t.Errorf("%s is taken", name)
		} else {
			refused(t, err, 400, "InvalidParameter")
		}
	}
	_, err := create(func(d *la.CreateStandardTaskDetails) { d.Action = la.StreamAction{SavedSearchId: ptr("none")} })
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	made, err := create(nil)
	if err != nil {
		t.Fatal(err)
	}
	standard := func(task la.ScheduledTask) la.StandardTask { return task.(la.StandardTask) }
	first := standard(made.ScheduledTask)
	id := first.Id
	if again, err := create(nil); err != nil || *standard(again.ScheduledTask).Id != *id {
		t.Errorf("the same retry token: %+v, %v", again, err)
	}
	if next := g.now().Add(10 * time.Minute); first.TaskStatus != la.ScheduledTaskTaskStatusReady || !first.TimeOfNextExecution.Equal(next) || first.Schedules[0].(la.FixedFrequencySchedule).RecurringInterval == nil ||
		*first.Action.(la.StreamAction).SavedSearchId != search {
		t.Errorf("%+v, next %v", first, next)
	}
	get := func() la.StandardTask {
		t.Helper()
		task, err := c.GetScheduledTask(ctx, la.GetScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id})
		if err != nil {
			t.Fatal(err)
		}
		return standard(task.ScheduledTask)
	}

	// It runs when it is due, once, over the hour before, less what comes late.
	g.runDue()
	g.advance(10 * time.Minute)
	due := g.now()
	g.runDue()
	g.runDue()
	if len(g.ran) != 1 || g.ran[0].Text != "* | stats count" || !g.ran[0].Window.To.Equal(due.Add(-2*time.Minute)) || !g.ran[0].Window.From.Equal(due.Add(-62*time.Minute)) {
		t.Fatalf("%+v", g.ran)
	}
	if task := get(); task.LastExecutionStatus != la.StandardTaskLastExecutionStatusSucceeded || *task.NumOccurrences != 1 || !task.TimeLastExecuted.Equal(due) {
		t.Errorf("%+v", task)
	}
	// After a day that nobody was there, the last of what was missed is made up for.
	g.advance(24*time.Hour + time.Minute)
	g.runDue()
	if len(g.ran) != 2 || !g.ran[1].Window.To.Equal(due.Add(24*time.Hour-2*time.Minute)) {
		t.Errorf("%+v", g.ran)
	}

	// Update with a stale etag is refused, with the right one the schedule is another.
	got, err := c.GetScheduledTask(ctx, la.GetScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id})
	if err != nil {
		t.Fatal(err)
	}
	update := func(etag string) (la.UpdateScheduledTaskResponse, error) {
		return c.UpdateScheduledTask(ctx, la.UpdateScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id, IfMatch: &etag,
			UpdateScheduledTaskDetails: la.UpdateStandardTaskDetails{Description: ptr("nightly"), Schedules: []la.Schedule{la.CronSchedule{Expression: ptr("0 3 * * *"), TimeZone: ptr("Asia/Tokyo")}}}})
	}
	_, err = update("stale")
	refused(t, err, 412, "NoEtagMatch")
	changed, err := update(*got.Etag)
	if err != nil {
		t.Fatal(err)
	}
	if task := standard(changed.ScheduledTask); *task.Description != "nightly" || task.TimeOfNextExecution.UTC().Hour() != 18 || *task.DisplayName != "Deletions" || *task.Action.(la.StreamAction).SavedSearchId != search {
		t.Errorf("%+v", task)
	}

	_, err = c.Verify(ctx, la.VerifyRequest{NamespaceName: ns, ScheduledTaskId: id})
	refused(t, err, 400, "InvalidParameter")
	_, err = c.Verify(ctx, la.VerifyRequest{NamespaceName: ns, ScheduledTaskId: ptr("ocid1.other")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.PauseScheduledTask(ctx, la.PauseScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id, IfMatch: ptr("stale")})
	refused(t, err, 412, "NoEtagMatch")
	paused, err := c.PauseScheduledTask(ctx, la.PauseScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id})
	if err != nil || standard(paused.ScheduledTask).TaskStatus != la.ScheduledTaskTaskStatusPaused || standard(paused.ScheduledTask).TimeOfNextExecution != nil {
		t.Errorf("%+v, %v", paused, err)
	}
	g.advance(48 * time.Hour)
	g.runDue()
	resumed, err := c.ResumeScheduledTask(ctx, la.ResumeScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id})
	if err != nil || standard(resumed.ScheduledTask).TaskStatus != la.ScheduledTaskTaskStatusReady || !standard(resumed.ScheduledTask).TimeOfNextExecution.After(g.now()) || len(g.ran) != 2 {
		t.Errorf("%+v, %v, %d runs", resumed, err, len(g.ran))
	}

	// At once, over a window of the caller's.
	from := common.SDKTime{Time: g.now().Add(-5 * time.Hour)}
	if _, err := c.Run(ctx, la.RunRequest{NamespaceName: ns, ScheduledTaskId: id, TimeStart: &from}); err != nil || len(g.ran) != 3 || !g.ran[2].Window.From.Equal(from.Time) {
		t.Errorf("%v, %+v", err, g.ran)
	}
	local := func(path string) map[string]any {
		code, m := g.local("GET", path, "")
		if code != 200 {
			t.Fatalf("%s: %d %v", path, code, m)
		}
		return m
	}
	runs := ownBase + "/scheduled-tasks/" + *id + "/runs"
	list := local(runs)["items"].([]any)
	if len(list) != 3 {
		t.Fatalf("%v", list)
	}
	one := local(runs + "/" + list[0].(map[string]any)["id"].(string))
	if rows := one["result"].(map[string]any)["rows"].([]any); one["status"] != "SUCCEEDED" || len(rows) != 1 || rows[0].([]any)[0] != 7.0 {
		t.Errorf("%v", one)
	}

	_, err = c.DeleteScheduledTask(ctx, la.DeleteScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id, IfMatch: ptr("stale")})
	refused(t, err, 412, "NoEtagMatch")
	if _, err := c.DeleteScheduledTask(ctx, la.DeleteScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id}); err != nil {
		t.Error(err)
	}
	_, err = c.GetScheduledTask(ctx, la.GetScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	g.advance(24 * time.Hour)
	g.runDue()
	if len(g.ran) != 3 {
		t.Errorf("a deleted task has run: %d", len(g.ran))
	}
}

func TestSDKListScheduledTasks(t *testing.T) {
	g, ctx := newTaskRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	search := g.savedSearch("*")
	for _, name := range []string{"b errors", "a errors", "logins"} {
		if _, err := c.CreateScheduledTask(ctx, la.CreateScheduledTaskRequest{NamespaceName: ns, CreateScheduledTaskDetails: la.CreateStandardTaskDetails{CompartmentId: ptr(tenancy), DisplayName: &name,
			TaskType: la.TaskTypeSavedSearch, Schedules: []la.Schedule{la.CronSchedule{Expression: ptr("0 4 * * *")}}, Action: la.StreamAction{SavedSearchId: &search}}}); err != nil {
			t.Fatal(err)
		}
	}
	base := la.ListScheduledTasksRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), TaskType: la.ListScheduledTasksTaskTypeSavedSearch, SortBy: la.ListScheduledTasksSortByDisplayname}
	for name, try := range map[string]struct {
		change func(*la.ListScheduledTasksRequest)
		want   string
	}{
		"all":        {func(*la.ListScheduledTasksRequest) {}, "a errors, b errors, logins"},
		"descending": {func(r *la.ListScheduledTasksRequest) { r.SortOrder = la.ListScheduledTasksSortOrderDesc }, "logins, b errors, a errors"},
		"by name":    {func(r *la.ListScheduledTasksRequest) { r.DisplayName = ptr("LOGINS") }, "logins"},
		"by part":    {func(r *la.ListScheduledTasksRequest) { r.DisplayNameContains = ptr("errors") }, "a errors, b errors"},
		"by search":  {func(r *la.ListScheduledTasksRequest) { r.SavedSearchId = ptr("other") }, ""},
		"other type": {func(r *la.ListScheduledTasksRequest) { r.TaskType = la.ListScheduledTasksTaskTypePurge }, ""},
		"elsewhere":  {func(r *la.ListScheduledTasksRequest) { r.CompartmentId = ptr("ocid1.compartment.oc1..x") }, ""},
	} {
		r := base
		try.change(&r)
		r.Limit = ptr(2)
		var names []string
		for {
			page, err := c.ListScheduledTasks(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			for _, task := range page.Items {
				names = append(names, *task.DisplayName)
			}
			if page.OpcNextPage == nil {
				break
			}
			r.Page = page.OpcNextPage
		}
		if got := strings.Join(names, ", "); got != try.want {
			t.Errorf("%s: %s, want %s", name, got, try.want)
		}
	}
}

// A purge policy is a task: it asks for storage work when it is due, and names itself.
func TestPurgePolicy(t *testing.T) {
	g, ctx := newTaskRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	made, err := c.CreateScheduledTask(ctx, la.CreateScheduledTaskRequest{NamespaceName: ns, CreateScheduledTaskDetails: la.CreateStandardTaskDetails{CompartmentId: ptr(tenancy), DisplayName: ptr("Keep a month"),
		TaskType: la.TaskTypePurge, Schedules: []la.Schedule{la.FixedFrequencySchedule{RecurringInterval: ptr("P1D"), RepeatCount: ptr(0)}},
		Action: la.PurgeAction{QueryString: ptr("debug"), PurgeDuration: ptr("-P30D"), PurgeCompartmentId: ptr(tenancy), DataType: la.StorageDataTypeLog}}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.ScheduledTask.(la.StandardTask).Id
	g.advance(24 * time.Hour)
	due := g.now()
	g.runDue()
	if err := g.server.RunStorageWork(ctx); err != nil {
		t.Fatal(err)
	}
	if len(g.store.purged) != 1 || g.store.purged[0].Before != due.AddDate(0, 0, -30).UnixMilli() || g.store.purged[0].Actor != userID || g.store.purged[0].Match == nil {
		t.Fatalf("%+v", g.store.purged)
	}
	list, err := c.ListStorageWorkRequests(ctx, la.ListStorageWorkRequestsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), PolicyId: id})
	if err != nil || len(list.Items) != 1 || *list.Items[0].PolicyName != "Keep a month" || list.Items[0].Status != la.WorkRequestStatusSucceeded {
		t.Errorf("%+v, %v", list, err)
	}
	done, err := c.GetScheduledTask(ctx, la.GetScheduledTaskRequest{NamespaceName: ns, ScheduledTaskId: id})
	if err != nil || done.ScheduledTask.(la.StandardTask).TaskStatus != la.ScheduledTaskTaskStatusCompleted {
		t.Errorf("it was to run once: %+v, %v", done, err)
	}
}

// A task runs with the rights that its owner has when it runs, and its results are
// for those alone who may read what it has read.
func TestTaskHasItsOwnersRights(t *testing.T) {
	w := newWorld(t, true)
	keeper := w.keeper()
	if _, err := w.cat.SavePolicy(t.Context(), catalog.Policy{Name: "boards", Statements: []string{"Allow group Keepers to read dashboards in tenancy"}}, ""); err != nil {
		t.Fatal(err)
	}
	search := w.savedSearch("* | stats count by 'Log Group'")
	make := func(b *browser) (string, int) {
		code, m := b.call("POST", nsPath+"/scheduledTasks", `{"kind":"STANDARD","taskType":"SAVED_SEARCH","compartmentId":"`+tenancy+`","displayName":"Groups",
			"schedules":[{"type":"FIXED_FREQUENCY","recurringInterval":"P1D"}],"action":{"type":"STREAM","savedSearchId":"`+search+`","savedSearchDuration":"P30D"}}`)
		id, _ := m["id"].(string)
		return id, code
	}
	run := func(b *browser, id string) int {
		window := "?timeStart=2024-01-01T00:00:00Z&timeEnd=2025-01-01T00:00:00Z"
		code, _ := b.call("POST", nsPath+"/scheduledTasks/"+id+"/actions/run"+window, "")
		return code
	}
	results := func(b *browser, id string) (all []string) {
		_, m := b.call("GET", ownBase+"/scheduled-tasks/"+id+"/runs", "")
		items, _ := m["items"].([]any)
		for _, item := range items {
			code, one := b.call("GET", ownBase+"/scheduled-tasks/"+id+"/runs/"+item.(map[string]any)["id"].(string), "")
			text, err := json.Marshal(one)
			if code != 200 || err != nil {
				t.Errorf("%d %v %v", code, one, err)
			}
			all = append(all, string(text))
		}
		return all
	}
	if _, code := make(w.reader); code != 404 {
		t.Errorf("who may not manage: %d", code)
	}
	mine, code := make(keeper)
	theirs, code2 := make(w.admin)
	if code != 200 || code2 != 200 {
		t.Fatalf("%d, %d", code, code2)
	}
	// Whoever starts it: a task sees what its owner does.
	if a, b := run(w.admin, mine), run(keeper, theirs); a != 204 || b != 204 {
		t.Fatalf("%d, %d", a, b)
	}
	if got := results(keeper, mine); len(got) != 1 || !strings.Contains(got[0], "Audit") || strings.Contains(got[0], secretWord) {
		t.Errorf("%v", got)
	}
	if got := results(w.admin, theirs); len(got) != 1 || !strings.Contains(got[0], secretWord) {
		t.Errorf("%v", got)
	}
	if got := results(keeper, theirs); len(got) != 0 {
		t.Errorf("results of what it may not read: %v", got)
	}
	// Why one fails tells of what it reads, and so does that it fails.
	long := w.server.limits.AsyncTime
	w.server.limits.AsyncTime = time.Nanosecond
	if a, b := run(w.admin, theirs), run(keeper, theirs); a != 409 || b != 204 {
		t.Errorf("%d, %d", a, b)
	}
	w.server.limits.AsyncTime = long
	if got := results(keeper, theirs); len(got) != 0 {
		t.Errorf("failures of what it may not read: %v", got)
	}
	if got := results(w.admin, theirs); len(got) != 3 {
		t.Errorf("%v", got)
	}
	// A query that somebody else puts under it brings that one nothing.
	if code, m := keeper.call("PUT", nsPath+"/scheduledTasks/"+theirs, `{"kind":"STANDARD","description":"mine now"}`); code != 200 {
		t.Fatalf("%d %v", code, m)
	}
	if code := run(keeper, theirs); code != 204 {
		t.Fatal(code)
	}
	if got := results(keeper, theirs); len(got) != 1 || strings.Contains(got[0], secretWord) {
		t.Errorf("%v", got)
	}
	// Its right is withdrawn: the task fails, and what it found is hidden from it.
	if err := w.cat.DeletePolicy(t.Context(), "keepers", ""); err != nil {
		t.Fatal(err)
	}
	if code := run(w.admin, mine); code != 409 {
		t.Errorf("%d", code)
	}
	if got := results(keeper, mine); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
