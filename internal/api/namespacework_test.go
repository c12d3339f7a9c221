package api

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
)

// The namespace is there from the start: nothing made it.
func TestSDKNamespaceIsOnboarded(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	_, err := c.OnboardNamespace(ctx, la.OnboardNamespaceRequest{NamespaceName: ns})
	refused(t, err, 409, "IncorrectState")
	if list, err := c.ListWorkRequests(ctx, la.ListWorkRequestsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)}); err != nil || len(list.Items) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = c.GetWorkRequest(ctx, la.GetWorkRequestRequest{NamespaceName: ns, WorkRequestId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.ListWorkRequestErrors(ctx, la.ListWorkRequestErrorsRequest{NamespaceName: ns, WorkRequestId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.ListWorkRequestLogs(ctx, la.ListWorkRequestLogsRequest{NamespaceName: ns, WorkRequestId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

// Every zone that is listed is one that uploads and schedules take.
func TestSDKTimezones(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.sdk()
	r := la.ListSupportedTimezonesRequest{NamespaceName: ptr("demo"), Limit: ptr(500)}
	var all []string
	for {
		page, err := c.ListSupportedTimezones(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
		if r.Page = page.OpcNextPage; r.Page == nil {
			break
		}
	}
	for _, name := range []string{"UTC", "Europe/Rome", "Asia/Kolkata"} {
		if !slices.Contains(all, name) {
			t.Errorf("%s is missing of %d", name, len(all))
		}
	}
	for _, name := range all {
		if _, err := time.LoadLocation(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSDKChangeLogGroupCompartment(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	made, err := c.CreateLogAnalyticsLogGroup(ctx, la.CreateLogAnalyticsLogGroupRequest{NamespaceName: ns,
		CreateLogAnalyticsLogGroupDetails: la.CreateLogAnalyticsLogGroupDetails{DisplayName: ptr("Moving"), CompartmentId: ptr(tenancy)}})
	if err != nil {
		t.Fatal(err)
	}
	move := la.ChangeLogAnalyticsLogGroupCompartmentRequest{NamespaceName: ns, LogAnalyticsLogGroupId: made.Id, IfMatch: ptr("stale"),
		ChangeLogAnalyticsLogGroupCompartmentDetails: la.ChangeLogAnalyticsLogGroupCompartmentDetails{CompartmentId: ptr("ocid1.compartment.oc1..b")}}
	_, err = c.ChangeLogAnalyticsLogGroupCompartment(ctx, move)
	refused(t, err, 412, "NoEtagMatch")
	move.IfMatch = made.Etag
	if _, err := c.ChangeLogAnalyticsLogGroupCompartment(ctx, move); err != nil {
		t.Fatal(err)
	}
	list, err := c.ListLogAnalyticsLogGroups(ctx, la.ListLogAnalyticsLogGroupsRequest{NamespaceName: ns, CompartmentId: ptr("ocid1.compartment.oc1..b")})
	if err != nil || len(list.Items) != 1 || *list.Items[0].DisplayName != "Moving" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSDKRules(t *testing.T) {
	g, ctx := newTaskRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	search := g.savedSearch("*")
	if _, err := c.CreateScheduledTask(ctx, la.CreateScheduledTaskRequest{NamespaceName: ns, CreateScheduledTaskDetails: la.CreateStandardTaskDetails{CompartmentId: ptr(tenancy), DisplayName: ptr("Deletions"),
		TaskType: la.TaskTypeSavedSearch, Schedules: []la.Schedule{la.CronSchedule{Expression: ptr("0 4 * * *")}}, Action: la.StreamAction{SavedSearchId: &search}}}); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[la.ListRulesKindEnum]int{"": 1, la.ListRulesKindAll: 1, la.ListRulesKindSavedSearch: 1, la.ListRulesKindIngestTime: 0} {
		list, err := c.ListRules(ctx, la.ListRulesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), Kind: kind})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s: %+v, %v", kind, list.Items, err)
		}
	}
	if sum, err := c.GetRulesSummary(ctx, la.GetRulesSummaryRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)}); err != nil || *sum.SavedSearchRulesCount != 1 || *sum.TotalCount != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestSDKWarnings(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	for i, source := range []string{auditLog, auditLog, "Other Logs"} {
		f := catalog.File{Reference: string(rune('a' + i)), UploadName: "push", Source: source, LogGroup: groupID, Received: time.Now()}
		if err := g.cat.FinishFiles(ctx, []catalog.Finished{{File: f, Warnings: []catalog.Warning{{Code: "TimeAssumed", Message: "no time", Count: 2}, {Code: "ValueDropped", Message: "too long", Count: 1}}}}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(change func(*la.ListWarningsRequest)) []la.LogAnalyticsWarning {
		t.Helper()
		r := la.ListWarningsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), Limit: ptr(1)}
		if change != nil {
			change(&r)
		}
		var all []la.LogAnalyticsWarning
		for {
			page, err := c.ListWarnings(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page.Items...)
			if r.Page = page.OpcNextPage; r.Page == nil {
				return all
			}
		}
	}
	if all := list(nil); len(all) != 4 {
		t.Fatalf("%+v", all)
	}
	one := list(func(r *la.ListWarningsRequest) {
		r.SourceName, r.WarningMessage = ptr(strings.ToUpper(auditLog)), ptr("TIME")
	})
	if len(one) != 1 || *one[0].TypeName != "TimeAssumed" || *one[0].IsSuppressed {
		t.Fatalf("%+v", one)
	}
	id := []string{*one[0].WarningId}
	suppress := func(ids []string) error {
		_, err := c.SuppressWarning(ctx, la.SuppressWarningRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), WarningReferenceDetails: la.WarningReferenceDetails{WarningReferences: ids}})
		return err
	}
	refused(t, suppress([]string{id[0], "none"}), 404, "NotAuthorizedOrNotFound")
	if err := suppress(id); err != nil {
		t.Fatal(err)
	}
	hidden := func(r *la.ListWarningsRequest) { r.WarningState = la.ListWarningsWarningStateSuppressed }
	if left, gone := list(nil), list(hidden); len(left) != 3 || len(gone) != 1 || *gone[0].SuppressedBy != userID {
		t.Errorf("%d left, %+v", len(left), gone)
	}
	if _, err := c.UnsuppressWarning(ctx, la.UnsuppressWarningRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), WarningReferenceDetails: la.WarningReferenceDetails{WarningReferences: id}}); err != nil {
		t.Fatal(err)
	}
	if all := list(nil); len(all) != 4 {
		t.Errorf("%+v", all)
	}
}
