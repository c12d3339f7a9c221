package api

import (
	"context"
	"slices"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// What a user interface loads beside the content, by the official client: its
// strict decoding is half of the test.
func TestSDKContentLists(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must2 := func(_ any, err error) { t.Helper(); must(err) }
	f, err := c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: ptr("Order Owner")}})
	must(err)
	_, err = c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: la.UpsertLogAnalyticsParserDetails{Name: ptr("p"), Type: "JSON",
		HeaderContent: ptr("$:0"), FieldMaps: []la.LogAnalyticsParserField{{ParserFieldName: f.Name, StructuredColumnInfo: ptr("$.o")}}}})
	must(err)
	_, err = c.UpsertLabel(ctx, la.UpsertLabelRequest{NamespaceName: ns, UpsertLogAnalyticsLabelDetails: la.UpsertLogAnalyticsLabelDetails{DisplayName: ptr("Lost")}})
	must(err)
	_, err = c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("s"),
		Parsers:                  []la.LogAnalyticsParser{{Name: ptr("p")}},
		Patterns:                 []la.LogAnalyticsSourcePattern{{PatternText: ptr("/b/*.log"), IsInclude: ptr(true), IsEnabled: ptr(true)}, {PatternText: ptr("/a/*"), IsInclude: ptr(false)}},
		LabelConditions:          []la.LogAnalyticsSourceLabelCondition{{LabelName: ptr("#lost"), FieldName: f.Name, LabelConditionOperator: ptr("NOT_NULL")}},
		ExtendedFieldDefinitions: []la.LogAnalyticsSourceExtendedFieldDefinition{{BaseFieldName: ptr("msg"), RegularExpression: ptr(`o={` + *f.Name + `:\w+}`)}}}})
	must(err)

	p, err := c.ListSourcePatterns(ctx, la.ListSourcePatternsRequest{NamespaceName: ns, SourceName: ptr("s")})
	if err != nil || len(p.Items) != 2 || *p.Items[0].PatternText != "/a/*" {
		t.Errorf("%+v, %v", p.Items, err)
	}
	p, err = c.ListSourcePatterns(ctx, la.ListSourcePatternsRequest{NamespaceName: ns, SourceName: ptr("s"), IsInclude: ptr(true)})
	if err != nil || len(p.Items) != 1 {
		t.Errorf("%+v, %v", p.Items, err)
	}
	_, err = c.ListSourcePatterns(ctx, la.ListSourcePatternsRequest{NamespaceName: ns, SourceName: ptr("none")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	e, err := c.ListSourceExtendedFieldDefinitions(ctx, la.ListSourceExtendedFieldDefinitionsRequest{NamespaceName: ns, SourceName: ptr("s")})
	if err != nil || len(e.Items) != 1 || *e.Items[0].BaseFieldName != "msg" {
		t.Errorf("%+v, %v", e.Items, err)
	}
	use, err := c.GetFieldUsages(ctx, la.GetFieldUsagesRequest{NamespaceName: ns, FieldName: f.Name})
	if err != nil || len(use.DependentParsers) != 1 || *use.DependentParsers[0].ParserName != "p" || len(use.DependentSources) != 1 {
		t.Errorf("%+v, %v", use, err)
	}
	given, err := c.ListLabelSourceDetails(ctx, la.ListLabelSourceDetailsRequest{NamespaceName: ns, LabelName: ptr("#lost")})
	if err != nil || len(given.Items) != 1 || *given.Items[0].SourceName != "s" || *given.Items[0].ConditionBlock.ConditionBlocks[0].LabelConditionOperator != "NOT_NULL" {
		t.Errorf("%+v, %v", given.Items, err)
	}
	basic, err := c.BatchGetBasicInfo(ctx, la.BatchGetBasicInfoRequest{NamespaceName: ns, IsIncludeDeleted: ptr(false), BasicDetails: la.LabelNames{LabelNames: []string{"#lost", "#none"}}})
	if err != nil || len(basic.Items) != 1 {
		t.Errorf("%+v, %v", basic.Items, err)
	}
	sources, err := c.GetSourceSummary(ctx, la.GetSourceSummaryRequest{NamespaceName: ns})
	if err != nil || *sources.NonOobCount != 1 || *sources.OobCount == 0 {
		t.Errorf("%+v, %v", sources, err)
	}
	fields, err := c.GetFieldsSummary(ctx, la.GetFieldsSummaryRequest{NamespaceName: ns})
	if err != nil || *fields.NonOobCount != 1 {
		t.Errorf("%+v, %v", fields, err)
	}
	must2(c.GetParserSummary(ctx, la.GetParserSummaryRequest{NamespaceName: ns}))
	must2(c.GetLabelSummary(ctx, la.GetLabelSummaryRequest{NamespaceName: ns}))
	must2(c.GetLookupSummary(ctx, la.GetLookupSummaryRequest{NamespaceName: ns}))
	must2(c.ListMetaSourceTypes(ctx, la.ListMetaSourceTypesRequest{NamespaceName: ns}))
	must2(c.ListSourceMetaFunctions(ctx, la.ListSourceMetaFunctionsRequest{NamespaceName: ns}))
	must2(c.ListParserFunctions(ctx, la.ListParserFunctionsRequest{NamespaceName: ns}))
	must2(c.ListParserMetaPlugins(ctx, la.ListParserMetaPluginsRequest{NamespaceName: ns}))
	must2(c.ListParserActions(ctx, la.ListParserActionsRequest{NamespaceName: ns}))
	must2(c.ListLogSets(ctx, la.ListLogSetsRequest{NamespaceName: ns}))
	must2(c.GetLogSetsCount(ctx, la.GetLogSetsCountRequest{NamespaceName: ns}))
	if l, err := c.ListLabelPriorities(ctx, la.ListLabelPrioritiesRequest{NamespaceName: ns}); err != nil || len(l.Items) != 4 {
		t.Errorf("%+v, %v", l.Items, err)
	}
	if l, err := c.ListSupportedCharEncodings(ctx, la.ListSupportedCharEncodingsRequest{NamespaceName: ns}); err != nil || !slices.Contains(l.Items, "UTF-8") || *l.OpcTotalItems != int64(len(l.Items)) {
		t.Errorf("%+v, %v", l.Items, err)
	}
	if l, err := c.GetLogAnalyticsLogGroupsSummary(ctx, la.GetLogAnalyticsLogGroupsSummaryRequest{NamespaceName: ns, CompartmentId: ptr(tenancy)}); err != nil || *l.Count != 1 {
		t.Errorf("%+v, %v", l, err)
	}
	if u, err := c.GetStorageUsage(ctx, la.GetStorageUsageRequest{NamespaceName: ns}); err != nil || *u.ActiveDataSizeInBytes != 4096 {
		t.Errorf("%+v, %v", u, err)
	}
	// Every operator that is offered is one that a condition takes.
	ops, err := c.ListSourceLabelOperators(ctx, la.ListSourceLabelOperatorsRequest{NamespaceName: ns})
	must(err)
	if len(ops.Items) < 10 {
		t.Errorf("%+v", ops.Items)
	}
	for _, o := range ops.Items {
		if _, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("s"),
			Parsers:         []la.LogAnalyticsParser{{Name: ptr("p")}},
			LabelConditions: []la.LogAnalyticsSourceLabelCondition{{LabelName: ptr("#lost"), FieldName: f.Name, LabelConditionOperator: o.Name, LabelConditionValue: ptr("x")}}}}); err != nil {
			t.Errorf("%s: %v", *o.Name, err)
		}
	}
}

func TestSDKPreferences(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	set := func(pairs ...string) la.LogAnalyticsPreferenceDetails {
		var d la.LogAnalyticsPreferenceDetails
		for i := 0; i < len(pairs); i += 2 {
			d.Items = append(d.Items, la.LogAnalyticsPreference{Name: &pairs[i], Value: &pairs[i+1]})
		}
		return d
	}
	for _, d := range []la.LogAnalyticsPreferenceDetails{set("b", "1", "a", "x y"), set("b", "2")} {
		if _, err := c.UpdatePreferences(ctx, la.UpdatePreferencesRequest{NamespaceName: ns, UpdatePreferencesDetails: d}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.GetPreferences(ctx, la.GetPreferencesRequest{NamespaceName: ns})
	if err != nil || len(got.Items) != 2 || *got.Items[0].Value != "x y" || *got.Items[1].Value != "2" {
		t.Errorf("%+v, %v", got.Items, err)
	}
	if _, err := c.RemovePreferences(ctx, la.RemovePreferencesRequest{NamespaceName: ns, RemovePreferencesDetails: set("a", "")}); err != nil {
		t.Error(err)
	}
	if got, err := c.GetPreferences(ctx, la.GetPreferencesRequest{NamespaceName: ns}); err != nil || len(got.Items) != 1 {
		t.Errorf("%+v, %v", got.Items, err)
	}
	_, err = c.UpdatePreferences(ctx, la.UpdatePreferencesRequest{NamespaceName: ns, UpdatePreferencesDetails: set("", "x")})
	refused(t, err, 400, "MissingParameter")
}
