package api

import (
	"crypto/sha256"
	"time"

	"ledgerline/internal/catalog"
)

type logGroupModel struct {
	ID            string                    `json:"id"`
	CompartmentID string                    `json:"compartmentId"`
	DisplayName   string                    `json:"displayName"`
	Description   string                    `json:"description"`
	TimeCreated   *time.Time                `json:"timeCreated"`
	TimeUpdated   *time.Time                `json:"timeUpdated"`
	FreeformTags  map[string]string         `json:"freeformTags"`
	DefinedTags   map[string]map[string]any `json:"definedTags"`
}

func logGroupOf(g catalog.LogGroup) logGroupModel {
	m := logGroupModel{ID: g.ID, CompartmentID: g.Compartment, DisplayName: g.Name, Description: g.Description,
		TimeCreated: stamp(g.Created), TimeUpdated: stamp(g.Updated), FreeformTags: g.Freeform, DefinedTags: g.Defined}
	if m.FreeformTags == nil {
		m.FreeformTags = map[string]string{}
	}
	if m.DefinedTags == nil {
		m.DefinedTags = map[string]map[string]any{}
	}
	return m
}

type logGroupDetails struct {
	DisplayName   *string                   `json:"displayName"`
	CompartmentID string                    `json:"compartmentId"`
	Description   *string                   `json:"description"`
	FreeformTags  map[string]string         `json:"freeformTags"`
	DefinedTags   map[string]map[string]any `json:"definedTags"`
}

func (s *Server) createLogGroup(c *call) (*response, error) {
	var d logGroupDetails
	text, err := c.decode(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.DisplayName == nil || *d.DisplayName == "" {
		return nil, missing("displayName")
	}
	if d.CompartmentID == "" {
		if c.op.Pattern != ownBase+"/log-groups" {
			return nil, missing("compartmentId")
		}
		d.CompartmentID = s.opts.Tenancy
	}
	retry, err := c.retry(sha256.Sum256(text))
	if err != nil {
		return nil, err
	}
	g, err := s.Catalog.CreateLogGroup(c.r.Context(), catalog.LogGroup{Name: *d.DisplayName, Compartment: d.CompartmentID,
		Description: deref(d.Description), Freeform: d.FreeformTags, Defined: d.DefinedTags}, retry)
	if err != nil {
		return nil, err
	}
	return answer(logGroupOf(g)).with("etag", g.Etag), nil
}

func (s *Server) getLogGroup(c *call) (*response, error) {
	g, err := s.Catalog.LogGroup(c.r.Context(), c.path["logAnalyticsLogGroupId"])
	if err != nil {
		return nil, err
	}
	return answer(logGroupOf(g)).with("etag", g.Etag), nil
}

func (s *Server) listLogGroups(c *call) (*response, error) {
	p, err := c.page("timeCreated")
	if err != nil {
		return nil, err
	}
	var f catalog.LogGroupFilter
	if err := c.params(map[string]*string{"displayName": &f.Name, "compartmentId": &f.Compartment}); err != nil {
		return nil, err
	}
	if f.Compartment == "" && c.op.Pattern != ownBase+"/log-groups" {
		return nil, missing("compartmentId")
	}
	if f.IDs, err = s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Inspect); err != nil {
		return nil, err
	}
	groups, next, err := s.Catalog.LogGroups(c.r.Context(), f, p)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(groups, logGroupOf))).with("opc-next-page", c.next(next)), nil
}

func (s *Server) updateLogGroup(c *call) (*response, error) {
	var d logGroupDetails
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	g, err := s.Catalog.UpdateLogGroup(c.r.Context(), c.path["logAnalyticsLogGroupId"], ifMatch,
		catalog.LogGroupChange{Name: d.DisplayName, Description: d.Description, Freeform: d.FreeformTags, Defined: d.DefinedTags})
	if err != nil {
		return nil, err
	}
	return answer(logGroupOf(g)).with("etag", g.Etag), nil
}

func (s *Server) moveLogGroup(c *call) (*response, error) {
	var d logGroupDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.CompartmentID == "" {
		return nil, missing("compartmentId")
	}
	if _, err := s.Catalog.UpdateLogGroup(c.r.Context(), c.path["logAnalyticsLogGroupId"], ch.ifMatch, catalog.LogGroupChange{Compartment: &d.CompartmentID}); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) deleteLogGroup(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if err := s.Catalog.DeleteLogGroup(c.r.Context(), c.path["logAnalyticsLogGroupId"], ifMatch); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
