package catalog

import (
	"context"
	"fmt"
	"time"
)

// Document is one imported definition (a log source, parser, field or label).
type Document struct {
	Kind, Name string
	JSON       []byte

	Updated time.Time
}

// DocumentKey names a document.
type DocumentKey struct{ Kind, Name string }

// LoadContent returns all documents, ordered by kind and name.
func (c *Catalog) LoadContent(ctx context.Context) ([]Document, error) {
	rows, err := c.read.QueryContext(ctx, "SELECT kind, name, json, updated FROM documents ORDER BY kind, name")
	if err != nil {
		return nil, fmt.Errorf("catalog: content: %w", err)
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		var d Document
		var updated int64
		if err := rows.Scan(&d.Kind, &d.Name, &d.JSON, &updated); err != nil {
			return nil, fmt.Errorf("catalog: content: %w", err)
		}
		d.Updated = fromMillis(updated)
		out = append(out, d)
	}
	return out, rows.Err()
}

// SaveContent adds documents, replacing those of the same kind and name, and
// removes others: all of it or nothing.
func (c *Catalog) SaveContent(ctx context.Context, put []Document, remove []DocumentKey) error {
	return c.writer.do(ctx, true, func(tx *tx) error {
		for _, k := range remove {
			if _, err := tx.exec("DELETE FROM documents WHERE kind = ? AND name = ?", k.Kind, k.Name); err != nil {
				return err
			}
		}
		for _, d := range put {
			if _, err := tx.exec(`INSERT INTO documents (kind, name, json, updated) VALUES (?, ?, ?, ?)
				ON CONFLICT (kind, name) DO UPDATE SET json = excluded.json, updated = excluded.updated`, d.Kind, d.Name, d.JSON, toMillis(d.Updated)); err != nil {
				return err
			}
		}
		return nil
	})
}
