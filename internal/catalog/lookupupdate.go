package catalog

import (
	"context"
)

// lookupTagsSchema is the migration that gave lookups tags.
const lookupTagsSchema = `
ALTER TABLE lookups ADD COLUMN freeform TEXT NOT NULL DEFAULT 'null'; -- JSON
ALTER TABLE lookups ADD COLUMN defined TEXT NOT NULL DEFAULT 'null';  -- JSON
`

// LookupDetails are what is said of a lookup beside its content. What is nil stays
// as it is.
type LookupDetails struct {
	Description *string
	Freeform    map[string]string
	Defined     map[string]map[string]any
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
		if err := checkLookup(l); err != nil {
			return l, err
		}
		free, def, err := tags(l.Freeform, l.Defined)
		if err != nil {
			return l, err
		}
		l.Updated = c.now()
		err = tx.row("UPDATE lookups SET description = ?, freeform = ?, defined = ?, updated = ?, revision = revision + 1 WHERE number = ? RETURNING revision",
			[]any{l.Description, free, def, toMillis(l.Updated), l.Number}, &l.Revision)
		l.Etag = lookupEtag(l)
		return l, err
	})
}
