package catalog

import (
	"context"
	"fmt"
)

// UploadFiles returns an upload's files in some log groups, nil for all: all of them,
// or the one with the reference given. It fails with ErrNotFound when there are none,
// and with ErrInUse while one of them is being processed.
func (c *Catalog) UploadFiles(ctx context.Context, upload, file string, groups []string) ([]File, error) {
	var found []File
	page := Page{Limit: MaxPage}
	for {
		files, next, err := c.Files(ctx, FileFilter{Upload: upload, Groups: groups}, page)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			switch {
			case file != "" && f.Reference != file:
			case f.Status == InProgress:
				return nil, fmt.Errorf("upload: %w: file %.200q is being processed; try again when it is done", ErrInUse, f.Name)
			default:
				found = append(found, f)
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("upload %.200q: %w", upload, ErrNotFound)
	}
	return found, nil
}

// DeleteUploadFiles takes files out of the books with their warnings, and the
// upload with its last file. The records in the store are no matter of these books.
func (c *Catalog) DeleteUploadFiles(ctx context.Context, upload string, refs []string) error {
	return c.writer.do(ctx, true, func(tx *tx) error {
		for _, ref := range refs {
			if _, err := tx.exec("DELETE FROM upload_warnings WHERE file = ?", ref); err != nil {
				return err
			}
			if _, err := tx.exec("DELETE FROM upload_files WHERE upload = ? AND reference = ?", upload, ref); err != nil {
				return err
			}
		}
		if _, err := tx.exec(`UPDATE uploads SET warnings = (SELECT count(*) FROM upload_warnings w WHERE w.upload = uploads.reference), updated = ?
			WHERE reference = ?`, toMillis(c.now()), upload); err != nil {
			return err
		}
		_, err := tx.exec("DELETE FROM uploads WHERE reference = ? AND NOT EXISTS (SELECT 1 FROM upload_files WHERE upload = ?)", upload, upload)
		return err
	})
}
