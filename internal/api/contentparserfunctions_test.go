package api

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

func TestSDKParserFunctions(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	regex := func(name, expression, field string) la.UpsertLogAnalyticsParserDetails {
		return la.UpsertLogAnalyticsParserDetails{Name: &name, DisplayName: &name, Type: la.UpsertLogAnalyticsParserDetailsTypeRegex, Content: &expression, IsSingleLineContent: ptr(true),
			FieldMaps: []la.LogAnalyticsParserField{{ParserFieldSequence: ptr(int64(1)), ParserFieldName: &field}}}
	}
	upsert := func(d la.UpsertLogAnalyticsParserDetails) (la.UpsertParserResponse, error) {
		return c.UpsertParser(ctx, la.UpsertParserRequest{NamespaceName: ns, UpsertLogAnalyticsParserDetails: d})
	}
	detail := regex("detail", `job=(\w+)`, "msg")
	detail.ParserFunctions = []la.LogAnalyticsParserFunction{{ParserFunctionName: ptr("heads"), ParserMetaPluginName: ptr("master_detail"), ParserFunctionPriority: ptr(int64(1)),
		ParserFunctionParameters: []la.LogAnalyticsParserFunctionParameter{{ParserMetaPluginParameterName: ptr("header_parser_name"), ParserMetaPluginParameterValue: ptr("head")}}}}
	_, err := upsert(detail)
	refused(t, err, 400, "InvalidParameter") // there is no such header parser
	if _, err := upsert(regex("head", `run by (\w+)`, "User Name")); err != nil {
		t.Fatal(err)
	}
	made, err := upsert(detail)
	if err != nil || len(made.ParserFunctions) != 1 || *made.ParserFunctions[0].ParserFunctionParameters[0].ParserMetaPluginParameterValue != "head" || !*made.ParserFunctions[0].IsEnabled {
		t.Fatalf("%+v, %v", made.LogAnalyticsParser, err)
	}
	// As answered it can be put again; without the member it stays.
	detail.ParserFunctions = made.ParserFunctions
	for range 2 {
		again, err := upsert(detail)
		if err != nil || !reflect.DeepEqual(again.ParserFunctions, made.ParserFunctions) {
			t.Errorf("%+v, %v", again.LogAnalyticsParser, err)
		}
		detail.ParserFunctions = nil
	}
	_, err = c.DeleteParser(ctx, la.DeleteParserRequest{NamespaceName: ns, ParserName: ptr("head")})
	refused(t, err, 409, "IncorrectState")

	list, err := c.ListParserFunctions(ctx, la.ListParserFunctionsRequest{NamespaceName: ns, ParserName: ptr("detail")})
	if err != nil || len(list.Items) != 1 || *list.Items[0].ParserName != "detail" {
		t.Errorf("%+v, %v", list.Items, err)
	}
	plugins, err := c.ListParserMetaPlugins(ctx, la.ListParserMetaPluginsRequest{NamespaceName: ns})
	if err != nil || len(plugins.Items) != 1 || *plugins.Items[0].Name != "master_detail" || !*plugins.Items[0].MetaPluginParameters[0].IsMandatory {
		t.Errorf("%+v, %v", plugins.Items, err)
	}
	// Tried with its function: the entry has the value of the line before it.
	code, m := g.local("POST", nsPath+"/parsers/actions/test", `{"name":"detail","type":"REGEX","content":"job=(\\w+)","isSingleLineContent":true,"exampleContent":"run by ana\njob=1\n",
		"fieldMaps":[{"parserFieldSequence":1,"parserFieldName":"msg"}],"parserFunctions":[{"parserMetaPluginName":"master_detail","parserFunctionParameters":[{"parserMetaPluginParameterName":"header_parser_name","parserMetaPluginParameterValue":"head"}]}]}`)
	if entries, _ := m["entries"].([]any); code != 200 || len(entries) != 2 || !strings.Contains(fmt.Sprint(entries[1]), "ana") {
		t.Errorf("%d %v", code, m)
	}
	for _, functions := range [][]la.LogAnalyticsParserFunction{
		{{ParserMetaPluginName: ptr("run_script")}},
		{{ParserMetaPluginName: ptr("master_detail")}},
		{{ParserMetaPluginName: ptr("master_detail"), ParserFunctionParameters: []la.LogAnalyticsParserFunctionParameter{{ParserMetaPluginParameterName: ptr("other"), ParserMetaPluginParameterValue: ptr("x")}}}},
	} {
		detail.ParserFunctions = functions
		if _, err := upsert(detail); err == nil || !strings.Contains(err.Error(), "400") {
			t.Errorf("%+v: %v", functions, err)
		}
	}
}
