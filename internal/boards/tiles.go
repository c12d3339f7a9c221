package boards

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// completeTile is complete for a tile, whose place must be whole numbers. A tile
// may describe itself with null, and its drilldownConfig is of no declared type.
func completeTile(v any, where string) error {
	m, ok := v.(map[string]any)
	if !ok {
		return invalid("%s must be an object", strings.TrimSuffix(where, "."))
	}
	if err := complete(m, []member{{"displayName", emptyText}, {"savedSearchId", emptyText}, {"nls", anyJSON}, {"uiConfig", anyJSON},
		{"dataConfig", emptyList}}, where); err != nil {
		return err
	}
	if m["drilldownConfig"] == nil {
		m["drilldownConfig"] = []any{}
	}
	if d := m["description"]; d != nil {
		if _, ok := d.(string); !ok {
			return invalid("%sdescription must be a string", where)
		}
	}
	for _, name := range []string{"row", "column", "width", "height"} {
		n, ok := m[name].(json.Number)
		if m[name] == nil {
			m[name] = json.Number("0")
			continue
		}
		if i, err := strconv.Atoi(string(n)); !ok || err != nil || i < 0 || i > 1<<20 {
			return invalid("%s%s must be a whole number from 0", where, name)
		}
	}
	switch m["state"] {
	case nil:
		m["state"] = tileDefault
	case tileDefault, tileDeleted, "UNAUTHORIZED":
	default:
		return invalid("%sstate must be DEFAULT, DELETED or UNAUTHORIZED", where)
	}
	return nil
}

// States of a tile.
const (
	tileDefault = "DEFAULT"
	tileDeleted = "DELETED"
)

// widgetPrefix begins the ids of what a dashboard shows without a saved search:
// containers, metric charts and filters.
const widgetPrefix = "OOBSS-management-dashboard-"

// MarkTiles tells of each tile, also in containers, whether its saved search is
// there.
func MarkTiles(tiles any, found map[string]bool) {
	list, _ := tiles.([]any)
	for _, v := range list {
		t, _ := v.(map[string]any)
		id, _ := t["savedSearchId"].(string)
		switch {
		case id == "":
		case !found[id] && !strings.HasPrefix(id, widgetPrefix):
			t["state"] = tileDeleted
		case t["state"] == tileDeleted:
			t["state"] = tileDefault
		}
		config, _ := t["uiConfig"].(map[string]any)
		container, _ := config["containerInfo"].(map[string]any)
		MarkTiles(container["subTiles"], found)
	}
}

// SearchIDs lists the saved searches that anything in a body refers to.
func SearchIDs(body map[string]any) (ids []string) {
	walk(body, func(key, text string) string {
		if key == "savedSearchId" && text != "" {
			ids = append(ids, text)
		}
		return text
	})
	slices.Sort(ids)
	return slices.Compact(ids)
}
