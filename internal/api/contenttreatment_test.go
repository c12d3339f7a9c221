package api

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// putLines makes the parser "lines", whose entries are lines with all of their text in Message.
func putLines(t *testing.T, c la.LogAnalyticsClient) {
	t.Helper()
	if _, err := c.UpsertParser(t.Context(), la.UpsertParserRequest{NamespaceName: ptr("demo"), UpsertLogAnalyticsParserDetails: la.UpsertLogAnalyticsParserDetails{Name: ptr("lines"),
		Type: la.UpsertLogAnalyticsParserDetailsTypeRegex, Content: ptr(`(.*)`), IsSingleLineContent: ptr(true),
		FieldMaps: []la.LogAnalyticsParserField{{ParserFieldSequence: ptr(int64(1)), ParserFieldName: ptr("msg")}}}}); err != nil {
		t.Fatal(err)
	}
}

// Filters, metadata fields and lookups of a log source are kept, answered and at work.
func TestSDKTreatmentOfASource(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	user := g.field("User Name")
	putLines(t, c)
	d := la.UpsertLogAnalyticsSourceDetails{Name: ptr("lines"), DisplayName: ptr("Lines"), Parsers: []la.LogAnalyticsParser{{Name: ptr("lines")}},
		DataFilterDefinitions: []la.LogAnalyticsSourceDataFilter{{DisplayName: ptr("cards"), FilterType: la.LogAnalyticsSourceDataFilterFilterTypeMask,
			MatchRegularExpression: ptr(`card=(\d+)`), ReplacementString: ptr("***")}},
		MetadataFields: []la.LogAnalyticsSourceMetadataField{{Key: ptr("who"), FieldName: ptr("User Name")}},
		Functions: []la.LogAnalyticsSourceFunction{{FunctionName: la.LogAnalyticsSourceFunctionFunctionNameLookup, LookupTable: ptr("owners"), Arguments: []la.LogAnalyticsMetaFunctionArgument{
			{ArgumentType: ptr(int64(0)), ArgumentLookupColumn: ptr("name"), ArgumentValue: ptr("User Name"), ArgumentOrder: ptr(int64(1))},
			{ArgumentType: ptr(int64(1)), ArgumentLookupColumn: ptr("owner"), ArgumentValue: ptr("msg"), ArgumentOrder: ptr(int64(1)), IsOverrideOutputFields: ptr(true)}}}}}
	request := la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: d}
	// That a lookup does not exist is said before the source is kept.
	_, err := c.UpsertSource(ctx, request)
	refused(t, err, 400, "InvalidParameter")
	if !strings.Contains(err.Error(), "does not exist yet") {
		t.Error(err)
	}
	request.IsIgnoreWarning = ptr(true)
	of, err := c.UpsertSource(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	f := of.Functions[0]
	if f.FunctionName != "LOOKUP" || *f.LookupTable != "owners" || len(f.Arguments) != 2 || *f.Arguments[0].ArgumentValue != user || !*f.Arguments[1].IsOverrideOutputFields ||
		*of.DataFilterDefinitions[0].MatchRegularExpression != `card=(\d+)` || !*of.DataFilterDefinitions[0].IsEnabled || *of.MetadataFields[0].FieldName != user {
		t.Errorf("%+v", of.LogAnalyticsSource)
	}
	// As answered it can be put again.
	request.DataFilterDefinitions, request.MetadataFields, request.Functions = of.DataFilterDefinitions, of.MetadataFields, of.Functions
	again, err := c.UpsertSource(ctx, request)
	if err != nil || !reflect.DeepEqual(again.Functions, of.Functions) || !reflect.DeepEqual(again.DataFilterDefinitions, of.DataFilterDefinitions) {
		t.Errorf("%+v, %v", again.LogAnalyticsSource, err)
	}
	v, err := c.ValidateSource(ctx, la.ValidateSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: d})
	if err != nil || len(v.Items) != 1 || *v.Items[0].Key != "LookupMissing" {
		t.Errorf("%+v, %v", v.Items, err)
	}
	for says, change := range map[string]func(*la.UpsertLogAnalyticsSourceDetails){
		"regular expression": func(d *la.UpsertLogAnalyticsSourceDetails) {
			d.DataFilterDefinitions = []la.LogAnalyticsSourceDataFilter{{FilterType: "MASK", MatchRegularExpression: ptr("(")}}
		},
		"matchRegularExpression": func(d *la.UpsertLogAnalyticsSourceDetails) {
			d.DataFilterDefinitions = []la.LogAnalyticsSourceDataFilter{{FilterType: "MASK"}}
		},
		"before it is parsed": func(d *la.UpsertLogAnalyticsSourceDetails) {
			d.DataFilterDefinitions = []la.LogAnalyticsSourceDataFilter{{FilterType: "MASK", MatchRegularExpression: ptr("x"), FieldName: ptr("msg")}}
		},
		"does not exist": func(d *la.UpsertLogAnalyticsSourceDetails) {
			d.MetadataFields = []la.LogAnalyticsSourceMetadataField{{Key: ptr("k"), FieldName: ptr("nosuchfield")}}
		},
		"LOOKUP or GEOLOCATION": func(d *la.UpsertLogAnalyticsSourceDetails) {
			d.Functions = []la.LogAnalyticsSourceFunction{{FunctionName: "SHELL"}}
		},
	} {
		bad := d
		change(&bad)
		_, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: bad, IsIgnoreWarning: ptr(true)})
		if refused(t, err, 400, codeOf(says)); err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %s", err, says)
		}
	}

	if _, err := c.RegisterLookup(ctx, la.RegisterLookupRequest{NamespaceName: ns, Type: la.RegisterLookupTypeLookup, Name: ptr("Owners"),
		RegisterLookupContentFileBody: body("name,owner\nann,of Ann\n")}); err != nil {
		t.Fatal(err)
	}
	request.IsIgnoreWarning = nil // there is none left
	if _, err := c.UpsertSource(ctx, request); err != nil {
		t.Error(err)
	}
	var entry record.Entry
	if _, err := g.lib.Parse(ctx, content.Upload{Origin: &record.Origin{Source: "lines"}, Metadata: map[string]string{"who": "Ann"}}, []byte("paid with card=4711\n"),
		func(e *record.Entry) error {
			entry = *e
			return nil
		}); err != nil {
		t.Fatal(err)
	}
	if entry.Text != "paid with card=***" || !slices.ContainsFunc(entry.Cells, func(c record.Cell) bool { return c.Field == "msg" && c.Value.Str == "of Ann" }) {
		t.Errorf("stored is %+v", entry)
	}
}

func codeOf(says string) string {
	if says == "matchRegularExpression" {
		return "MissingParameter"
	}
	return "InvalidParameter"
}

// parsed reads a body as an upload to a log source would.
func (g *rig) parsed(source, body string) (out []record.Entry) {
	g.t.Helper()
	_, err := g.lib.Parse(g.t.Context(), content.Upload{Origin: &record.Origin{Source: source}}, []byte(body), func(e *record.Entry) error {
		out = append(out, *e)
		return nil
	})
	if err != nil || len(out) == 0 {
		g.t.Fatalf("%d entries, %v", len(out), err)
	}
	return out
}

// What a content file brought and this call cannot describe outlives a change of another member.
func TestFunctionsOfContentFilesOutliveAChange(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	if _, err := g.lib.Import(ctx, []byte(`<LoganContent name="x"><Source name="s"><SourceType>os_file</SourceType><DisplayName>s</DisplayName>
		<Parsers><Parser><ParserSeq>1</ParserSeq><ParserName>`+g.lib.Sources()[0].Parsers[0]+`</ParserName></Parser></Parsers>
		<SourceFunctions><SourceFunction name="Custom" order="1" lookupMode="0" overrideOutputFields="1"><InputField lkCol="a" order="1">msg</InputField><SourceFunctionFeatures><FunctionFeature><Name>x</Name></FunctionFeature></SourceFunctionFeatures>
		<IsEnabled>1</IsEnabled></SourceFunction></SourceFunctions></Source></LoganContent>`), content.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	before, _ := g.lib.Source("s")
	if _, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, IsIncremental: ptr(true), IsIgnoreWarning: ptr(true),
		UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("s"), Description: ptr("other")}}); err != nil {
		t.Fatal(err)
	}
	after, _ := g.lib.Source("s")
	if after.Description != "other" || len(before.Functions) != 1 || !reflect.DeepEqual(after.Functions, before.Functions) {
		t.Errorf("%+v, want %+v", after.Functions, before.Functions)
	}
}
