package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// SourceWarning is what the uploads of a log source and an entity have in common
// of their warnings: one message, however often it came.
type SourceWarning struct {
	ID            string // made of the members below up to Message: it stays while uploads come and go
	Source        string
	Entity        string
	Code          string
	Message       string
	Count         int64
	First, Latest time.Time
}

// maxSourceWarnings bounds what is listed.
const maxSourceWarnings = 50_000

// SourceWarnings sums up the warnings of the uploads into some log groups; nil
// means all.
func (c *Catalog) SourceWarnings(ctx context.Context, groups []string) ([]SourceWarning, error) {
	l := list{from: "upload_warnings w JOIN upload_files f ON f.reference = w.file"}
	l.among("f.log_group IN", groups)
	where := ""
	if len(l.where) > 0 {
		where = " WHERE " + l.where[0]
	}
	rows, err := c.read.QueryContext(ctx, "SELECT f.source, f.entity, w.code, w.message, sum(w.count), min(w.at), max(w.at) FROM "+l.from+where+
		" GROUP BY 1, 2, 3, 4 LIMIT ?", append(l.args, maxSourceWarnings)...)
	if err != nil {
		return nil, fmt.Errorf("catalog: warnings: %w", err)
	}
	defer rows.Close()
	var all []SourceWarning
	for rows.Next() {
		var w SourceWarning
		var first, latest int64
		if err := rows.Scan(&w.Source, &w.Entity, &w.Code, &w.Message, &w.Count, &first, &latest); err != nil {
			return nil, fmt.Errorf("catalog: warnings: %w", err)
		}
		sum := sha256.Sum256([]byte(w.Source + "\x00" + w.Entity + "\x00" + w.Code + "\x00" + w.Message))
		w.ID, w.First, w.Latest = hex.EncodeToString(sum[:16]), fromMillis(first), fromMillis(latest)
		all = append(all, w)
	}
	return all, rows.Err()
}
