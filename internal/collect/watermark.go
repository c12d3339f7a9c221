package collect

import (
	"context"
	"fmt"
	"time"

	"ledgerline/internal/connect"
)

// lookBack is a window that the service can be asked for.
type lookBack struct {
	name   string
	length time.Duration // 0: all that is retained
}

// lookBacks from narrow to wide.
var lookBacks = [...]lookBack{
	{"1h", time.Hour}, {"6h", 6 * time.Hour}, {"1d", 24 * time.Hour}, {"2d", 48 * time.Hour}, {"3d", 72 * time.Hour},
	{connect.Retention, 0},
}

const (
	threeDays = 4 // index of "3d"
	retained  = 5
)

// reaches reports whether the window, asked for at the given time, holds since.
func (l lookBack) reaches(at, since time.Time) bool {
	return l.length == 0 || (!since.IsZero() && !at.Add(-l.length).After(since))
}

// progress is what earlier runs left in the ledger. Times are the service's.
type progress struct {
	watermark time.Time // everything before is settled; zero on the first run
	floor     time.Time // records from before are not wanted; zero without a limit
	gapFrom   time.Time // beginning of a refused window that is worth asking for again
	gapTried  time.Time
	first     bool // there is no watermark yet
	retryGap  bool // this run
}

// Keys in the ledger's state.
const (
	keyWatermark = "watermark"
	keyFloor     = "floor"
	keyGapFrom   = "gap.from"
	keyGapTried  = "gap.tried"
	keyResources = "resources"
)

func (r *reading) load(ctx context.Context) error {
	p := &r.progress
	for _, k := range []struct {
		key string
		to  *time.Time
	}{{keyWatermark, &p.watermark}, {keyFloor, &p.floor}, {keyGapFrom, &p.gapFrom}, {keyGapTried, &p.gapTried}} {
		text, err := r.ledger.State(ctx, r.opts.Integration, k.key)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if *k.to, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return fmt.Errorf("%s: %w", k.key, err)
		}
	}
	p.first = p.watermark.IsZero()
	p.retryGap = !p.gapFrom.IsZero() && r.opts.Clock().Sub(p.gapTried).Abs() >= r.opts.RetryGaps
	return r.loadResources(ctx)
}

func (r *reading) keep(ctx context.Context, key string, t time.Time) error {
	text := ""
	if !t.IsZero() {
		text = t.UTC().Format(time.RFC3339Nano)
	}
	return r.ledger.SetState(ctx, r.opts.Integration, key, text)
}

func (p *progress) setWatermark(ctx context.Context, r *reading, t time.Time) error {
	if t.Before(p.floor) {
		t = p.floor
	}
	p.watermark = t
	return r.keep(ctx, keyWatermark, t)
}

func (p *progress) keepGap(ctx context.Context, r *reading, from time.Time) error {
	if p.gapFrom.IsZero() || from.Before(p.gapFrom) {
		p.gapFrom = from
	}
	if err := r.keep(ctx, keyGapFrom, p.gapFrom); err != nil {
		return err
	}
	return r.keep(ctx, keyGapTried, r.opts.Clock())
}

func (p *progress) clearGap(ctx context.Context, r *reading) error {
	if !p.retryGap {
		return nil
	}
	p.gapFrom = time.Time{}
	return r.keep(ctx, keyGapFrom, time.Time{})
}

// due is the time from which this run has to read.
func (r *reading) due() time.Time {
	if r.progress.retryGap && r.progress.gapFrom.Before(r.progress.watermark) {
		return r.progress.gapFrom
	}
	return r.progress.watermark
}

// look chooses the narrowest window with room for the gap since the watermark: a sixth is left for
// the reading itself and for clocks that differ. The service's clock has the last word afterwards.
func (r *reading) look() int {
	if r.progress.first {
		switch r.opts.Backfill {
		case BackfillNone:
			return 0
		case BackfillThreeDays:
			return threeDays
		}
		return retained
	}
	gap := r.opts.Clock().Sub(r.due())
	for i, l := range lookBacks[:retained] {
		if gap < l.length-l.length/6 {
			return i
		}
	}
	return retained
}

// from is the beginning of what a reading of the window says something about.
func (r *reading) from(look int, res result) time.Time {
	switch l := lookBacks[look]; {
	case !r.progress.first:
		return r.due()
	case r.opts.Backfill == BackfillNone:
		return r.progress.floor
	case l.length > 0:
		return res.end.Add(-l.length)
	case res.oldest.IsZero():
		return res.start.Add(-lookBacks[threeDays].length) // an empty list: the service keeps at least this
	default:
		return res.oldest
	}
}

// begin is called with the service's time of the first answer of a first run, before anything is
// staged, so that the limit of the backfill is the same for every later run.
func (p *progress) begin(ctx context.Context, r *reading, at time.Time) error {
	if !p.first || !p.floor.IsZero() || r.opts.Backfill == BackfillRetention {
		return nil
	}
	p.floor = at
	if r.opts.Backfill == BackfillThreeDays {
		p.floor = at.Add(-lookBacks[threeDays].length)
	}
	if err := r.keep(ctx, keyFloor, p.floor); err != nil {
		return err
	}
	return r.keep(ctx, keyWatermark, p.floor)
}
