package collect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/logfile"
)

// FilesLedger keeps records and which files have been read.
type FilesLedger interface {
	Stager
	State(ctx context.Context, integration, key string) (string, error)
	SetState(ctx context.Context, integration, key, value string) error
}

// FilesOptions say which files to read.
type FilesOptions struct {
	Integration string
	Path        string        // a file, or a folder with its subfolders
	Pattern     string        // of file names, as path.Match has it; default all
	Settle      time.Duration // a file is taken for whole this long after its last change; default 1 minute
	Instance    string        // part of the identity of audit records, which name no instance
	Routes      Routes
	Clock       func() time.Time
	Logger      *slog.Logger
	Progress    func(Progress) // called after each batch; may be nil
}

// Files reads what is put into a folder, each file once. A file that has grown
// is read from where the last reading ended; one whose beginning is another than
// it was is read anew. Collect must not run twice at once.
type Files struct {
	ledger FilesLedger
	opts   FilesOptions
}

// NewFiles returns a reader; nothing is opened before Collect.
func NewFiles(ledger FilesLedger, opts FilesOptions) *Files {
	opts.Pattern = cmp.Or(opts.Pattern, "*")
	opts.Settle = cmp.Or(opts.Settle, time.Minute)
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Files{ledger: ledger, opts: opts}
}

// foundFile is one file of the folder.
type foundFile struct {
	name string // below Path, with slashes; the base name when Path is a file
	path string
	info fs.FileInfo
}

// Collect reads what is new. A file that cannot be read does not keep the others
// from being read; the error names all of them.
func (f *Files) Collect(ctx context.Context) (Outcome, error) {
	list, err := f.list()
	if err != nil {
		return Outcome{}, fmt.Errorf("collect: %s: %w", f.opts.Integration, err)
	}
	progress := f.opts.Progress
	reading := NewFileReading(f.ledger, FileReadingOptions{Routes: f.opts.Routes, Instance: f.opts.Instance, Progress: func(p Progress) {
		if progress != nil {
			p.Integration = f.opts.Integration
			progress(p)
		}
	}})
	var errs []error
	for _, file := range list {
		if ctx.Err() != nil {
			break
		}
		if err := f.one(ctx, reading, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("collect: %s: %w", f.opts.Integration, err))
		}
	}
	for _, p := range reading.Problems() {
		f.opts.Logger.Warn("part of a file was refused", "integration", f.opts.Integration, "file", p.File, "line", p.Line, "reason", p.Reason)
	}
	return reading.Outcome(), errors.Join(append(errs, ctx.Err())...)
}

// list finds the files, the oldest first. Names that begin with a dot are left
// out: that is how files under way are written.
func (f *Files) list() ([]foundFile, error) {
	var list []foundFile
	err := filepath.WalkDir(f.opts.Path, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != f.opts.Path {
			return nil // gone meanwhile
		}
		if err != nil {
			return fmt.Errorf("%w: check path, and that this user may read it", err)
		}
		hidden := name != f.opts.Path && strings.HasPrefix(d.Name(), ".")
		if hidden && d.IsDir() {
			return fs.SkipDir
		}
		if matches, _ := path.Match(f.opts.Pattern, d.Name()); hidden || !d.Type().IsRegular() || !matches {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		rel, err := filepath.Rel(f.opts.Path, name)
		if err != nil || rel == "." {
			rel = d.Name()
		}
		list = append(list, foundFile{filepath.ToSlash(rel), name, info})
		return nil
	})
	slices.SortFunc(list, func(a, b foundFile) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), strings.Compare(a.name, b.name))
	})
	return list, err
}

// readSoFar is what the ledger keeps of a file.
type readSoFar struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Offset   int64     `json:"offset"` // where reading goes on when it grows
	Line     int64     `json:"line"`
	Hash     string    `json:"sha256"`         // of the bytes before Offset
	Torn     bool      `json:"torn,omitempty"` // its end was left until it settles
}

const keyFile = "file:"

func (f *Files) one(ctx context.Context, reading *FileReading, file foundFile) error {
	text, err := f.ledger.State(ctx, f.opts.Integration, keyFile+file.name)
	if err != nil {
		return err
	}
	var before readSoFar
	if text != "" {
		if err := json.Unmarshal([]byte(text), &before); err != nil {
			return fmt.Errorf("what is known of %s: %w", file.name, err)
		}
	}
	now := readSoFar{Size: file.info.Size(), Modified: file.info.ModTime().UTC(), Line: 1}
	growing := f.opts.Clock().Sub(now.Modified) < f.opts.Settle
	if text != "" && before.Size == now.Size && before.Modified.Equal(now.Modified) && !(before.Torn && !growing) {
		return nil
	}
	in, err := os.Open(file.path)
	if err != nil {
		return err
	}
	defer in.Close()
	if same, err := beginsAs(in, before); err != nil {
		return err
	} else if same {
		now.Offset, now.Line = before.Offset, before.Line
	}
	// What is written behind the size that was seen is for the next run.
	torn, err := reading.file(ctx, file.name, in, &now, growing)
	if err != nil {
		return err
	}
	now.Torn = torn && growing
	if now.Hash, err = hashOf(in, now.Offset); err != nil {
		return err
	}
	kept, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return f.ledger.SetState(ctx, f.opts.Integration, keyFile+file.name, string(kept))
}

// file reads one file from an offset and moves the offset on. torn says that it
// does not end where a record does.
func (f *FileReading) file(ctx context.Context, name string, in io.ReaderAt, at *readSoFar, growing bool) (torn bool, err error) {
	if at.Offset > 0 {
		resume, torn, err := f.read(ctx, part{name: name, line: at.Line, growing: growing}, io.NewSectionReader(in, at.Offset, at.Size-at.Offset))
		at.Offset, at.Line = at.Offset+resume.offset, resume.line
		return torn, err
	}
	err = logfile.Parts(in, at.Size, func(inner string, stream io.Reader) error {
		p := part{name: name, growing: growing}
		if inner != "" {
			p = part{name: name + "/" + inner, packed: true}
		}
		resume, unfinished, err := f.read(ctx, p, stream)
		if inner == "" {
			at.Offset, at.Line, torn = resume.offset, resume.line, unfinished
		}
		return err
	})
	if errors.Is(err, logfile.ErrArchive) {
		if !growing {
			f.refuse(FileProblem{name, 1, 1, err.Error()})
		}
		return true, nil
	}
	return torn, err
}

func beginsAs(in io.ReaderAt, before readSoFar) (bool, error) {
	if before.Offset == 0 {
		return false, nil
	}
	hash, err := hashOf(in, before.Offset)
	return hash == before.Hash, err
}

// hashOf is empty when there are no bytes, or fewer than asked for.
func hashOf(in io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(in, 0, size))
	if err != nil || n < size || n == 0 {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
