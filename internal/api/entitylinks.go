package api

import (
	"net/http"
	"slices"
	"strings"

	"ledgerline/internal/catalog"
)

// Entities may be associated with each other: a host with what runs on it.

func entityLinkOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		entity    = "/20200601/namespaces/{namespaceName}/logAnalyticsEntities/{logAnalyticsEntityId}"
	)
	return []operation{
		{Method: post, Pattern: entity + "/actions/addEntityAssociations", Name: "AddEntityAssociation", handle: (*Server).addEntityLinks},
		{Method: post, Pattern: entity + "/actions/removeEntityAssociations", Name: "RemoveEntityAssociations", handle: (*Server).removeEntityLinks},
		{Method: get, Pattern: entity + "/entityAssociations", Name: "ListEntityAssociations", handle: (*Server).listEntityLinks},
	}
}

// entityLinkID is of an entity and another that is associated with it.
func entityLinkID(from, to string) string { return from + " " + to }

func (s *Server) addEntityLinks(c *call) (*response, error) {
	return s.changeEntityLinks(c, func(change *catalog.ItemChange, from catalog.Item, to string) error {
		if to == from.ID {
			return invalid("an entity cannot be associated with itself")
		}
		if _, err := change.Find(catalog.Entity, to, ""); err != nil {
			return err
		}
		_, err := change.Put(catalog.Item{Kind: catalog.EntityLink, ID: entityLinkID(from.ID, to), Name: to, Compartment: from.Compartment, Body: []byte("{}")})
		return err
	})
}

func (s *Server) removeEntityLinks(c *call) (*response, error) {
	return s.changeEntityLinks(c, func(change *catalog.ItemChange, from catalog.Item, to string) error {
		return change.Delete(catalog.EntityLink, entityLinkID(from.ID, to))
	})
}

// changeEntityLinks changes all or none, under the etag of the entity.
func (s *Server) changeEntityLinks(c *call, do func(change *catalog.ItemChange, from catalog.Item, to string) error) (*response, error) {
	var d struct {
		Entities []string `json:"associationEntities"`
	}
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if len(d.Entities) == 0 || len(d.Entities) > maxAssociations {
		return nil, invalid("associationEntities must be 1 to %d entities", maxAssociations)
	}
	_, err = s.Catalog.ChangeItems(c.r.Context(), c.user, catalog.Retry{}, func(change *catalog.ItemChange) (catalog.Item, error) {
		from, err := change.Find(catalog.Entity, c.path["logAnalyticsEntityId"], ch.ifMatch)
		for _, to := range d.Entities {
			if err == nil {
				err = do(change, from, to)
			}
		}
		return from, err
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// listEntityLinks lists what is associated with an entity; with ALL also what is
// with those, and so on.
func (s *Server) listEntityLinks(c *call) (*response, error) {
	var which, name string
	if err := c.params(map[string]*string{"directOrAllAssociations": &which, "name": &name}); err != nil {
		return nil, err
	}
	ctx, id := c.r.Context(), c.path["logAnalyticsEntityId"]
	if _, err := s.Catalog.Item(ctx, catalog.Entity, id); err != nil {
		return nil, err
	}
	links, err := s.allItems(ctx, catalog.EntityLink, "")
	if err != nil {
		return nil, err
	}
	next := map[string][]string{}
	for _, l := range links {
		from, to, _ := strings.Cut(l.ID, " ")
		next[from] = append(next[from], to)
	}
	reached := slices.Clone(next[id])
	for i := 0; strings.EqualFold(which, "ALL") && i < len(reached); i++ {
		for _, to := range next[reached[i]] {
			if to != id && !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
	}
	entities, err := s.allItems(ctx, catalog.Entity, "")
	if err != nil {
		return nil, err
	}
	var all []entityModel
	for _, v := range entities {
		if !slices.Contains(reached, v.ID) {
			continue
		}
		m, err := entityOf(v)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return listItems(c, all, "timeCreated", func(v entityModel) bool { return name == "" || strings.EqualFold(name, v.Name) }, entitySorts(),
		func(v entityModel) entityModel { return v })
}
