package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
)

// An association says that entries of an entity are to be read by a log source
// into a log group. It tells Oracle's agents what to collect; here it is
// bookkeeping. The log group is seen by those alone who may read it, and with it
// the association.

// associationOperations are those of sources with entities; those of entities with
// each other are in entitylinks.go.
func associationOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		ns        = "/20200601/namespaces/{namespaceName}"
	)
	return []operation{
		{Method: post, Pattern: ns + "/associations/actions/upsert", Name: "UpsertAssociations", handle: (*Server).upsertAssociations},
		{Method: post, Pattern: ns + "/associations/actions/delete", Name: "DeleteAssociations", handle: (*Server).deleteAssociations},
		{Method: get, Pattern: ns + "/sourceAssociations", Name: "ListSourceAssociations", handle: (*Server).listSourceAssociations},
		{Method: get, Pattern: ns + "/entityAssociations", Name: "ListEntitySourceAssociations", handle: (*Server).listEntitySources},
		{Method: get, Pattern: ns + "/associatedEntities", Name: "ListAssociatedEntities", handle: (*Server).listAssociatedEntities},
		{Method: get, Pattern: ns + "/sources/{sourceName}/associableEntities", Name: "ListAssociableEntities", handle: (*Server).listAssociableEntities},
		{Method: get, Pattern: ns + "/associationSummary", Name: "GetAssociationSummary", handle: (*Server).associationSummary},
	}
}

// associationDetails is Oracle's UpsertLogAnalyticsAssociation, and what is kept.
type associationDetails struct {
	AgentID        string          `json:"agentId,omitempty"`
	SourceName     string          `json:"sourceName"`
	SourceTypeName string          `json:"sourceTypeName,omitempty"`
	EntityID       string          `json:"entityId"`
	EntityName     string          `json:"entityName,omitempty"`
	EntityTypeName string          `json:"entityTypeName,omitempty"`
	Host           string          `json:"host,omitempty"`
	LogGroupID     string          `json:"logGroupId"`
	Properties     json.RawMessage `json:"associationProperties,omitempty"`
}

type associationChange struct {
	CompartmentID string               `json:"compartmentId"`
	Items         []associationDetails `json:"items"`
}

// associationModel is Oracle's LogAnalyticsAssociation.
type associationModel struct {
	associationDetails
	SourceDisplayName     string     `json:"sourceDisplayName"`
	EntityTypeDisplayName string     `json:"entityTypeDisplayName"`
	LifeCycleState        string     `json:"lifeCycleState"` // always SUCCEEDED: they are made before the answer
	TimeLastAttempted     *time.Time `json:"timeLastAttempted"`
	LogGroupName          string     `json:"logGroupName"`
	LogGroupCompartment   string     `json:"logGroupCompartment"`
	RetryCount            int        `json:"retryCount"`
}

// associationID is of a source and an entity: they are associated once.
func associationID(source, entity string) string { return entity + " " + source }

// maxAssociations bounds what one call changes.
const maxAssociations = 500

// readAssociations reads the body of a change.
func (s *Server) readAssociations(c *call) (associationChange, change, error) {
	var d associationChange
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	switch {
	case err != nil:
	case d.CompartmentID == "":
		err = missing("compartmentId")
	case len(d.Items) == 0 || len(d.Items) > maxAssociations:
		err = invalid("items must be 1 to %d associations", maxAssociations)
	}
	return d, ch, err
}

// upsertAssociations makes all of the associations or none. A log group that the
// caller may not use is answered like one that does not exist.
func (s *Server) upsertAssociations(c *call) (*response, error) {
	d, ch, err := s.readAssociations(c)
	if err != nil {
		return nil, err
	}
	for i := range d.Items {
		a := &d.Items[i]
		source, ok := s.Library.Source(a.SourceName)
		if !ok {
			return nil, absent("log source %.200q is not found", a.SourceName)
		}
		a.SourceName, a.SourceTypeName = source.Name, source.Kind
		if !c.who.rights.LogGroup(a.LogGroupID, catalog.Use) || a.LogGroupID == catalog.AuditGroup {
			return nil, absent("log group %.200q is not found", a.LogGroupID)
		}
		if _, err := s.Catalog.LogGroup(c.r.Context(), a.LogGroupID); err != nil {
			return nil, err
		}
	}
	return s.changeAssociations(c, ch, "CREATE_ASSOCIATIONS", d, func(change *catalog.ItemChange, a *associationDetails) error {
		v, err := change.Find(catalog.Entity, a.EntityID, "")
		if err != nil {
			return err
		}
		if v.Compartment != d.CompartmentID {
			return invalid("entity %.200q belongs to another compartment", a.EntityID)
		}
		id := associationID(a.SourceName, a.EntityID)
		if _, _, err := s.existing(c, change, id); err != nil {
			return err
		}
		e, err := entityOf(v)
		if err != nil {
			return err
		}
		a.EntityName, a.EntityTypeName, a.Host, a.AgentID = e.Name, e.EntityTypeInternalName, e.Hostname, e.ManagementAgentID
		item := catalog.Item{Kind: catalog.Association, ID: id, Name: a.SourceName, Compartment: d.CompartmentID}
		if item.Body, err = json.Marshal(a); err != nil {
			return err
		}
		_, err = change.Put(item)
		return err
	})
}

// deleteAssociations removes those that there are; the others are no error.
func (s *Server) deleteAssociations(c *call) (*response, error) {
	d, ch, err := s.readAssociations(c)
	if err != nil {
		return nil, err
	}
	return s.changeAssociations(c, ch, "DELETE_ASSOCIATIONS", d, func(change *catalog.ItemChange, a *associationDetails) error {
		if source, ok := s.Library.Source(a.SourceName); ok {
			a.SourceName = source.Name
		}
		id := associationID(a.SourceName, a.EntityID)
		old, found, err := s.existing(c, change, id)
		if err != nil || !found {
			return err
		}
		a.LogGroupID = old.LogGroupID
		return change.Delete(catalog.Association, id)
	})
}

// existing finds the association of a source and an entity. One into a log group
// that the caller may not use is refused as if what it is about did not exist.
func (s *Server) existing(c *call, change *catalog.ItemChange, id string) (a associationDetails, found bool, err error) {
	old, err := change.Find(catalog.Association, id, "")
	if errors.Is(err, catalog.ErrNotFound) {
		return a, false, nil
	}
	if err == nil {
		err = json.Unmarshal(old.Body, &a)
	}
	if err == nil && !c.who.rights.LogGroup(a.LogGroupID, catalog.Use) {
		err = refusedTo(c)
	}
	return a, err == nil, err
}

// changeAssociations changes all or none, under the retry token, as a work request.
func (s *Server) changeAssociations(c *call, ch change, operation string, d associationChange, do func(*catalog.ItemChange, *associationDetails) error) (*response, error) {
	retry, err := c.retry(sha256.Sum256(ch.text))
	if err != nil {
		return nil, err
	}
	work, err := s.Catalog.ChangeItems(c.r.Context(), c.user, retry, func(change *catalog.ItemChange) (catalog.Item, error) {
		var pairs []catalog.Pair
		for _, a := range d.Items {
			if err := do(change, &a); err != nil {
				return catalog.Item{}, err
			}
			pairs = append(pairs, catalog.Pair{Source: a.SourceName, Entity: a.EntityID, LogGroup: a.LogGroupID})
		}
		id, err := change.Finish(operation, pairs)
		return catalog.Item{ID: id}, err
	})
	if err != nil {
		return nil, err
	}
	return (&response{status: http.StatusAccepted, header: http.Header{}}).with("opc-work-request-id", work.ID), nil
}

// associations lists those of a compartment whose log groups the caller may read.
func (s *Server) associations(c *call, compartment string) ([]associationModel, error) {
	ctx := c.r.Context()
	list, err := s.allItems(ctx, catalog.Association, compartment)
	if err != nil {
		return nil, err
	}
	groups, err := s.readableGroups(ctx, c.who.rights)
	if err != nil {
		return nil, err
	}
	var all []associationModel
	for _, v := range list {
		m := associationModel{LifeCycleState: workSucceeded, TimeLastAttempted: stamp(v.Updated)}
		if err := json.Unmarshal(v.Body, &m.associationDetails); err != nil {
			return nil, err
		}
		g, ok := groups[m.LogGroupID]
		if !ok {
			continue
		}
		m.LogGroupName, m.LogGroupCompartment = g.Name, g.Compartment
		m.SourceDisplayName, m.EntityTypeDisplayName = m.SourceName, displayedType(m.EntityTypeName)
		if source, ok := s.Library.Source(m.SourceName); ok {
			m.SourceDisplayName = source.Display
		}
		all = append(all, m)
	}
	return all, nil
}

// associationCounts counts the associations of each log source that the caller may see.
func (s *Server) associationCounts(c *call) (map[string]int64, error) {
	all, err := s.associations(c, "")
	counts := map[string]int64{}
	for _, a := range all {
		if v, ok := s.Library.Source(a.SourceName); ok {
			counts[v.Name]++
		}
	}
	return counts, err
}

// readableGroups are the log groups there are that one may read.
func (s *Server) readableGroups(ctx context.Context, rights catalog.Rights) (map[string]catalog.LogGroup, error) {
	out := map[string]catalog.LogGroup{}
	page := catalog.Page{Limit: catalog.MaxPage}
	for {
		list, next, err := s.Catalog.LogGroups(ctx, catalog.LogGroupFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, g := range list {
			if rights.LogGroup(g.ID, catalog.Read) {
				out[g.ID] = g
			}
		}
		if next == "" {
			return out, nil
		}
		page.After = next
	}
}

func (s *Server) listSourceAssociations(c *call) (*response, error) {
	source, err := c.need("sourceName")
	if err != nil {
		return nil, err
	}
	return s.listAssociations(c, "entityName", func(a associationModel) bool {
		return strings.EqualFold(a.SourceName, source) || strings.EqualFold(a.SourceDisplayName, source)
	})
}

func (s *Server) listEntitySources(c *call) (*response, error) {
	source, err := c.param("sourceName")
	if err != nil {
		return nil, err
	}
	return s.listAssociations(c, "sourceDisplayName", func(a associationModel) bool {
		return source == "" || strings.EqualFold(a.SourceName, source) || strings.EqualFold(a.SourceDisplayName, source)
	})
}

// listAssociations lists what both lists of associations do.
func (s *Server) listAssociations(c *call, defaultSort string, keep func(associationModel) bool) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var entity, name, kind, kindName, state string
	if err := c.params(map[string]*string{"entityId": &entity, "entityName": &name, "entityType": &kind, "entityTypeDisplayName": &kindName, "lifeCycleState": &state}); err != nil {
		return nil, err
	}
	if state == "ALL" {
		state = ""
	}
	total, err := c.flag("isShowTotal")
	if err != nil {
		return nil, err
	}
	all, err := s.associations(c, compartment)
	if err != nil {
		return nil, err
	}
	is := func(have, want string) bool { return want == "" || strings.EqualFold(have, want) }
	all = slices.DeleteFunc(all, func(a associationModel) bool {
		return !(keep(a) && is(a.EntityID, entity) && contains(a.EntityName, name) && is(a.EntityTypeName, kind) && is(a.EntityTypeDisplayName, kindName) && is(a.LifeCycleState, state))
	})
	resp, err := listItems(c, all, defaultSort, func(associationModel) bool { return true }, map[string]func(associationModel) string{
		"entityName":        func(a associationModel) string { return a.EntityName },
		"sourceDisplayName": func(a associationModel) string { return a.SourceDisplayName },
		"timeLastAttempted": func(a associationModel) string { return sortable(a.TimeLastAttempted) + a.EntityID },
		"status":            func(a associationModel) string { return a.LifeCycleState },
	}, func(a associationModel) associationModel { return a })
	if err == nil && total {
		resp.with("opc-total-items", itoa(int64(len(all))))
	}
	return resp, err
}

// associatedEntity is Oracle's LogAnalyticsAssociatedEntity.
type associatedEntity struct {
	EntityID              string `json:"entityId"`
	EntityName            string `json:"entityName"`
	EntityType            string `json:"entityType"`
	EntityTypeDisplayName string `json:"entityTypeDisplayName"`
	OnHost                string `json:"onHost,omitempty"`
	AssociationCount      int64  `json:"associationCount"`
}

func (s *Server) listAssociatedEntities(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var source, entity, kind, kindName string
	if err := c.params(map[string]*string{"sourceName": &source, "entityId": &entity, "entityType": &kind, "entityTypeDisplayName": &kindName}); err != nil {
		return nil, err
	}
	list, err := s.associations(c, compartment)
	if err != nil {
		return nil, err
	}
	counts, all := map[string]int64{}, []associatedEntity{}
	for _, a := range list {
		if source != "" && !strings.EqualFold(source, a.SourceName) && !strings.EqualFold(source, a.SourceDisplayName) {
			continue
		}
		if counts[a.EntityID]++; counts[a.EntityID] == 1 {
			all = append(all, associatedEntity{EntityID: a.EntityID, EntityName: a.EntityName, EntityType: a.EntityTypeName, EntityTypeDisplayName: a.EntityTypeDisplayName, OnHost: a.Host})
		}
	}
	for i := range all {
		all[i].AssociationCount = counts[all[i].EntityID]
	}
	is := func(have, want string) bool { return want == "" || strings.EqualFold(have, want) }
	return listItems(c, all, "entityName", func(e associatedEntity) bool {
		return is(e.EntityID, entity) && is(e.EntityType, kind) && is(e.EntityTypeDisplayName, kindName)
	}, map[string]func(associatedEntity) string{
		"entityName":            func(e associatedEntity) string { return e.EntityName },
		"entityTypeDisplayName": func(e associatedEntity) string { return e.EntityTypeDisplayName },
		"associationCount":      func(e associatedEntity) string { return sortableCount(e.AssociationCount) },
	}, func(e associatedEntity) associatedEntity { return e })
}

// sortableCount writes a count so that texts compare as the counts do.
func sortableCount(n int64) string {
	text := itoa(n)
	return strings.Repeat("0", max(0, 20-len(text))) + text
}

// associableEntity is Oracle's AssociableEntity.
type associableEntity struct {
	EntityID              string `json:"entityId"`
	EntityName            string `json:"entityName"`
	EntityTypeName        string `json:"entityTypeName"`
	EntityTypeDisplayName string `json:"entityTypeDisplayName"`
	Host                  string `json:"host,omitempty"`
	AgentID               string `json:"agentId,omitempty"`
	EligibilityStatus     string `json:"eligibilityStatus"`
	IneligibilityDetails  string `json:"ineligibilityDetails,omitempty"`
}

// listAssociableEntities lists the entities of a compartment that are not
// associated with a source. Those of types that the source names are eligible; a
// source that names none takes any.
func (s *Server) listAssociableEntities(c *call) (*response, error) {
	source, err := s.sourceOfPath(c)
	if err != nil {
		return nil, err
	}
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var kind, text string
	if err := c.params(map[string]*string{"type": &kind, "searchText": &text}); err != nil {
		return nil, err
	}
	list, err := s.allItems(c.r.Context(), catalog.Entity, compartment)
	if err != nil {
		return nil, err
	}
	associated, err := s.associations(c, compartment)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, a := range associated {
		taken[a.EntityID] = taken[a.EntityID] || a.SourceName == source.Name
	}
	var all []associableEntity
	for _, v := range list {
		e, err := entityOf(v)
		if err != nil {
			return nil, err
		}
		if taken[v.ID] {
			continue
		}
		m := associableEntity{EntityID: v.ID, EntityName: e.Name, EntityTypeName: e.EntityTypeInternalName, EntityTypeDisplayName: e.EntityTypeName, Host: e.Hostname,
			AgentID: e.ManagementAgentID, EligibilityStatus: "ELIGIBLE"}
		if len(source.EntityTypes) > 0 && !slices.Contains(source.EntityTypes, e.EntityTypeInternalName) && !slices.Contains(source.EntityTypes, e.EntityTypeName) {
			m.EligibilityStatus, m.IneligibilityDetails = "INELIGIBLE", "the log source is for entities of other types"
		}
		all = append(all, m)
	}
	return listItems(c, all, "entityName", func(e associableEntity) bool {
		return (kind == "" && e.EligibilityStatus == "ELIGIBLE" || kind == e.EligibilityStatus) && contains(e.EntityName+" "+e.EntityTypeDisplayName+" "+e.Host, text)
	}, map[string]func(associableEntity) string{
		"entityName":     func(e associableEntity) string { return e.EntityName },
		"entityTypeName": func(e associableEntity) string { return e.EntityTypeName },
		"host":           func(e associableEntity) string { return e.Host },
		"agentId":        func(e associableEntity) string { return e.AgentID },
	}, func(e associableEntity) associableEntity { return e })
}

func (s *Server) associationSummary(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	all, err := s.associations(c, compartment)
	if err != nil {
		return nil, err
	}
	return answer(map[string]int{"associationCount": len(all)}), nil
}
