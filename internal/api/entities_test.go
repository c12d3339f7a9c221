package api

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

func TestSDKEntityLife(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	details := la.CreateLogAnalyticsEntityDetails{Name: ptr("oic-1"), CompartmentId: ptr(tenancy), EntityTypeName: ptr("Oracle Integration"), TimezoneRegion: ptr("Europe/Rome"),
		Hostname: ptr("oic.example.com"), FreeformTags: map[string]string{"team": "sales"}, Properties: map[string]string{"p": "v"},
		Metadata: &la.LogAnalyticsMetadataDetails{Items: []la.LogAnalyticsMetadata{{Name: ptr("stage"), Value: ptr("prod"), Type: ptr("STRING")}}}}
	e, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: details, OpcRetryToken: ptr("once")})
	if err != nil || !strings.HasPrefix(*e.Id, "ocid1.loganalyticsentity.oc1..") || *e.EntityTypeInternalName != "omc_opc_ics_integration" ||
		*e.EntityTypeName != "Oracle Integration" || e.LifecycleState != la.EntityLifecycleStatesActive || e.Etag == nil {
		t.Fatalf("%+v, %v", e.LogAnalyticsEntity, err)
	}
	again, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: details, OpcRetryToken: ptr("once")})
	if err != nil || *again.Id != *e.Id {
		t.Errorf("retried: %v, %v", again.Id, err)
	}
	bad := details
	bad.EntityTypeName = ptr("no such type")
	_, err = c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: bad})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	bad = details
	bad.TimezoneRegion = ptr("Moon/Base")
	_, err = c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: bad})
	refused(t, err, 400, "InvalidParameter")

	g.advance(time.Second)
	second := details
	second.Name, second.EntityTypeName, second.FreeformTags, second.Metadata = ptr("host-1"), ptr("omc_host_linux"), nil, nil
	if _, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: second}); err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]la.ListLogAnalyticsEntitiesRequest{
		"host-1 oic-1":  {},
		"oic-1 host-1":  {SortBy: la.ListLogAnalyticsEntitiesSortByTimecreated, SortOrder: la.ListLogAnalyticsEntitiesSortOrderAsc},
		"host-1 oic-1 ": {SortBy: la.ListLogAnalyticsEntitiesSortByName},
		"oic-1":         {Name: ptr("OIC-1")},
		"host-1":        {EntityTypeName: []string{"Host (Linux)", "none"}},
		"oic-1 ":        {FreeformTagEquals: []string{"team.sales", "team.none"}},
		"oic-1  ":       {MetadataEquals: []string{"stage:prod:STRING"}},
		"":              {FreeformTagExists: []string{"team.true"}, NameContains: ptr("host")},
	} {
		r.NamespaceName, r.CompartmentId, r.Limit = ns, ptr(tenancy), ptr(1)
		var names []string
		for {
			l, err := c.ListLogAnalyticsEntities(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range l.Items {
				names = append(names, *v.Name)
			}
			if r.Page = l.OpcNextPage; r.Page == nil {
				break
			}
		}
		if !slices.Equal(names, strings.Fields(want)) {
			t.Errorf("%+v: %q, want %q", r, names, want)
		}
	}
	if sum, err := c.GetLogAnalyticsEntitiesSummary(ctx, la.GetLogAnalyticsEntitiesSummaryRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)}); err != nil || *sum.ActiveEntitiesCount != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
	up, err := c.UpdateLogAnalyticsEntity(ctx, la.UpdateLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id, IfMatch: e.Etag,
		UpdateLogAnalyticsEntityDetails: la.UpdateLogAnalyticsEntityDetails{Hostname: ptr("new.example.com")}})
	if err != nil || *up.Hostname != "new.example.com" || *up.Name != "oic-1" || up.FreeformTags["team"] != "sales" {
		t.Errorf("%+v, %v", up, err)
	}
	_, err = c.UpdateLogAnalyticsEntity(ctx, la.UpdateLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id, IfMatch: e.Etag})
	refused(t, err, 412, "NoEtagMatch")
	_, err = c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id, IfMatch: e.Etag})
	refused(t, err, 412, "NoEtagMatch")
	if _, err := c.ChangeLogAnalyticsEntityCompartment(ctx, la.ChangeLogAnalyticsEntityCompartmentRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id,
		ChangeLogAnalyticsEntityCompartmentDetails: la.ChangeLogAnalyticsEntityCompartmentDetails{CompartmentId: ptr("ocid1.compartment.oc1..b")}}); err != nil {
		t.Error(err)
	}
	if got, err := c.GetLogAnalyticsEntity(ctx, la.GetLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id}); err != nil || *got.CompartmentId != "ocid1.compartment.oc1..b" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id}); err != nil {
		t.Error(err)
	}
	_, err = c.GetLogAnalyticsEntity(ctx, la.GetLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

func TestSDKEntityTypeLife(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	make := la.CreateLogAnalyticsEntityTypeRequest{NamespaceName: ns, CreateLogAnalyticsEntityTypeDetails: la.CreateLogAnalyticsEntityTypeDetails{Name: ptr("Order Engine"),
		Properties: []la.EntityTypeProperty{{Name: ptr("dir"), Description: ptr("where")}}}}
	if _, err := c.CreateLogAnalyticsEntityType(ctx, make); err != nil {
		t.Fatal(err)
	}
	_, err := c.CreateLogAnalyticsEntityType(ctx, make)
	refused(t, err, 409, "ResourceAlreadyExists")
	got, err := c.GetLogAnalyticsEntityType(ctx, la.GetLogAnalyticsEntityTypeRequest{NamespaceName: ns, EntityTypeName: ptr("Order Engine")})
	if err != nil || *got.InternalName != "custom_order_engine" || got.CloudType != la.EntityCloudTypeNonCloud || len(got.Properties) != 1 || got.Etag == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	all, err := c.ListLogAnalyticsEntityTypes(ctx, la.ListLogAnalyticsEntityTypesRequest{NamespaceName: ns, NameContains: ptr("order")})
	if err != nil || len(all.Items) != 1 {
		t.Errorf("%+v, %v", all.Items, err)
	}
	_, err = c.UpdateLogAnalyticsEntityType(ctx, la.UpdateLogAnalyticsEntityTypeRequest{NamespaceName: ns, EntityTypeName: ptr("Order Engine"), IfMatch: ptr("old")})
	refused(t, err, 412, "NoEtagMatch")
	if _, err := c.UpdateLogAnalyticsEntityType(ctx, la.UpdateLogAnalyticsEntityTypeRequest{NamespaceName: ns, EntityTypeName: ptr("custom_order_engine"), IfMatch: got.Etag,
		UpdateLogAnalyticsEntityTypeDetails: la.UpdateLogAnalyticsEntityTypeDetails{Category: ptr("Orders")}}); err != nil {
		t.Error(err)
	}
	_, err = c.DeleteLogAnalyticsEntityType(ctx, la.DeleteLogAnalyticsEntityTypeRequest{NamespaceName: ns, EntityTypeName: ptr("Host (Linux)")})
	refused(t, err, 409, "IncorrectState")
	e, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: la.CreateLogAnalyticsEntityDetails{
		Name: ptr("one"), CompartmentId: ptr(tenancy), EntityTypeName: ptr("Order Engine")}})
	if err != nil {
		t.Fatal(err)
	}
	del := la.DeleteLogAnalyticsEntityTypeRequest{NamespaceName: ns, EntityTypeName: ptr("Order Engine")}
	_, err = c.DeleteLogAnalyticsEntityType(ctx, del)
	refused(t, err, 409, "IncorrectState")
	if _, err := c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: e.Id}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteLogAnalyticsEntityType(ctx, del); err != nil {
		t.Error(err)
	}
	_, err = c.GetLogAnalyticsEntityType(ctx, la.GetLogAnalyticsEntityTypeRequest{NamespaceName: ns, EntityTypeName: ptr("Order Engine")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}
