// Package deliver moves sealed stage files, in order, to each sink: at least
// once, and exactly once where the sink can tell a second try from a second
// file. A sink that is down is tried again later from where it stopped; a file
// that a sink refuses for good is put in quarantine with the reason, and the
// rest goes on.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"ledgerline/internal/connect"
	"ledgerline/internal/stage"
)

// Sink takes sealed files. A Deliver that fails may have arrived all the same;
// the same file is then given again until it succeeds or is refused.
type Sink interface {
	// Name tells this sink from the others for ever: its cursor is kept under it.
	Name() string
	// Step is what a run calls the delivery: archive, upload or parse.
	Step() string
	Deliver(ctx context.Context, f stage.File) (Receipt, error)
}

// Receipt says what a sink took.
type Receipt struct {
	Reference string
	Records   int64
	Warnings  int64
	Note      string // what a person should know, such as a possible double
}

// Stage is what delivering needs of the stage.
type Stage interface {
	Files(ctx context.Context, integration string, after int64, limit int) ([]stage.File, error)
	Cursor(ctx context.Context, sink, integration string) (int64, error)
	Advance(ctx context.Context, sink, integration string, fileID int64) error
	Quarantine(ctx context.Context, sink string, f stage.File, reason string) error
	Requeued(ctx context.Context, sink string) ([]stage.File, error)
	Unquarantine(ctx context.Context, sink string, fileID int64) error
}

// Outcome counts what one drain did.
type Outcome struct {
	Files, Bytes, Records, Warnings, Quarantined int64
	Notes                                        []string
}

// Options of a Deliverer.
type Options struct {
	Logger *slog.Logger
	// Batch is how many files are listed at a time.
	Batch int
}

// Deliverer drains the stage into sinks.
type Deliverer struct {
	stage Stage
	log   *slog.Logger
	batch int
}

// New returns a deliverer over a stage.
func New(s Stage, opts Options) *Deliverer {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Batch <= 0 {
		opts.Batch = 64
	}
	return &Deliverer{stage: s, log: opts.Logger, batch: opts.Batch}
}

// Drain delivers every sealed file of an integration that the sink has not
// had, those first that a person asked to be tried again. It stops at the first
// file that could not be delivered now; the next drain goes on there.
func (d *Deliverer) Drain(ctx context.Context, integration string, sink Sink) (Outcome, error) {
	var out Outcome
	if err := d.requeued(ctx, integration, sink, &out); err != nil {
		return out, err
	}
	at, err := d.stage.Cursor(ctx, sink.Name(), integration)
	if err != nil {
		return out, err
	}
	for {
		files, err := d.stage.Files(ctx, integration, at, d.batch)
		if err != nil || len(files) == 0 {
			return out, err
		}
		for _, f := range files {
			if _, err := d.one(ctx, sink, f, &out); err != nil {
				return out, err
			}
			if err := d.stage.Advance(ctx, sink.Name(), integration, f.ID); err != nil {
				return out, err
			}
			at = f.ID
		}
	}
}

func (d *Deliverer) requeued(ctx context.Context, integration string, sink Sink, out *Outcome) error {
	files, err := d.stage.Requeued(ctx, sink.Name())
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Integration != integration {
			continue
		}
		taken, err := d.one(ctx, sink, f, out)
		if err != nil {
			return err
		}
		if !taken {
			continue
		}
		if err := d.stage.Unquarantine(ctx, sink.Name(), f.ID); err != nil {
			return err
		}
	}
	return nil
}

// one delivers a file, or quarantines it when the sink refuses it for good.
func (d *Deliverer) one(ctx context.Context, sink Sink, f stage.File, out *Outcome) (taken bool, err error) {
	receipt, err := sink.Deliver(ctx, f)
	if err != nil && ctx.Err() == nil && forGood(err) {
		d.log.Error("file refused for good and put in quarantine", "sink", sink.Name(), "file", f.Name, "error", err)
		out.Quarantined++
		out.Notes = append(out.Notes, fmt.Sprintf("%s is in quarantine: %v", f.Name, err))
		return false, d.stage.Quarantine(ctx, sink.Name(), f, err.Error())
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", sink.Name(), err)
	}
	out.Files++
	out.Bytes += f.Bytes
	out.Records += receipt.Records
	out.Warnings += receipt.Warnings
	if receipt.Note != "" {
		out.Notes = append(out.Notes, f.Name+": "+receipt.Note)
		d.log.Warn("delivered with a note", "sink", sink.Name(), "file", f.Name, "note", receipt.Note)
	}
	return true, nil
}

// RefusedError marks a file that the sink will never take.
type RefusedError struct{ Reason error }

func (e *RefusedError) Error() string { return e.Reason.Error() }
func (e *RefusedError) Unwrap() error { return e.Reason }

// forGood reports whether trying the same file again cannot help. A wrong key,
// a missing bucket or log group concerns every file and a person can mend it,
// so that is not for good.
func forGood(err error) bool {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return true
	}
	var service *connect.Error
	return errors.As(err, &service) && service.Kind == connect.Refused
}
