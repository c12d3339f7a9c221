package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/catalog"
)

// Entities are what log entries come from. They are bookkeeping here: nothing is
// collected because of them, and uploads may name them.

// entityOperations are those of entities and their types.
func entityOperations() []operation {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		ns                  = "/20200601/namespaces/{namespaceName}"
		entities            = ns + "/logAnalyticsEntities"
		entity              = entities + "/{logAnalyticsEntityId}"
		types               = ns + "/logAnalyticsEntityTypes"
	)
	return []operation{
		{Method: post, Pattern: entities, Name: "CreateLogAnalyticsEntity", handle: (*Server).createEntity},
		{Method: get, Pattern: entities, Name: "ListLogAnalyticsEntities", handle: (*Server).listEntities},
		{Method: get, Pattern: entities + "/entitySummary", Name: "GetLogAnalyticsEntitiesSummary", handle: (*Server).entitiesSummary},
		{Method: get, Pattern: entity, Name: "GetLogAnalyticsEntity", handle: (*Server).getEntity},
		{Method: put, Pattern: entity, Name: "UpdateLogAnalyticsEntity", handle: (*Server).updateEntity},
		{Method: del, Pattern: entity, Name: "DeleteLogAnalyticsEntity", handle: (*Server).deleteEntity},
		{Method: post, Pattern: entity + "/actions/changeCompartment", Name: "ChangeLogAnalyticsEntityCompartment", handle: (*Server).moveEntity},

		{Method: post, Pattern: types, Name: "CreateLogAnalyticsEntityType", handle: (*Server).createEntityType},
		{Method: get, Pattern: types, Name: "ListLogAnalyticsEntityTypes", handle: (*Server).listEntityTypes},
		{Method: get, Pattern: types + "/{entityTypeName}", Name: "GetLogAnalyticsEntityType", handle: (*Server).getEntityType},
		{Method: put, Pattern: types + "/{entityTypeName}", Name: "UpdateLogAnalyticsEntityType", handle: (*Server).updateEntityType},
		{Method: del, Pattern: types + "/{entityTypeName}", Name: "DeleteLogAnalyticsEntityType", handle: (*Server).deleteEntityType},
	}
}

// maxItems bounds the items of a kind that are listed, since filters look at all
// of them.
const maxItems = 50_000

// allItems returns the items of a kind in a compartment; an empty one is any.
func (s *Server) allItems(ctx context.Context, kind catalog.ItemKind, compartment string) ([]catalog.Item, error) {
	var all []catalog.Item
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		list, next, err := s.Catalog.Items(ctx, kind, catalog.ItemFilter{Compartment: compartment}, page)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if next == "" || len(all) >= maxItems {
			return all, nil
		}
		page.After = next
	}
}

// createItem stores a new item of what a client describes.
func (s *Server) createItem(c *call, text []byte, v catalog.Item, body any, check func(*catalog.ItemChange) error) (catalog.Item, error) {
	retry, err := c.retry(sha256.Sum256(text))
	if err != nil {
		return v, err
	}
	if v.Body, err = json.Marshal(body); err != nil {
		return v, err
	}
	return s.Catalog.ChangeItems(c.r.Context(), c.user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		if check != nil {
			if err := check(change); err != nil {
				return v, err
			}
		}
		return change.Put(v)
	})
}

// updateItem lays the members of the body over those of an item, which into
// receives and checks.
func (s *Server) updateItem(c *call, kind catalog.ItemKind, id string, into any, check func(*catalog.Item) error) (catalog.Item, error) {
	m, _, err := c.decodeObject(s.limits.MaxJSON)
	if err != nil {
		return catalog.Item{}, err
	}
	dropNulls(m)
	text, err := json.Marshal(m)
	if err != nil {
		return catalog.Item{}, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return catalog.Item{}, err
	}
	return s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		v, err := change.Find(kind, id, ifMatch)
		if err != nil {
			return v, err
		}
		if err := json.Unmarshal(v.Body, into); err != nil {
			return v, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return v, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: "the body is not the JSON expected: " + err.Error()}
		}
		if err := check(&v); err != nil {
			return v, err
		}
		if v.Body, err = json.Marshal(into); err != nil {
			return v, err
		}
		return change.Put(v)
	})
}

// removeItem removes an item under its etag.
func (s *Server) removeItem(c *call, kind catalog.ItemKind, id string, check func(*catalog.ItemChange) error) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	_, err = s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		v, err := change.Find(kind, id, ifMatch)
		if err != nil {
			return v, err
		}
		if check != nil {
			if err := check(change); err != nil {
				return v, err
			}
		}
		return v, change.Delete(kind, id)
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// entityDetails is what a client says of an entity; it is kept as it is.
type entityDetails struct {
	Name               string                    `json:"name"`
	CompartmentID      string                    `json:"compartmentId"`
	EntityTypeName     string                    `json:"entityTypeName"`
	ManagementAgentID  string                    `json:"managementAgentId,omitempty"`
	CloudResourceID    string                    `json:"cloudResourceId,omitempty"`
	TimezoneRegion     string                    `json:"timezoneRegion,omitempty"`
	Hostname           string                    `json:"hostname,omitempty"`
	SourceID           string                    `json:"sourceId,omitempty"`
	Properties         map[string]string         `json:"properties"`
	FreeformTags       map[string]string         `json:"freeformTags"`
	DefinedTags        map[string]map[string]any `json:"definedTags"`
	TimeLastDiscovered *time.Time                `json:"timeLastDiscovered,omitempty"`
	Metadata           *entityMetadata           `json:"metadata,omitempty"`
}

type entityMetadata struct {
	Items []metadataItem `json:"items"`
}

type metadataItem struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Type  string `json:"type"`
}

type entityModel struct {
	entityDetails
	ID                     string     `json:"id"`
	EntityTypeInternalName string     `json:"entityTypeInternalName"`
	LifecycleState         string     `json:"lifecycleState"`
	LifecycleDetails       string     `json:"lifecycleDetails"`
	TimeCreated            *time.Time `json:"timeCreated"`
	TimeUpdated            *time.Time `json:"timeUpdated"`
	AreLogsCollected       bool       `json:"areLogsCollected"`
}

func entityOf(v catalog.Item) (entityModel, error) {
	m := entityModel{ID: v.ID, LifecycleState: "ACTIVE", TimeCreated: stamp(v.Created), TimeUpdated: stamp(v.Updated)}
	err := json.Unmarshal(v.Body, &m.entityDetails)
	m.EntityTypeInternalName, m.EntityTypeName = m.EntityTypeName, displayedType(m.EntityTypeName)
	return m, err
}

func answerEntity(v catalog.Item, err error) (*response, error) {
	if err != nil {
		return nil, err
	}
	m, err := entityOf(v)
	if err != nil {
		return nil, err
	}
	return answer(m).with("etag", v.Etag), nil
}

func (s *Server) createEntity(c *call) (*response, error) {
	var d entityDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	for name, v := range map[string]string{"name": d.Name, "compartmentId": d.CompartmentID, "entityTypeName": d.EntityTypeName} {
		if v == "" {
			return nil, missing(name)
		}
	}
	if d.TimezoneRegion != "" {
		if _, err := zone(d.TimezoneRegion); err != nil {
			return nil, err
		}
	}
	if d.EntityTypeName, err = s.entityTypeName(c.r.Context(), d.EntityTypeName); err != nil {
		return nil, err
	}
	return answerEntity(s.createItem(c, ch.text, catalog.Item{Kind: catalog.Entity, Name: d.Name, Compartment: d.CompartmentID}, d, nil))
}

func (s *Server) getEntity(c *call) (*response, error) {
	return answerEntity(s.Catalog.Item(c.r.Context(), catalog.Entity, c.path["logAnalyticsEntityId"]))
}

func (s *Server) updateEntity(c *call) (*response, error) {
	var d entityDetails
	return answerEntity(s.updateItem(c, catalog.Entity, c.path["logAnalyticsEntityId"], &d, func(v *catalog.Item) error {
		d.CompartmentID = v.Compartment // changed by an operation of its own
		v.Name = d.Name
		if d.TimezoneRegion != "" {
			_, err := zone(d.TimezoneRegion)
			return err
		}
		return nil
	}))
}

func (s *Server) moveEntity(c *call) (*response, error) {
	var d entityDetails
	_, err := s.updateItem(c, catalog.Entity, c.path["logAnalyticsEntityId"], &d, func(v *catalog.Item) error {
		v.Compartment = d.CompartmentID
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) deleteEntity(c *call) (*response, error) {
	if _, err := c.flag("isForceDelete"); err != nil {
		return nil, err
	}
	return s.removeItem(c, catalog.Entity, c.path["logAnalyticsEntityId"], nil)
}

func (s *Server) listEntities(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var name, part, cloud, state, details, noAgent, host, hostPart, source string
	if err := c.params(map[string]*string{"name": &name, "nameContains": &part, "cloudResourceId": &cloud, "lifecycleState": &state,
		"lifecycleDetailsContains": &details, "isManagementAgentIdNull": &noAgent, "hostname": &host, "hostnameContains": &hostPart, "sourceId": &source}); err != nil {
		return nil, err
	}
	list, err := s.allItems(c.r.Context(), catalog.Entity, compartment)
	if err != nil {
		return nil, err
	}
	all := make([]entityModel, len(list))
	for i, v := range list {
		if all[i], err = entityOf(v); err != nil {
			return nil, err
		}
	}
	types := c.query["entityTypeName"]
	tags, err := readTagFilters(c)
	if err != nil {
		return nil, err
	}
	is := func(have, want string) bool { return want == "" || strings.EqualFold(have, want) }
	return listItems(c, all, "timeCreated", func(v entityModel) bool {
		agent := noAgent == "" || strings.EqualFold(noAgent, strconv.FormatBool(v.ManagementAgentID == ""))
		kind := len(types) == 0 || slices.ContainsFunc(types, func(t string) bool {
			return strings.EqualFold(t, v.EntityTypeName) || strings.EqualFold(t, v.EntityTypeInternalName)
		})
		return is(v.Name, name) && contains(v.Name, part) && is(v.CloudResourceID, cloud) && is(v.LifecycleState, state) && contains(v.LifecycleDetails, details) &&
			agent && is(v.Hostname, host) && contains(v.Hostname, hostPart) && is(v.SourceID, source) && kind && tags.match(v.entityDetails)
	}, map[string]func(entityModel) string{
		"name":        func(v entityModel) string { return v.Name },
		"timeCreated": func(v entityModel) string { return sortable(v.TimeCreated) + v.ID },
		"timeUpdated": func(v entityModel) string { return sortable(v.TimeUpdated) + v.ID },
	}, func(v entityModel) entityModel { return v })
}

// sortable writes a time so that texts compare as the times do.
func sortable(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000")
}

// tagFilters are the repeatable filters of entities: values of one key are
// alternatives, keys add up.
type tagFilters struct {
	want map[string][]string // filter and key: what would satisfy it
}

func readTagFilters(c *call) (tagFilters, error) {
	f := tagFilters{want: map[string][]string{}}
	for _, name := range []string{"metadataEquals", "definedTagEquals", "freeformTagEquals", "definedTagExists", "freeformTagExists"} {
		sep := "."
		if name == "metadataEquals" {
			sep = ":"
		}
		for _, v := range c.query[name] {
			v = strings.ToLower(v)
			cut := strings.LastIndex(v, sep)
			if name == "metadataEquals" || name == "freeformTagEquals" {
				cut = strings.Index(v, sep)
			}
			if cut <= 0 {
				return f, invalid("%s: %.100q has no %q between name and value", name, v, sep)
			}
			f.want[name+" "+v[:cut]] = append(f.want[name+" "+v[:cut]], v)
		}
	}
	return f, nil
}

func (f tagFilters) match(d entityDetails) bool {
	if len(f.want) == 0 {
		return true
	}
	have := map[string]bool{}
	add := func(text string) { have[strings.ToLower(text)] = true }
	if d.Metadata != nil {
		for _, m := range d.Metadata.Items {
			add(m.Name + ":" + m.Value)
			add(m.Name + ":" + m.Value + ":" + m.Type)
		}
	}
	for k, v := range d.FreeformTags {
		add(k + "." + v)
		add(k + ".true")
	}
	for ns, tags := range d.DefinedTags {
		add(ns + ".true")
		for k, v := range tags {
			add(ns + "." + k + ".true")
			if text, ok := v.(string); ok {
				add(ns + "." + k + "." + text)
			}
		}
	}
	for _, values := range f.want {
		if !slices.ContainsFunc(values, func(v string) bool { return have[v] }) {
			return false
		}
	}
	return true
}

func (s *Server) entitiesSummary(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	list, err := s.allItems(c.r.Context(), catalog.Entity, compartment)
	if err != nil {
		return nil, err
	}
	agents := 0
	for _, v := range list {
		e, err := entityOf(v)
		if err != nil {
			return nil, err
		}
		if e.ManagementAgentID != "" {
			agents++
		}
	}
	// No agent collects for this server.
	return answer(map[string]any{"activeEntitiesCount": len(list), "entitiesWithHasLogsCollectedCount": 0, "entitiesWithManagementAgentCount": agents,
		"compartmentId": compartment}), nil
}

// entityKindModel is Oracle's LogAnalyticsEntityType.
type entityKindModel struct {
	Name           string               `json:"name"`
	InternalName   string               `json:"internalName"`
	Category       string               `json:"category"`
	CloudType      string               `json:"cloudType"`
	LifecycleState string               `json:"lifecycleState"`
	TimeCreated    *time.Time           `json:"timeCreated"`
	TimeUpdated    *time.Time           `json:"timeUpdated"`
	CompartmentID  string               `json:"compartmentId"`
	Properties     []entityTypeProperty `json:"properties"`
	etag           string
}

type entityTypeProperty struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// builtInTypes are Oracle's types met in public content, by internal name.
func builtInTypes() map[string]string {
	return map[string]string{
		"omc_opc_ics_integration": "Oracle Integration", "omc_host_linux": "Host (Linux)", "omc_host_windows": "Host (Windows)",
		"omc_oracle_db_instance": "Oracle Database Instance", "omc_oracle_pdb": "Oracle Pluggable Database", "omc_oracle_cloud_atp": "Autonomous Transaction Processing",
		"omc_oracle_cloud_adw": "Autonomous Data Warehouse", "omc_java_virtual_machine": "Java Virtual Machine",
		"oci_fusion_applications": "Fusion Applications", "oci_generic_resource": "OCI Generic Resource",
	}
}

// displayedType is the name that people see of a type.
func displayedType(internal string) string {
	return cmp.Or(builtInTypes()[internal], internal)
}

// entityTypeName finds the internal name of a type by either of its names.
func (s *Server) entityTypeName(ctx context.Context, name string) (string, error) {
	types, err := s.entityTypes(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range types {
		if strings.EqualFold(t.Name, name) || strings.EqualFold(t.InternalName, name) {
			return t.InternalName, nil
		}
	}
	return "", absent("entity type %.200q is not found; create it, or list those there are", name)
}

func (s *Server) entityTypes(ctx context.Context) ([]entityKindModel, error) {
	var all []entityKindModel
	built := builtInTypes()
	for _, internal := range slices.Sorted(maps.Keys(built)) {
		kind := "NON_CLOUD"
		if strings.HasPrefix(internal, "oci_") || strings.Contains(internal, "_cloud_") || strings.Contains(internal, "_opc_") {
			kind = "CLOUD"
		}
		all = append(all, entityKindModel{Name: built[internal], InternalName: internal, Category: "Undefined", CloudType: kind, LifecycleState: "ACTIVE",
			TimeCreated: stamp(s.started), TimeUpdated: stamp(s.started), CompartmentID: s.opts.Tenancy, Properties: []entityTypeProperty{}})
	}
	list, err := s.allItems(ctx, catalog.EntityType, "")
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		t := entityKindModel{Name: v.Name, InternalName: v.ID, CloudType: "NON_CLOUD", LifecycleState: "ACTIVE", TimeCreated: stamp(v.Created),
			TimeUpdated: stamp(v.Updated), CompartmentID: v.Compartment, etag: v.Etag}
		var d entityTypeDetails
		if err := json.Unmarshal(v.Body, &d); err != nil {
			return nil, err
		}
		t.Category, t.Properties = cmp.Or(d.Category, "Undefined"), d.Properties
		all = append(all, t)
	}
	return all, nil
}

type entityTypeDetails struct {
	Name       string               `json:"name"`
	Category   string               `json:"category"`
	Properties []entityTypeProperty `json:"properties"`
}

// customType is the internal name of a type that a user makes.
func customType(name string) string {
	return "custom_" + strings.ToLower(strings.Join(strings.Fields(name), "_"))
}

func (s *Server) createEntityType(c *call) (*response, error) {
	var d entityTypeDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.Name == "" {
		return nil, missing("name")
	}
	if d.Properties == nil {
		d.Properties = []entityTypeProperty{}
	}
	id := customType(d.Name)
	taken := func() error {
		return &Error{Status: http.StatusConflict, Code: "ResourceAlreadyExists", Message: "an entity type of this name exists already"}
	}
	for internal, name := range builtInTypes() {
		if strings.EqualFold(name, d.Name) || internal == strings.ToLower(d.Name) {
			return nil, taken()
		}
	}
	_, err = s.createItem(c, ch.text, catalog.Item{Kind: catalog.EntityType, ID: id, Name: d.Name, Compartment: s.opts.Tenancy}, d, func(change *catalog.ItemChange) error {
		if _, err := change.Find(catalog.EntityType, id, ""); !errors.Is(err, catalog.ErrNotFound) {
			return errors.Join(err, taken())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) getEntityType(c *call) (*response, error) {
	types, err := s.entityTypes(c.r.Context())
	if err != nil {
		return nil, err
	}
	name := c.path["entityTypeName"]
	for _, t := range types {
		if strings.EqualFold(t.Name, name) || strings.EqualFold(t.InternalName, name) {
			return answer(t).with("etag", cmp.Or(t.etag, "builtin")), nil
		}
	}
	return nil, absent("entity type %.200q is not found", name)
}

// ownType finds the id of a type that users may change.
func (s *Server) ownType(c *call) (string, error) {
	id, err := s.entityTypeName(c.r.Context(), c.path["entityTypeName"])
	if err != nil {
		return "", err
	}
	if _, ok := builtInTypes()[id]; ok {
		return "", &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "built-in entity types cannot be changed"}
	}
	return id, nil
}

func (s *Server) updateEntityType(c *call) (*response, error) {
	id, err := s.ownType(c)
	if err != nil {
		return nil, err
	}
	var d entityTypeDetails
	if _, err := s.updateItem(c, catalog.EntityType, id, &d, func(v *catalog.Item) error { d.Name = v.Name; return nil }); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) deleteEntityType(c *call) (*response, error) {
	id, err := s.ownType(c)
	if err != nil {
		return nil, err
	}
	entities, err := s.allItems(c.r.Context(), catalog.Entity, "")
	if err != nil {
		return nil, err
	}
	for _, v := range entities {
		if e, err := entityOf(v); err == nil && e.EntityTypeInternalName == id {
			return nil, &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "entities of this type exist, such as " + clip(e.Name, 100) + ": delete them first"}
		}
	}
	return s.removeItem(c, catalog.EntityType, id, nil)
}

func (s *Server) listEntityTypes(c *call) (*response, error) {
	var name, part, cloud, state string
	if err := c.params(map[string]*string{"name": &name, "nameContains": &part, "cloudType": &cloud, "lifecycleState": &state}); err != nil {
		return nil, err
	}
	if cloud != "" && !slices.Contains([]string{"ALL", "CLOUD", "NON_CLOUD"}, cloud) {
		return nil, invalid("cloudType must be CLOUD, NON_CLOUD or ALL")
	}
	types, err := s.entityTypes(c.r.Context())
	if err != nil {
		return nil, err
	}
	return listItems(c, types, "name", func(t entityKindModel) bool {
		return (name == "" || strings.EqualFold(name, t.Name)) && contains(t.Name, part) && (cloud == "" || cloud == "ALL" || cloud == t.CloudType) &&
			(state == "" || state == t.LifecycleState)
	}, map[string]func(entityKindModel) string{
		"name":        func(t entityKindModel) string { return t.Name },
		"timeCreated": func(t entityKindModel) string { return sortable(t.TimeCreated) },
		"timeUpdated": func(t entityKindModel) string { return sortable(t.TimeUpdated) },
	}, func(t entityKindModel) entityKindModel { return t })
}
