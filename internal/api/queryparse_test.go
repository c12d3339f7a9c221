package api

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/query/syntax"
)

func parseRequest(text string) loganalytics.ParseQueryRequest {
	return loganalytics.ParseQueryRequest{NamespaceName: ptr("demo"), ParseQueryDetails: loganalytics.ParseQueryDetails{QueryString: &text, SubSystem: loganalytics.SubSystemNameLog}}
}

func TestSDKParseQuery(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	user, op := g.field("User Name"), g.field("Resource Operations")
	p, err := c.ParseQuery(ctx, parseRequest("'resource operations'=DELETE|where length('User Name')>3|stats count as n,max(Time) by 'User Name'|sort -n|head limit=5"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "'resource operations' = DELETE | where length('User Name') > 3 | stats count as n, max(Time) by 'User Name' | sort -n | head limit = 5"; *p.DisplayQueryString != want {
		t.Errorf("%s, want %s", *p.DisplayQueryString, want)
	}
	if want := fmt.Sprintf("%s = DELETE | where length(%s) > 3 | stats count as n, max(time) by %s | sort -n | head limit = 5", op, user, user); *p.InternalQueryString != want {
		t.Errorf("%s, want %s", *p.InternalQueryString, want)
	}
	if len(p.Columns) != 3 || len(p.Commands) != 5 || p.TimeFilter != nil {
		t.Fatalf("%d columns, %d commands, %v", len(p.Columns), len(p.Commands), p.TimeFilter)
	}
	search, ok := p.Commands[0].(loganalytics.SearchCommandDescriptor)
	if !ok || len(search.ReferencedFields) != 1 || *search.ReferencedFields[0].GetInternalName() != op {
		t.Errorf("%+v", p.Commands[0])
	}
	stats, ok := p.Commands[2].(loganalytics.StatsCommandDescriptor)
	if !ok || len(stats.Functions) != 2 || *stats.Functions[0].Function != "count" || *stats.Functions[0].Alias != "n" || len(stats.GroupByFields) != 1 ||
		*stats.GroupByFields[0].GetDisplayName() != "User Name" || len(stats.DeclaredFields) != 1 {
		t.Errorf("%+v", p.Commands[2])
	}
	if arg, ok := stats.Functions[1].Arguments[0].(loganalytics.FieldArgument); !ok || *arg.Value.GetInternalName() != "time" {
		t.Errorf("%+v", stats.Functions[1].Arguments)
	}
	sort, ok := p.Commands[3].(loganalytics.SortCommandDescriptor)
	if !ok {
		t.Fatalf("%T", p.Commands[3])
	}
	if f, ok := sort.ReferencedFields[0].(loganalytics.SortField); !ok || f.Direction != loganalytics.SortFieldDirectionDescending || !*f.IsDeclared {
		t.Errorf("%+v", sort.ReferencedFields)
	}
	if head, ok := p.Commands[4].(loganalytics.HeadCommandDescriptor); !ok || *head.Limit != 5 {
		t.Errorf("%+v", p.Commands[4])
	}

	p, err = c.ParseQuery(ctx, parseRequest("Time between '2024-05-01T10:00:00Z' and '2024-05-01T11:00:00Z'"))
	if err != nil || p.TimeFilter == nil || !p.TimeFilter.TimeStart.Equal(begin) {
		t.Errorf("%+v, %v", p.TimeFilter, err)
	}
	_, err = c.ParseQuery(ctx, parseRequest("* | stats cuont"))
	refused(t, err, 400, "InvalidParameter")
	_, err = c.ParseQuery(ctx, parseRequest("'User Nam' = x"))
	if err == nil || !strings.Contains(err.Error(), "User Name") {
		t.Errorf("no suggestion: %v", err)
	}
}

// Every command of the language has a descriptor that the official client knows.
func TestDescriptorsOfAllCommands(t *testing.T) {
	g := newRig(t)
	for _, info := range syntax.CommandInfos() {
		text := fmt.Sprintf(`{"displayQueryString":"","internalQueryString":"","commands":[{"name":%q,"displayQueryString":"","internalQueryString":""}]}`, descriptorName(info.Name))
		var out loganalytics.ParseQueryOutput
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		if name := reflect.TypeOf(out.Commands[0]).Name(); !strings.EqualFold(name, info.Name+"CommandDescriptor") {
			t.Errorf("%s is taken for %s", info.Name, name)
		}
	}
	for text, want := range map[string]any{
		"* | link span = 5minutes includenulls = true 'User Name' | addfields [ * | where 'User Name' = x | stats count as n ]": loganalytics.AddFieldsCommandDescriptor{},
		"* | link a | classify topcount = 3 correlate = -*, c 'Start Time', n as Chart":                                         loganalytics.ClassifyCommandDescriptor{},
		"* | bucket span = 2.5 n small = 0 - 10, others = rest":                                                                 loganalytics.BucketCommandDescriptor{},
		"* | timestats span = 1hour count by 'User Name'":                                                                       loganalytics.TimeStatsCommandDescriptor{},
		"* | geostats include = client, server count":                                                                           loganalytics.GeoStatsCommandDescriptor{},
		"* | link a | createtable name = T select a":                                                                            loganalytics.CreateTableCommandDescriptor{},
		"* | highlightgroups color = red priority = high matchonly = a [ * | where a = 1 ]":                                     loganalytics.HighlightGroupsCommandDescriptor{},
		"* | fields -*, 'User Name' as u":                                                                                       loganalytics.FieldsCommandDescriptor{},
		"* | fieldsummary maxvalues = 3 'User Name'":                                                                            loganalytics.FieldSummaryCommandDescriptor{},
		"* | clustercompare timeshift = -1day":                                                                                  loganalytics.ClusterCompareCommandDescriptor{},
	} {
		q, err := syntax.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		encoded, err := json.Marshal(g.server.parsed(q, nil))
		if err != nil {
			t.Fatal(err)
		}
		var out loganalytics.ParseQueryOutput
		if err := json.Unmarshal(encoded, &out); err != nil {
			t.Errorf("%s: %v\n%s", text, err, encoded)
			continue
		}
		last := out.Commands[len(out.Commands)-1]
		if reflect.TypeOf(last) != reflect.TypeOf(want) {
			t.Errorf("%s: %T, want %T", text, last, want)
		}
		switch d := last.(type) {
		case loganalytics.AddFieldsCommandDescriptor:
			if len(d.SubQueries) != 1 || len(d.SubQueries[0].Commands) != 3 {
				t.Errorf("%+v", d)
			}
			if !strings.Contains(*out.InternalQueryString, "where "+g.field("User Name")+" = x") {
				t.Errorf("%s", *out.InternalQueryString)
			}
		case loganalytics.BucketCommandDescriptor:
			if *d.Span != 2.5 || *d.Ranges[0].Upper != 10 || *d.DefaultValue != "rest" {
				t.Errorf("%+v", d)
			}
		case loganalytics.GeoStatsCommandDescriptor:
			if d.Include != loganalytics.GeoStatsCommandDescriptorIncludeClientAndServer {
				t.Errorf("%+v", d)
			}
		}
		if _, err := syntax.Parse(*out.InternalQueryString); err != nil {
			t.Errorf("%s: %v", *out.InternalQueryString, err)
		}
	}
}
