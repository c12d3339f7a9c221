package api

import (
	"context"
	"slices"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

// Content made by the official client, item by item, as Terraform leads it: a
// field, a parser, a label and a log source, then all of it deleted.
func TestSDKContentLife(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, OpcRetryToken: ptr("f"),
		UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: ptr("Order Owner"), DataType: ptr("string"), Description: ptr("who")}})
	must(err)
	if *f.Name != "udfs1" || *f.DataType != "STRING" || *f.IsSystem || f.Etag == nil {
		t.Errorf("%+v", f.LogAnalyticsField)
	}
	again, err := c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, OpcRetryToken: ptr("f"),
		UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: ptr("Order Owner"), DataType: ptr("string"), Description: ptr("who")}})
	must(err)
	if *again.Name != *f.Name {
		t.Errorf("retried: %s", *again.Name)
	}
	_, err = c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: ptr("Order Owner")}})
	refused(t, err, 409, "ResourceAlreadyExists")
	_, err = c.UpsertField(ctx, la.UpsertFieldRequest{NamespaceName: ns, UpsertLogAnalyticsFieldDetails: la.UpsertLogAnalyticsFieldDetails{DisplayName: ptr("x"), DataType: ptr("BLOB")}})
	refused(t, err, 400, "InvalidParameter")

	example := `{"items":[{"t":"2024-05-01T10:00:00Z","who":"ann","n":{"a.b":[1]}}]}`
	d := la.UpsertLogAnalyticsParserDetails{Name: ptr("orders_json"), DisplayName: ptr("Orders JSON"), Type: la.UpsertLogAnalyticsParserDetailsTypeJson,
		HeaderContent: ptr("$.items:2"), ExampleContent: &example, FieldMaps: []la.LogAnalyticsParserField{
			{Field: &la.LogAnalyticsField{Name: ptr("time")}, ParserFieldSequence: ptr(int64(1)), StructuredColumnInfo: ptr("$.t")},
			{ParserFieldName: ptr("Order Owner"), ParserFieldSequence: ptr(int64(2)), StructuredColumnInfo: ptr("$.who")}}}
	p, err := c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: d})
	must(err)
	if len(p.FieldMaps) != 2 || *p.FieldMaps[1].Field.Name != "udfs1" || *p.IsSystem || p.Type != la.LogAnalyticsParserTypeJson {
		t.Errorf("%+v", p.LogAnalyticsParser)
	}
	d.Description = ptr("changed")
	p2, err := c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: d, IfMatch: p.Etag})
	must(err)
	_, err = c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: d, IfMatch: p.Etag})
	refused(t, err, 412, "NoEtagMatch")
	if got, err := c.GetParser(ctx, la.GetParserRequest{NamespaceName: ns, ParserName: ptr("orders_json")}); err != nil || *got.Etag != *p2.Etag || *got.Description != "changed" {
		t.Errorf("%+v, %v", got, err)
	}
	bad := d
	bad.Name, bad.DisplayName, bad.HeaderContent = ptr("bad"), nil, ptr("items")
	_, err = c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: bad})
	refused(t, err, 400, "InvalidParameter")

	l, err := c.UpsertLabel(ctx, la.UpsertLabelRequest{NamespaceName: ns, UpsertLogAnalyticsLabelDetails: la.UpsertLogAnalyticsLabelDetails{
		DisplayName: ptr("Order Lost"), Priority: la.UpsertLogAnalyticsLabelDetailsPriorityHigh, Aliases: []la.LogAnalyticsLabelAlias{{Alias: ptr("lost")}}}})
	must(err)
	if *l.Name != "#order_lost" || l.Priority != la.LogAnalyticsLabelPriorityHigh || len(l.Aliases) != 1 {
		t.Errorf("%+v", l.LogAnalyticsLabel)
	}

	sd := la.UpsertLogAnalyticsSourceDetails{Name: ptr("orders"), DisplayName: ptr("Orders / all #1"), TypeName: ptr("os_file"), IsSecureContent: ptr(true),
		Parsers:     []la.LogAnalyticsParser{{Name: ptr("orders_json"), ParserSequence: ptr(1)}},
		EntityTypes: []la.LogAnalyticsSourceEntityType{{EntityType: ptr("omc_opc_ics_integration")}},
		LabelConditions: []la.LogAnalyticsSourceLabelCondition{{LabelName: ptr("#order_lost"), StorageField: ptr("mtag"), IsEnabled: ptr(true),
			ConditionBlock: &la.ConditionBlock{ConditionBlocksOperator: la.ConditionBlockConditionBlocksOperatorNotOr, ConditionBlocks: []la.ConditionBlock{
				{FieldName: ptr("Order Owner"), LabelConditionOperator: ptr("EQUAL"), LabelConditionValue: ptr("ann")}}}}},
		ExtendedFieldDefinitions: []la.LogAnalyticsSourceExtendedFieldDefinition{{BaseFieldName: ptr("msg"), RegularExpression: ptr(`owner={udfs1:\w+}`), IsEnabled: ptr(true)}}}
	src, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: sd})
	must(err)
	if *src.Name != "orders" || len(src.Parsers) != 1 || *src.Parsers[0].ParserSequence != 1 || len(src.LabelConditions) != 1 ||
		src.LabelConditions[0].ConditionBlock.ConditionBlocksOperator != "NOT_OR" || *src.LabelConditions[0].ConditionBlock.ConditionBlocks[0].FieldName != "udfs1" {
		t.Errorf("%+v", src.LogAnalyticsSource)
	}
	// By its display name, whose characters must survive the path.
	got, err := c.GetSource(ctx, la.GetSourceRequest{NamespaceName: ns, SourceName: ptr("orders"), CompartmentId: ptr(tenancy)})
	if err != nil || *got.Etag != *src.Etag || len(got.ExtendedFieldDefinitions) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	part, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, IsIncremental: ptr(true),
		UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("orders"), Description: ptr("only this")}})
	if err != nil || *part.Description != "only this" || len(part.LabelConditions) != 1 || *part.DisplayName != "Orders / all #1" {
		t.Errorf("%+v, %v", part.LogAnalyticsSource, err)
	}
	_, err = c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: sd, IfMatch: src.Etag})
	refused(t, err, 412, "NoEtagMatch")
	unknown := sd
	unknown.LabelConditions = []la.LogAnalyticsSourceLabelCondition{{LabelName: ptr("#none"), FieldName: ptr("msg"), LabelConditionOperator: ptr("EQUAL"), LabelConditionValue: ptr("x")}}
	_, err = c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: unknown})
	refused(t, err, 400, "InvalidParameter")
	v, err := c.ValidateSource(ctx, la.ValidateSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: unknown})
	if err != nil || len(v.Items) != 1 || *v.Items[0].Key != "UnknownLabel" {
		t.Errorf("%+v, %v", v.Items, err)
	}
	if _, err = c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: unknown, IsIgnoreWarning: ptr(true)}); err != nil {
		t.Error(err)
	}
	_, err = c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: sd})
	must(err)

	// What is used stays, what is built in as well.
	_, err = c.DeleteField(ctx, la.DeleteFieldRequest{NamespaceName: ns, FieldName: ptr("udfs1")})
	refused(t, err, 409, "IncorrectState")
	_, err = c.DeleteParser(ctx, la.DeleteParserRequest{NamespaceName: ns, ParserName: ptr("orders_json")})
	refused(t, err, 409, "IncorrectState")
	_, err = c.DeleteLabel(ctx, la.DeleteLabelRequest{NamespaceName: ns, LabelName: ptr("#order_lost")})
	refused(t, err, 409, "IncorrectState")
	builtin, _ := g.lib.Source(auditLog)
	_, err = c.DeleteSource(ctx, la.DeleteSourceRequest{NamespaceName: ns, SourceName: &builtin.Name})
	refused(t, err, 409, "IncorrectState")
	_, err = c.DeleteSource(ctx, la.DeleteSourceRequest{NamespaceName: ns, SourceName: ptr("orders"), IfMatch: ptr("old")})
	refused(t, err, 412, "NoEtagMatch")
	_, err = c.DeleteSource(ctx, la.DeleteSourceRequest{NamespaceName: ns, SourceName: ptr("orders")})
	must(err)
	_, err = c.DeleteParser(ctx, la.DeleteParserRequest{NamespaceName: ns, ParserName: ptr("orders_json")})
	must(err)
	_, err = c.DeleteLabel(ctx, la.DeleteLabelRequest{NamespaceName: ns, LabelName: ptr("#order_lost")})
	must(err)
	_, err = c.DeleteField(ctx, la.DeleteFieldRequest{NamespaceName: ns, FieldName: ptr("udfs1")})
	must(err)
	_, err = c.GetField(ctx, la.GetFieldRequest{NamespaceName: ns, FieldName: ptr("udfs1")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.GetLabel(ctx, la.GetLabelRequest{NamespaceName: ns, LabelName: ptr("#order_lost")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.DeleteParser(ctx, la.DeleteParserRequest{NamespaceName: ns, ParserName: ptr("orders_json")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

func TestSDKTestParser(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	example := "{\"items\":[{\"t\":\"2024-05-01T10:00:00Z\",\"usr\":\"ann\",\"n\":{\"a.b\":[1]}},{\"t\":\"2024-05-01T10:00:01Z\",\"x\":true}],\"links\":[{\"rel\":\"self\"}]}"
	d := la.TestParserPayloadDetails{Name: ptr("p"), Type: la.TestParserPayloadDetailsTypeJson, HeaderContent: ptr("$.items:2"), ExampleContent: &example,
		FieldMaps: []la.LogAnalyticsParserField{{ParserFieldName: ptr("time"), ParserFieldSequence: ptr(int64(1)), StructuredColumnInfo: ptr("$.t")},
			{ParserFieldName: ptr("usrname"), ParserFieldSequence: ptr(int64(2)), StructuredColumnInfo: ptr("$.usr")}}}
	r, err := c.TestParser(ctx, la.TestParserRequest{NamespaceName: ns, TestParserPayloadDetails: d, Scope: la.TestParserScopeEntries})
	if err != nil || len(r.Entries) != 2 || len(r.Lines) != 0 || len(r.Violations) != 0 {
		t.Fatalf("%+v, %v", r.ParserTestResult, err)
	}
	e := r.Entries[0]
	if *e.MatchStatus != "MATCH" || *e.TimestampEpochMillisec != 1714557600000 || e.FieldNameValueMap["usrname"] != "ann" || e.FieldPositionValueMap["2"] != "ann" {
		t.Errorf("%+v", e)
	}
	d.HeaderContent = ptr("items")
	r, err = c.TestParser(ctx, la.TestParserRequest{NamespaceName: ns, TestParserPayloadDetails: d})
	if err != nil || len(r.Violations) != 1 || r.Violations[0].RuleType != la.ViolationRuleTypeError || len(r.Lines) != 1 {
		t.Errorf("%+v, %v", r.ParserTestResult, err)
	}
	d.ExampleContent = nil
	_, err = c.TestParser(ctx, la.TestParserRequest{NamespaceName: ns, TestParserPayloadDetails: d})
	refused(t, err, 400, "MissingParameter")

	def := la.LogAnalyticsParser{ExampleContent: &example, HeaderContent: ptr("$.items:2")}
	paths, err := c.ExtractStructuredLogFieldPaths(ctx, la.ExtractStructuredLogFieldPathsRequest{NamespaceName: ns, LoganParserDetails: def,
		ParserType: la.ExtractStructuredLogFieldPathsParserTypeJson})
	want := []string{"$.n['a.b'][*]", "$.t", "$.usr", "$.x"}
	if err != nil || !slices.Equal(paths.Paths, want) {
		t.Errorf("%q, %v, want %q", paths.Paths, err, want)
	}
	heads, err := c.ExtractStructuredLogHeaderPaths(ctx, la.ExtractStructuredLogHeaderPathsRequest{NamespaceName: ns, LoganParserDetails: def,
		ParserType: la.ExtractStructuredLogHeaderPathsParserTypeJson})
	want = []string{"$:0", "$.items:2", "$.links:2"}
	if err != nil || !slices.Equal(heads.HeaderPaths, want) {
		t.Errorf("%q, %v, want %q", heads.HeaderPaths, err, want)
	}
	// Each path that is offered is one that a parser takes.
	for _, h := range heads.HeaderPaths {
		p := la.UpsertLogAnalyticsParserDetails{Name: ptr("x" + strings.Trim(h, "$:.")), Type: "JSON", HeaderContent: &h,
			FieldMaps: []la.LogAnalyticsParserField{{ParserFieldName: ptr("msg"), StructuredColumnInfo: &paths.Paths[0]}}}
		if _, err := c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: p}); err != nil {
			t.Errorf("%s: %v", h, err)
		}
	}
	def.ExampleContent = ptr("{")
	_, err = c.ExtractStructuredLogFieldPaths(ctx, la.ExtractStructuredLogFieldPathsRequest{NamespaceName: ns, LoganParserDetails: def, ParserType: "JSON"})
	refused(t, err, 400, "InvalidParameter")
}

// What a wizard is offered of an XML example is what a parser of it understands.
func TestSDKTestParserOfXML(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	example := `<log><record id="1"><who>ann</who><note>x &lt; y</note></record><record id="2"><who>bo</who></record></log>`
	d := la.TestParserPayloadDetails{Name: ptr("p"), Type: la.TestParserPayloadDetailsTypeXml, ExampleContent: &example, HeaderContent: ptr("/log/record")}
	paths, err := c.ExtractStructuredLogFieldPaths(ctx, la.ExtractStructuredLogFieldPathsRequest{NamespaceName: ns, ParserType: "XML",
		LoganParserDetails: la.LogAnalyticsParser{ExampleContent: &example, HeaderContent: d.HeaderContent}})
	if err != nil || len(paths.Paths) != 3 {
		t.Fatalf("%v, %v", paths.Paths, err)
	}
	for i, path := range paths.Paths { // @id, note, who
		d.FieldMaps = append(d.FieldMaps, la.LogAnalyticsParserField{ParserFieldName: ptr([]string{"rsrcid", "msg", "usrname"}[i]), ParserFieldSequence: ptr(int64(i + 1)), StructuredColumnInfo: &path})
	}
	r, err := c.TestParser(ctx, la.TestParserRequest{NamespaceName: ns, TestParserPayloadDetails: d, Scope: la.TestParserScopeEntries})
	if err != nil || len(r.Entries) != 2 || len(r.Violations) != 1 || *r.Violations[0].RuleName != "TimeAssumed" || r.Entries[0].Fields["rsrcid"] != "1" || r.Entries[0].Fields["msg"] != "x < y" || r.Entries[1].Fields["usrname"] != "bo" {
		t.Errorf("%+v, %v", r.ParserTestResult, err)
	}
}
