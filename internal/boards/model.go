package boards

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ledgerline/internal/catalog"
)

// Dashboards and their saved searches are kept as the JSON that came, so that
// what this program does not know survives. Only the members of Oracle's models
// are checked, and those that Oracle's clients need are added when they are missing.
// Source of the models: the official Go SDK v65.129.0, package managementdashboard.

// InvalidError says what of a board is not as the models have it.
type InvalidError string

func (e InvalidError) Error() string { return string(e) }

// MissingError names a member that a board must have.
type MissingError string

func (e MissingError) Error() string { return string(e) + " is required" }

func invalid(format string, args ...any) error { return InvalidError(fmt.Sprintf(format, args...)) }

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
var serviceMembers = [...]string{"id", "dashboardId", "savedSearches", "createdBy", "timeCreated", "updatedBy", "timeUpdated", "lifecycleState", "systemTags", "builtIn"}

// summaryMembers is what lists show of a board.
var summaryMembers = [...]string{"displayName", "description", "compartmentId", "providerId", "providerName", "providerVersion", "metadataVersion", "type",
	"screenImage", "nls", "featuresConfig", "freeformTags", "definedTags", "isOobDashboard", "isOobSavedSearch", "uiConfig", "dataConfig", "parametersConfig",
	"widgetTemplate", "widgetVM"}

// Summary is what lists show of the body of a board, less what the service keeps.
func Summary(kind catalog.ItemKind, body map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range summaryMembers {
		heavy := name == "uiConfig" || name == "dataConfig" || name == "parametersConfig"
		if v, ok := body[name]; ok && !(heavy && kind == catalog.Dashboard) {
			out[name] = v
		}
	}
	return out
}

// MarkBuiltIn says in the body of a board whether it came with the program, whatever
// the client that made it claimed.
func MarkBuiltIn(kind catalog.ItemKind, body map[string]any, builtIn bool) {
	if kind == catalog.Dashboard {
		body["isOobDashboard"] = builtIn
	} else {
		body["isOobSavedSearch"] = builtIn
	}
}

// maxDepth of the JSON of a board; containers of tiles nest two deep.
const maxDepth = 64

// Board is a dashboard or a saved search as a client describes it.
type Board struct {
	Kind     catalog.ItemKind
	ID       string         // as the client calls it
	Body     map[string]any // its model, complete but for what the service sets
	Searches []string       // of a dashboard: the ids of the saved searches that came with it
}

// Read checks a description and completes it; it keeps and changes the map. where
// precedes the names of members in errors, which are InvalidError or MissingError.
func Read(kind catalog.ItemKind, m map[string]any, where string) (*Board, error) {
	if err := checkDepth(m, maxDepth); err != nil {
		return nil, err
	}
	d := &Board{Kind: kind, Body: m}
	idKey := "id"
	if kind == catalog.Dashboard {
		idKey = "dashboardId"
	}
	if id, ok := m[idKey].(string); ok {
		d.ID = id
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
	switch t := d.Text("type"); {
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

// DropUnused forgets saved searches that came with the dashboard and that nothing
// in it refers to any more.
func (d *Board) DropUnused() {
	used := SearchIDs(d.Body)
	d.Searches = slices.DeleteFunc(slices.Clone(d.Searches), func(id string) bool { return !slices.Contains(used, id) })
}

// Text is a member of the body that is a text.
func (d *Board) Text(name string) string {
	v, _ := d.Body[name].(string)
	return v
}

// Put stores the board under an id; an empty one makes a new id.
func (d *Board) Put(change *catalog.ItemChange, id string, builtIn bool) (catalog.Item, error) {
	body, err := json.Marshal(d.Body)
	if err != nil {
		return catalog.Item{}, err
	}
	return change.Put(catalog.Item{Kind: d.Kind, ID: id, Name: d.Text("displayName"), Compartment: d.Text("compartmentId"), BuiltIn: builtIn,
		Body: body, Searches: d.Searches})
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
