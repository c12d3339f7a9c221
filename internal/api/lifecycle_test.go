package api

import (
	"context"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
	md "github.com/oracle/oci-go-sdk/v65/managementdashboard"
)

// resource is how a Terraform provider leads one kind of resource.
type resource struct {
	create func() (id, etag *string, err error)
	read   func(id *string) (etag *string, err error)
	update func(id, ifMatch *string) (etag *string, err error)
	remove func(id, ifMatch *string) error
}

// Every kind is made, read, changed under its etag and not under an old one,
// removed likewise, and gone then.
func TestSDKLifeCycleOfEachResource(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, boards, ns := g.sdk(), g.boards(), ptr("demo")
	if _, err := c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: la.UpsertLogAnalyticsParserDetails{Name: ptr("base"), Type: "JSON", HeaderContent: ptr("$:0"),
		FieldMaps: []la.LogAnalyticsParserField{{ParserFieldName: ptr("msg"), StructuredColumnInfo: ptr("$.m")}}}}); err != nil {
		t.Fatal(err)
	}
	field := func(id, ifMatch *string, about string) (la.UpsertFieldResponse, error) {
		return c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, IfMatch: ifMatch, UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{
			Name: id, DisplayName: ptr("Life Field"), Description: &about}})
	}
	label := func(id, ifMatch *string, about string) (la.UpsertLabelResponse, error) {
		return c.UpsertLabel(ctx, la.UpsertLabelRequest{NamespaceName: ns, IfMatch: ifMatch, UpsertLogAnalyticsLabelDetails: la.UpsertLogAnalyticsLabelDetails{
			Name: id, DisplayName: ptr("Life Label"), Description: &about}})
	}
	parser := func(ifMatch *string, about string) (la.UpsertParserResponse, error) {
		return c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, IfMatch: ifMatch, UpsertLogAnalyticsParserDetails: la.UpsertLogAnalyticsParserDetails{
			Name: ptr("life_parser"), Type: "JSON", HeaderContent: ptr("$:0"), Description: &about, FieldMaps: []la.LogAnalyticsParserField{{ParserFieldName: ptr("msg"), StructuredColumnInfo: ptr("$.m")}}}})
	}
	source := func(ifMatch *string, about string) (la.UpsertSourceResponse, error) {
		return c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, IfMatch: ifMatch, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{
			Name: ptr("life_source"), Description: &about, Parsers: []la.LogAnalyticsParser{{Name: ptr("base")}}}})
	}
	for name, r := range map[string]resource{
		"log group": {
			func() (*string, *string, error) {
				v, err := c.CreateLogAnalyticsLogGroup(ctx, la.CreateLogAnalyticsLogGroupRequest{NamespaceName: ns, CreateLogAnalyticsLogGroupDetails: la.CreateLogAnalyticsLogGroupDetails{DisplayName: ptr("Life"), CompartmentId: ptr(tenancy)}})
				return v.Id, v.Etag, err
			},
			func(id *string) (*string, error) {
				v, err := c.GetLogAnalyticsLogGroup(ctx, la.GetLogAnalyticsLogGroupRequest{NamespaceName: ns, LogAnalyticsLogGroupId: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				v, err := c.UpdateLogAnalyticsLogGroup(ctx, la.UpdateLogAnalyticsLogGroupRequest{NamespaceName: ns, LogAnalyticsLogGroupId: id, IfMatch: ifMatch, UpdateLogAnalyticsLogGroupDetails: la.UpdateLogAnalyticsLogGroupDetails{Description: ptr("changed")}})
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := c.DeleteLogAnalyticsLogGroup(ctx, la.DeleteLogAnalyticsLogGroupRequest{NamespaceName: ns, LogAnalyticsLogGroupId: id, IfMatch: ifMatch})
				return err
			},
		},
		"entity": {
			func() (*string, *string, error) {
				v, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: la.CreateLogAnalyticsEntityDetails{Name: ptr("life"), CompartmentId: ptr(tenancy), EntityTypeName: ptr("omc_host_linux")}})
				return v.Id, v.Etag, err
			},
			func(id *string) (*string, error) {
				v, err := c.GetLogAnalyticsEntity(ctx, la.GetLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				v, err := c.UpdateLogAnalyticsEntity(ctx, la.UpdateLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: id, IfMatch: ifMatch, UpdateLogAnalyticsEntityDetails: la.UpdateLogAnalyticsEntityDetails{Hostname: ptr("life.example.com")}})
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := c.DeleteLogAnalyticsEntity(ctx, la.DeleteLogAnalyticsEntityRequest{NamespaceName: ns, LogAnalyticsEntityId: id, IfMatch: ifMatch})
				return err
			},
		},
		"field": {
			func() (*string, *string, error) { v, err := field(nil, nil, "made"); return v.Name, v.Etag, err },
			func(id *string) (*string, error) {
				v, err := c.GetField(ctx, la.GetFieldRequest{NamespaceName: ns, FieldName: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				v, err := field(id, ifMatch, "changed")
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := c.DeleteField(ctx, la.DeleteFieldRequest{NamespaceName: ns, FieldName: id, IfMatch: ifMatch})
				return err
			},
		},
		"label": {
			func() (*string, *string, error) { v, err := label(nil, nil, "made"); return v.Name, v.Etag, err },
			func(id *string) (*string, error) {
				v, err := c.GetLabel(ctx, la.GetLabelRequest{NamespaceName: ns, LabelName: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				v, err := label(id, ifMatch, "changed")
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := c.DeleteLabel(ctx, la.DeleteLabelRequest{NamespaceName: ns, LabelName: id, IfMatch: ifMatch})
				return err
			},
		},
		"parser": {
			func() (*string, *string, error) { v, err := parser(nil, "made"); return v.Name, v.Etag, err },
			func(id *string) (*string, error) {
				v, err := c.GetParser(ctx, la.GetParserRequest{NamespaceName: ns, ParserName: id})
				return v.Etag, err
			},
			func(_, ifMatch *string) (*string, error) { v, err := parser(ifMatch, "changed"); return v.Etag, err },
			func(id, ifMatch *string) error {
				_, err := c.DeleteParser(ctx, la.DeleteParserRequest{NamespaceName: ns, ParserName: id, IfMatch: ifMatch})
				return err
			},
		},
		"log source": {
			func() (*string, *string, error) { v, err := source(nil, "made"); return v.Name, v.Etag, err },
			func(id *string) (*string, error) {
				v, err := c.GetSource(ctx, la.GetSourceRequest{NamespaceName: ns, SourceName: id, CompartmentId: ptr(tenancy)})
				return v.Etag, err
			},
			func(_, ifMatch *string) (*string, error) { v, err := source(ifMatch, "changed"); return v.Etag, err },
			func(id, ifMatch *string) error {
				_, err := c.DeleteSource(ctx, la.DeleteSourceRequest{NamespaceName: ns, SourceName: id, IfMatch: ifMatch})
				return err
			},
		},
		"lookup": {
			func() (*string, *string, error) {
				v, err := c.RegisterLookup(ctx, la.RegisterLookupRequest{NamespaceName: ns, Type: la.RegisterLookupTypeLookup, Name: ptr("life"), RegisterLookupContentFileBody: body("a,b\n1,2\n")})
				return v.Name, v.Etag, err
			},
			func(id *string) (*string, error) {
				v, err := c.GetLookup(ctx, la.GetLookupRequest{NamespaceName: ns, LookupName: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				if _, err := c.UpdateLookupData(ctx, la.UpdateLookupDataRequest{NamespaceName: ns, LookupName: id, IfMatch: ifMatch, UpdateLookupFileBody: body("a,b\n1,3\n")}); err != nil {
					return nil, err
				}
				v, err := c.GetLookup(ctx, la.GetLookupRequest{NamespaceName: ns, LookupName: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := c.DeleteLookup(ctx, la.DeleteLookupRequest{NamespaceName: ns, LookupName: id, IfMatch: ifMatch})
				return err
			},
		},
		"dashboard": {
			func() (*string, *string, error) {
				v, err := boards.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: details("Life")})
				return v.Id, v.Etag, err
			},
			func(id *string) (*string, error) {
				v, err := boards.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				v, err := boards.UpdateManagementDashboard(ctx, md.UpdateManagementDashboardRequest{ManagementDashboardId: id, IfMatch: ifMatch, UpdateManagementDashboardDetails: md.UpdateManagementDashboardDetails{DisplayName: ptr("Life 2")}})
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := boards.DeleteManagementDashboard(ctx, md.DeleteManagementDashboardRequest{ManagementDashboardId: id, IfMatch: ifMatch})
				return err
			},
		},
		"saved search": {
			func() (*string, *string, error) {
				v, err := boards.CreateManagementSavedSearch(ctx, md.CreateManagementSavedSearchRequest{CreateManagementSavedSearchDetails: searchDetails("Life")})
				return v.Id, v.Etag, err
			},
			func(id *string) (*string, error) {
				v, err := boards.GetManagementSavedSearch(ctx, md.GetManagementSavedSearchRequest{ManagementSavedSearchId: id})
				return v.Etag, err
			},
			func(id, ifMatch *string) (*string, error) {
				v, err := boards.UpdateManagementSavedSearch(ctx, md.UpdateManagementSavedSearchRequest{ManagementSavedSearchId: id, IfMatch: ifMatch, UpdateManagementSavedSearchDetails: md.UpdateManagementSavedSearchDetails{DisplayName: ptr("Life 2")}})
				return v.Etag, err
			},
			func(id, ifMatch *string) error {
				_, err := boards.DeleteManagementSavedSearch(ctx, md.DeleteManagementSavedSearchRequest{ManagementSavedSearchId: id, IfMatch: ifMatch})
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			id, made, err := r.create()
			if err != nil {
				t.Fatal(err)
			}
			if etag, err := r.read(id); err != nil || *etag != *made {
				t.Fatalf("read: %v", err)
			}
			changed, err := r.update(id, made)
			if err != nil || *changed == *made {
				t.Fatalf("update: %v", err)
			}
			_, err = r.update(id, made)
			refused(t, err, 412, "NoEtagMatch")
			err = r.remove(id, made)
			refused(t, err, 412, "NoEtagMatch")
			if etag, err := r.read(id); err != nil || *etag != *changed {
				t.Errorf("what was refused has changed something: %v", err)
			}
			if err := r.remove(id, changed); err != nil {
				t.Fatal(err)
			}
			_, err = r.read(id)
			refused(t, err, 404, "NotAuthorizedOrNotFound")
			err = r.remove(id, nil)
			refused(t, err, 404, "NotAuthorizedOrNotFound")
		})
	}
}
