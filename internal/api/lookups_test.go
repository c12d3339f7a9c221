package api

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"
)

func body(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// window asks for all records of a realRig.
func window(r *loganalytics.QueryRequest) {
	r.TimeFilter = &loganalytics.TimeRange{TimeStart: &common.SDKTime{Time: begin}, TimeEnd: &common.SDKTime{Time: begin.Add(time.Hour)}}
}

func TestSDKLookups(t *testing.T) {
	g, ctx := realRig(t), context.Background()
	c := g.sdk()
	register := loganalytics.RegisterLookupRequest{NamespaceName: ptr("demo"), Type: loganalytics.RegisterLookupTypeLookup, Name: ptr("teams/all"),
		Description: ptr("who works where"), RegisterLookupContentFileBody: body("user,team\nann@example.com,red\nBO@example.com,blue\n"), OpcRetryToken: ptr("once")}
	made, err := c.RegisterLookup(ctx, register)
	if err != nil {
		t.Fatal(err)
	}
	if *made.Name != "teams/all" || made.Type != loganalytics.LogAnalyticsLookupTypeLookup || *made.StatusSummary.Status != "SUCCESSFUL" || *made.IsBuiltIn != 0 ||
		len(made.Fields) != 2 || *made.Fields[1].Name != "team" || *made.Fields[1].Position != 2 {
		t.Errorf("%+v", made.LogAnalyticsLookup)
	}
	register.RegisterLookupContentFileBody = body("user,team\nann@example.com,red\nBO@example.com,blue\n")
	if again, err := c.RegisterLookup(ctx, register); err != nil || *again.Id != *made.Id {
		t.Errorf("the same retry token: %v, %v", again.LogAnalyticsLookup, err)
	}
	register.RegisterLookupContentFileBody = body("other\n")
	_, err = c.RegisterLookup(ctx, register)
	refused(t, err, 409, "InvalidatedRetryToken")
	register.OpcRetryToken, register.RegisterLookupContentFileBody = ptr("twice"), body("other\n")
	_, err = c.RegisterLookup(ctx, register)
	refused(t, err, 409, "ResourceAlreadyExists")
	register.Name, register.Type, register.OpcRetryToken = ptr("d"), loganalytics.RegisterLookupTypeDictionary, nil
	register.RegisterLookupContentFileBody = body("other\n")
	_, err = c.RegisterLookup(ctx, register)
	refused(t, err, 501, notImplementedCode)

	// Names of lookups match without letter case, values too, and every record stays.
	text := "* | lookup table = 'Teams/All' select team using 'User Name' = user | stats count as n by team | sort team"
	want := []map[string]any{{"team": "blue", "n": 10.0}, {"team": "red", "n": 10.0}, {"n": 10.0}}
	byTeam := func() []map[string]any {
		t.Helper()
		r, err := c.Query(ctx, queryRequest(text, window))
		if err != nil {
			t.Fatal(err)
		}
		return r.Items
	}
	if got := byTeam(); !sameRows(got, want) {
		t.Errorf("%v, want %v", got, want)
	}

	add := loganalytics.AppendLookupDataRequest{NamespaceName: ptr("demo"), LookupName: ptr("teams/all"), IfMatch: ptr("no"), AppendLookupFileBody: body("cy@example.com,red\n")}
	_, err = c.AppendLookupData(ctx, add)
	refused(t, err, 412, "NoEtagMatch")
	add.IfMatch, add.AppendLookupFileBody = made.Etag, body("cy@example.com,red\n")
	added, err := c.AppendLookupData(ctx, add)
	if err != nil {
		t.Fatal(err)
	}
	work, err := c.GetConfigWorkRequest(ctx, loganalytics.GetConfigWorkRequestRequest{NamespaceName: ptr("demo"), WorkRequestId: added.OpcWorkRequestId})
	if err != nil || work.LifecycleState != loganalytics.LogAnalyticsConfigWorkRequestLifecycleStateSucceeded || *work.PercentComplete != 100 ||
		work.OperationType != loganalytics.LogAnalyticsConfigWorkRequestOperationTypeAppendLookupData || *work.Payload[0].LookupReference != *made.LookupReference {
		t.Errorf("%+v, %v", work.LogAnalyticsConfigWorkRequest, err)
	}
	if got, want := byTeam(), []map[string]any{{"team": "blue", "n": 10.0}, {"team": "red", "n": 20.0}}; !sameRows(got, want) {
		t.Errorf("%v, want %v", got, want)
	}

	// Windows-1252: 0xfc is u with diaeresis.
	replace := loganalytics.UpdateLookupDataRequest{NamespaceName: ptr("demo"), LookupName: ptr("teams/all"), CharEncoding: ptr("windows-1252"), UpdateLookupFileBody: body("user,team\nann@example.com,gr\xfcn\n")}
	if _, err := c.UpdateLookupData(ctx, replace); err != nil {
		t.Fatal(err)
	}
	r, err := c.Query(ctx, queryRequest("searchlookup table = 'teams/all'", window))
	if err != nil || !reflect.DeepEqual(r.Items, []map[string]any{{"user": "ann@example.com", "team": "grün"}}) {
		t.Errorf("%v, %v", r.Items, err)
	}
	replace.UpdateLookupFileBody, replace.CharEncoding = body("user,squad\n"), nil
	_, err = c.UpdateLookupData(ctx, replace)
	refused(t, err, 400, "InvalidParameter")
	replace.IsForce, replace.UpdateLookupFileBody = ptr(true), body("user,squad\nx,y\n")
	if _, err := c.UpdateLookupData(ctx, replace); err != nil {
		t.Error(err)
	}

	list, err := c.ListLookups(ctx, loganalytics.ListLookupsRequest{NamespaceName: ptr("demo"), Type: loganalytics.ListLookupsTypeLookup, LookupDisplayText: ptr("WORKS"), SortBy: loganalytics.ListLookupsSortByUpdatedtime})
	if err != nil || len(list.Items) != 1 || len(list.Items[0].Fields) != 2 || *list.Items[0].Fields[1].Name != "squad" || *list.Items[0].ActiveEditVersion != 4 {
		t.Errorf("%+v, %v", list.Items, err)
	}
	change := loganalytics.UpdateLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("Teams/All"), IfMatch: made.Etag,
		UpdateLookupMetadataDetails: loganalytics.UpdateLookupMetadataDetails{Description: ptr("of old"), MaxMatches: ptr(int64(1)), FreeformTags: map[string]string{"a": "b"},
			Fields: []loganalytics.LogAnalyticsLookupFields{{Name: ptr("squad"), Position: ptr(int64(2)), MatchOperator: ptr("EQUAL")}}}}
	_, err = c.UpdateLookup(ctx, change)
	refused(t, err, 412, "NoEtagMatch")
	now, err := c.GetLookup(ctx, loganalytics.GetLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("teams/all")})
	if err != nil {
		t.Fatal(err)
	}
	change.IfMatch, change.OpcRetryToken = now.Etag, ptr("details")
	for range 2 { // the second is the same retry
		changed, err := c.UpdateLookup(ctx, change)
		if err != nil || *changed.Description != "of old" || changed.FreeformTags["a"] != "b" || *changed.EditVersion != 5 || len(changed.Fields) != 2 {
			t.Errorf("%+v, %v", changed.LogAnalyticsLookup, err)
		}
	}
	change.IfMatch, change.OpcRetryToken = nil, nil
	change.UpdateLookupMetadataDetails = loganalytics.UpdateLookupMetadataDetails{MaxMatches: ptr(int64(3)), DefaultMatchValue: ptr("unknown"),
		Fields: []loganalytics.LogAnalyticsLookupFields{{Name: ptr("squad"), DefaultMatchValue: ptr("none")}}}
	if got, err := c.UpdateLookup(ctx, change); err != nil || *got.Fields[1].DefaultMatchValue != "none" || got.Fields[0].DefaultMatchValue != nil || *got.Description != "of old" {
		t.Errorf("%+v, %v", got.LogAnalyticsLookup, err)
	}
	for _, bad := range []loganalytics.UpdateLookupMetadataDetails{
		{MaxMatches: ptr(int64(0))}, {MaxMatches: ptr(int64(1001))}, {Categories: []loganalytics.LogAnalyticsCategory{{Name: ptr("c")}}},
		{Fields: []loganalytics.LogAnalyticsLookupFields{{Name: ptr("team")}}},
		{Fields: []loganalytics.LogAnalyticsLookupFields{{Name: ptr("squad"), MatchOperator: ptr("CONTAINS")}}},
		{Fields: []loganalytics.LogAnalyticsLookupFields{{Name: ptr("squad"), Position: ptr(int64(1))}}},
		{Description: ptr(strings.Repeat("x", 10_000))},
	} {
		change.UpdateLookupMetadataDetails = bad
		_, err = c.UpdateLookup(ctx, change)
		refused(t, err, 400, "InvalidParameter")
	}
	if got, err := c.GetLookup(ctx, loganalytics.GetLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("teams/all")}); err != nil || *got.Description != "of old" || got.FreeformTags["a"] != "b" {
		t.Errorf("%+v, %v", got.LogAnalyticsLookup, err)
	}
	if l, err := g.cat.Lookup(ctx, "teams/all"); err != nil || l.Matching.MaxMatches != 3 || l.Matching.Default != "unknown" || l.Matching.Defaults["squad"] != "none" {
		t.Errorf("%+v, %v", l.Matching, err)
	}
	one, err := c.GetLookup(ctx, loganalytics.GetLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("TEAMS/all")})
	if err != nil || *one.Id != *made.Id || *one.Etag == *made.Etag {
		t.Errorf("%+v, %v", one, err)
	}
	if code, m := g.local("PUT", "/ledgerline/v1/searches/by%20team", `{"query":"* | lookup table = 'teams/ALL' select squad using 'User Name' = user"}`); code != 200 {
		t.Fatalf("%d %v", code, m)
	}
	drop := loganalytics.DeleteLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("teams/all")}
	_, err = c.DeleteLookup(ctx, drop)
	refused(t, err, 409, "Conflict")
	drop.IsForce = ptr(true)
	gone, err := c.DeleteLookup(ctx, drop)
	if err != nil || gone.OpcWorkRequestId == nil {
		t.Errorf("%+v, %v", gone, err)
	}
	_, err = c.GetLookup(ctx, loganalytics.GetLookupRequest{NamespaceName: ptr("demo"), LookupName: ptr("teams/all")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	works, err := c.ListConfigWorkRequests(ctx, loganalytics.ListConfigWorkRequestsRequest{NamespaceName: ptr("demo"), CompartmentId: ptr(tenancy)})
	if err != nil || len(works.Items) != 4 {
		t.Errorf("%+v, %v", works.Items, err)
	}
}

// sameRows compares rows in any order.
func sameRows(got, want []map[string]any) bool {
	if len(got) != len(want) {
		return false
	}
	used := make([]bool, len(got))
next:
	for _, w := range want {
		for i, g := range got {
			if !used[i] && reflect.DeepEqual(g, w) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}
