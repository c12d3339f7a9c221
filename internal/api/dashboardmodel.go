package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"ledgerline/internal/catalog"
)

// Dashboards and their saved searches are kept as the JSON that came, so that
// what this program does not know survives. Only the members of Oracle's models
// are checked, and those that Oracle's clients need are added when they are missing.
// Source of the models: the official Go SDK v65.129.0, package managementdashboard.

// member is a member of a model. Its empty value tells its type: text, bool, list
// (any elements) or object; anyJSON may be anything and is an object when absent.
type member struct {
	name  string
	empty func() any
}

func emptyText() any   { return "" }
func emptyFlag() any   { return false }
func emptyList() any   { return []any{} }
func emptyObject() any { return map[string]any{} }
func blankImage() any  { return " " }

// anyJSON is an object when absent.
type anyObject map[string]any

func anyJSON() any { return anyObject{} }

// sharedMembers are those of dashboards and saved searches.
func sharedMembers() []member {
	return []member{
		{"displayName", emptyText}, {"description", emptyText}, {"compartmentId", emptyText},
		{"providerId", emptyText}, {"providerName", emptyText}, {"providerVersion", emptyText},
		{"metadataVersion", emptyText}, {"type", emptyText}, {"screenImage", blankImage},
		{"nls", anyJSON}, {"uiConfig", anyJSON}, {"featuresConfig", anyJSON},
		{"dataConfig", emptyList}, {"parametersConfig", emptyList}, {"drilldownConfig", emptyList},
		{"freeformTags", emptyObject}, {"definedTags", emptyObject},
	}
}

func boardMembers(kind catalog.ItemKind) []member {
	if kind == catalog.Dashboard {
		return append(sharedMembers(), member{"tiles", emptyList}, member{"isOobDashboard", emptyFlag}, member{"isShowInHome", emptyFlag},
			member{"isShowDescription", emptyFlag}, member{"isFavorite", emptyFlag})
	}
	return append(sharedMembers(), member{"isOobSavedSearch", emptyFlag}, member{"widgetTemplate", emptyText}, member{"widgetVM", emptyText})
}

// serviceMembers are set by the service whatever a client sends.
var serviceMembers = [...]string{"id", "dashboardId", "savedSearches", "createdBy", "timeCreated", "updatedBy", "timeUpdated", "lifecycleState", "systemTags"}

// summaryMembers is what lists show of a board.
var summaryMembers = [...]string{"displayName", "description", "compartmentId", "providerId", "providerName", "providerVersion", "metadataVersion", "type",
	"screenImage", "nls", "featuresConfig", "freeformTags", "definedTags", "isOobDashboard", "isOobSavedSearch", "uiConfig", "dataConfig", "parametersConfig",
	"widgetTemplate", "widgetVM"}

func boardSummary(b catalog.Item) (map[string]any, error) {
	m, err := parseObject(b.Body)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, name := range summaryMembers {
		heavy := name == "uiConfig" || name == "dataConfig" || name == "parametersConfig"
		if v, ok := m[name]; ok && !(heavy && b.Kind == catalog.Dashboard) {
			out[name] = v
		}
	}
	own(out, b)
	out["builtIn"] = b.BuiltIn // not Oracle's: clients ignore members they do not know
	return out, nil
}

// maxDepth of the JSON of a board; containers of tiles nest two deep.
const maxDepth = 64

// boardDoc is a board as a client describes it.
type boardDoc struct {
	kind     catalog.ItemKind
	id       string // as the client calls it
	body     map[string]any
	searches []string
}

// readBoard checks a description and completes it. where precedes the names of
// members in errors.
func readBoard(kind catalog.ItemKind, m map[string]any, where string) (*boardDoc, error) {
	if err := checkDepth(m, maxDepth); err != nil {
		return nil, err
	}
	d := &boardDoc{kind: kind, body: m}
	idKey := "id"
	if kind == catalog.Dashboard {
		idKey = "dashboardId"
	}
	if id, ok := m[idKey].(string); ok {
		d.id = id
	} else if m[idKey] != nil {
		return nil, invalid("%s%s must be a string", where, idKey)
	}
	for _, name := range serviceMembers {
		delete(m, name)
	}
	if err := complete(m, boardMembers(kind), where); err != nil {
		return nil, err
	}
	if err := checkTags(m, where); err != nil {
		return nil, err
	}
	switch t := d.text("type"); {
	case t == "" && kind == catalog.Dashboard:
		m["type"] = "normal"
	case t == "":
		m["type"] = "WIDGET_SHOW_IN_DASHBOARD"
	case kind == catalog.DashboardSearch && !searchType(t):
		return nil, invalid("%stype %.60q is not one of SEARCH, WIDGET or FILTER followed by _SHOW_IN_DASHBOARD or _DONT_SHOW_IN_DASHBOARD", where, t)
	}
	tiles, _ := m["tiles"].([]any)
	for i, v := range tiles {
		if err := completeTile(v, fmt.Sprintf("%stiles[%d].", where, i)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func searchType(t string) bool {
	what, rest, _ := strings.Cut(t, "_")
	return slices.Contains([]string{"SEARCH", "WIDGET", "FILTER"}, what) && (rest == "SHOW_IN_DASHBOARD" || rest == "DONT_SHOW_IN_DASHBOARD")
}

// complete checks the types of members, and adds those that are missing or null.
func complete(m map[string]any, members []member, where string) error {
	for _, p := range members {
		empty := p.empty()
		v, ok := m[p.name]
		if !ok || v == nil {
			m[p.name] = empty
			continue
		}
		kind := ""
		switch empty.(type) {
		case string:
			if _, ok := v.(string); !ok {
				kind = "a string"
			}
		case bool:
			if _, ok := v.(bool); !ok {
				kind = "true or false"
			}
		case []any:
			if _, ok := v.([]any); !ok {
				kind = "an array"
			}
		case map[string]any:
			if _, ok := v.(map[string]any); !ok {
				kind = "an object"
			}
		}
		if kind != "" {
			return invalid("%s%s must be %s", where, p.name, kind)
		}
	}
	return nil
}

func checkTags(m map[string]any, where string) error {
	free, _ := m["freeformTags"].(map[string]any)
	for _, v := range free {
		if _, ok := v.(string); !ok {
			return invalid("%sfreeformTags must hold strings", where)
		}
	}
	defined, _ := m["definedTags"].(map[string]any)
	for _, v := range defined {
		if _, ok := v.(map[string]any); !ok {
			return invalid("%sdefinedTags must hold objects", where)
		}
	}
	return nil
}

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

// markTiles tells of each tile, also in containers, whether its saved search is
// there.
func markTiles(tiles any, found map[string]bool) {
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
		markTiles(container["subTiles"], found)
	}
}

// searchIDs lists the saved searches that anything in a body refers to.
func searchIDs(body map[string]any) (ids []string) {
	walk(body, func(key, text string) string {
		if key == "savedSearchId" && text != "" {
			ids = append(ids, text)
		}
		return text
	})
	slices.Sort(ids)
	return slices.Compact(ids)
}

// dropUnused forgets saved searches that came with the dashboard and that nothing
// in it refers to any more.
func (d *boardDoc) dropUnused() {
	used := searchIDs(d.body)
	d.searches = slices.DeleteFunc(slices.Clone(d.searches), func(id string) bool { return !slices.Contains(used, id) })
}

func (d *boardDoc) text(name string) string {
	v, _ := d.body[name].(string)
	return v
}

// put stores the board under an id; an empty one makes a new id.
func (d *boardDoc) put(change *catalog.ItemChange, id string, builtIn bool) (catalog.Item, error) {
	body, err := json.Marshal(d.body)
	if err != nil {
		return catalog.Item{}, err
	}
	return change.Put(catalog.Item{Kind: d.kind, ID: id, Name: d.text("displayName"), Compartment: d.text("compartmentId"), BuiltIn: builtIn,
		Body: body, Searches: d.searches})
}

// walk visits every text of a JSON value with the member it stands under, and
// puts what replace returns in its place. Elements of a list stand under the
// member that holds the list.
func walk(v any, replace func(key, text string) string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if text, ok := e.(string); ok {
				v[k] = replace(k, text)
				continue
			}
			if list, ok := e.([]any); ok {
				for i, e := range list {
					if text, ok := e.(string); ok {
						list[i] = replace(k, text)
					}
				}
			}
			walk(e, replace)
		}
	case []any:
		for _, e := range v {
			walk(e, replace)
		}
	}
}

func checkDepth(v any, left int) error {
	if left == 0 {
		return invalid("the JSON nests more than %d deep", maxDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			if err := checkDepth(e, left-1); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := checkDepth(e, left-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseObject reads a JSON object and keeps numbers as they are written.
func parseObject(text []byte) (map[string]any, error) {
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fmt.Errorf("null is no object")
	}
	if d.More() {
		return nil, fmt.Errorf("there is more after the object")
	}
	return m, nil
}

// decodeObject reads a body that is a JSON object.
func (c *call) decodeObject(limit int64) (map[string]any, []byte, error) {
	text, err := c.readBody(limit)
	if err != nil {
		return nil, nil, err
	}
	m, err := parseObject(text)
	if err != nil {
		return nil, nil, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: fmt.Sprintf("the body is not a JSON object: %v", err)}
	}
	return m, text, nil
}
