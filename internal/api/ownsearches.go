package api

import (
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query/syntax"
)

// searchModel is a saved search of our own calls.
type searchModel struct {
	Name        string     `json:"name"`
	Query       string     `json:"query"`
	Description string     `json:"description,omitempty"`
	Last        string     `json:"last,omitempty"` // Go duration: the default time range
	Zone        string     `json:"zone,omitempty"`
	Created     *time.Time `json:"created,omitempty"`
	Updated     *time.Time `json:"updated,omitempty"`
}

func searchOf(v catalog.SavedSearch) searchModel {
	m := searchModel{Name: v.Name, Query: v.Query, Description: v.Description, Zone: v.Zone, Created: stamp(v.Created), Updated: stamp(v.Updated)}
	if v.Last > 0 {
		m.Last = v.Last.String()
	}
	return m
}

// putSearch creates or replaces a saved search. Its text must parse; whether its
// fields exist is asked when it runs, as content may come later.
func (s *Server) putSearch(c *call) (*response, error) {
	var d searchModel
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	if d.Query == "" {
		return nil, missing("query")
	}
	if _, err := syntax.Parse(d.Query); err != nil {
		return nil, err
	}
	v := catalog.SavedSearch{Name: c.path["name"], Query: d.Query, Description: d.Description, Zone: d.Zone}
	if d.Last != "" {
		var err error
		if v.Last, err = time.ParseDuration(d.Last); err != nil || v.Last <= 0 {
			return nil, invalid("last must be a duration such as 720h")
		}
	}
	if d.Zone != "" {
		if _, err := zone(d.Zone); err != nil {
			return nil, err
		}
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if v, err = s.Catalog.SaveSearch(c.r.Context(), v, ifMatch); err != nil {
		return nil, err
	}
	return answer(searchOf(v)).with("etag", v.Etag), nil
}

func (s *Server) getSearch(c *call) (*response, error) {
	v, err := s.Catalog.SavedSearch(c.r.Context(), c.path["name"])
	if err != nil {
		return nil, err
	}
	return answer(searchOf(v)).with("etag", v.Etag), nil
}

func (s *Server) listSearches(c *call) (*response, error) {
	p, err := c.page("displayName")
	if err != nil {
		return nil, err
	}
	list, next, err := s.Catalog.SavedSearches(c.r.Context(), p)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(list, searchOf))).with("opc-next-page", c.next(next)), nil
}

func (s *Server) deleteSearch(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if err := s.Catalog.DeleteSearch(c.r.Context(), c.path["name"], ifMatch); err != nil {
		return nil, err
	}
	return &response{}, nil
}
