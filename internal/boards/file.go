package boards

import (
	"fmt"
	"strings"

	"ledgerline/internal/catalog"
)

// MaxDashboards is how many a file may hold.
const MaxDashboards = 200

// File is a file of dashboards, read and checked.
type File struct {
	dashboards []*Board
	searches   []*Board // each once
}

// ReadFile reads {"dashboards":[…]} as Oracle's service exports it; it keeps and
// changes the map. Its errors are those of Read.
func ReadFile(m map[string]any) (*File, error) {
	list, ok := m["dashboards"].([]any)
	switch {
	case !ok:
		return nil, MissingError("dashboards")
	case len(list) > MaxDashboards:
		return nil, invalid("a file may hold at most %d dashboards", MaxDashboards)
	}
	f := &File{}
	seen := map[string]bool{}
	for i, v := range list {
		where := fmt.Sprintf("dashboards[%d].", i)
		d, ok := v.(map[string]any)
		if !ok {
			return nil, invalid("dashboards[%d] must be an object", i)
		}
		searches, ok := d["savedSearches"].([]any)
		if !ok && d["savedSearches"] != nil {
			return nil, invalid("%ssavedSearches must be an array", where)
		}
		doc, err := Read(catalog.Dashboard, d, where)
		if err != nil {
			return nil, err
		}
		if doc.Text("displayName") == "" {
			return nil, MissingError(where + "displayName")
		}
		for n, v := range searches {
			where := fmt.Sprintf("%ssavedSearches[%d].", where, n)
			m, ok := v.(map[string]any)
			if !ok {
				return nil, invalid("%s must be an object", strings.TrimSuffix(where, "."))
			}
			search, err := Read(catalog.DashboardSearch, m, where)
			switch {
			case err != nil:
				return nil, err
			case search.ID == "":
				return nil, MissingError(where + "id")
			case search.Text("displayName") == "":
				search.Body["displayName"] = search.ID
			}
			doc.Searches = append(doc.Searches, search.ID)
			if !seen[search.ID] {
				seen[search.ID] = true
				f.searches = append(f.searches, search)
			}
		}
		f.dashboards = append(f.dashboards, doc)
	}
	return f, nil
}
