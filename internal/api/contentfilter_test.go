package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// Each parameter of the lists of content chooses, or is refused; none is passed over.
func TestSDKContentFilters(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns, here := g.sdk(), ptr("demo"), ptr(tenancy)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	field := func(display string) *string {
		t.Helper()
		f, err := c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: &display}})
		must(err)
		return f.Name
	}
	inner, outer, own := field("Zz Inner"), field("Zz Outer"), field("Zz Own")
	parser := func(name, header string, maps ...la.LogAnalyticsParserField) {
		t.Helper()
		_, err := c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: la.UpsertLogAnalyticsParserDetails{
			Name: &name, Type: "JSON", HeaderContent: &header, FieldMaps: maps}})
		must(err)
	}
	parser("zz_sub", "$:0", la.LogAnalyticsParserField{ParserFieldName: inner, StructuredColumnInfo: ptr("$.i")})
	parser("zz_top", "$:0", la.LogAnalyticsParserField{ParserFieldName: outer, StructuredColumnInfo: ptr("$.o")},
		la.LogAnalyticsParserField{ParserName: ptr("zz_sub"), StructuredColumnInfo: ptr("$.s")})
	for _, name := range []string{"Zz One", "Zz Two"} {
		_, err := c.UpsertLabel(ctx, la.UpsertLabelRequest{NamespaceName: ns, UpsertLogAnalyticsLabelDetails: la.UpsertLogAnalyticsLabelDetails{DisplayName: &name,
			Aliases: []la.LogAnalyticsLabelAlias{{Alias: ptr("a " + name)}}}})
		must(err)
	}
	_, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("zz_source"), DisplayName: ptr("Zz Source"),
		TypeName: ptr("os_syslog"), Parsers: []la.LogAnalyticsParser{{Name: ptr("zz_top")}},
		Patterns:        []la.LogAnalyticsSourcePattern{{PatternText: ptr("/var/log/Zz/*.log"), IsInclude: ptr(true), IsEnabled: ptr(true)}},
		LabelConditions: []la.LogAnalyticsSourceLabelCondition{{LabelName: ptr("#zz_two"), FieldName: own, LabelConditionOperator: ptr("NOT_NULL")}}}})
	must(err)

	sources := func(name string, r la.ListSourcesRequest, want bool) {
		t.Helper()
		r.NamespaceName, r.CompartmentId = ns, here
		got, err := c.ListSources(ctx, r)
		if err != nil || slices.ContainsFunc(got.Items, func(v la.LogAnalyticsSourceSummary) bool { return *v.Name == "zz_source" }) != want {
			t.Errorf("%s: %d log sources, %v", name, len(got.Items), err)
		}
	}
	sources("part of a pattern", la.ListSourcesRequest{PatternText: ptr("/LOG/zz")}, true)
	sources("another pattern", la.ListSourcesRequest{PatternText: ptr("/zz/none")}, false)
	sources("all", la.ListSourcesRequest{LifecycleState: "ALL", IsAutoAssociated: ptr(false)}, true)
	sources("deleted", la.ListSourcesRequest{LifecycleState: "DELETED"}, false)
	sources("associated", la.ListSourcesRequest{IsAutoAssociated: ptr(true)}, false)
	sources("of a category", la.ListSourcesRequest{Categories: ptr("security")}, false)
	short, err := c.ListSources(ctx, la.ListSourcesRequest{NamespaceName: ns, CompartmentId: here, Name: ptr("zz_source"), IsSimplified: ptr(true)})
	if err != nil || len(short.Items) != 1 || short.Items[0].TypeName != nil || *short.Items[0].DisplayName != "Zz Source" {
		t.Errorf("%+v, %v", short.Items, err)
	}

	parsers := func(name string, r la.ListParsersRequest, want ...string) []la.LogAnalyticsParserSummary {
		t.Helper()
		r.NamespaceName, r.ParserDisplayText = ns, ptr("zz_")
		got, err := c.ListParsers(ctx, r)
		var names []string
		for _, v := range got.Items {
			names = append(names, *v.Name)
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%s: %v, %v; want %v", name, names, err, want)
		}
		return got.Items
	}
	parser("zz_alone", "$:0", la.LogAnalyticsParserField{ParserFieldName: outer, StructuredColumnInfo: ptr("$.o")})
	parsers("of a type of log source, sub-parsers too", la.ListParsersRequest{SourceType: "SYSLOG"})
	parsers("of a category", la.ListParsersRequest{Categories: ptr("a,b")})
	parsers("of two types at once", la.ListParsersRequest{SourceType: "OS_FILE", ParserType: "JSON"})
	parsers("of one of two types", la.ListParsersRequest{SourceType: "OS_FILE", ParserType: "JSON", IsMatchAll: ptr(true)}, "zz_alone", "zz_sub", "zz_top")
	byUse := parsers("by use", la.ListParsersRequest{SortBy: "sourcesCount", SortOrder: "DESC"}, "zz_sub", "zz_top", "zz_alone")
	if len(byUse) == 3 && (*byUse[0].SourcesCount != 1 || *byUse[2].SourcesCount != 0) {
		t.Errorf("%+v", byUse)
	}

	fields := func(name string, r la.ListFieldsRequest, want ...*string) {
		t.Helper()
		r.NamespaceName = ns
		if r.Filter == nil {
			r.Filter = ptr("Zz ")
		}
		got, err := c.ListFields(ctx, r)
		var names, wanted []string
		for _, v := range got.Items {
			names = append(names, *v.Name)
		}
		for _, v := range want {
			wanted = append(wanted, *v)
		}
		if err != nil || !slices.Equal(names, wanted) {
			t.Errorf("%s: %v, %v; want %v", name, names, err, wanted)
		}
	}
	fields("of a log source", la.ListFieldsRequest{SourceNames: ptr("Zz Source")}, inner, outer, own)
	fields("of a log source itself", la.ListFieldsRequest{SourceNames: ptr("zz_source"), IsIncludeParser: ptr(false)}, own)
	fields("of a parser", la.ListFieldsRequest{ParserNames: ptr("zz_sub, none")}, inner)
	fields("of both", la.ListFieldsRequest{SourceNames: ptr("zz_source"), ParserNames: ptr("zz_alone")}, outer)
	fields("of one of both", la.ListFieldsRequest{SourceNames: ptr("zz_source"), ParserNames: ptr("zz_alone"), IsMatchAll: ptr(true)}, inner, outer, own)
	fields("of a type of parser", la.ListFieldsRequest{ParserType: "JSON"}, inner, outer)
	fields("of another type", la.ListFieldsRequest{ParserType: "XML"})
	fields("of no such log source", la.ListFieldsRequest{SourceNames: ptr("none")})
	source, err := c.GetSource(ctx, la.GetSourceRequest{NamespaceName: ns, SourceName: ptr("zz_source"), CompartmentId: here})
	must(err)
	fields("of a numbered log source", la.ListFieldsRequest{SourceIds: ptr("1, " + itoa(*source.SourceId))}, inner, outer, own)
	fields("of no such number", la.ListFieldsRequest{SourceIds: ptr("1")})
	fields("of a parser among ids", la.ListFieldsRequest{ParserIds: ptr("zz_sub")}, inner)
	_, err = c.ListFields(ctx, la.ListFieldsRequest{NamespaceName: ns, Page: ptr("not-a-token")})
	refused(t, err, 400, "InvalidParameter")

	labels, err := c.ListLabels(ctx, la.ListLabelsRequest{NamespaceName: ns, LabelDisplayText: ptr("zz"), IsCountPop: ptr(true), IsAliasPop: ptr(false), LabelSortBy: "sourceUsing", SortOrder: "DESC"})
	if err != nil || len(labels.Items) != 2 || *labels.Items[0].Name != "#zz_two" || *labels.Items[0].CountUsageInSource != 1 || *labels.Items[1].CountUsageInSource != 0 || len(labels.Items[0].Aliases) != 0 {
		t.Errorf("%+v, %v", labels.Items, err)
	}
	labels, err = c.ListLabels(ctx, la.ListLabelsRequest{NamespaceName: ns, LabelDisplayText: ptr("zz")})
	if err != nil || len(labels.Items) != 2 || labels.Items[0].CountUsageInSource != nil || len(labels.Items[0].Aliases) != 1 {
		t.Errorf("%+v, %v", labels.Items, err)
	}
	_, err = c.ListLabels(ctx, la.ListLabelsRequest{NamespaceName: ns, Page: ptr("not-a-token")})
	refused(t, err, 400, "InvalidParameter")
}

// Paths of XML name elements and attributes; a document type is refused unread.
func TestSDKPathsOfXML(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	example := `<?xml version="1.0"?><log xmlns="urn:x"><meta>m</meta><record id="1"><who>ann</who><where city="x"/></record><record id="2"/></log>`
	d := la.LogAnalyticsParser{Name: ptr("p"), ExampleContent: &example, HeaderContent: ptr("/log/record")}
	f, err := c.ExtractStructuredLogFieldPaths(ctx, la.ExtractStructuredLogFieldPathsRequest{NamespaceName: ns, ParserType: "XML", LoganParserDetails: d})
	if want := []string{"/log/record/@id", "/log/record/where/@city", "/log/record/who"}; err != nil || !slices.Equal(f.Paths, want) {
		t.Errorf("%v, %v; want %v", f.Paths, err, want)
	}
	h, err := c.ExtractStructuredLogHeaderPaths(ctx, la.ExtractStructuredLogHeaderPathsRequest{NamespaceName: ns, ParserType: "XML", LoganParserDetails: d})
	if want := []string{"/log", "/log/record"}; err != nil || !slices.Equal(h.XmlPaths, want) {
		t.Errorf("%v, %v; want %v", h.XmlPaths, err, want)
	}
	for name, text := range map[string]string{
		"entities": `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, "unknown entity": `<a>&b;</a>`, "cut off": `<a><b>`, "no XML": `{}`, "two ends": `<a></b>`,
		"deep": strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65), "wide": "<a>" + wideXML(2001) + "</a>",
	} {
		d.ExampleContent = &text
		_, err := c.ExtractStructuredLogFieldPaths(ctx, la.ExtractStructuredLogFieldPathsRequest{NamespaceName: ns, ParserType: "XML", LoganParserDetails: d})
		t.Log(name)
		refused(t, err, 400, "InvalidParameter")
	}
}

func wideXML(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<e%d>x</e%[1]d>", i)
	}
	return b.String()
}

// Entities are of no discovery: whoever asks for those of one gets none.
func TestSDKEntitiesByOrigin(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	if _, err := c.CreateLogAnalyticsEntity(ctx, la.CreateLogAnalyticsEntityRequest{NamespaceName: ns, CreateLogAnalyticsEntityDetails: la.CreateLogAnalyticsEntityDetails{
		Name: ptr("e"), CompartmentId: ptr(tenancy), EntityTypeName: ptr("omc_host_linux")}}); err != nil {
		t.Fatal(err)
	}
	for want, origins := range map[int][]la.CreationSourceTypeEnum{0: {"DISCOVERY", "EM_BRIDGE"}, 1: {"NONE", "DISCOVERY"}} {
		got, err := c.ListLogAnalyticsEntities(ctx, la.ListLogAnalyticsEntitiesRequest{NamespaceName: ns, CompartmentId: ptr(tenancy), CreationSourceType: origins})
		if err != nil || len(got.Items) != want {
			t.Errorf("%v: %d entities, %v; want %d", origins, len(got.Items), err, want)
		}
	}
}
