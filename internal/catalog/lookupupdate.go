package catalog

import (
	"context"
	"encoding/json"
)

// lookupTagsSchema is the migration that gave lookups tags.
const lookupTagsSchema = `
ALTER TABLE lookups ADD COLUMN freeform TEXT NOT NULL DEFAULT 'null'; -- JSON
ALTER TABLE lookups ADD COLUMN defined TEXT NOT NULL DEFAULT 'null';  -- JSON
`

// lookupMatchingSchema is the migration that gave lookups defaults for queries.
const lookupMatchingSchema = `
ALTER TABLE lookups ADD COLUMN matching TEXT NOT NULL DEFAULT '{}'; -- JSON
`

// Matching is what holds for a query of a lookup that does not say otherwise.
type Matching struct {
	MaxMatches int               `json:",omitempty"` // rows that a record may get; 0: one
	Default    string            `json:",omitempty"` // the value of a record without a match, for columns not in Defaults
	Defaults   map[string]string `json:",omitempty"` // by column
}

// MaxMatches is the most rows of a lookup that one record may get.
const MaxMatches = 1000

// LookupDetails are what is said of a lookup beside its content. What is nil stays
// as it is.
type LookupDetails struct {
	Description *string
	Freeform    map[string]string
	Defined     map[string]map[string]any
	// Matching is called with the lookup as it is when nothing else can change it.
	Matching func(Lookup) (Matching, error)
}

// UpdateLookup changes what is said of a lookup. Its content stays.
func (c *Catalog) UpdateLookup(ctx context.Context, change LookupChange, d LookupDetails) (Lookup, error) {
	return once(ctx, c, change.Retry, func(tx *tx) (Lookup, error) {
		l, err := lockLookup(tx, change.Name, change.IfMatch)
		if err != nil {
			return l, err
		}
		if d.Description != nil {
			l.Description = *d.Description
		}
		if d.Freeform != nil {
			l.Freeform = d.Freeform
		}
		if d.Defined != nil {
			l.Defined = d.Defined
		}
		if d.Matching != nil {
			if l.Matching, err = d.Matching(l); err != nil {
				return l, err
			}
		}
		if err := checkLookup(l); err != nil {
			return l, err
		}
		free, def, err := tags(l.Freeform, l.Defined)
		if err != nil {
			return l, err
		}
		matching, err := json.Marshal(l.Matching)
		if err != nil {
			return l, err
		}
		l.Updated = c.now()
		err = tx.row("UPDATE lookups SET description = ?, matching = ?, freeform = ?, defined = ?, updated = ?, revision = revision + 1 WHERE number = ? RETURNING revision",
			[]any{l.Description, string(matching), free, def, toMillis(l.Updated), l.Number}, &l.Revision)
		l.Etag = lookupEtag(l)
		return l, err
	})
}
