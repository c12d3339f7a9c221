package stage

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Erasure says whose bytes are to go, who asks and why.
type Erasure struct {
	Uploads map[string]time.Time // reference to time of reception, which finds the file
	Actor   string
	Reason  string
}

// Erased is what is left of the body of an erased upload.
type Erased struct {
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"` // hex
	Time   time.Time `json:"time"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
}

// Erase takes the bodies of uploads out of the received files and returns how many
// it took. A file is rewritten with the heads of its uploads and the bodies of those
// that stay; it keeps its position, its name and its link of the chain, and the
// ledger says which bytes stand for it now, who asked and why. What is erased, was
// never received or has been retained is left alone, so that Erase may be called
// again after an error. Who calls it sees to it that every sink has read the uploads.
func (s *Stage) Erase(ctx context.Context, e Erasure) (int, error) {
	if len(e.Uploads) == 0 {
		return 0, nil
	}
	from, to := time.Time{}, time.Time{}
	for _, at := range e.Uploads {
		if from.IsZero() || at.Before(from) {
			from = at
		}
		if at.After(to) {
			to = at
		}
	}
	// The callers' books may count in milliseconds.
	files, err := s.queryFiles(ctx, "SELECT "+fileColumns+` FROM file WHERE kind = 'received' AND removed = 0
		AND window_to > ? AND window_from <= ? ORDER BY id`, toMicro(from.Truncate(time.Millisecond)), toMicro(to.Add(time.Millisecond)))
	if err != nil {
		return 0, fmt.Errorf("stage: erase: %w", err)
	}
	total := 0
	for _, f := range files {
		if !e.mayTouch(f) {
			continue
		}
		n, err := s.rewriteWithout(ctx, f.ID, e)
		if err != nil {
			return total, fmt.Errorf("stage: erase uploads of file %d: %w", f.ID, err)
		}
		total += n
	}
	return total, nil
}

// mayTouch reports whether one of the uploads came while the file was open.
func (e *Erasure) mayTouch(f File) bool {
	for _, at := range e.Uploads {
		if f.Window.To.After(at.Truncate(time.Millisecond)) && !f.Window.From.After(at.Add(time.Millisecond)) {
			return true
		}
	}
	return false
}

// rewriteWithout writes a file anew without some bodies: first the new bytes, then
// the ledger says in one transaction that these count, then the old ones go.
// Recovery removes whichever the ledger does not name.
func (s *Stage) rewriteWithout(ctx context.Context, id int64, e Erasure) (int, error) {
	s.bytes.Lock()
	defer s.bytes.Unlock()
	f, err := s.File(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil // retention was faster
	}
	if err != nil {
		return 0, err
	}
	file, err := openChecked(f)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var gone []ReceivedUpload
	if err := readFrames(ctx, file, func(u ReceivedUpload) error {
		if _, meant := e.Uploads[u.Reference]; meant && u.Erased == nil {
			gone = append(gone, s.erased(u, e))
		}
		return nil
	}); err != nil || len(gone) == 0 {
		return 0, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	next := f
	next.rewritten++
	next.Path = s.rewrittenPath(f.place.sequence, next.rewritten)
	if next.Content, err = s.writeRewritten(ctx, next.Path, file, gone); err != nil {
		return 0, err
	}
	if err := s.update(ctx, "rewrite", func(tx *sql.Tx) error { return enterRewritten(ctx, tx, next, gone) }); err != nil {
		return 0, err
	}
	return len(gone), s.disk.remove(f.Path)
}

// erased is the head that an upload keeps.
func (s *Stage) erased(u ReceivedUpload, e Erasure) ReceivedUpload {
	u.Erased = &Erased{Bytes: int64(len(u.Body)), SHA256: fmt.Sprintf("%x", sha256.Sum256(u.Body)), Time: s.opts.Clock().UTC(), Actor: e.Actor, Reason: e.Reason}
	u.Body = nil
	return u
}

// writeRewritten copies the frames of a file, with the heads alone of what is gone,
// and returns the hash of what it wrote once that is on disk.
func (s *Stage) writeRewritten(ctx context.Context, path string, from *os.File, gone []ReceivedUpload) (sum [sha256.Size]byte, err error) {
	if err := s.disk.mkdirAll(filepath.Dir(path)); err != nil {
		return sum, err
	}
	out, err := s.disk.create(path)
	if err != nil {
		return sum, err
	}
	defer out.Close()
	h := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(diskFile{s.disk, out}, h), 256<<10)
	err = readFrames(ctx, from, func(u ReceivedUpload) error {
		if len(gone) > 0 && gone[0].Number == u.Number {
			u, gone = gone[0], gone[1:]
		}
		head, err := frameHead(&u.Upload, u.Body)
		if err != nil {
			return err
		}
		w.Write(head) // the error stays in w
		_, err = w.Write(u.Body)
		return err
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return sum, err
	}
	if err := s.disk.sync(out); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, s.disk.syncDir(filepath.Dir(path))
}

func enterRewritten(ctx context.Context, tx *sql.Tx, f File, gone []ReceivedUpload) error {
	if _, err := tx.ExecContext(ctx, "UPDATE file SET rewritten = ?, content = ? WHERE id = ?", f.rewritten, f.Content[:], f.ID); err != nil {
		return err
	}
	for _, u := range gone {
		if _, err := tx.ExecContext(ctx, "INSERT INTO erasure (file, number, upload, bytes, sha256, actor, reason, erased) VALUES (?,?,?,?,?,?,?,?)",
			f.ID, u.Number, u.Reference, u.Erased.Bytes, u.Erased.SHA256, u.Erased.Actor, u.Erased.Reason, toMicro(u.Erased.Time)); err != nil {
			return err
		}
	}
	return nil
}

// rewrittenDir holds the files that are not as they were sealed, apart from the
// others, so that recovery finds at a glance what the ledger does not name.
const rewrittenDir = "rewritten"

func (s *Stage) rewrittenPath(sequence, number int64) string {
	return filepath.Join(s.root(), ReceivedIntegration, rewrittenDir, fmt.Sprintf("%08d-%d%s", sequence, number, sealedSuffix))
}

// recoverRewritten removes the bytes that a rewriting left behind, be they older or
// newer than those that the ledger names.
func (s *Stage) recoverRewritten(ctx context.Context) error {
	listed, err := s.queryFiles(ctx, "SELECT "+fileColumns+" FROM file WHERE rewritten > 0 AND removed = 0")
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, f := range listed {
		named[f.Path] = true
		if err := s.disk.remove(f.place.path(sealedSuffix)); err != nil {
			return err
		}
	}
	dir := filepath.Join(s.root(), ReceivedIntegration, rewrittenDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if path := filepath.Join(dir, entry.Name()); !named[path] {
			if err := s.disk.remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
