package catalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// DropWarning takes a warning of an upload out of its list and counts; what it
// warned of stays as it is. Warnings of files in other log groups than those given, nil
// for all, are not found.
func (c *Catalog) DropWarning(ctx context.Context, upload, reference string, groups []string) error {
	cut := max(strings.LastIndex(reference, "-"), 0)
	seq, err := strconv.Atoi(strings.TrimPrefix(reference[cut:], "-"))
	if err != nil {
		return fmt.Errorf("warning %.200q: %w", reference, ErrNotFound)
	}
	return c.writer.do(ctx, true, func(tx *tx) error {
		r, err := tx.exec(`DELETE FROM upload_warnings WHERE upload = ?1 AND file = ?2 AND seq = ?3
			AND (?4 OR EXISTS (SELECT 1 FROM upload_files WHERE reference = ?2 AND log_group IN (SELECT value FROM json_each(?5))))`,
			upload, reference[:cut], seq, groups == nil, asList(groups))
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("warning %.200q: %w", reference, ErrNotFound)
		}
		if _, err := tx.exec("UPDATE upload_files SET warnings = max(warnings - 1, 0) WHERE reference = ?", reference[:cut]); err != nil {
			return err
		}
		_, err = tx.exec("UPDATE uploads SET warnings = max(warnings - 1, 0) WHERE reference = ?", upload)
		return err
	})
}
