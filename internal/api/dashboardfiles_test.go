package api

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	md "github.com/oracle/oci-go-sdk/v65/managementdashboard"
)

// sharedDashboards are Oracle's public ones.
func sharedDashboards(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("LEDGERLINE_SHARED")
	if dir == "" {
		dir = "../../../shared/data"
	}
	files, err := filepath.Glob(filepath.Join(dir, "dashboards", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("Oracle's public dashboards are not here: set LEDGERLINE_SHARED to their folder")
	}
	return files
}

// Every public dashboard is imported by the official client, exported, and says
// the same: each member of the file is there, but for ids and compartments, which
// follow one mapping, and what is added is empty.
func TestSDKDashboardFiles(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c := g.boards()
	for i, file := range sharedDashboards(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compartment := fmt.Sprint("ocid1.compartment.oc1..", i)
		for range 2 { // the second time everything is found by its name
			g.importFile(string(text), "overrideSameName=true&overrideDashboardCompartmentOcid="+compartment+"&overrideSavedSearchCompartmentOcid="+compartment)
		}
		list, err := c.ListManagementDashboards(ctx, md.ListManagementDashboardsRequest{CompartmentId: &compartment})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%s: %+v, %v", file, list.Items, err)
		}
		key, err := json.Marshal(map[string][]string{"dashboardIds": {*list.Items[0].Id}})
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.ExportDashboard(ctx, md.ExportDashboardRequest{ExportDashboardId: ptr(string(key)), ExportTags: ptr("true")})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		raw, err := json.Marshal(out.ManagementDashboardExportDetails)
		if err != nil {
			t.Fatal(err)
		}
		code, own := g.local("GET", "/ledgerline/v1/dashboards/actions/export?dashboard="+*list.Items[0].Id, "")
		if code != 200 {
			t.Fatalf("%s: %d %v", file, code, own)
		}
		var before, sdk any
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &sdk); err != nil {
			t.Fatal(err)
		}
		same := meaning{t: t, file: filepath.Base(file), compartment: compartment, ids: map[string]string{}}
		same.compare("", before, any(own))
		// What the client's model knows says the same as well.
		same.subset("", sdk, any(own))
		if b, _ := c.GetManagementDashboard(ctx, md.GetManagementDashboardRequest{ManagementDashboardId: list.Items[0].Id}); b.Id == nil || len(b.SavedSearches) != len(out.Dashboards[0].SavedSearches) {
			t.Errorf("%s: %d saved searches, want %d", file, len(b.SavedSearches), len(out.Dashboards[0].SavedSearches))
		}
	}
}

// meaning compares a file with its export.
type meaning struct {
	t           *testing.T
	file        string
	compartment string
	ids         map[string]string // before → after
}

func (m *meaning) compare(path string, before, after any) {
	m.t.Helper()
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok {
			m.t.Errorf("%s: %s is %T", m.file, path, after)
			return
		}
		for k, v := range b {
			if path == "" && k != "dashboards" || v == nil && a[k] == nil || ignored(path, k) {
				continue
			}
			if a[k] == nil && !empty(v) {
				m.t.Errorf("%s: %s.%s is lost", m.file, path, k)
				continue
			}
			m.compare(path+"."+k, v, a[k])
		}
		for k, v := range a {
			if _, was := b[k]; !was && !empty(v) {
				m.t.Errorf("%s: %s.%s is new: %v", m.file, path, k, v)
			}
		}
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			m.t.Errorf("%s: %s has %d elements, now %T %d", m.file, path, len(b), after, len(a))
			return
		}
		for i := range b {
			m.compare(path+"[]", b[i], a[i])
		}
	case string:
		a, _ := after.(string)
		if a == b {
			return
		}
		last := path[strings.LastIndex(path, ".")+1:]
		switch {
		case last == "id" || last == "dashboardId" || last == "savedSearchId" || last == "internalKey" || last == "customActionSS":
			if was, seen := m.ids[b]; seen && was != a {
				m.t.Errorf("%s: %s %s became %s and %s", m.file, path, b, was, a)
			}
			m.ids[b] = a
		case a == m.compartment: // from another tenancy, or none
		default:
			m.t.Errorf("%s: %s was %q, is %q", m.file, path, b, a)
		}
	default:
		if !reflect.DeepEqual(before, after) {
			m.t.Errorf("%s: %s was %v, is %v", m.file, path, before, after)
		}
	}
}

// ignored members belong to the service; the reference says to leave them.
func ignored(path, key string) bool {
	return !strings.Contains(path, "Config") && slices.Contains([]string{"createdBy", "timeCreated", "updatedBy", "timeUpdated", "lifecycleState", "systemTags"}, key) ||
		path == ".dashboards[]" && key == "id"
}

// empty is what a missing member stands for.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == "" || v == "DEFAULT" || v == "normal"
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// subset reports what a holds and b does not; null and absent are the same.
func (m *meaning) subset(path string, a, b any) {
	m.t.Helper()
	switch v := a.(type) {
	case map[string]any:
		other, _ := b.(map[string]any)
		for k, e := range v {
			if e != nil {
				m.subset(path+"."+k, e, other[k])
			}
		}
	case []any:
		other, _ := b.([]any)
		if len(v) != len(other) {
			m.t.Errorf("%s: %s: %d and %d elements", m.file, path, len(v), len(other))
			return
		}
		for i := range v {
			m.subset(path+"[]", v[i], other[i])
		}
	default:
		if !reflect.DeepEqual(a, b) {
			m.t.Errorf("%s: %s: the client reads %v of %v", m.file, path, a, b)
		}
	}
}
