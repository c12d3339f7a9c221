package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/catalog"
)

// Entities are what log entries come from. They are bookkeeping here: nothing is
// collected because of them, and uploads may name them. associations.go says which
// log sources read them, entitylinks.go what they have to do with each other.

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
	AssociatedSourcesCount *int       `json:"associatedSourcesCount,omitempty"` // when it is asked for
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
	v, err := s.Catalog.Item(c.r.Context(), catalog.Entity, c.path["logAnalyticsEntityId"])
	if err != nil {
		return nil, err
	}
	list := make([]entityModel, 1)
	if list[0], err = entityOf(v); err != nil {
		return nil, err
	}
	if err := s.countSources(c, v.Compartment, list); err != nil {
		return nil, err
	}
	return answer(list[0]).with("etag", v.Etag), nil
}

// namedEntity is the name and the type of the entity that an upload names by its
// OCID. Nobody needs to have created it: then it is called what the upload calls it.
func (s *Server) namedEntity(ctx context.Context, id string) (name, kind string, err error) {
	if id == "" {
		return "", "", nil
	}
	v, err := s.Catalog.Item(ctx, catalog.Entity, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return id, "", nil
	}
	if err != nil {
		return "", "", err
	}
	m, err := entityOf(v)
	return m.Name, m.EntityTypeName, err
}

// countSources says with how many log sources entities are associated, as far as
// the caller may know of it, when that is asked for.
func (s *Server) countSources(c *call, compartment string, entities []entityModel) error {
	wanted, err := c.flag("isShowAssociatedSourcesCount")
	if err != nil || !wanted {
		return err
	}
	list, err := s.associations(c, compartment)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, a := range list {
		counts[a.EntityID]++
	}
	for i := range entities {
		n := counts[entities[i].ID]
		entities[i].AssociatedSourcesCount = &n
	}
	return nil
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

// deleteEntity removes an entity with what links it to others and to log sources.
// One with associations that the caller may know of goes by force alone.
func (s *Server) deleteEntity(c *call) (*response, error) {
	force, err := c.flag("isForceDelete")
	if err != nil {
		return nil, err
	}
	id := c.path["logAnalyticsEntityId"]
	associated, err := s.associations(c, "")
	if err != nil {
		return nil, err
	}
	if !force && slices.ContainsFunc(associated, func(a associationModel) bool { return a.EntityID == id }) {
		return nil, &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "the entity is associated with log sources: delete its associations, or set isForceDelete"}
	}
	return s.removeItem(c, catalog.Entity, id, func(change *catalog.ItemChange) error { return change.DeleteOf(id) })
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
	var origin string
	if err := c.params(map[string]*string{"creationSourceDetails": &origin}); err != nil {
		return nil, err
	}
	// Entities are made by clients only, which Oracle calls NONE.
	origins := c.query["creationSourceType"]
	made := origin == "" && (len(origins) == 0 || slices.Contains(origins, "NONE"))
	if err := s.countSources(c, compartment, all); err != nil {
		return nil, err
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
		return made && is(v.Name, name) && contains(v.Name, part) && is(v.CloudResourceID, cloud) && is(v.LifecycleState, state) && contains(v.LifecycleDetails, details) &&
			agent && is(v.Hostname, host) && contains(v.Hostname, hostPart) && is(v.SourceID, source) && kind && tags.match(v.entityDetails)
	}, entitySorts(), func(v entityModel) entityModel { return v })
}

func entitySorts() map[string]func(entityModel) string {
	return map[string]func(entityModel) string{
		"name":        func(v entityModel) string { return v.Name },
		"timeCreated": func(v entityModel) string { return sortable(v.TimeCreated) + v.ID },
		"timeUpdated": func(v entityModel) string { return sortable(v.TimeUpdated) + v.ID },
	}
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
