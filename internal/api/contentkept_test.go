package api

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/content"
)

// What a client reads of a log source it can write back, also what nothing is done
// with here; that nothing is done is said once, before it is kept.
func TestSDKWhatIsReadOfASourceCanBeWrittenBack(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	putLines(t, c)
	url := "https://logs.example.com/api?from={START_TIME}&a=1"
	request := la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("polled"), DisplayName: ptr("Polled"),
		TypeName: ptr("rest_api"), Parsers: []la.LogAnalyticsParser{{Name: ptr("lines")}},
		MetricDefinitions: []la.LogAnalyticsMetric{{Name: ptr("errors"), Operator: la.LogAnalyticsMetricOperatorNotNull, FieldValues: []string{"a", "b"}, IsEnabled: ptr(true),
			MetricReference: ptr(int64(9007199254740993))}},
		Endpoints: []la.LogAnalyticsEndpoint{la.LogTypeEndpoint{LogEndpoint: &la.LogEndpoint{Name: ptr("log"),
			Request: &la.EndpointRequest{Url: &url, Method: la.EndpointRequestMethodGet}}}},
		SourceProperties: []la.LogAnalyticsProperty{{Name: ptr("poll"), Value: ptr("5")}}}}
	validated, err := c.ValidateSource(ctx, la.ValidateSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: request.UpsertLogAnalyticsSourceDetails})
	if err != nil || len(validated.Items) != 3 || *validated.Items[0].Key != "KeptNotRun" {
		t.Errorf("%+v, %v", validated.Items, err)
	}
	_, err = c.UpsertSource(ctx, request)
	refused(t, err, 400, "InvalidParameter")
	request.IsIgnoreWarning = ptr(true)
	made, err := c.UpsertSource(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	read, err := c.GetSource(ctx, la.GetSourceRequest{NamespaceName: ns, SourceName: ptr("polled"), CompartmentId: ptr(tenancy)})
	if err != nil || !reflect.DeepEqual(read.MetricDefinitions, request.MetricDefinitions) || !reflect.DeepEqual(read.SourceProperties, request.SourceProperties) ||
		!reflect.DeepEqual(read.Endpoints, made.Endpoints) || len(read.Endpoints) != 1 {
		t.Fatalf("%+v, %v", read.LogAnalyticsSource, err)
	}
	if e, ok := read.Endpoints[0].(la.LogTypeEndpoint); !ok || *e.LogEndpoint.Request.Url != url {
		t.Errorf("%+v", read.Endpoints[0])
	}

	// The same again needs no leave, and changes nothing; a new warning does need it.
	back := la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: read.Name, DisplayName: read.DisplayName,
		TypeName: read.TypeName, Parsers: read.Parsers, MetricDefinitions: read.MetricDefinitions, Endpoints: read.Endpoints, SourceProperties: read.SourceProperties}}
	again, err := c.UpsertSource(ctx, back)
	if err != nil || *again.Etag != *read.Etag {
		t.Errorf("%+v, %v", again.LogAnalyticsSource, err)
	}
	worse := back
	worse.Functions = []la.LogAnalyticsSourceFunction{{FunctionName: la.LogAnalyticsSourceFunctionFunctionNameGeolocation,
		Arguments: []la.LogAnalyticsMetaFunctionArgument{{ArgumentType: ptr(int64(0)), ArgumentValue: ptr("msg")}}}}
	_, err = c.UpsertSource(ctx, worse)
	refused(t, err, 400, "InvalidParameter")

	// Other members leave them alone, the absence of one in a whole source takes it away.
	other := la.UpsertSourceRequest{NamespaceName: ns, IsIncremental: ptr(true), UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("polled"), Description: ptr("new")}}
	if got, err := c.UpsertSource(ctx, other); err != nil || *got.Description != "new" || !reflect.DeepEqual(got.Endpoints, read.Endpoints) {
		t.Errorf("%+v, %v", got.LogAnalyticsSource, err)
	}
	file, err := g.lib.Export(ctx, content.Names{Sources: []string{"polled"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.lib.Import(ctx, file, content.ImportOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	if v, ok := g.lib.Source("polled"); !ok || len(v.Kept) != 3 {
		t.Errorf("after an import of its own export: %+v", v)
	}
	back.Endpoints = nil
	if got, err := c.UpsertSource(ctx, back); err != nil || len(got.Endpoints) > 0 || len(got.MetricDefinitions) != 1 {
		t.Errorf("%+v, %v", got.LogAnalyticsSource, err)
	}

	for _, wrong := range []string{`"m"`, `["m"]`, `[[]]`, `{}`} {
		code, m := g.local("POST", "/20200601/namespaces/demo/sources/actions/upsert?isIgnoreWarning=true",
			`{"name":"x","displayName":"x","parsers":[{"name":"lines"}],"endpoints":`+wrong+`}`)
		if code != 400 || strings.Contains(fmt.Sprint(m), "internal") {
			t.Errorf("%s: %d %v", wrong, code, m)
		}
	}
}

// Members that several calls give a log source at once are all there afterwards.
func TestIncrementalChangesOfASourceAtOnce(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c, ns := g.sdk(), ptr("demo")
	putLines(t, c)
	if _, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, UpsertLogAnalyticsSourceDetails: la.UpsertLogAnalyticsSourceDetails{Name: ptr("one"), DisplayName: ptr("One"),
		Parsers: []la.LogAnalyticsParser{{Name: ptr("lines")}}}}); err != nil {
		t.Fatal(err)
	}
	changes := []la.UpsertLogAnalyticsSourceDetails{
		{Description: ptr("said")},
		{IsSecureContent: ptr(true)},
		{EntityTypes: []la.LogAnalyticsSourceEntityType{{EntityType: ptr("omc_host_linux")}}},
		{Patterns: []la.LogAnalyticsSourcePattern{{PatternText: ptr("/var/log/*"), IsInclude: ptr(true), IsEnabled: ptr(true)}}},
		{SourceProperties: []la.LogAnalyticsProperty{{Name: ptr("a"), Value: ptr("b")}}},
		{MetadataFields: []la.LogAnalyticsSourceMetadataField{{Key: ptr("who"), FieldName: ptr("User Name")}}},
	}
	together(t, len(changes), func(i int) error {
		changes[i].Name = ptr("one")
		_, err := c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, IsIncremental: ptr(true), IsIgnoreWarning: ptr(true), UpsertLogAnalyticsSourceDetails: changes[i]})
		return err
	})
	v, ok := g.lib.Source("one")
	if !ok || v.Description != "said" || !v.Secure || len(v.EntityTypes) != 1 || len(v.Patterns) != 1 || len(v.Kept) != 1 || len(v.MetadataFields) != 1 {
		t.Errorf("%+v", v)
	}
}
