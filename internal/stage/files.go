package stage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"ledgerline/internal/record"
)

// ErrNotFound is wrapped by errors about a file, run or quarantine entry that
// the ledger does not hold.
var ErrNotFound = errors.New("not found")

const fileColumns = `id, integration, kind, sequence, day, name, count, bytes, first, last, window_from, window_to, sha256, chain, sealed, rewritten, content`

// scanFile reads fileColumns, and more columns after them.
func (s *Stage) scanFile(scan func(...any) error, more ...any) (File, error) {
	var (
		f                           File
		first, last, from, to, when int64
		sum, chain, content         []byte
	)
	if err := scan(append([]any{&f.ID, &f.Integration, &f.Kind, &f.place.sequence, &f.place.day, &f.Name, &f.Count, &f.Bytes,
		&first, &last, &from, &to, &sum, &chain, &when, &f.rewritten, &content}, more...)...); err != nil {
		return f, err
	}
	f.place.dir = filepath.Join(s.root(), f.Integration)
	f.Path = f.place.path(sealedSuffix)
	f.First, f.Last, f.Sealed = fromMicro(first), fromMicro(last), fromMicro(when)
	f.Window = record.Window{From: fromMicro(from), To: fromMicro(to)}
	copy(f.SHA256[:], sum)
	copy(f.Chain[:], chain)
	f.Content = f.SHA256
	if f.rewritten > 0 {
		f.Path = s.rewrittenPath(f.place.sequence, f.rewritten)
		copy(f.Content[:], content)
	}
	return f, nil
}

func (s *Stage) queryFiles(ctx context.Context, query string, args ...any) ([]File, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []File
	for rows.Next() {
		f, err := s.scanFile(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// Files returns up to limit sealed files of an integration that follow the file
// with the given ID, in order. An empty integration means all of them.
func (s *Stage) Files(ctx context.Context, integration string, after int64, limit int) ([]File, error) {
	if integration == "" {
		return s.queryFiles(ctx, "SELECT "+fileColumns+" FROM file WHERE id > ? AND removed = 0 ORDER BY id LIMIT ?", after, limit)
	}
	return s.queryFiles(ctx, "SELECT "+fileColumns+" FROM file WHERE integration = ? AND id > ? AND removed = 0 ORDER BY id LIMIT ?",
		integration, after, limit)
}

// File returns one sealed file, or an error that wraps ErrNotFound.
func (s *Stage) File(ctx context.Context, id int64) (File, error) {
	f, err := s.scanFile(s.read.QueryRowContext(ctx, "SELECT "+fileColumns+" FROM file WHERE id = ? AND removed = 0", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("stage: file %d: %w", id, ErrNotFound)
	}
	return f, err
}

// Head returns the ID of the last listed file and the chain up to it; zero
// values before the first. Kept elsewhere, it proves later that no file was
// taken off the end.
func (s *Stage) Head(ctx context.Context) (id int64, chain [sha256.Size]byte, err error) {
	var link []byte
	err = s.read.QueryRowContext(ctx, "SELECT id, chain FROM file ORDER BY id DESC LIMIT 1").Scan(&id, &link)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, chain, nil
	}
	copy(chain[:], link)
	return id, chain, err
}

// Open opens a sealed file's bytes as they are on disk, unchecked.
func (s *Stage) Open(f File) (io.ReadSeekCloser, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("stage: file %d: %w", f.ID, err)
	}
	return file, nil
}

// ErrDamaged is wrapped by errors about a file whose bytes are not those that
// were sealed.
var ErrDamaged = errors.New("its bytes are not those that were sealed: restore it from the archive, or run verify to see what else is damaged")

// ReadVerified reads a whole sealed file and compares its hash.
func (s *Stage) ReadVerified(f File) ([]byte, error) {
	body, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("stage: file %d: %w", f.ID, err)
	}
	if sha256.Sum256(body) != f.Content {
		return nil, fmt.Errorf("stage: file %d (%s): %w", f.ID, f.Path, ErrDamaged)
	}
	return body, nil
}

// Retention says what Retain may remove.
type Retention struct {
	Before time.Time                         // only files sealed earlier
	Sinks  func(integration string) []string // whose cursors must have passed a file
	Hold   func(integration string) bool     // legal hold: nothing is removed; may be nil
}

// Retain removes sealed files that every sink has read and returns how many. A
// quarantined file stays. The row stays as a tombstone, so that the chain still
// verifies.
func (s *Stage) Retain(ctx context.Context, r Retention) (int, error) {
	files, err := s.queryFiles(ctx, "SELECT "+fileColumns+` FROM file WHERE sealed < ? AND removed = 0
		AND id NOT IN (SELECT file FROM quarantine) ORDER BY id`, toMicro(r.Before))
	if err != nil {
		return 0, fmt.Errorf("stage: retention: %w", err)
	}
	passed := map[string]int64{}
	removed := 0
	for _, f := range files {
		limit, known := passed[f.Integration]
		if !known {
			if limit, err = s.passed(ctx, f.Integration, r); err != nil {
				return removed, fmt.Errorf("stage: retention: %w", err)
			}
			passed[f.Integration] = limit
		}
		if f.ID > limit {
			continue
		}
		if err := s.tombstone(ctx, f.ID); err != nil {
			return removed, fmt.Errorf("stage: retention of file %d: %w", f.ID, err)
		}
		removed++
	}
	return removed, nil
}

// passed is the last file that may go: no sink and no hold needs it.
func (s *Stage) passed(ctx context.Context, integration string, r Retention) (int64, error) {
	if r.Hold != nil && r.Hold(integration) {
		return 0, nil
	}
	limit := int64(1<<63 - 1)
	for _, sink := range r.Sinks(integration) {
		at, err := s.Cursor(ctx, sink, integration)
		if err != nil {
			return 0, err
		}
		limit = min(limit, at)
	}
	return limit, nil
}

// tombstone first marks the row, then removes the bytes; recovery completes it.
func (s *Stage) tombstone(ctx context.Context, id int64) error {
	s.bytes.Lock()
	defer s.bytes.Unlock()
	f, err := s.File(ctx, id)
	if err != nil {
		return err
	}
	if err := s.update(ctx, "tombstone", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE file SET removed = ? WHERE id = ?", toMicro(s.opts.Clock()), f.ID)
		return err
	}); err != nil {
		return err
	}
	return s.unlink(ctx, f)
}

// unlink removes the bytes of a tombstone and notes that nothing is left to do,
// by a negative time.
func (s *Stage) unlink(ctx context.Context, f File) error {
	if err := s.disk.remove(f.Path); err != nil {
		return err
	}
	os.Remove(filepath.Dir(f.place.path(""))) // succeeds only when the day is empty
	return s.update(ctx, "unlinked", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE file SET removed = -abs(removed) WHERE id = ?", f.ID)
		return err
	})
}
