package collect

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// AuditClient fetches one page of the audit trail. It retries what is transient itself.
type AuditClient interface {
	AuditRecords(ctx context.Context, q connect.AuditQuery) (*connect.AuditPage, error)
}

// Ledger is where records and what is known of them are kept. Each call is durable when it returns.
type Ledger interface {
	// Add stages what exceeds the counts it knows and returns how many rows that are.
	Add(ctx context.Context, integration string, items []record.Counted) (int, error)
	State(ctx context.Context, integration, key string) (string, error)
	SetState(ctx context.Context, integration, key, value string) error
	MarkCovered(ctx context.Context, integration string, w record.Window, rows int) error
	MarkGap(ctx context.Context, integration string, w record.Window, note string) error
}

// AuditOptions say what to read and how.
type AuditOptions struct {
	Integration string
	Instance    string        // part of each identity, so that two instances never share one
	PageSize    int           // records a page; default 100
	Backfill    string        // first run: retention (default), 3d or none
	Overlap     time.Duration // how late a record may appear; default 10 minutes
	MaxOffset   int           // do not page to this offset or beyond; 0: until the service refuses
	RetryGaps   time.Duration // how often a refused window is asked for again; default 6 h
	Clock       func() time.Time
	Logger      *slog.Logger
	Progress    func(Progress) // called after each page; may be nil
}

// Progress of a reading under way.
type Progress struct {
	Integration string
	Window      string
	Read        int // rows of this pass so far
	Total       int // -1 when the service does not say
	Staged      int // rows of this reading that were new
}

// Outcome of one Collect.
type Outcome struct {
	Pages      int // answers received
	Received   int // rows in them
	Staged     int // rows that were new
	Duplicates int // rows that were known
	Passes     int
	Drifts     int // passes during which the list changed
	Splits     int // queries divided because an offset, or so large an answer, was refused
	Unmatched  int // rows staged that no upload takes yet
	Refused    int // rows that cannot be kept as records; Notes say why
	Window     record.Window
	Gaps       []Gap
	Links      []connect.Link // of the first page
	Notes      []string       // what a person should know, the gravest first
}

// mostNotes bounds what a source full of rubbish can say.
const mostNotes = 100

func (o *Outcome) note(format string, args ...any) {
	if len(o.Notes) < mostNotes {
		o.Notes = append(o.Notes, fmt.Sprintf(format, args...))
	}
}

// Gap is a window that could not be proven to be read.
type Gap struct {
	Window record.Window
	Note   string
}

// Audit reads the audit trail of one Oracle Integration instance. Collect must not run twice at once.
type Audit struct {
	client AuditClient
	ledger Ledger
	opts   AuditOptions
	size   pageSize
}

// The values of AuditOptions.Backfill.
const (
	BackfillRetention = "retention" // all that the service still keeps
	BackfillThreeDays = "3d"
	BackfillNone      = "none" // nothing from before the first run
)

// NewAudit returns a reader; nothing is asked before Collect.
func NewAudit(client AuditClient, ledger Ledger, opts AuditOptions) *Audit {
	opts.PageSize = cmp.Or(max(opts.PageSize, 0), 100)
	opts.Backfill = cmp.Or(opts.Backfill, BackfillRetention)
	opts.Overlap = cmp.Or(opts.Overlap, 10*time.Minute)
	opts.RetryGaps = cmp.Or(opts.RetryGaps, 6*time.Hour)
	surroundings(&opts.Clock, &opts.Logger, &opts.Progress)
	return &Audit{client: client, ledger: ledger, opts: opts, size: pageSize{now: opts.PageSize, most: opts.PageSize}}
}

// Collect reads from the watermark to now. The outcome counts what was done also when an error
// ended it; everything counted as staged is durable.
func (a *Audit) Collect(ctx context.Context) (Outcome, error) {
	r := &reading{Audit: a}
	if err := r.load(ctx); err != nil {
		return r.out, fmt.Errorf("collect: state of %s: %w", a.opts.Integration, err)
	}
	err := r.collect(ctx)
	if e := r.saveResources(ctx); err == nil {
		err = e
	}
	if err != nil {
		return r.out, fmt.Errorf("collect: %s: %w", a.opts.Integration, err)
	}
	return r.out, nil
}

// reading is one Collect under way.
type reading struct {
	*Audit
	out       Outcome
	progress  progress
	resources resources
}

// collect chooses the window, reads it, and widens it if the service's clock shows that it did
// not reach back far enough.
func (r *reading) collect(ctx context.Context) error {
	for look := r.look(); ; look++ {
		res, err := r.readScope(ctx, scope{Window: lookBacks[look].name})
		if err != nil {
			return err
		}
		if !r.progress.first && !lookBacks[look].reaches(res.end, r.due()) {
			continue
		}
		return r.conclude(ctx, look, res)
	}
}

// conclude enters what is known now.
func (r *reading) conclude(ctx context.Context, look int, res result) error {
	w := record.Window{From: r.from(look, res), To: res.start}
	r.out.Window = w
	switch res.verdict {
	case proven:
		if err := r.covered(ctx, look, w, res); err != nil {
			return err
		}
		if err := r.progress.clearGap(ctx, r); err != nil {
			return err
		}
	case refused:
		if err := r.refusedWindow(ctx, look, w, res); err != nil {
			return err
		}
	default:
		// The watermark stays: the next run reads the same time again.
		return r.gap(ctx, w, res.note)
	}
	return r.progress.setWatermark(ctx, r, res.start.Add(-r.opts.Overlap))
}

func (r *reading) covered(ctx context.Context, look int, w record.Window, res result) error {
	if lookBacks[look].length == 0 && !r.progress.watermark.IsZero() {
		// The service keeps at least its widest dated window. Beyond, only a record that it still
		// shows proves that retention did not remove what lay between.
		known := res.start.Add(-lookBacks[look-1].length)
		if !res.oldest.IsZero() && res.oldest.Before(known) {
			known = res.oldest
		}
		if known.After(w.From) {
			if err := r.gap(ctx, record.Window{From: w.From, To: known},
				"the service shows no record from before the end of this gap: its retention may have removed them"); err != nil {
				return err
			}
			w.From = known
		}
	}
	return r.ledger.MarkCovered(ctx, r.opts.Integration, w, r.out.Staged)
}

// refusedWindow reads narrower windows until one is proven. Asking again at once for what is
// refused would not help, so the watermark moves on and the gap is asked for again later.
func (r *reading) refusedWindow(ctx context.Context, look int, w record.Window, res result) error {
	if err := r.gap(ctx, w, res.note); err != nil {
		return err
	}
	for look--; look >= 0; look-- {
		narrow, err := r.readScope(ctx, scope{Window: lookBacks[look].name})
		if err != nil {
			return err
		}
		if narrow.verdict == proven {
			part := record.Window{From: narrow.end.Add(-lookBacks[look].length), To: narrow.start}.Intersect(w)
			if err := r.ledger.MarkCovered(ctx, r.opts.Integration, part, r.out.Staged); err != nil {
				return err
			}
			if n := len(r.out.Gaps) - 1; part.From.Before(part.To) {
				r.out.Gaps[n].Window.To = part.From
			}
			break
		}
	}
	return r.progress.keepGap(ctx, r, w.From)
}

func (r *reading) gap(ctx context.Context, w record.Window, note string) error {
	r.opts.Logger.Warn("a window could not be proven to be read", "integration", r.opts.Integration, "window", w.String(), "reason", note)
	r.out.Gaps = append(r.out.Gaps, Gap{w, note})
	return r.ledger.MarkGap(ctx, r.opts.Integration, w, note)
}
