package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"ledgerline/internal/catalog"
)

// lookupDetails is Oracle's UpdateLookupMetadataDetails. How a table is matched is
// what holds for a query that does not say otherwise.
type lookupDetails struct {
	Description *string `json:"description"`
	MaxMatches  *int    `json:"maxMatches"`
	Default     *string `json:"defaultMatchValue"`
	Fields      []struct {
		Name              *string `json:"name"`
		DisplayName       *string `json:"displayName"`
		Position          *int64  `json:"position"`
		DefaultMatchValue *string `json:"defaultMatchValue"`
		MatchOperator     *string `json:"matchOperator"`
		IsCommonField     bool    `json:"isCommonField"`
		CommonFieldName   *string `json:"commonFieldName"`
	} `json:"fields"`
	Categories   []json.RawMessage         `json:"categories"`
	FreeformTags map[string]string         `json:"freeformTags"`
	DefinedTags  map[string]map[string]any `json:"definedTags"`
}

func (d *lookupDetails) check(columns []string) error {
	if n := d.MaxMatches; n != nil && (*n < 1 || *n > catalog.MaxMatches) {
		return invalid("maxMatches must be 1 to %d", catalog.MaxMatches)
	}
	if len(d.Categories) > 0 {
		return invalid("categories: this server keeps none; leave them out")
	}
	for _, f := range d.Fields {
		at := slices.Index(columns, deref(f.Name))
		switch {
		case at < 0:
			return invalid("fields: the lookup has no column %.200q; columns change with UpdateLookupData and isForce", deref(f.Name))
		case f.DisplayName != nil && *f.DisplayName != columns[at], f.Position != nil && *f.Position != int64(at+1):
			return invalid("fields: column %.200q is number %d and displayed by its name; UpdateLookupData with isForce changes that", columns[at], at+1)
		case f.MatchOperator != nil && !strings.EqualFold(*f.MatchOperator, "EQUAL"):
			return invalid("fields: matchOperator must be EQUAL")
		case f.IsCommonField || deref(f.CommonFieldName) != "":
			return invalid("fields: there are no common fields here; leave isCommonField and commonFieldName out")
		}
	}
	return nil
}

// matching is how a lookup is matched after the update.
func (d *lookupDetails) matching(l catalog.Lookup) (catalog.Matching, error) {
	m := l.Matching
	if err := d.check(l.Columns); err != nil {
		return m, err
	}
	m.Defaults = maps.Clone(m.Defaults)
	if d.MaxMatches != nil {
		m.MaxMatches = *d.MaxMatches
	}
	if d.Default != nil {
		m.Default = *d.Default
	}
	for _, f := range d.Fields {
		if f.DefaultMatchValue != nil {
			if m.Defaults == nil {
				m.Defaults = map[string]string{}
			}
			m.Defaults[deref(f.Name)] = *f.DefaultMatchValue
		}
	}
	return m, nil
}

// updateLookup changes what is said of a lookup, and how it is matched.
func (s *Server) updateLookup(c *call) (*response, error) {
	var d lookupDetails
	text, err := c.decode(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	change, err := c.lookupChange(text)
	if err != nil {
		return nil, err
	}
	l, err := s.Catalog.UpdateLookup(c.r.Context(), change, catalog.LookupDetails{Description: d.Description, Freeform: d.FreeformTags, Defined: d.DefinedTags,
		Matching: d.matching})
	if err != nil {
		return nil, err
	}
	return answer(s.lookupOf(l)).with("etag", l.Etag), nil
}
