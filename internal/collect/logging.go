package collect

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// LogSearcher asks OCI Logging for one page of a search. It retries what is transient itself.
type LogSearcher interface {
	SearchLogs(ctx context.Context, q connect.LogSearch) (*connect.LogPage, error)
}

// LoggingOptions say what to search and how.
type LoggingOptions struct {
	Integration string
	Routes      Routes
	Query       string        // search "<scope>" and conditions; it is sorted by us
	PageSize    int           // records a page; default 1000, the service's largest
	Backfill    time.Duration // how far back the first run reads
	Overlap     time.Duration // how late a record may appear; default 10 minutes
	RetryGaps   time.Duration // how often a window that could not be read is asked for again; default 6 h
	Clock       func() time.Time
	Logger      *slog.Logger
	Progress    func(Progress) // called after each page; may be nil
}

// Logging reads the records of OCI Logging. Collect must not run twice at once.
//
// A page that ends short of its limit and names no next page is one whole
// answer: nothing of its window is missing. Several pages are, too, if they are
// sorted, share no record, and begin with the same record when all is read:
// then nothing left the list at its old end while it was paged. Everything else
// is read again in halves, which come down to windows of one page.
type Logging struct {
	client LogSearcher
	ledger Ledger
	opts   LoggingOptions
	size   pageSize
}

// NewLogging returns a reader; nothing is asked before Collect.
func NewLogging(client LogSearcher, ledger Ledger, opts LoggingOptions) *Logging {
	opts.PageSize = cmp.Or(max(opts.PageSize, 0), 1000)
	opts.Overlap = cmp.Or(opts.Overlap, 10*time.Minute)
	opts.RetryGaps = cmp.Or(opts.RetryGaps, 6*time.Hour)
	surroundings(&opts.Clock, &opts.Logger, &opts.Progress)
	return &Logging{client: client, ledger: ledger, opts: opts, size: pageSize{now: opts.PageSize, most: opts.PageSize}}
}

// Collect reads from the watermark to now, by the service's clock. The outcome
// counts what was done also when an error ended it; everything counted as staged
// is durable.
func (l *Logging) Collect(ctx context.Context) (Outcome, error) {
	s := &searching{Logging: l, marks: marks{books: l.ledger, integration: l.opts.Integration}}
	if err := s.collect(ctx); err != nil {
		return s.out, fmt.Errorf("collect: %s: %w", l.opts.Integration, err)
	}
	return s.out, nil
}

// searching is one Collect under way.
type searching struct {
	*Logging
	marks
	out    Outcome
	begun  time.Time // the service's time at the first run; what is older was back-filled
	end    time.Time // of what this run reads: the service's time when it began
	splits int
}

func (s *searching) collect(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return err
	}
	if err := s.askTime(ctx); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.out.Window = record.Window{From: s.watermark, To: s.end}
	for _, g := range s.due(s.opts.Clock(), s.opts.RetryGaps) {
		if err := s.readAll(ctx, g, true); err != nil {
			return err
		}
	}
	return s.readAll(ctx, s.out.Window, false)
}

const keyBegun = "begun"

// begin keeps, before anything is staged, where the first run begins to read, so
// that later runs have the same limit.
func (s *searching) begin(ctx context.Context) error {
	if s.watermark.IsZero() {
		if err := s.ledger.SetState(ctx, s.opts.Integration, keyBegun, s.end.Format(time.RFC3339Nano)); err != nil {
			return err
		}
		s.begun = s.end
		return s.advance(ctx, s.end.Add(-s.opts.Backfill))
	}
	text, err := s.ledger.State(ctx, s.opts.Integration, keyBegun)
	s.begun = eventTime(text)
	return err
}

// askTime learns the service's time, which ours may differ from by hours, and
// that the query as such is accepted.
func (s *searching) askTime(ctx context.Context) error {
	now := s.opts.Clock().UTC()
	page, err := s.client.SearchLogs(ctx, connect.LogSearch{From: now.Add(-time.Minute), To: now, Query: s.query(), Limit: 1})
	if err != nil {
		return err
	}
	s.end = now.Truncate(time.Millisecond)
	if !page.Date.IsZero() {
		s.end = page.Date.UTC()
	}
	return nil
}

func (s *searching) query() string { return s.opts.Query + " | sort by datetime asc" }

const (
	mostSplits       = 2000                // of one run; more is a service whose answers mean nothing
	shortestRefused  = 24 * time.Hour      // a window that is refused is not divided further
	shortestCounted  = time.Minute         // nor one whose count does not add up
	shortestWindow   = time.Millisecond    // the service's times are no finer
	shortestRetained = 30 * 24 * time.Hour // a log is kept for so long at least
)

// readAll reads a window in parts that can be proven, oldest first. After each
// the watermark may move, so that a crash loses only the part under way.
func (s *searching) readAll(ctx context.Context, whole record.Window, again bool) error {
	retained := s.end.Add(-shortestRetained)
	pending := slices.Concat(divide(record.Window{From: whole.From, To: earlier(whole.To, retained)}, connect.LongestSearch),
		divide(record.Window{From: retained, To: whole.To}.Intersect(whole), connect.LongestSearch))
	for len(pending) > 0 {
		w := pending[0]
		staged, received := s.out.Staged, s.out.Received
		got, err := s.read(ctx, w)
		if err != nil {
			return err
		}
		if part := (record.Window{From: w.From, To: got.until}); !part.Empty() {
			if err := s.proven(ctx, part, again, s.out.Staged-staged, s.out.Received-received); err != nil {
				return err
			}
			if pending[0].From = part.To; pending[0].Empty() {
				pending = pending[1:]
			}
			continue
		}
		if w.Length() <= got.shortest || s.splits >= mostSplits {
			if err := s.unread(ctx, w, got.reason, again); err != nil {
				return err
			}
			pending = pending[1:]
			continue
		}
		s.splits++
		s.out.Splits++
		half := w.From.Add(w.Length() / 2).Truncate(time.Millisecond)
		pending = append([]record.Window{{From: w.From, To: half}, {From: half, To: w.To}}, pending[1:]...)
	}
	return nil
}

// proven enters a part that is read. An empty one that is older than a log may
// be kept says nothing, unless it is from before the first run: its records may
// have been removed meanwhile.
func (s *searching) proven(ctx context.Context, part record.Window, again bool, staged, received int) error {
	if received == 0 && part.To.After(s.begun) && part.From.Before(s.end.Add(-shortestRetained)) {
		return s.unread(ctx, part, "the service shows no record of this time, and may keep none for so long: retention may have removed them", again)
	}
	if err := s.cover(ctx, part, staged); err != nil || again {
		return err
	}
	return s.settle(ctx, part.To)
}

// settle moves the watermark to the end of a proven part, but never into the
// stretch in which records may still appear.
func (s *searching) settle(ctx context.Context, to time.Time) error {
	if limit := s.end.Add(-s.opts.Overlap); to.After(limit) {
		to = limit
	}
	if !to.After(s.watermark) {
		return nil
	}
	return s.advance(ctx, to)
}

// unread enters a gap. Asking again at once would not help, so the watermark
// moves on and the gap is asked for again later.
func (s *searching) unread(ctx context.Context, w record.Window, reason string, again bool) error {
	s.opts.Logger.Warn("a window could not be proven to be read", "integration", s.opts.Integration, "window", w.String(), "reason", reason)
	s.out.Gaps = append(s.out.Gaps, Gap{w, reason})
	s.out.note("%s could not be read: %s", w, reason)
	if err := s.gap(ctx, w, reason, s.opts.Clock()); err != nil || again {
		return err
	}
	return s.settle(ctx, w.To)
}

// divide cuts a window into parts no longer than longest.
func divide(w record.Window, longest time.Duration) []record.Window {
	var parts []record.Window
	for !w.Empty() {
		part := record.Window{From: w.From, To: w.From.Add(longest)}.Intersect(w)
		parts = append(parts, part)
		w.From = part.To
	}
	return parts
}
