package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// entity makes one of a type.
func (g *rig) entity(c la.LogAnalyticsClient, name, kind string) *string {
	g.t.Helper()
	e, err := c.CreateLogAnalyticsEntity(g.t.Context(), la.CreateLogAnalyticsEntityRequest{NamespaceName: ptr("demo"),
		CreateLogAnalyticsEntityDetails: la.CreateLogAnalyticsEntityDetails{Name: &name, CompartmentId: ptr(tenancy), EntityTypeName: &kind}})
	if err != nil {
		g.t.Fatal(err)
	}
	return e.Id
}

func TestSDKAssociations(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	source, other := ptr(auditLog), ptr("Ledgerline Audit")
	one, two, host := g.entity(c, "oic-1", "omc_opc_ics_integration"), g.entity(c, "oic-2", "omc_opc_ics_integration"), g.entity(c, "host", "omc_host_linux")
	item := func(source, entity *string) la.UpsertLogAnalyticsAssociation {
		return la.UpsertLogAnalyticsAssociation{SourceName: source, EntityId: entity, LogGroupId: ptr(groupID)}
	}
	upsert := func(token string, items ...la.UpsertLogAnalyticsAssociation) (*string, error) {
		r, err := c.UpsertAssociations(ctx, la.UpsertAssociationsRequest{NamespaceName: ns, OpcRetryToken: &token,
			UpsertLogAnalyticsAssociationDetails: la.UpsertLogAnalyticsAssociationDetails{CompartmentId: ptr(tenancy), Items: items}})
		return r.OpcWorkRequestId, err
	}
	for name, bad := range map[string]la.UpsertLogAnalyticsAssociation{
		"no such source": item(ptr("none"), one), "no such entity": item(source, ptr("none")),
		"no such log group": {SourceName: source, EntityId: one, LogGroupId: ptr("ocid1.loganalyticsloggroup.oc1..none")},
	} {
		_, err := upsert("bad "+name, item(source, two), bad) // the good one is not made either
		refused(t, err, 404, "NotAuthorizedOrNotFound")
	}
	_, err := upsert("empty")
	refused(t, err, 400, "InvalidParameter")

	work, err := upsert("once", item(source, one), item(source, host), item(other, one))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := upsert("once", item(source, one), item(source, host), item(other, one)); err != nil || *again != *work {
		t.Errorf("the same retry token: %v, %v", again, err)
	}
	w, err := c.GetConfigWorkRequest(ctx, la.GetConfigWorkRequestRequest{NamespaceName: ns, WorkRequestId: work})
	if err != nil || w.OperationType != la.LogAnalyticsConfigWorkRequestOperationTypeCreateAssociations || len(w.Payload) != 3 || *w.Payload[0].EntityId != *one ||
		w.LifecycleState != "SUCCEEDED" {
		t.Errorf("%+v, %v", w, err)
	}

	// Of the source, by page.
	list := la.ListSourceAssociationsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), SourceName: source, Limit: ptr(1), IsShowTotal: ptr(true)}
	var names []string
	for {
		page, err := c.ListSourceAssociations(ctx, list)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Items {
			names = append(names, *a.EntityName)
			if *a.LogGroupName != "Audit" || a.LifeCycleState != "SUCCEEDED" {
				t.Errorf("%+v", a)
			}
		}
		if list.Page = page.OpcNextPage; list.Page == nil {
			break
		}
	}
	if got := strings.Join(names, ", "); got != "host, oic-1" {
		t.Error(got)
	}
	ofOne, err := c.ListEntitySourceAssociations(ctx, la.ListEntitySourceAssociationsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), EntityId: one})
	if err != nil || len(ofOne.Items) != 2 {
		t.Errorf("%+v, %v", ofOne.Items, err)
	}
	none, err := c.ListEntitySourceAssociations(ctx, la.ListEntitySourceAssociationsRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), LifeCycleState: la.ListEntitySourceAssociationsLifeCycleStateFailed})
	if err != nil || len(none.Items) != 0 {
		t.Errorf("%+v, %v", none.Items, err)
	}
	associated, err := c.ListAssociatedEntities(ctx, la.ListAssociatedEntitiesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy),
		SortBy: la.ListAssociatedEntitiesSortByAssociationcount, SortOrder: la.ListAssociatedEntitiesSortOrderDesc})
	if err != nil || len(associated.Items) != 2 || *associated.Items[0].EntityName != "oic-1" || *associated.Items[0].AssociationCount != 2 {
		t.Errorf("%+v, %v", associated.Items, err)
	}
	eligible, err := c.ListAssociableEntities(ctx, la.ListAssociableEntitiesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), SourceName: source})
	if err != nil || len(eligible.Items) != 1 || *eligible.Items[0].EntityName != "oic-2" {
		t.Errorf("%+v, %v", eligible.Items, err)
	}
	summary, err := c.GetAssociationSummary(ctx, la.GetAssociationSummaryRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)})
	if err != nil || *summary.AssociationCount != 3 {
		t.Errorf("%+v, %v", summary, err)
	}
	e, err := c.GetLogAnalyticsEntity(ctx, la.GetLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: one, IsShowAssociatedSourcesCount: ptr(true)})
	if err != nil || *e.AssociatedSourcesCount != 2 {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := c.GetLogAnalyticsEntity(ctx, la.GetLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: one}); err != nil || e.AssociatedSourcesCount != nil {
		t.Errorf("%+v, %v", e, err)
	}

	_, err = c.DeleteLogAnalyticsLogGroup(ctx, la.DeleteLogAnalyticsLogGroupRequest{NamespaceName: ns, LogAnalyticsLogGroupId: ptr(groupID)})
	refused(t, err, 409, "IncorrectState")

	// What is associated goes by force alone, or when it is no longer.
	_, err = c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: host})
	refused(t, err, 409, "IncorrectState")
	if _, err := c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: host, IsForceDelete: ptr(true)}); err != nil {
		t.Error(err)
	}
	removal := la.DeleteAssociationsRequest{NamespaceName: ns, DeleteLogAnalyticsAssociationDetails: la.DeleteLogAnalyticsAssociationDetails{CompartmentId: ptr(tenancy),
		Items: []la.DeleteLogAnalyticsAssociation{{SourceName: source, EntityId: one}, {SourceName: source, EntityId: ptr("none")}}}}
	gone, err := c.DeleteAssociations(ctx, removal)
	if err != nil {
		t.Fatal(err)
	}
	if w, err := c.GetConfigWorkRequest(ctx, la.GetConfigWorkRequestRequest{NamespaceName: ns, WorkRequestId: gone.OpcWorkRequestId}); err != nil ||
		w.OperationType != la.LogAnalyticsConfigWorkRequestOperationTypeDeleteAssociations {
		t.Errorf("%+v, %v", w, err)
	}
	if left, err := c.GetAssociationSummary(ctx, la.GetAssociationSummaryRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)}); err != nil || *left.AssociationCount != 1 {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestSDKEntityAssociations(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	host, oic, agent := g.entity(c, "host", "omc_host_linux"), g.entity(c, "oic", "omc_opc_ics_integration"), g.entity(c, "agent", "omc_java_virtual_machine")
	add := func(from *string, ifMatch *string, to ...string) error {
		_, err := c.AddEntityAssociation(ctx, la.AddEntityAssociationRequest{NamespaceName: ns, LogAnalyticsEntityId: from, IfMatch: ifMatch,
			AddEntityAssociationDetails: la.AddEntityAssociationDetails{AssociationEntities: to}})
		return err
	}
	refused(t, add(host, nil, "none"), 404, "NotAuthorizedOrNotFound")
	refused(t, add(host, ptr("stale"), *oic), 412, "NoEtagMatch")
	refused(t, add(host, nil, *host), 400, "InvalidParameter")
	for _, err := range []error{add(host, nil, *oic), add(oic, nil, *agent), add(agent, nil, *host)} { // a ring
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(which la.ListEntityAssociationsDirectOrAllAssociationsEnum) string {
		t.Helper()
		l, err := c.ListEntityAssociations(ctx, la.ListEntityAssociationsRequest{NamespaceName: ns, LogAnalyticsEntityId: host, DirectOrAllAssociations: which,
			SortBy: la.ListEntityAssociationsSortByName})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range l.Items {
			names = append(names, *e.Name)
		}
		return strings.Join(names, " ")
	}
	if direct, all := list(la.ListEntityAssociationsDirectOrAllAssociationsDirect), list(la.ListEntityAssociationsDirectOrAllAssociationsAll); direct != "oic" || all != "agent oic" {
		t.Errorf("%q, %q", direct, all)
	}
	if _, err := c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: agent}); err != nil {
		t.Fatal(err)
	}
	if all := list(la.ListEntityAssociationsDirectOrAllAssociationsAll); all != "oic" {
		t.Error(all)
	}
	if _, err := c.RemoveEntityAssociations(ctx, la.RemoveEntityAssociationsRequest{NamespaceName: ns, LogAnalyticsEntityId: host,
		RemoveEntityAssociationsDetails: la.RemoveEntityAssociationsDetails{AssociationEntities: []string{*oic}}}); err != nil {
		t.Fatal(err)
	}
	if all := list(""); all != "" {
		t.Error(all)
	}
	_, err := c.ListEntityAssociations(ctx, la.ListEntityAssociationsRequest{NamespaceName: ns, LogAnalyticsEntityId: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

// Associations into a log group that a user may not read are not there for it: not
// in lists, counts, summaries or work requests; nor can it make, change or remove one.
func TestForbiddenAssociationsAreNotThere(t *testing.T) {
	w := newWorld(t, true)
	keeper, ns := w.keeper(), nsPath
	w.fixed, w.offset = begin.AddDate(0, 1, 0), time.Duration(0) // of the SDK's signatures
	id := *w.entity(w.sdk(), "oic-1", "omc_opc_ics_integration")
	body := func(group string) string {
		text, err := json.Marshal(map[string]any{"compartmentId": tenancy, "items": []any{map[string]string{"sourceName": auditLog, "entityId": id, "logGroupId": group}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if code, m := keeper.call("POST", ns+"/associations/actions/upsert", body(w.secret)); code != 404 {
		t.Fatalf("%d %v", code, m)
	}
	if code, m := w.admin.call("POST", ns+"/associations/actions/upsert", body(w.secret)); code != 202 {
		t.Fatalf("%d %v", code, m)
	}
	for _, b := range []*browser{keeper, w.reader} {
		for path, want := range map[string]string{
			"/sourceAssociations?sourceName=" + strings.ReplaceAll(auditLog, " ", "%20") + "&isShowTotal=true&compartmentId=" + tenancy: `{"items":[]}`,
			"/entityAssociations?compartmentId=" + tenancy: `{"items":[]}`,
			"/associatedEntities?compartmentId=" + tenancy: `{"items":[]}`,
			"/associationSummary?compartmentId=" + tenancy: `{"associationCount":0}`,
			"/configWorkRequests?compartmentId=" + tenancy: `{"items":[]}`,
		} {
			code, m := b.call("GET", ns+path, "")
			if text, err := json.Marshal(m); code != 200 || err != nil || string(text) != want {
				t.Errorf("%s: %d %s", path, code, text)
			}
		}
		_, m := b.call("GET", ns+"/logAnalyticsEntities/"+id+"?isShowAssociatedSourcesCount=true", "")
		if m["associatedSourcesCount"] != 0.0 {
			t.Errorf("%v", m)
		}
	}
	for action, group := range map[string]string{"upsert": groupID, "delete": ""} {
		if code, m := keeper.call("POST", ns+"/associations/actions/"+action, body(group)); code != 404 {
			t.Errorf("%s: %d %v", action, code, m)
		}
	}
	if _, m := w.admin.call("GET", ns+"/associationSummary?compartmentId="+tenancy, ""); m["associationCount"] != 1.0 {
		t.Errorf("%v", m)
	}
}
