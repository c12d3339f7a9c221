package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/query/syntax"
)

func TestSDKFilter(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	apply := func(text string, filters ...loganalytics.Filter) (loganalytics.FilterResponse, error) {
		return c.Filter(ctx, loganalytics.FilterRequest{NamespaceName: ptr("demo"), FilterDetails: loganalytics.FilterDetails{QueryString: &text,
			SubSystem: loganalytics.SubSystemNameLog, Filters: filters}})
	}
	op := func(operator loganalytics.FilterOperatorEnum, values ...any) loganalytics.Filter {
		return loganalytics.Filter{Operator: operator, FieldName: ptr("User Name"), Values: values}
	}
	for _, k := range []struct {
		text   string
		filter loganalytics.Filter
		want   string
	}{
		{"* | stats count", op("EQUALS", "ann"), "'User Name' = ann | stats count"},
		{"x", op("EQUALS", "a", "b c"), "x and 'User Name' in (a, 'b c')"},
		{"*", op("EQUALS", nil), "'User Name' = null"},
		{"x or y", op("NOT_EQUALS", "a"), "(x or y) and 'User Name' != a"},
		{"*", op("NOT_EQUALS", "a", 5), "'User Name' not in (a, '5')"},
		{"*", op("STARTS_WITH", "50%"), `'User Name' like '50\%%'`},
		{"*", op("DOES_NOT_START_WITH", "a"), "'User Name' not like 'a%'"},
		{"*", op("ENDS_WITH", "a"), "'User Name' like '%a'"},
		{"*", op("DOES_NOT_END_WITH", "a"), "'User Name' not like '%a'"},
		{"*", op("CONTAINS", "it's", "b"), `'User Name' like in ('%it\'s%', '%b%')`},
		{"*", op("DOES_NOT_CONTAIN", "a"), "'User Name' not like '%a%'"},
		{"*", op("IS_LESS_THAN", "a"), "'User Name' < a"},
		{"*", op("IS_LESS_THAN_OR_EQUAL_TO", "a"), "'User Name' <= a"},
		{"*", op("IS_GREATER_THAN", "a"), "'User Name' > a"},
		{"*", op("IS_GREATER_THAN_OR_EQUAL_TO", "a"), "'User Name' >= a"},
		{"*", op("IS_BETWEEN", "a", "b"), "'User Name' between a and b"},
		{"*", op("IS_NOT_BETWEEN", "a", "b"), "'User Name' not between a and b"},
		{"'user name' = a and x and ('User Name' like 'b%' or 'User Name' = c) | head", op("CLEAR"), "x | head"},
		{"'User Name' = a", op("CLEAR"), "*"},
		{"x and 'User Name' = a", op("REPLACE", "b"), "x and 'User Name' = b"},
		{"('User Name' = a or x)", op("CLEAR"), "'User Name' = a or x"}, // one on more than the field
		{"x", op("ADD_SUBQUERY", "[ y | distinct 'User Name' ]"), "x and [ y | distinct 'User Name' ]"},
		{"x and [ y | distinct 'User Name' ]", op("CLEAR_SUBQUERY"), "x"},
		{"searchlookup table = T", op("EQUALS", "a"), "searchlookup table = T | search 'User Name' = a"},
		{"*", loganalytics.Filter{Operator: "IS_GREATER_THAN", FieldName: ptr("time"), Values: []any{begin.UnixMilli()}}, "Time > '2024-05-01T10:00:00.000Z'"},
	} {
		out, err := apply(k.text, k.filter)
		if err != nil {
			t.Errorf("%s %s: %v", k.text, k.filter.Operator, err)
			continue
		}
		q, err := syntax.Parse(*out.DisplayQueryString)
		if err != nil || q.String() != *out.DisplayQueryString || *out.DisplayQueryString != k.want {
			t.Errorf("%s %s %v: %s (%v), want %s", k.text, k.filter.Operator, k.filter.Values, *out.DisplayQueryString, err, k.want)
		}
		if want := strings.ReplaceAll(k.want, "'User Name'", g.field("User Name")); k.filter.FieldName != nil && *k.filter.FieldName == "User Name" && *out.InternalQueryString != want {
			t.Errorf("internal %s, want %s", *out.InternalQueryString, want)
		}
	}
	for _, bad := range []loganalytics.Filter{op("EQUALS"), op("IS_LESS_THAN", "a", "b"), op("IS_BETWEEN", "a"), {Operator: "EQUALS"}, op("EQUALS", map[string]any{}), op("ADD_SUBQUERY", "| x")} {
		_, err := apply("*", bad)
		if err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestSDKSuggest(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	suggest := func(text string) loganalytics.SuggestOutput {
		t.Helper()
		out, err := c.Suggest(ctx, loganalytics.SuggestRequest{NamespaceName: ptr("demo"), SuggestDetails: loganalytics.SuggestDetails{CompartmentId: ptr(tenancy), QueryString: &text, SubSystem: loganalytics.SubSystemNameLog}})
		if err != nil {
			t.Fatal(err)
		}
		return out.SuggestOutput
	}
	if out := suggest("* | stat"); *out.Position != 4 || fmt.Sprint(out.Commands) != "[stats]" {
		t.Errorf("%+v", out)
	}
	if out := suggest("* | stats count by 'user n"); *out.Position != 19 || !slices.Contains(out.Fields, "'User Name'") {
		t.Errorf("%+v", out)
	}
	if out := suggest("* | timestats "); !slices.Contains(out.Options, "span = ") || !slices.Contains(out.Terms, "count") || len(out.Examples) != 1 {
		t.Errorf("%+v", out)
	}
	if out := suggest("'Grüße' = x and 'Log Source' = 'OCI Int"); *out.Position != 31 || !slices.Contains(out.FieldValues, "'"+auditLog+"'") {
		t.Errorf("%+v", out)
	}
	// The store's records are old; a server of their time finds their values.
	g.server.opts.Clock = func() time.Time { return begin.Add(time.Hour) }
	code, m := g.local("POST", nsPath+"/search/actions/suggest", `{"compartmentId":"c","subSystem":"LOG","queryString":"'User Name' = B"}`)
	if values := m["fieldValues"]; code != 200 || fmt.Sprint(values) != "['bo@example.com']" {
		t.Errorf("%d %v", code, m)
	}
}
