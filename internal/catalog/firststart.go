package catalog

import (
	"context"
	"fmt"
	"time"
)

// A catalogue that is older than this table began with the first thing it noted.
const firstStartSchema = `
CREATE TABLE first_start (at INTEGER NOT NULL) STRICT;
INSERT INTO first_start SELECT coalesce(min(created), 0) FROM (SELECT created FROM log_groups UNION ALL SELECT created FROM uploads);
`

// FirstStart is when the catalogue was made: what came with the program has been
// there since.
func (c *Catalog) FirstStart() time.Time { return c.firstStart }

func (c *Catalog) loadFirstStart(ctx context.Context) error {
	var at int64
	err := c.writer.do(ctx, true, func(tx *tx) error {
		if _, err := tx.exec("UPDATE first_start SET at = ? WHERE at = 0", toMillis(c.now())); err != nil {
			return err
		}
		return tx.row("SELECT at FROM first_start", nil, &at)
	})
	if err != nil {
		return fmt.Errorf("catalog: time of the first start: %w", err)
	}
	c.firstStart = fromMillis(at)
	return nil
}
