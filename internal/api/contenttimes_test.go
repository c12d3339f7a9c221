package api

import (
	"context"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// What is written has the time of that, what is built in the time of the first
// start; the lists sort by it, and log sources by their associations too.
func TestSDKTimesOfContent(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	first := g.cat.FirstStart()
	g.fixed = first.Add(time.Hour)
	c, ns, here := g.sdk(), ptr("demo"), ptr(tenancy)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string, have *common.SDKTime, want time.Time) {
		t.Helper()
		if have == nil || !have.Equal(want) {
			t.Errorf("%s: %v, want %v", name, have, want)
		}
	}
	label := func(display, priority string) {
		t.Helper()
		_, err := c.UpsertLabel(ctx, la.UpsertLabelRequest{NamespaceName: ns, UpsertLogAnalyticsLabelDetails: la.UpsertLogAnalyticsLabelDetails{
			Name: ptr("#" + display), DisplayName: &display, Priority: la.UpsertLogAnalyticsLabelDetailsPriorityEnum(priority)}})
		must(err)
	}
	source := func(name string) {
		t.Helper()
		_, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: &name, DisplayName: &name,
			TypeName: ptr("os_file"), Parsers: []la.LogAnalyticsParser{{Name: ptr("zz_parser")}}, EntityTypes: []la.LogAnalyticsSourceEntityType{{EntityType: ptr("omc_host_linux")}}}})
		must(err)
	}
	label("zz_old", "LOW")
	g.advance(time.Hour)
	label("zz_new", "LOW")
	field, err := c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: ptr("Zz Field")}})
	must(err)
	at("the answer of a field", field.TimeUpdated, first.Add(2*time.Hour))
	_, err = c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: la.UpsertLogAnalyticsParserDetails{
		Name: ptr("zz_parser"), Type: "JSON", HeaderContent: ptr("$:0"), FieldMaps: []la.LogAnalyticsParserField{{ParserFieldName: field.Name, StructuredColumnInfo: ptr("$.f")}}}})
	must(err)
	source("zz_first")
	g.advance(time.Hour)
	label("zz_old", "HIGH")
	source("zz_second")
	entity, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: la.CreateLogAnalyticsEntityDetails{
		Name: ptr("host"), CompartmentId: here, EntityTypeName: ptr("omc_host_linux")}})
	must(err)
	_, err = c.UpsertAssociations(ctx, la.UpsertAssociationsRequest{NamespaceName: ns, UpsertLogAnalyticsAssociationDetails: la.UpsertLogAnalyticsAssociationDetails{CompartmentId: here,
		Items: []la.UpsertLogAnalyticsAssociation{{SourceName: ptr("zz_first"), EntityId: entity.Id, LogGroupId: ptr(groupID)}}}})
	must(err)

	labels, err := c.ListLabels(ctx, la.ListLabelsRequest{NamespaceName: ns, LabelSortBy: "timeUpdated", SortOrder: "DESC", Limit: ptr(3)})
	must(err)
	for i, want := range []struct {
		name string
		at   time.Time
	}{{"#zz_old", first.Add(3 * time.Hour)}, {"#zz_new", first.Add(2 * time.Hour)}, {*labels.Items[2].Name, first}} {
		if *labels.Items[i].Name != want.name {
			t.Errorf("label %d: %s, want %s", i, *labels.Items[i].Name, want.name)
		}
		at(want.name, labels.Items[i].TimeUpdated, want.at)
	}
	fields, err := c.ListFields(ctx, la.ListFieldsRequest{NamespaceName: ns, SortBy: "timeUpdated", SortOrder: "DESC", Limit: ptr(1)})
	must(err)
	if *fields.Items[0].Name != *field.Name {
		t.Errorf("the newest field is %s", *fields.Items[0].Name)
	}
	at("field", fields.Items[0].TimeUpdated, first.Add(2*time.Hour))
	parsers, err := c.ListParsers(ctx, la.ListParsersRequest{NamespaceName: ns, SortBy: "timeUpdated", SortOrder: "DESC", Limit: ptr(2)})
	must(err)
	if *parsers.Items[0].Name != "zz_parser" {
		t.Errorf("the newest parser is %s", *parsers.Items[0].Name)
	}
	at("parser", parsers.Items[0].TimeUpdated, first.Add(2*time.Hour))
	at("built-in parser", parsers.Items[1].TimeUpdated, first)
	for by, want := range map[la.ListSourcesSortByEnum]string{"timeUpdated": "zz_second", "associationCount": "zz_first"} {
		sources, err := c.ListSources(ctx, la.ListSourcesRequest{NamespaceName: ns, CompartmentId: here, SortBy: by, SortOrder: "DESC", Limit: ptr(1)})
		must(err)
		v := sources.Items[0]
		if *v.Name != want || (*v.AssociationCount == 1) != (want == "zz_first") || v.SourceId == nil {
			t.Errorf("by %s: %s first, with %v associations", by, *v.Name, v.AssociationCount)
		}
	}
}
