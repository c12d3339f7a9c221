package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"ledgerline/internal/logfile"
)

// FileReading stages the records of files, one file after the other.
type FileReading struct {
	stager     Stager
	batch      *batch
	recogniser recogniser
	opts       FileReadingOptions
	out        Outcome
	problems   []FileProblem
}

// FileReadingOptions say what to do with the records.
type FileReadingOptions struct {
	Routes   Routes
	Instance string // part of the identity of audit records, which name no instance
	// OnlyRouted refuses records that no route takes.
	OnlyRouted bool
	Limits     logfile.Options // Line, Growing and Packed are set for each file
	Progress   func(Progress)  // called after each batch; may be nil
}

// FileProblem is a part of a file that was refused.
type FileProblem struct {
	File       string
	Line, Last int64
	Reason     string
}

func (p FileProblem) String() string {
	problem := logfile.Problem{Line: p.Line, Last: p.Last, Reason: p.Reason}
	return p.File + ", " + problem.Error()
}

// Bounds of a batch and of what is kept of problems; all of them are counted.
const (
	fileBatchRecords = 2000
	fileBatchBytes   = 4 << 20
	maxProblems      = 100
)

// NewFileReading returns a reading into a stage.
func NewFileReading(stager Stager, opts FileReadingOptions) *FileReading {
	if opts.Progress == nil {
		opts.Progress = func(Progress) {}
	}
	return &FileReading{stager: stager, batch: newBatch(opts.Routes), recogniser: recogniser{instance: opts.Instance}, opts: opts}
}

// Outcome counts what has been read so far.
func (f *FileReading) Outcome() Outcome { return f.out }

// Problems are the first parts that were refused.
func (f *FileReading) Problems() []FileProblem { return f.problems }

// part is one stream of bytes and where it comes from.
type part struct {
	name    string
	line    int64 // of its first byte
	growing bool
	packed  bool
}

// Read stages the records of one stream. Everything counted is durable. An error
// means that the stream could not be read, or the stage not written; what is
// wrong with records is among the Problems.
func (f *FileReading) Read(ctx context.Context, name string, r io.Reader) error {
	_, _, err := f.read(ctx, part{name: name}, r)
	return err
}

// ReadFile is Read for a file, which may be a ZIP archive of others.
func (f *FileReading) ReadFile(ctx context.Context, name string, file io.ReaderAt, size int64) error {
	_, err := f.file(ctx, name, file, &readSoFar{Size: size}, false)
	return err
}

// place is where a stream is read on when it has grown.
type place struct{ offset, line int64 }

// read returns where the stream may be resumed, counted from where it began, and
// whether it ended where no record does.
func (f *FileReading) read(ctx context.Context, p part, r io.Reader) (resume place, torn bool, err error) {
	limits := f.opts.Limits
	limits.Line, limits.Growing, limits.Packed = p.line, p.growing, p.packed
	in := logfile.NewReader(r, limits)
	seen, list := newTwins(), 0
	begin := place{0, max(p.line, 1)}
	earlier := [2]place{begin, begin} // two stretches of twins back
	for {
		rec, err := in.Next()
		problem, refused := errors.AsType[*logfile.Problem](err)
		switch {
		case err == io.EOF:
			if seen.total > 0 {
				// Twins of what is read next must be met again to be counted.
				return earlier[0], in.Torn(), f.stage(ctx, p.name)
			}
			resume.offset, resume.line = in.Resume()
			return resume, in.Torn(), f.stage(ctx, p.name)
		case refused:
			f.refuse(FileProblem{p.name, problem.Line, problem.Last, problem.Reason})
			continue
		case err != nil:
			return begin, false, errors.Join(f.stage(ctx, p.name), fmt.Errorf("%s: %w", p.name, err))
		}
		if rec.List != list {
			// What two answers hold are no twins.
			if err := f.stage(ctx, p.name); err != nil {
				return begin, false, err
			}
			list = rec.List
			seen.reset()
		}
		if f.take(p.name, rec, seen) && seen.total%twinStretch == 0 {
			earlier[0] = earlier[1]
			earlier[1].offset, earlier[1].line = in.Resume()
		}
		if f.batch.rows >= fileBatchRecords || f.batch.bytes >= fileBatchBytes {
			if err := f.stage(ctx, p.name); err != nil {
				return begin, false, err
			}
		}
	}
}

// take reports whether it met a record without an id.
func (f *FileReading) take(name string, rec logfile.Record, seen *twins) bool {
	e, err := f.recogniser.read(rec.Raw)
	if err != nil {
		f.refuse(FileProblem{name, rec.Line, rec.Line, "the record " + err.Error()})
		return false
	}
	if _, taken := f.opts.Routes.of(e.kind); !taken && f.opts.OnlyRouted {
		reason := "no log source is known for records without a type; name one with --source"
		if e.kind != "" {
			reason = fmt.Sprintf("no log source is known for the type %.100q; name one with --source", e.kind)
		}
		f.refuse(FileProblem{name, rec.Line, rec.Line, reason})
		return false
	}
	count := 1
	if !e.named {
		count = seen.seen(e.id)
	}
	f.batch.put(e, bytes.Clone(rec.Raw), count)
	return !e.named
}

func (f *FileReading) refuse(p FileProblem) {
	f.out.Refused++
	if len(f.problems) < maxProblems {
		f.problems = append(f.problems, p)
		f.out.Notes = append(f.out.Notes, p.String())
	}
}

func (f *FileReading) stage(ctx context.Context, name string) error {
	if f.batch.rows == 0 {
		return nil
	}
	if err := f.batch.stage(ctx, f.stager, &f.out); err != nil {
		return err
	}
	f.opts.Progress(Progress{Window: name, Read: f.out.Received, Total: -1, Staged: f.out.Staged})
	return nil
}
