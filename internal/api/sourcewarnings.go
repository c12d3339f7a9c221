package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
)

// Warnings of log sources: what of their uploads could not be read as it should,
// each message once for a source and an entity. Who knows of one may suppress it,
// which hides it from lists that do not ask for suppressed ones.

func warningOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		warnings  = "/20200601/namespaces/{namespaceName}/warnings"
	)
	return []operation{
		{Method: get, Pattern: warnings, Name: "ListWarnings", handle: (*Server).listWarnings},
		{Method: post, Pattern: warnings + "/actions/suppress", Name: "SuppressWarning", handle: (*Server).suppressWarnings},
		{Method: post, Pattern: warnings + "/actions/unsuppress", Name: "UnsuppressWarning", handle: (*Server).unsuppressWarnings},
	}
}

// sourceWarningModel is Oracle's LogAnalyticsWarning.
type sourceWarningModel struct {
	WarningID            string     `json:"warningId"`
	CompartmentID        string     `json:"compartmentId"`
	SourceName           string     `json:"sourceName"`
	SourceDisplayName    string     `json:"sourceDisplayName"`
	EntityName           string     `json:"entityName,omitempty"`
	TypeName             string     `json:"typeName"`
	TypeDisplayName      string     `json:"typeDisplayName"`
	WarningLevel         string     `json:"warningLevel"`
	WarningMessage       string     `json:"warningMessage"`
	TimeOfInitialWarning *time.Time `json:"timeOfInitialWarning"`
	TimeOfLatestWarning  *time.Time `json:"timeOfLatestWarning"`
	TimeCollected        *time.Time `json:"timeCollected"`
	IsActive             bool       `json:"isActive"`
	IsSuppressed         bool       `json:"isSuppressed"`
	SuppressedBy         string     `json:"suppressedBy,omitempty"`
	Count                int64      `json:"count"` // not Oracle's: clients ignore members they do not know
}

// sourceWarnings are those of log groups that the caller may read.
func (s *Server) sourceWarnings(c *call) ([]sourceWarningModel, error) {
	ctx := c.r.Context()
	groups, err := s.Catalog.Groups(ctx, c.who.rights, catalog.Read)
	if err != nil {
		return nil, err
	}
	list, err := s.Catalog.SourceWarnings(ctx, groups)
	if err != nil {
		return nil, err
	}
	hidden, err := s.allItems(ctx, catalog.HiddenWarning, "")
	if err != nil {
		return nil, err
	}
	by := map[string]string{}
	for _, v := range hidden {
		by[v.ID] = v.CreatedBy
	}
	all := make([]sourceWarningModel, len(list))
	for i, w := range list {
		m := sourceWarningModel{WarningID: w.ID, CompartmentID: s.opts.Tenancy, SourceName: w.Source, SourceDisplayName: w.Source, EntityName: w.Entity, TypeName: w.Code,
			TypeDisplayName: w.Code, WarningLevel: "WARNING", WarningMessage: w.Message, TimeOfInitialWarning: stamp(w.First), TimeOfLatestWarning: stamp(w.Latest),
			TimeCollected: stamp(w.Latest), IsActive: true, SuppressedBy: by[w.ID], Count: w.Count}
		_, m.IsSuppressed = by[w.ID]
		if source, ok := s.Library.Source(w.Source); ok {
			m.SourceName, m.SourceDisplayName = source.Name, source.Display
		}
		all[i] = m
	}
	return all, nil
}

func (s *Server) listWarnings(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	var state, source, pattern, message, entity, entityType, kind string
	if err := c.params(map[string]*string{"warningState": &state, "sourceName": &source, "sourcePattern": &pattern, "warningMessage": &message, "entityName": &entity,
		"entityType": &entityType, "warningType": &kind}); err != nil {
		return nil, err
	}
	noSource, err := c.flag("isNoSource")
	if err != nil {
		return nil, err
	}
	from, err := c.time("startTime")
	if err != nil {
		return nil, err
	}
	to, err := c.time("endTime")
	if err != nil {
		return nil, err
	}
	switch state {
	case "", "ALL", "SUPPRESSED", "UNSUPPRESSED":
	default:
		return nil, invalid("warningState must be ALL, SUPPRESSED or UNSUPPRESSED")
	}
	var all []sourceWarningModel
	if compartment == s.opts.Tenancy {
		if all, err = s.sourceWarnings(c); err != nil {
			return nil, err
		}
	}
	is := func(have, want string) bool { return want == "" || strings.EqualFold(have, want) }
	first := func(w sourceWarningModel) string { return sortable(w.TimeOfInitialWarning) + w.WarningID }
	none := func(w sourceWarningModel) string { return w.WarningID } // nothing here has one
	return listItems(c, all, "FirstReported", func(w sourceWarningModel) bool {
		return (state == "ALL" || w.IsSuppressed == (state == "SUPPRESSED")) && (is(w.SourceName, source) || is(w.SourceDisplayName, source)) &&
			contains(w.WarningMessage, message) && is(w.EntityName, entity) && is(w.TypeName, kind) && pattern == "" && entityType == "" &&
			(!noSource || w.SourceName == "") && (from.IsZero() || !w.TimeOfLatestWarning.Before(from)) && (to.IsZero() || w.TimeOfInitialWarning.Before(to))
	}, map[string]func(sourceWarningModel) string{
		"FirstReported": first, "InitialWarningDate": first, "EntityType": none, "PatternText": none, "Host": none,
		"SourceName":     func(w sourceWarningModel) string { return w.SourceDisplayName + " " + w.WarningID },
		"WarningMessage": func(w sourceWarningModel) string { return w.WarningMessage + " " + w.WarningID },
		"EntityName":     func(w sourceWarningModel) string { return w.EntityName + " " + w.WarningID },
	}, func(w sourceWarningModel) sourceWarningModel { return w })
}

func (s *Server) suppressWarnings(c *call) (*response, error) {
	return s.changeWarnings(c, func(change *catalog.ItemChange, id string) error {
		_, err := change.Put(catalog.Item{Kind: catalog.HiddenWarning, ID: id, Name: id, Compartment: s.opts.Tenancy, Body: []byte("{}")})
		return err
	})
}

func (s *Server) unsuppressWarnings(c *call) (*response, error) {
	return s.changeWarnings(c, func(change *catalog.ItemChange, id string) error { return change.Delete(catalog.HiddenWarning, id) })
}

// changeWarnings changes warnings that the caller can list, all or none.
func (s *Server) changeWarnings(c *call, do func(*catalog.ItemChange, string) error) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	var d struct {
		References []string `json:"warningReferences"`
	}
	if _, err := c.decodeChange(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	if len(d.References) == 0 || len(d.References) > maxAssociations {
		return nil, invalid("warningReferences must be 1 to %d warnings", maxAssociations)
	}
	all, err := s.sourceWarnings(c)
	if err != nil {
		return nil, err
	}
	for _, id := range d.References {
		if !slices.ContainsFunc(all, func(w sourceWarningModel) bool { return w.WarningID == id }) {
			return nil, absent("warning %.100q is not found", id)
		}
	}
	_, err = s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		for _, id := range d.References {
			if err := do(change, id); err != nil {
				return catalog.Item{}, err
			}
		}
		return catalog.Item{}, nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}
