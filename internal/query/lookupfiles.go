package query

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"weak"

	"ledgerline/internal/query/compile"
	"ledgerline/internal/query/plan"
	"ledgerline/internal/record"
)

const (
	filedRows      = 1000 // lookup tables of fewer rows go into the statement
	maxLookupFiles = 8    // that no query reads
)

// lookupFiles keeps large lookup tables as files that the engine reads: a statement that holds such a
// table takes longer to be read than to be run. A table that has changed is another one, with a file of
// its own; one that is being read stays until its last reader is done.
type lookupFiles struct {
	dir string // where the engine may read; empty: no files are made
	log *slog.Logger

	mu    sync.Mutex // also while a file is written: queries at once write it once
	files map[weak.Pointer[plan.Lookup]]*lookupFile
	turn  int64
}

type lookupFile struct {
	path    string
	readers int
	used    int64 // turn
}

// lease returns the file of a table, which is there until release is called; an empty path: there is none.
func (f *lookupFiles) lease(t *plan.Lookup) (path string, release func()) {
	if f.dir == "" || len(t.Rows) < filedRows {
		return "", func() {}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := weak.Make(t)
	file := f.files[key]
	if file == nil {
		path, err := f.write(t)
		if err != nil {
			f.log.Warn("a lookup table cannot be written for the engine: queries with it are slow until there is room", "error", err)
			return "", func() {}
		}
		if f.files == nil {
			f.files = map[weak.Pointer[plan.Lookup]]*lookupFile{}
		}
		file = &lookupFile{path: path}
		f.files[key] = file
	}
	f.turn++
	file.used = f.turn
	file.readers++
	f.tidy()
	return file.path, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		file.readers--
		f.tidy()
	}
}

// tidy removes the files of tables that are no more, and those used longest ago beyond so many.
func (f *lookupFiles) tidy() {
	for {
		var oldest weak.Pointer[plan.Lookup]
		var file *lookupFile
		idle := 0
		for key, l := range f.files {
			if l.readers > 0 {
				continue
			}
			idle++
			if key.Value() == nil {
				l.used = 0 // nobody can ask for it again
			}
			if file == nil || l.used < file.used {
				oldest, file = key, l
			}
		}
		if idle <= maxLookupFiles && (file == nil || file.used > 0) {
			return
		}
		if err := os.Remove(file.path); err != nil {
			f.log.Warn("cannot remove a file of a lookup table; the next start does", "path", file.path, "error", err)
		}
		delete(f.files, oldest)
	}
}

// write makes the file of a table. No name is used twice: engines remember what files hold.
func (f *lookupFiles) write(t *plan.Lookup) (path string, err error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(f.dir, rand.Text()+".parquet")
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			os.Remove(path)
		}
	}()
	w := NewParquet(struct{ io.Writer }{out}, func(v any) (string, error) { return strings.ToValidUTF8(v.(string), "\uFFFD"), nil })
	columns := make([]Column, len(t.Columns))
	for i := range columns {
		columns[i] = Column{Name: compile.TableColumn(i), Type: record.String}
	}
	if err := w.Header(columns); err != nil {
		return "", err
	}
	row := make([]any, 0, len(columns))
	for i := range t.Rows {
		if err := w.Row(t.Row(row, i)); err != nil {
			return "", fmt.Errorf("row %d: %w", i, err)
		}
	}
	return path, w.Close()
}
