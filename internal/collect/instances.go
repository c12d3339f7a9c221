package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// InstanceClient reads the monitoring API of Oracle Integration. It retries what
// is transient itself.
type InstanceClient interface {
	Instances(ctx context.Context, q connect.InstanceQuery) (*connect.InstancePage, error)
	// Activity lists the steps of an instance, verbatim.
	Activity(ctx context.Context, instance string) ([]json.RawMessage, error)
}

// InstancesOptions say what to read and how.
type InstancesOptions struct {
	Integration string
	Instance    string        // of Oracle Integration: part of each identity
	Steps       bool          // stage the steps of the instances, not the instances
	PageSize    int           // instances a page; default 50
	Backfill    string        // first run: retention (default), 3d or none
	Overlap     time.Duration // how late an update may appear; default 10 minutes
	Clock       func() time.Time
	Logger      *slog.Logger
	Progress    func(Progress) // called after each page; may be nil
}

// Instances reads the instances of integrations that were updated since the last
// run, in each state in which they are met, or the steps they took. Collect must
// not run twice at once.
//
// The list is ordered by last update, the newest first. While it is read, an
// instance that is updated moves to the front: behind the place that has been
// reached, so it may be missed, and everything before its old place moves on, so
// other instances are met twice. So the front is read again until it brings
// nothing new. The reading is proven when the instances seen are as many as the
// list then says it holds, less those that have left its window meanwhile.
type Instances struct {
	client InstanceClient
	ledger Ledger
	opts   InstancesOptions
}

// NewInstances returns a reader; nothing is asked before Collect.
func NewInstances(client InstanceClient, ledger Ledger, opts InstancesOptions) *Instances {
	opts.PageSize = cmp.Or(max(opts.PageSize, 0), 50)
	opts.Backfill = cmp.Or(opts.Backfill, BackfillRetention)
	opts.Overlap = cmp.Or(opts.Overlap, 10*time.Minute)
	surroundings(&opts.Clock, &opts.Logger, &opts.Progress)
	return &Instances{client: client, ledger: ledger, opts: opts}
}

// instanceReading is one Collect under way.
type instanceReading struct {
	*Instances
	out       Outcome
	parser    fastjson.Parser
	watermark time.Time // by the service's clock; zero on the first run
	window    lookBack
	start     time.Time // the service's clock at the first answer
	seen      map[record.Identity]instanceSeen
}

// instanceSeen is what a reading knows of an instance: of its latest version.
type instanceSeen struct {
	version record.Identity
	updated time.Time // zero when it does not say
}

// Collect reads what was updated since the watermark. Everything counted as
// staged is durable, also when an error ended it.
func (i *Instances) Collect(ctx context.Context) (Outcome, error) {
	r := &instanceReading{Instances: i, seen: map[record.Identity]instanceSeen{}}
	if err := r.collect(ctx); err != nil {
		return r.out, fmt.Errorf("collect: %s: %w", i.opts.Integration, err)
	}
	return r.out, nil
}

// longestRetention is the longest that Oracle Integration keeps instances.
const longestRetention = 184 * 24 * time.Hour

// maxInstanceRounds bounds how often the front of a list that changes is read.
const maxInstanceRounds = 8

func (r *instanceReading) collect(ctx context.Context) error {
	text, err := r.ledger.State(ctx, r.opts.Integration, keyWatermark)
	if err == nil && text != "" {
		r.watermark, err = time.Parse(time.RFC3339Nano, text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", keyWatermark, err)
	}
	r.window = r.look()
	last, err := r.read(ctx, false)
	if connect.KindOf(err) == connect.OffsetRefused {
		return r.cutShort(ctx, err)
	}
	if err != nil {
		return err
	}
	for round := 0; !r.whole(last); round++ {
		if round == maxInstanceRounds {
			// The watermark stays: the next run reads the same time again.
			return r.gap(ctx, record.Window{From: r.from(), To: r.start}, fmt.Sprintf("%d instances were seen of %d; the list changed while it was read", len(r.seen), last.Total))
		}
		// The front settles what moved; what is then missing lay elsewhere.
		if last, err = r.read(ctx, round%2 == 0); err != nil {
			return err
		}
	}
	return r.conclude(ctx, r.from())
}

// conclude enters the time from which on everything has been read.
func (r *instanceReading) conclude(ctx context.Context, from time.Time) error {
	r.out.Window = record.Window{From: from, To: r.start}
	if err := r.ledger.MarkCovered(ctx, r.opts.Integration, r.out.Window, r.out.Staged); err != nil {
		return err
	}
	return r.ledger.SetState(ctx, r.opts.Integration, keyWatermark, r.start.Add(-r.opts.Overlap).Format(time.RFC3339Nano))
}

// cutShort is for a service that does not page to the end of its list. What it
// showed is the newest, so what is older than that is the gap; asking again would
// not help.
func (r *instanceReading) cutShort(ctx context.Context, refused error) error {
	oldest := r.oldest()
	from := r.from()
	if !from.Before(oldest) {
		from = r.start.Add(-longestRetention)
	}
	if err := r.gap(ctx, record.Window{From: from, To: oldest}, refused.Error()); err != nil {
		return err
	}
	return r.conclude(ctx, oldest)
}

// look chooses the narrowest window with room for what is due.
func (r *instanceReading) look() lookBack {
	if r.watermark.IsZero() {
		return map[string]lookBack{BackfillNone: lookBacks[0], BackfillThreeDays: lookBacks[threeDays], BackfillRetention: lookBacks[retained]}[r.opts.Backfill]
	}
	gap := r.opts.Clock().Sub(r.watermark)
	for _, l := range lookBacks[:retained] {
		if gap < l.length-l.length/6 {
			return l
		}
	}
	return lookBacks[retained]
}

// from is where the time begins that this reading says something about.
func (r *instanceReading) from() time.Time {
	if r.watermark.IsZero() {
		if r.window.length == 0 {
			return r.oldest()
		}
		return r.start.Add(-r.window.length)
	}
	return r.watermark
}

func (r *instanceReading) oldest() time.Time {
	oldest := r.start
	for _, s := range r.seen {
		if !s.updated.IsZero() && s.updated.Before(oldest) {
			oldest = s.updated
		}
	}
	return oldest
}

// read reads the list from its front to its end, or only until a page brings
// nothing new. It returns the last page.
func (r *instanceReading) read(ctx context.Context, front bool) (*connect.InstancePage, error) {
	for offset := 0; ; {
		page, err := r.client.Instances(ctx, connect.InstanceQuery{Window: r.window.name, Offset: offset, Limit: r.opts.PageSize})
		if err != nil {
			return nil, err
		}
		if r.start.IsZero() {
			r.start = cmp.Or(page.Date, r.opts.Clock()).UTC()
		}
		fresh, err := r.stage(ctx, page)
		if err != nil {
			return nil, err
		}
		offset += len(page.Items)
		r.out.Pages++
		r.opts.Progress(Progress{Integration: r.opts.Integration, Window: r.window.name, Read: len(r.seen), Total: page.Total, Staged: r.out.Staged})
		switch {
		case len(page.Items) == 0, front && fresh == 0, page.HasMore != nil && !*page.HasMore && (page.Total < 0 || offset >= page.Total):
			return page, nil
		case offset > maxRows:
			return nil, errEndless
		}
	}
}

// whole reports whether the instances seen are those that the list holds. A list
// that names no total is taken for whole when it is read to its end again and
// brings nothing new, which the next run's overlap does as well.
func (r *instanceReading) whole(page *connect.InstancePage) bool {
	if page.Total < 0 {
		return true
	}
	gone := 0
	if r.window.length > 0 {
		begin := cmp.Or(page.Date, r.opts.Clock()).Add(-r.window.length)
		for _, s := range r.seen {
			if !s.updated.IsZero() && s.updated.Before(begin) {
				gone++
			}
		}
	}
	return len(r.seen) >= page.Total && len(r.seen)-gone <= page.Total
}

// stage keeps what a page holds and counts the versions that this reading had not met.
func (r *instanceReading) stage(ctx context.Context, page *connect.InstancePage) (fresh int, err error) {
	var items []record.Counted
	for _, raw := range page.Items {
		v, err := r.parser.ParseBytes(raw)
		if err != nil {
			return 0, err
		}
		id := cmp.Or(member(v, "instance-id"), member(v, "instanceId"), member(v, "id"))
		name := record.Identify("instance", r.opts.Instance, id)
		if id == "" {
			name = record.Identify("instance", r.opts.Instance, string(raw))
		}
		at := instanceTime(v)
		// Its state is what tells a version; what else is shown of it may be computed when asked for.
		version := record.Identify("instance", r.opts.Instance, id, member(v, "status"), updateOf(v, raw))
		before, known := r.seen[name]
		if known && before.version == version {
			continue
		}
		r.seen[name] = instanceSeen{version, at}
		fresh++
		if !r.watermark.IsZero() && !at.IsZero() && at.Before(r.watermark) {
			continue // read by an earlier run
		}
		if r.opts.Steps {
			steps, err := r.steps(ctx, id, v)
			if err != nil {
				return 0, err
			}
			items = append(items, steps...)
			continue
		}
		items = append(items, record.Counted{Item: record.Item{ID: version, Time: at, Raw: raw}, Count: 1})
	}
	r.out.Received += len(items)
	if len(items) == 0 {
		return fresh, nil
	}
	added, err := r.ledger.Add(ctx, r.opts.Integration, items)
	r.out.Staged += added
	r.out.Duplicates += len(items) - added
	return fresh, err
}

// updateOf tells the versions of an instance apart beside their status: when it
// was updated last, or all that is said of it when that is not said.
func updateOf(v *fastjson.Value, raw []byte) string {
	for _, key := range []string{"last-tracked-time", "lastTrackedTime", "processing-end-date", "date"} {
		if t := member(v, key); t != "" {
			return t
		}
	}
	return string(raw)
}

func (r *instanceReading) gap(ctx context.Context, w record.Window, note string) error {
	r.opts.Logger.Warn("a window could not be proven to be read", "integration", r.opts.Integration, "window", w.String(), "reason", note)
	r.out.Gaps = append(r.out.Gaps, Gap{w, note})
	return r.ledger.MarkGap(ctx, r.opts.Integration, w, note)
}
