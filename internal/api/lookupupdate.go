package api

import (
	"encoding/json"
	"slices"
	"strings"

	"ledgerline/internal/catalog"
)

// lookupDetails is Oracle's UpdateLookupMetadataDetails. How a table is matched is
// said by the query that reads it, so that the members about it must be what holds
// for a query that says nothing.
type lookupDetails struct {
	Description *string `json:"description"`
	MaxMatches  *int64  `json:"maxMatches"`
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
	if n := d.MaxMatches; n != nil && *n != 1 {
		return invalid("maxMatches: a table gives one match unless the query says otherwise; write maxmatches = %d there", *n)
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
		case deref(f.DefaultMatchValue) != "":
			return invalid("fields: a value for what has no match is given by the query: lookup table = … default = %.200s", *f.DefaultMatchValue)
		case f.MatchOperator != nil && !strings.EqualFold(*f.MatchOperator, "EQUAL"):
			return invalid("fields: matchOperator must be EQUAL")
		case f.IsCommonField || deref(f.CommonFieldName) != "":
			return invalid("fields: there are no common fields here; leave isCommonField and commonFieldName out")
		}
	}
	return nil
}

// updateLookup changes description and tags of a lookup.
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
	l, err := s.Catalog.Lookup(c.r.Context(), change.Name)
	if err != nil {
		return nil, err
	}
	if err := d.check(l.Columns); err != nil {
		return nil, err
	}
	l, err = s.Catalog.UpdateLookup(c.r.Context(), change, catalog.LookupDetails{Description: d.Description, Freeform: d.FreeformTags, Defined: d.DefinedTags})
	if err != nil {
		return nil, err
	}
	return answer(s.lookupOf(l)).with("etag", l.Etag), nil
}
