package catalog

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// Upload is what files of one upload name share. The name may be used for files of
// several log groups: who may read some of these alone is told of an upload that has
// no others.
type Upload struct {
	Reference        string
	Name             string
	Created, Updated time.Time
	Earliest, Latest time.Time // of the log entries; zero when there are none yet
	Warnings         int64
}

// UploadFilter chooses uploads; zero members do not restrict.
type UploadFilter struct {
	Name         string   // whole name, in any letter case
	NameContains string   // in any letter case
	Warnings     *bool    // with or without warnings
	Groups       []string // log groups whose files count; nil: all
}

// FileFilter chooses files of an upload; zero members do not restrict.
type FileFilter struct {
	Upload   string   // reference of an Upload
	Groups   []string // log groups; nil: all
	Search   string   // in the names of file, log group and log source, in any letter case
	Statuses []FileStatus
}

// FileWarning is a warning of an uploaded file.
type FileWarning struct {
	Reference string
	File      string // reference of the file
	FileName  string
	At        time.Time
	Warning
}

const uploadColumns = "reference, name, created, updated, earliest, latest, warnings"

func scanUpload(row func(...any) error) (Upload, error) {
	var u Upload
	var created, updated, earliest, latest int64
	err := row(&u.Reference, &u.Name, &created, &updated, &earliest, &latest, &u.Warnings)
	u.Created, u.Updated, u.Earliest, u.Latest = fromMillis(created), fromMillis(updated), fromMillis(earliest), fromMillis(latest)
	return u, err
}

// uploadsOf has the columns of uploads, made of the files in the log groups of its
// parameter, and of one upload when the second is not empty.
const uploadsOf = `(SELECT u.reference, u.name, min(f.received) AS created, max(max(f.received, f.finished)) AS updated,
	coalesce(min(nullif(f.earliest, 0)), 0) AS earliest, max(f.latest) AS latest, sum(f.warnings) AS warnings
	FROM upload_files f JOIN uploads u ON u.reference = f.upload WHERE f.log_group IN (SELECT value FROM json_each(?)) %s GROUP BY u.reference)`

// Upload returns one upload as its files in some log groups make it, or ErrNotFound
// when there are none; nil stands for all log groups.
func (c *Catalog) Upload(ctx context.Context, reference string, groups []string) (Upload, error) {
	if groups == nil {
		u, err := scanUpload(c.hot.row(ctx, "SELECT "+uploadColumns+" FROM uploads WHERE reference = ?", reference))
		return u, notFound(err, "upload", reference)
	}
	u, err := scanUpload(c.read.QueryRowContext(ctx, "SELECT "+uploadColumns+" FROM "+fmt.Sprintf(uploadsOf, "AND f.upload = ?"), asList(groups), reference).Scan)
	return u, notFound(err, "upload", reference)
}

// Uploads lists uploads and counts all that match. Sort keys: timeUpdated
// (default), timeCreated, name.
func (c *Catalog) Uploads(ctx context.Context, f UploadFilter, p Page) (items []Upload, next string, total int64, err error) {
	l := list{columns: uploadColumns, from: "uploads", key: "reference"}
	if f.Groups != nil {
		l.from, l.args = fmt.Sprintf(uploadsOf, ""), []any{asList(f.Groups)}
	}
	if l.sort, err = sortBy(p.Sort, "timeUpdated", map[string]string{"timeUpdated": "updated", "timeCreated": "created", "name": "lower(name)"}); err != nil {
		return nil, "", 0, err
	}
	if f.Name != "" {
		l.where, l.args = append(l.where, "lower(name) = lower(?)"), append(l.args, f.Name)
	}
	if f.NameContains != "" {
		l.where, l.args = append(l.where, "instr(lower(name), lower(?)) > 0"), append(l.args, f.NameContains)
	}
	if f.Warnings != nil {
		l.where, l.args = append(l.where, "(warnings > 0) = ?"), append(l.args, *f.Warnings)
	}
	if total, err = count(ctx, c.read, l); err != nil {
		return nil, "", 0, err
	}
	items, next, err = pageOf(ctx, c.read, l, p, scanUpload)
	return items, next, total, err
}

// UploadGroups returns the log groups of an upload's files, or ErrNotFound.
func (c *Catalog) UploadGroups(ctx context.Context, reference string) ([]string, error) {
	rows, err := c.read.QueryContext(ctx, "SELECT DISTINCT log_group FROM upload_files WHERE upload = ?", reference)
	if err != nil {
		return nil, fmt.Errorf("catalog: upload: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("catalog: upload: %w", err)
		}
		out = append(out, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("catalog: upload: %w", err)
	}
	if out == nil {
		return nil, fmt.Errorf("upload %.200q: %w", reference, ErrNotFound)
	}
	return out, nil
}

// Files lists uploaded files. Sort keys: timeStarted (default), name, logGroupName,
// sourceName, status.
func (c *Catalog) Files(ctx context.Context, f FileFilter, p Page) (items []File, next string, err error) {
	l := list{columns: fileColumns, key: "f.reference",
		from: "upload_files f JOIN uploads u ON u.reference = f.upload LEFT JOIN log_groups g ON g.id = f.log_group"}
	if l.sort, err = sortBy(p.Sort, "timeStarted", map[string]string{"timeStarted": "f.received", "name": "lower(f.name)",
		"logGroupName": "lower(coalesce(g.name, ''))", "sourceName": "lower(f.source)", "status": "f.status"}); err != nil {
		return nil, "", err
	}
	if f.Upload != "" {
		l.where, l.args = append(l.where, "f.upload = ?"), append(l.args, f.Upload)
	}
	l.among("f.log_group IN", f.Groups)
	if f.Search != "" {
		l.where = append(l.where, "instr(lower(f.name || char(10) || f.source || char(10) || coalesce(g.name, '')), lower(?)) > 0")
		l.args = append(l.args, f.Search)
	}
	if len(f.Statuses) > 0 {
		l.where = append(l.where, "f.status IN (?"+strings.Repeat(", ?", len(f.Statuses)-1)+")")
		for _, s := range f.Statuses {
			l.args = append(l.args, string(s))
		}
	}
	return pageOf(ctx, c.read, l, p, scanFile)
}

// Warnings lists the warnings of an upload's files in some log groups, nil for all,
// oldest first unless p says otherwise.
func (c *Catalog) Warnings(ctx context.Context, upload string, groups []string, p Page) ([]FileWarning, string, error) {
	const reference = "w.file || '-' || printf('%06d', w.seq)" // 6 digits: content keeps fewer kinds of warnings by far
	l := list{columns: reference + ", w.file, f.name, w.at, w.code, w.message, w.count, w.example", sort: "w.at", key: reference,
		from: "upload_warnings w JOIN upload_files f ON f.reference = w.file", where: []string{"w.upload = ?"}, args: []any{upload}}
	l.among("f.log_group IN", groups)
	return pageOf(ctx, c.read, l, p, func(row func(...any) error) (FileWarning, error) {
		var w FileWarning
		var at int64
		err := row(&w.Reference, &w.File, &w.FileName, &at, &w.Code, &w.Message, &w.Count, &w.Example)
		w.At = fromMillis(at)
		return w, err
	})
}

// sortBy maps a sort key of the API to a SQL expression.
func sortBy(key, normal string, exprs map[string]string) (string, error) {
	e, ok := exprs[cmp.Or(key, normal)]
	if !ok {
		return "", fmt.Errorf("%w: cannot sort by %.40q", ErrInvalid, key)
	}
	return e, nil
}
