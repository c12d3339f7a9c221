package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// FileStatus is how far an uploaded file has come.
type FileStatus string

// The states of an uploaded file, as Oracle's API spells them.
const (
	InProgress FileStatus = "IN_PROGRESS"
	Successful FileStatus = "SUCCESSFUL"
	Failed     FileStatus = "FAILED"
)

// File is one uploaded file. Files of the same upload name share an Upload.
type File struct {
	Reference  string // unique; names this file for ever
	Upload     string // reference of the Upload; set on reading
	UploadName string
	Name       string
	Source     string // log source
	LogGroup   string // OCID
	Entity     string
	User       string
	Bytes      int64
	Received   time.Time

	// Set by FinishFiles.
	Status           FileStatus
	Finished         time.Time
	Rows             int64
	Earliest, Latest time.Time // of the log entries; zero when there are none
	WarningCount     int64     // set on reading: how many warnings can be listed
	Failure          string    // why nothing could be read
}

// Warning says what of a file could not be read as it should.
type Warning struct {
	Code    string
	Message string
	Count   int64
	Example string
}

// Finished is a file that was processed. Status, Finished and WarningCount are
// derived: a file with a Failure has failed.
type Finished struct {
	File
	Warnings []Warning
}

// UploadReference of an upload name. It is derived, so that books rebuilt from
// the stage name every upload as before; like Oracle's it is a signed number.
func UploadReference(name string) string {
	sum := sha256.Sum256([]byte(name))
	return strconv.FormatInt(int64(binary.BigEndian.Uint64(sum[:8])), 10)
}

// AddFile enters a received file as being processed. A file that is already
// known, finished or not, stays as it is.
func (c *Catalog) AddFile(ctx context.Context, f File) error {
	if err := checkFile(f); err != nil {
		return err
	}
	return c.writer.do(ctx, false, func(tx *tx) error {
		_, err := addFile(tx, f)
		return err
	})
}

// FinishFiles enters what became of files, in one transaction. Files that are not
// known yet are added, known outcomes replaced: telling it twice changes nothing.
func (c *Catalog) FinishFiles(ctx context.Context, files []Finished) error {
	for _, f := range files {
		if err := checkFile(f.File); err != nil {
			return err
		}
	}
	now := c.now()
	return c.writer.do(ctx, false, func(tx *tx) error {
		for _, f := range files {
			if err := finishFile(tx, f, now); err != nil {
				return fmt.Errorf("catalog: file %s: %w", f.Reference, err)
			}
		}
		return nil
	})
}

func checkFile(f File) error {
	if f.Reference == "" || f.UploadName == "" || f.Received.IsZero() {
		return fmt.Errorf("%w: a file needs a reference, an upload name and its time of reception", ErrInvalid)
	}
	return nil
}

func addFile(tx *tx, f File) (added bool, err error) {
	upload, received := UploadReference(f.UploadName), toMillis(f.Received)
	// A replay of the stage may tell of an older file after a newer one.
	if _, err := tx.exec(`INSERT INTO uploads (reference, name, created, updated) VALUES (?1, ?2, ?3, ?3)
		ON CONFLICT (reference) DO UPDATE SET created = min(created, excluded.created), updated = max(updated, excluded.updated)`,
		upload, f.UploadName, received); err != nil {
		return false, err
	}
	r, err := tx.exec(`INSERT INTO upload_files (reference, upload, name, source, log_group, entity, user, bytes, received, status)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (reference) DO NOTHING`,
		f.Reference, upload, f.Name, f.Source, f.LogGroup, f.Entity, f.User, f.Bytes, received, string(InProgress))
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

func finishFile(tx *tx, f Finished, now time.Time) error {
	if _, err := addFile(tx, f.File); err != nil {
		return err
	}
	status := Successful
	if f.Failure != "" {
		status = Failed
	}
	var upload, before string
	var warned int64
	if err := tx.row("SELECT upload, status, warnings FROM upload_files WHERE reference = ?", []any{f.Reference}, &upload, &before, &warned); err != nil {
		return err
	}
	first := FileStatus(before) == InProgress
	if _, err := tx.exec(`UPDATE upload_files SET status = ?, finished = iif(?, ?, finished), rows = ?, earliest = ?, latest = ?, warnings = ?, failure = ?
		WHERE reference = ?`, string(status), first, toMillis(now), f.Rows, toMillis(f.Earliest), toMillis(f.Latest), len(f.Warnings), f.Failure, f.Reference); err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE uploads SET warnings = warnings + ?2 - ?3, updated = iif(?4, max(updated, ?5), updated),
		earliest = iif(?6 = 0, earliest, iif(earliest = 0, ?6, min(earliest, ?6))), latest = max(latest, ?7) WHERE reference = ?1`,
		upload, len(f.Warnings), warned, first, toMillis(now), toMillis(f.Earliest), toMillis(f.Latest)); err != nil {
		return err
	}
	if !first {
		if _, err := tx.exec("DELETE FROM upload_warnings WHERE file = ?", f.Reference); err != nil {
			return err
		}
	}
	for i, w := range f.Warnings {
		if _, err := tx.exec("INSERT INTO upload_warnings (file, seq, upload, code, message, count, example, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			f.Reference, i, upload, w.Code, w.Message, w.Count, w.Example, toMillis(now)); err != nil {
			return err
		}
	}
	return nil
}

// File returns one uploaded file, or ErrNotFound.
func (c *Catalog) File(ctx context.Context, reference string) (File, error) {
	f, err := scanFile(c.read.QueryRowContext(ctx, "SELECT "+fileColumns+" FROM upload_files f JOIN uploads u ON u.reference = f.upload WHERE f.reference = ?", reference).Scan)
	return f, notFound(err, "uploaded file", reference)
}

// Ingested reports whether any file was ever received.
func (c *Catalog) Ingested(ctx context.Context) (bool, error) {
	var one int
	err := c.read.QueryRowContext(ctx, "SELECT 1 FROM upload_files LIMIT 1").Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

const fileColumns = `f.reference, f.upload, u.name, f.name, f.source, f.log_group, f.entity, f.user, f.bytes, f.received,
	f.status, f.finished, f.rows, f.earliest, f.latest, f.warnings, f.failure`

func scanFile(row func(...any) error) (File, error) {
	var f File
	var received, finished, earliest, latest int64
	err := row(&f.Reference, &f.Upload, &f.UploadName, &f.Name, &f.Source, &f.LogGroup, &f.Entity, &f.User, &f.Bytes, &received,
		&f.Status, &finished, &f.Rows, &earliest, &latest, &f.WarningCount, &f.Failure)
	f.Received, f.Finished, f.Earliest, f.Latest = fromMillis(received), fromMillis(finished), fromMillis(earliest), fromMillis(latest)
	return f, err
}
