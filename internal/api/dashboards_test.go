package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	md "github.com/oracle/oci-go-sdk/v65/managementdashboard"

	"ledgerline/internal/catalog"
)

// boards returns the official client of dashboards.
func (g *rig) boards() md.DashxApisClient {
	g.t.Helper()
	c, err := md.NewDashxApisClientWithConfigurationProvider(g.provider())
	if err != nil {
		g.t.Fatal(err)
	}
	c.Host = g.web.URL
	return c
}

func anyOf(v any) *any { return &v }

func details(name string) md.CreateManagementDashboardDetails {
	return md.CreateManagementDashboardDetails{DisplayName: &name, CompartmentId: ptr(tenancy), Description: ptr(""), ProviderId: ptr("log-analytics"),
		ProviderName: ptr("Log Analytics"), ProviderVersion: ptr("3.0.0"), IsOobDashboard: ptr(false), IsShowInHome: ptr(true), MetadataVersion: ptr("2.0"),
		IsShowDescription: ptr(true), ScreenImage: ptr(" "), Nls: anyOf(map[string]any{}), UiConfig: anyOf(map[string]any{"isTimeRangeEnabled": true}),
		DataConfig: []any{}, Type: ptr("normal"), IsFavorite: ptr(false), Tiles: []md.ManagementDashboardTileDetails{}}
}

func searchDetails(name string) md.CreateManagementSavedSearchDetails {
	return md.CreateManagementSavedSearchDetails{DisplayName: &name, CompartmentId: ptr(tenancy), Description: ptr(""), ProviderId: ptr("log-analytics"),
		ProviderName: ptr("Log Analytics"), ProviderVersion: ptr("3.0.0"), IsOobSavedSearch: ptr(false), Nls: anyOf(map[string]any{}),
		Type: md.SavedSearchTypesWidgetShowInDashboard, UiConfig: anyOf(map[string]any{"queryString": "* | stats count"}), DataConfig: []any{},
		ScreenImage: ptr(" "), MetadataVersion: ptr("2.0"), WidgetTemplate: ptr("t"), WidgetVM: ptr("v")}
}

func tileOf(search string) md.ManagementDashboardTileDetails {
	return md.ManagementDashboardTileDetails{DisplayName: ptr("tile"), SavedSearchId: &search, Row: ptr(0), Column: ptr(2), Height: ptr(4), Width: ptr(6),
		Nls: anyOf(map[string]any{}), UiConfig: anyOf(map[string]any{}), DataConfig: []any{}, State: md.ManagementDashboardTileDetailsStateDefault,
		DrilldownConfig: anyOf([]any{})}
}

// The life of a saved search and of a dashboard that shows it, as Terraform leads it.
func TestSDKDashboardLife(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.boards()
	search, err := c.CreateManagementSavedSearch(ctx, md.CreateManagementSavedSearchRequest{CreateManagementSavedSearchDetails: searchDetails("Errors")})
	if err != nil || !strings.HasPrefix(*search.Id, "ocid1.managementsavedsearch.oc1..") || *search.CreatedBy != userID || search.Etag == nil {
		t.Fatalf("%+v, %v", search, err)
	}
	d := details("Overview")
	d.Tiles = append(d.Tiles, tileOf(*search.Id), tileOf("ocid1.managementsavedsearch.oc1..gone"), tileOf("OOBSS-management-dashboard-123"))
	made, err := c.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: d, OpcRetryToken: ptr("once")})
	if err != nil {
		t.Fatal(err)
	}
	if *made.Id != *made.DashboardId || *made.DisplayName != "Overview" || made.LifecycleState != md.LifecycleStatesActive || len(made.SavedSearches) != 1 ||
		*made.SavedSearches[0].Id != *search.Id || made.TimeCreated.Sub(g.now()).Abs() > time.Minute {
		t.Errorf("%+v", made.ManagementDashboard)
	}
	for i, want := range []md.ManagementDashboardTileDetailsStateEnum{"DEFAULT", "DELETED", "DEFAULT"} {
		if got := made.Tiles[i]; got.State != want || *got.Width != 6 {
			t.Errorf("tile %d: %+v, want %s", i, got, want)
		}
	}
	again, err := c.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: d, OpcRetryToken: ptr("once")})
	if err != nil || *again.Id != *made.Id {
		t.Errorf("retried: %v, %v", again.Id, err)
	}
	_, err = c.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: details("Other"), OpcRetryToken: ptr("once")})
	refused(t, err, 409, "InvalidatedRetryToken")

	changed, err := c.UpdateManagementDashboard(ctx, md.UpdateManagementDashboardRequest{ManagementDashboardId: made.Id, IfMatch: made.Etag,
		UpdateManagementDashboardDetails: md.UpdateManagementDashboardDetails{Description: ptr("new"), IsFavorite: ptr(true)}})
	if err != nil || *changed.Description != "new" || !*changed.IsFavorite || *changed.DisplayName != "Overview" || len(changed.Tiles) != 3 || *changed.Etag == *made.Etag {
		t.Fatalf("%+v, %v", changed, err)
	}
	_, err = c.UpdateManagementDashboard(ctx, md.UpdateManagementDashboardRequest{ManagementDashboardId: made.Id, IfMatch: made.Etag})
	refused(t, err, 412, "NoEtagMatch")
	_, err = c.DeleteManagementDashboard(ctx, md.DeleteManagementDashboardRequest{ManagementDashboardId: made.Id, IfMatch: made.Etag})
	refused(t, err, 412, "NoEtagMatch")
	moved, err := c.ChangeManagementDashboardsCompartment(ctx, md.ChangeManagementDashboardsCompartmentRequest{ManagementDashboardId: made.Id,
		ChangeManagementDashboardsCompartmentDetails: md.ChangeManagementDashboardsCompartmentDetails{CompartmentId: ptr("ocid1.compartment.oc1..b")}})
	if err != nil || *moved.CompartmentId != "ocid1.compartment.oc1..b" {
		t.Errorf("%+v, %v", moved.CompartmentId, err)
	}
	if _, err = c.DeleteManagementDashboard(ctx, md.DeleteManagementDashboardRequest{ManagementDashboardId: made.Id, IfMatch: moved.Etag}); err != nil {
		t.Error(err)
	}
	_, err = c.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: made.Id})
	refused(t, err, 404, "NotAuthorizedOrNotFound")

	renamed, err := c.UpdateManagementSavedSearch(ctx, md.UpdateManagementSavedSearchRequest{ManagementSavedSearchId: search.Id, IfMatch: search.Etag,
		UpdateManagementSavedSearchDetails: md.UpdateManagementSavedSearchDetails{DisplayName: ptr("Failures")}})
	if err != nil || *renamed.DisplayName != "Failures" {
		t.Errorf("%+v, %v", renamed, err)
	}
	got, err := c.GetManagementSavedSearch(ctx, md.GetManagementSavedSearchRequest{ManagementSavedSearchId: search.Id})
	if err != nil || *got.DisplayName != "Failures" || *got.Etag != *renamed.Etag || (*got.UiConfig).(map[string]any)["queryString"] != "* | stats count" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = c.ChangeManagementSavedSearchesCompartment(ctx, md.ChangeManagementSavedSearchesCompartmentRequest{ManagementSavedSearchId: search.Id, IfMatch: search.Etag,
		ChangeManagementSavedSearchesCompartmentDetails: md.ChangeManagementSavedSearchesCompartmentDetails{CompartmentId: ptr("c")}})
	refused(t, err, 412, "NoEtagMatch")
	if _, err = c.DeleteManagementSavedSearch(ctx, md.DeleteManagementSavedSearchRequest{ManagementSavedSearchId: search.Id}); err != nil {
		t.Error(err)
	}
	_, err = c.DeleteManagementSavedSearch(ctx, md.DeleteManagementSavedSearchRequest{ManagementSavedSearchId: search.Id})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
}

func TestSDKDashboardLists(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.boards()
	for i := range 5 {
		if _, err := c.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: details(fmt.Sprint("D", 4-i))}); err != nil {
			t.Fatal(err)
		}
		g.advance(time.Second)
	}
	elsewhere := details("D0")
	elsewhere.CompartmentId = ptr("ocid1.compartment.oc1..b")
	if _, err := c.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: elsewhere}); err != nil {
		t.Fatal(err)
	}
	names := func(r md.ListManagementDashboardsRequest) (names []string) {
		t.Helper()
		r.CompartmentId, r.Limit = ptr(tenancy), ptr(2)
		for {
			l, err := c.ListManagementDashboards(ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range l.Items {
				names = append(names, *v.DisplayName)
			}
			if r.Page = l.OpcNextPage; r.Page == nil {
				return names
			}
		}
	}
	for want, r := range map[string]md.ListManagementDashboardsRequest{
		"D0 D1 D2 D3 D4":    {},
		"D4 D3 D2 D1 D0":    {SortOrder: md.ListManagementDashboardsSortOrderAsc},
		"D4 D3 D2 D1 D0 ":   {SortBy: md.ListManagementDashboardsSortByDisplayname, SortOrder: md.ListManagementDashboardsSortOrderDesc},
		"D3":                {DisplayName: ptr("d3")},
		"D0 D0 D1 D2 D3 D4": {CompartmentIdInSubtree: ptr("true")},
	} {
		if got := names(r); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%+v: %v, want %s", r, got, want)
		}
	}
	for _, bad := range []string{"compartmentId=c&sortBy=type", "compartmentId=c&sortOrder=up", "compartmentId=c&limit=0", "compartmentId=c&page=x", ""} {
		if code, m := g.local("GET", "/20200901/managementDashboards?"+bad, ""); code != 400 {
			t.Errorf("%s: %d %v", bad, code, m)
		}
	}
	if _, err := c.CreateManagementSavedSearch(ctx, md.CreateManagementSavedSearchRequest{CreateManagementSavedSearchDetails: searchDetails("S")}); err != nil {
		t.Fatal(err)
	}
	l, err := c.ListManagementSavedSearches(ctx, md.ListManagementSavedSearchesRequest{CompartmentId: ptr(tenancy)})
	if err != nil || len(l.Items) != 1 || *l.Items[0].WidgetVM != "v" || l.Items[0].UiConfig == nil {
		t.Errorf("%+v, %v", l.Items, err)
	}
}

// importFile sends a file as it is: the models of the official client take only
// complete ones.
func (g *rig) importFile(text, parameters string) {
	g.t.Helper()
	if code, m := g.local("POST", "/20200901/managementDashboards/actions/importDashboard?"+parameters, text); code != 204 {
		g.t.Fatalf("%d %v", code, m)
	}
}

const twoSearches = `{"dashboards":[{"dashboardId":"d1","displayName":"Two","compartmentId":"${compartment_ocid}","tiles":[
	{"displayName":"a","savedSearchId":"s1","row":0,"column":0,"width":6,"height":4,"description":null},
	{"displayName":"c","savedSearchId":"OOBSS-management-dashboard-container","row":4,"column":0,"width":6,"height":4,
	 "uiConfig":{"containerInfo":{"subTiles":[{"displayName":"b","savedSearchId":"s2","row":0,"column":0,"width":6,"height":4}]}}}],
	"savedSearches":[{"id":"s1","displayName":"Same","compartmentId":"","uiConfig":{"queryString":"A"}},{"id":"s2","displayName":"Same","uiConfig":{"queryString":"B"}}]}]}`

func TestSDKDashboardImport(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.boards()
	all := func(compartment string) (ids []string) {
		t.Helper()
		l, err := c.ListManagementDashboards(ctx, md.ListManagementDashboardsRequest{CompartmentId: &compartment, SortOrder: "ASC"})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range l.Items {
			ids = append(ids, *v.Id)
		}
		return ids
	}
	for range 2 { // an id that is nobody's makes a new one each time
		g.importFile(twoSearches, "")
		g.advance(time.Second)
	}
	two := all(tenancy)
	if len(two) != 2 {
		t.Fatalf("%v", two)
	}
	one, err := c.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: &two[0]})
	if err != nil || len(one.SavedSearches) != 2 || *one.SavedSearches[0].CompartmentId != tenancy || *one.Tiles[0].SavedSearchId != *one.SavedSearches[0].Id ||
		(*one.SavedSearches[1].UiConfig).(map[string]any)["queryString"] != "B" {
		t.Fatalf("%+v, %v", one, err)
	}
	// By name: the oldest is overwritten, and its two searches of one name are kept apart.
	g.importFile(strings.ReplaceAll(twoSearches, `"queryString":"B"`, `"queryString":"C"`), "overrideSameName=true")
	after, err := c.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: &two[0]})
	if err != nil || len(all(tenancy)) != 2 || len(after.SavedSearches) != 2 || *after.Etag == *one.Etag ||
		(*after.SavedSearches[0].UiConfig).(map[string]any)["queryString"] != "A" || (*after.SavedSearches[1].UiConfig).(map[string]any)["queryString"] != "C" {
		t.Errorf("%+v, %v", after, err)
	}
	// An export is found again by its ids.
	key := fmt.Sprintf(`{"dashboardIds":[%q]}`, two[1])
	out, err := c.ExportDashboard(ctx, md.ExportDashboardRequest{ExportDashboardId: &key})
	if err != nil {
		t.Fatal(err)
	}
	out.Dashboards[0].DisplayName = ptr("Renamed")
	if _, err := c.ImportDashboard(ctx, md.ImportDashboardRequest{ManagementDashboardImportDetails: md.ManagementDashboardImportDetails{Dashboards: out.Dashboards}}); err != nil {
		t.Fatal(err)
	}
	if got, err := c.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: &two[1]}); err != nil || *got.DisplayName != "Renamed" || len(all(tenancy)) != 2 {
		t.Errorf("%+v, %v", got.DisplayName, err)
	}
	_, err = c.ExportDashboard(ctx, md.ExportDashboardRequest{ExportDashboardId: ptr(`{"dashboardIds":["ocid1.x"]}`)})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = c.ExportDashboard(ctx, md.ExportDashboardRequest{ExportDashboardId: ptr(`[]`)})
	refused(t, err, 400, "InvalidParameter")
}

// A file with one bad item changes nothing.
func TestDashboardImportIsWhole(t *testing.T) {
	g := newRig(t)
	good := `{"dashboardId":"g","displayName":"Good"}`
	deep := strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 80)
	for _, bad := range []string{
		`{"dashboardId":"b"}`, `7`, `{"displayName":7}`, `{"displayName":"x","tiles":{}}`, `{"displayName":"x","tiles":[{"row":1.5}]}`,
		`{"displayName":"x","tiles":[{"row":-1}]}`, `{"displayName":"x","tiles":[{"width":"6"}]}`, `{"displayName":"x","tiles":[{"state":"GONE"}]}`,
		`{"displayName":"x","savedSearches":{}}`, `{"displayName":"x","savedSearches":[{"displayName":"no id"}]}`,
		`{"displayName":"x","savedSearches":[{"id":"s","type":"OTHER"}]}`, `{"displayName":"x","isFavorite":"yes"}`, `{"displayName":"x","nls":` + deep + `}`,
		`{"displayName":"x","freeformTags":{"a":1}}`, `{"displayName":"x","definedTags":{"a":"b"}}`, `{"displayName":"a\u0000b"}`,
	} {
		if code, m := g.local("POST", "/ledgerline/v1/dashboards/actions/import", `{"dashboards":[`+good+`,`+bad+`]}`); code != 400 {
			t.Errorf("%s: %d %v", bad, code, m)
		}
	}
	for _, bad := range []string{`null`, `[]`, `{`, `{} {}`, `{"dashboards":{}}`} {
		if code, m := g.local("POST", "/ledgerline/v1/dashboards/actions/import", bad); code != 400 {
			t.Errorf("%s: %d %v", bad, code, m)
		}
	}
	if code, m := g.local("GET", "/ledgerline/v1/dashboards", ""); code != 200 || len(m["items"].([]any)) != 0 {
		t.Errorf("%d %v", code, m)
	}
}

func TestBuiltInDashboards(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.boards()
	file := `{"dashboards":[{"dashboardId":"ledgerline-changes","displayName":"Changes","tiles":[{"displayName":"n","savedSearchId":"OOBSS-n","row":0,"column":0,"width":3,"height":2}],
		"savedSearches":[{"id":"OOBSS-n","displayName":"n","uiConfig":{"queryString":"* | stats count"}}]}]}`
	etags := map[string]bool{}
	for range 2 { // each start installs them
		if err := g.server.InstallDashboards(ctx, []byte(file)); err != nil {
			t.Fatal(err)
		}
		one, err := c.GetOobManagementDashboard(ctx, md.GetOobManagementDashboardRequest{ManagementDashboardId: ptr("ledgerline-changes")})
		if err != nil || len(one.SavedSearches) != 1 || one.Tiles[0].State != "DEFAULT" {
			t.Fatalf("%+v, %v", one, err)
		}
		etags[*one.Etag] = true
	}
	if len(etags) != 1 {
		t.Errorf("etags %v: installing the same again must not change it", etags)
	}
	list, err := c.ListOobManagementDashboards(ctx, md.ListOobManagementDashboardsRequest{CompartmentId: ptr("ocid1.compartment.oc1..any")})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("%+v, %v", list.Items, err)
	}
	searches, err := c.ListOobManagementSavedSearches(ctx, md.ListOobManagementSavedSearchesRequest{CompartmentId: ptr(tenancy)})
	if err != nil || len(searches.Items) != 1 || *searches.Items[0].Id != "OOBSS-n" {
		t.Errorf("%+v, %v", searches.Items, err)
	}
	if _, err := c.GetOobManagementSavedSearch(ctx, md.GetOobManagementSavedSearchRequest{ManagementSavedSearchId: ptr("OOBSS-n")}); err != nil {
		t.Error(err)
	}
	_, err = c.DeleteManagementDashboard(ctx, md.DeleteManagementDashboardRequest{ManagementDashboardId: ptr("ledgerline-changes")})
	refused(t, err, 409, "IncorrectState")
	// A file that uses the name of a built-in one gets its own, and a dashboard of
	// Oracle's that points at a built-in search finds it.
	g.importFile(strings.ReplaceAll(file, `"n"`, `"mine"`), "")
	b, err := g.cat.Item(ctx, catalog.DashboardSearch, "OOBSS-n")
	if err != nil || b.Name != "n" || !b.BuiltIn {
		t.Errorf("%+v, %v", b, err)
	}
	mine, err := c.ListManagementDashboards(ctx, md.ListManagementDashboardsRequest{CompartmentId: ptr(tenancy)})
	if err != nil || len(mine.Items) != 1 || *mine.Items[0].Id == "ledgerline-changes" {
		t.Errorf("%+v, %v", mine.Items, err)
	}
}

// What comes with the program is what the program says so of: neither a client that
// claims it nor a copy of such a board does.
func TestOnlyTheProgramsBoardsAreBuiltIn(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.boards()
	file := `{"dashboards":[{"dashboardId":"ledgerline-changes","displayName":"Changes","tiles":[{"displayName":"n","savedSearchId":"OOBSS-n","row":0,"column":0,"width":3,"height":2}],
		"savedSearches":[{"id":"OOBSS-n","displayName":"n","isOobSavedSearch":true,"uiConfig":{"queryString":"* | stats count"}}]}]}`
	if err := g.server.InstallDashboards(ctx, []byte(file)); err != nil {
		t.Fatal(err)
	}
	claim, search := details("Mine"), searchDetails("Mine")
	claim.IsOobDashboard, search.IsOobSavedSearch = ptr(true), ptr(true)
	made, err := c.CreateManagementDashboard(ctx, md.CreateManagementDashboardRequest{CreateManagementDashboardDetails: claim})
	if err != nil || *made.IsOobDashboard {
		t.Fatalf("%+v, %v", made, err)
	}
	wanted, err := c.CreateManagementSavedSearch(ctx, md.CreateManagementSavedSearchRequest{CreateManagementSavedSearchDetails: search})
	if err != nil || *wanted.IsOobSavedSearch {
		t.Errorf("%+v, %v", wanted, err)
	}
	ours, err := c.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: ptr("ledgerline-changes")})
	if err != nil || !*ours.IsOobDashboard || !*ours.SavedSearches[0].IsOobSavedSearch {
		t.Errorf("%+v, %v", ours, err)
	}
	list, err := c.ListOobManagementDashboards(ctx, md.ListOobManagementDashboardsRequest{CompartmentId: ptr(tenancy)})
	if err != nil || len(list.Items) != 1 || !*list.Items[0].IsOobDashboard {
		t.Errorf("%+v, %v", list.Items, err)
	}
	for id, want := range map[string]bool{"ledgerline-changes": true, *made.DashboardId: false} {
		if code, m := g.local("GET", "/20200901/managementDashboards/"+id, ""); code != 200 || m["builtIn"] != want {
			t.Errorf("%s: %d %v", id, code, m)
		}
	}
	_, err = c.UpdateManagementDashboard(ctx, md.UpdateManagementDashboardRequest{ManagementDashboardId: ptr("ledgerline-changes"),
		UpdateManagementDashboardDetails: md.UpdateManagementDashboardDetails{DisplayName: ptr("x"), IsOobDashboard: ptr(false)}})
	refused(t, err, 409, "IncorrectState")
	_, err = c.UpdateManagementSavedSearch(ctx, md.UpdateManagementSavedSearchRequest{ManagementSavedSearchId: ptr("OOBSS-n"),
		UpdateManagementSavedSearchDetails: md.UpdateManagementSavedSearchDetails{DisplayName: ptr("x")}})
	refused(t, err, 409, "IncorrectState")

	// The copy of a built-in one is its owner's.
	exported, err := c.ExportDashboard(ctx, md.ExportDashboardRequest{ExportDashboardId: ptr(`{"dashboardIds":["ledgerline-changes"]}`)})
	if err != nil || !*exported.Dashboards[0].IsOobDashboard {
		t.Fatalf("%+v, %v", exported, err)
	}
	text, err := json.Marshal(exported.ManagementDashboardExportDetails)
	if err != nil {
		t.Fatal(err)
	}
	g.importFile(string(text), "")
	own, err := c.ListManagementDashboards(ctx, md.ListManagementDashboardsRequest{CompartmentId: ptr(tenancy), DisplayName: ptr("Changes")})
	if err != nil || len(own.Items) != 1 || *own.Items[0].IsOobDashboard {
		t.Fatalf("%+v, %v", own.Items, err)
	}
	if _, err := c.UpdateManagementDashboard(ctx, md.UpdateManagementDashboardRequest{ManagementDashboardId: own.Items[0].Id,
		UpdateManagementDashboardDetails: md.UpdateManagementDashboardDetails{DisplayName: ptr("x")}}); err != nil {
		t.Error(err)
	}
}
