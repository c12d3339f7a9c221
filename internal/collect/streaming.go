package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/logfile"
	"ledgerline/internal/record"
)

// StreamClient joins the consumer group of a stream.
type StreamClient interface {
	Open(ctx context.Context, place func(connect.StreamPartition) int64) (*connect.StreamReader, error)
}

// StreamingOptions say which stream to read and how.
type StreamingOptions struct {
	Integration string
	Stream      string // part of the identity of records without an id
	Routes      Routes
	FromEnd     bool          // a first run begins at the stream's end, not with the oldest message
	MaxMessages int           // of one run; default 1,000,000
	MaxTime     time.Duration // of one run; default 10 minutes
	Wait        time.Duration // for messages that others of the group have not read; default two minutes, in which the partitions of members that died one after the other are given away
	Clock       func() time.Time
	Logger      *slog.Logger
	Progress    func(Progress) // called after each batch; may be nil
}

// Streaming reads a stream as a member of a consumer group, to where it ended
// when the run began. The offsets of what is staged are kept in the ledger, and
// committed to the group after that: where both differ, the larger one counts, so
// that neither a crash nor another member has anything read twice. Collect must
// not run twice at once.
type Streaming struct {
	client StreamClient
	ledger Ledger
	opts   StreamingOptions
}

// NewStreaming returns a reader; the group is joined by Collect, and left when it ends.
func NewStreaming(client StreamClient, ledger Ledger, opts StreamingOptions) *Streaming {
	opts.MaxMessages = cmp.Or(max(opts.MaxMessages, 0), 1_000_000)
	opts.MaxTime = cmp.Or(opts.MaxTime, 10*time.Minute)
	opts.Wait = cmp.Or(opts.Wait, 2*time.Minute)
	surroundings(&opts.Clock, &opts.Logger, &opts.Progress)
	return &Streaming{client: client, ledger: ledger, opts: opts}
}

// streamPlace is how far a partition has been read.
type streamPlace struct {
	Next int64     `json:"next"` // offset of the next message
	Time time.Time `json:"time"` // of the last message; zero when there was none
}

// The keys of what a stream's ledger keeps.
const (
	keyPlaces   = "places"
	keyCaughtUp = "caught up"
)

// streamReading is one Collect under way.
type streamReading struct {
	*Streaming
	out        Outcome
	begun      time.Time
	caughtUp   time.Time // when an earlier run last had read all there was
	batch      *batch
	recogniser recogniser

	mu     sync.Mutex // place is called by the client's own goroutine
	places map[int32]streamPlace
	lost   map[int32]streamLoss
}

// streamLoss are messages that left the stream before they were read.
type streamLoss struct {
	from, to     int64
	since, until time.Time // of the last message before and the first one behind; zero when unknown
	known        streamPlace
}

// Collect reads until it has caught up, or for as long as one run may take.
func (s *Streaming) Collect(ctx context.Context) (Outcome, error) {
	r := &streamReading{Streaming: s, begun: s.opts.Clock().UTC(), places: map[int32]streamPlace{}, lost: map[int32]streamLoss{}}
	r.batch = newBatch(s.opts.Routes)
	if err := r.collect(ctx); err != nil {
		return r.out, fmt.Errorf("collect: %s: %w", s.opts.Integration, err)
	}
	return r.out, nil
}

func (r *streamReading) collect(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, r.opts.MaxTime)
	defer cancel()
	session, err := r.client.Open(opening, r.place)
	if err != nil {
		return err
	}
	defer session.Close()
	whole, err := r.readAll(ctx, session)
	if err != nil {
		return err
	}
	if err := r.keepPlaces(ctx, whole); err != nil || !whole {
		return err
	}
	return r.covered(ctx)
}

// readAll reads until there is no more, or the run's bounds are met. whole says
// whether all that was there is staged, by this member or by others of the group.
func (r *streamReading) readAll(ctx context.Context, session *connect.StreamReader) (whole bool, err error) {
	var quiet time.Duration
	for {
		if whole, err = r.whole(ctx, session); whole || err != nil {
			return whole, err
		}
		if r.out.Pages >= r.opts.MaxMessages || r.opts.Clock().Sub(r.begun) >= r.opts.MaxTime {
			return false, nil
		}
		if quiet >= r.opts.Wait {
			r.out.Notes = append(r.out.Notes, "no message came within "+r.opts.Wait.String()+": another member of the group may read the partitions")
			return false, nil
		}
		waiting, cancel := context.WithTimeout(ctx, streamPoll)
		messages, err := session.Poll(waiting, fileBatchRecords)
		cancel()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false, err
		}
		if quiet += streamPoll; len(messages) > 0 {
			quiet = 0
			if err := r.take(ctx, session, messages); err != nil {
				return false, err
			}
		}
	}
}

// streamPoll is how long messages are waited for before the group is asked how far
// its other members are.
const streamPoll = time.Second

func (r *streamReading) load(ctx context.Context) error {
	for key, into := range map[string]any{keyPlaces: &r.places, keyCaughtUp: &r.caughtUp} {
		text, err := r.ledger.State(ctx, r.opts.Integration, key)
		if err == nil && text != "" {
			err = json.Unmarshal([]byte(text), into)
		}
		if err != nil {
			return fmt.Errorf("what is known of %q: %w", key, err)
		}
	}
	return nil
}

func (r *streamReading) keep(ctx context.Context, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return r.ledger.SetState(ctx, r.opts.Integration, key, string(text))
}

// place chooses where a partition begins.
func (r *streamReading) place(p connect.StreamPartition) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, read := r.places[p.Number]
	next := max(known.Next, p.Committed)
	switch {
	case !read && p.Committed < 0:
		next = p.First
		if r.opts.FromEnd {
			next = p.End
		}
	case next > p.End: // the stream was deleted and made again
		r.lost[p.Number] = streamLoss{from: next, to: next, since: known.Time, known: streamPlace{next, known.Time}}
		next = p.First
	case next < p.First:
		r.lost[p.Number] = streamLoss{from: next, to: p.First, since: known.Time, known: streamPlace{next, known.Time}}
		next = p.First
	}
	r.places[p.Number] = streamPlace{next, known.Time}
	return next
}

// whole reports whether everything is staged that was there when the partitions
// were assigned, in those of other members as far as they have told the group.
func (r *streamReading) whole(ctx context.Context, session *connect.StreamReader) (bool, error) {
	if !r.atEnd(session) {
		return false, nil
	}
	return session.OthersDone(ctx)
}

func (r *streamReading) atEnd(session *connect.StreamReader) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for number, p := range session.Assigned() {
		if r.places[number].Next < p.End {
			return false
		}
	}
	return true
}

// take stages messages, then keeps how far they reach, then tells the group.
func (r *streamReading) take(ctx context.Context, session *connect.StreamReader, messages []connect.StreamMessage) error {
	next := map[int32]int64{}
	r.mu.Lock()
	for _, m := range messages {
		before := r.places[m.Partition]
		if m.Oldest > before.Next {
			// Retention overtook the reading.
			r.lost[m.Partition] = streamLoss{from: before.Next, to: m.Oldest, since: before.Time, known: before}
		}
		if l, ok := r.lost[m.Partition]; ok && l.until.IsZero() {
			l.until = m.Time
			r.lost[m.Partition] = l
		}
		r.message(m)
		r.places[m.Partition] = streamPlace{m.Offset + 1, m.Time}
		next[m.Partition] = m.Offset + 1
	}
	r.mu.Unlock()
	r.out.Pages += len(messages)
	if err := r.batch.stage(ctx, r.ledger, &r.out); err != nil {
		return err
	}
	if err := r.keepPlaces(ctx, false); err != nil {
		return err
	}
	r.opts.Progress(Progress{Integration: r.opts.Integration, Window: r.opts.Stream, Read: r.out.Received, Total: -1, Staged: r.out.Staged})
	return session.Commit(ctx, next)
}

// message puts the records of a message, which may be one or many, into the batch.
func (r *streamReading) message(m connect.StreamMessage) {
	in := logfile.NewReader(bytes.NewReader(m.Value), logfile.Options{})
	for n := 0; ; n++ {
		rec, err := in.Next()
		if err == io.EOF {
			if n == 0 {
				r.refuse(m, "the message is empty")
			}
			return
		}
		if err != nil {
			r.refuse(m, err.Error())
			if _, on := errors.AsType[*logfile.Problem](err); on {
				continue
			}
			return
		}
		e, err := r.recogniser.read(rec.Raw)
		if err != nil {
			r.refuse(m, "the record "+err.Error())
			continue
		}
		if !e.named {
			// A message that is read again is the same; one that was written again is another.
			e.id, e.named = record.Identify("message", r.opts.Stream, strconv.Itoa(int(m.Partition)), strconv.FormatInt(m.Offset, 10),
				strconv.FormatInt(m.Time.UnixMilli(), 10), strconv.Itoa(n)), true
		}
		r.batch.put(e, bytes.Clone(rec.Raw), 1)
	}
}

func (r *streamReading) refuse(m connect.StreamMessage, reason string) {
	r.out.Refused++
	if len(r.out.Notes) < maxProblems {
		r.out.Notes = append(r.out.Notes, fmt.Sprintf("partition %d, offset %d: %s", m.Partition, m.Offset, reason))
	}
	r.opts.Logger.Warn("part of a message was refused", "integration", r.opts.Integration, "partition", m.Partition, "offset", m.Offset, "reason", reason)
}

// keepPlaces enters how far has been read, after what could not be: a loss must
// not be forgotten when the run ends here. At the end of a run also those are told
// behind which no message has come yet.
func (r *streamReading) keepPlaces(ctx context.Context, all bool) error {
	r.mu.Lock()
	places := maps.Clone(r.places)
	var gaps []Gap
	for _, number := range slices.Sorted(maps.Keys(r.lost)) {
		if l := r.lost[number]; all || !l.until.IsZero() {
			gaps = append(gaps, r.gap(number, l))
			delete(r.lost, number)
		} else {
			places[number] = l.known // the next run finds the loss again
		}
	}
	r.mu.Unlock()
	for _, g := range gaps {
		r.opts.Logger.Warn("a window could not be proven to be read", "integration", r.opts.Integration, "window", g.Window.String(), "reason", g.Note)
		r.out.Gaps = append(r.out.Gaps, g)
		if err := r.ledger.MarkGap(ctx, r.opts.Integration, g.Window, g.Note); err != nil {
			return err
		}
	}
	return r.keep(ctx, keyPlaces, places)
}

// gap is the time of the messages that were lost, as far as it is known.
func (r *streamReading) gap(partition int32, l streamLoss) Gap {
	note := fmt.Sprintf("partition %d: the messages from %d to %d had left the stream before they were read; its retention is shorter than the collector was away", partition, l.from, l.to-1)
	if l.from == l.to {
		note = fmt.Sprintf("partition %d: the stream ends before message %d, which was to be read next; it was made anew, and what it held meanwhile is not known", partition, l.from)
	}
	w := record.Window{From: l.since, To: l.until}
	if r.caughtUp.After(w.From) {
		w.From = r.caughtUp
	}
	if w.From.IsZero() {
		w.From = r.begun.Add(-oldestStream)
	}
	if w.Empty() {
		w.To = r.begun
	}
	return Gap{w, note}
}

// oldestStream is the longest that OCI Streaming keeps a message.
const oldestStream = 7 * 24 * time.Hour

// covered enters the time since all partitions were read to their end before, but
// for the gaps.
func (r *streamReading) covered(ctx context.Context) error {
	if !r.caughtUp.IsZero() {
		r.out.Window = record.Window{From: r.caughtUp, To: r.begun}
		gaps := make([]record.Window, len(r.out.Gaps))
		for i, g := range r.out.Gaps {
			gaps[i] = g.Window
		}
		for _, w := range record.Missing(r.out.Window, gaps...) {
			if err := r.ledger.MarkCovered(ctx, r.opts.Integration, w, r.out.Staged); err != nil {
				return err
			}
		}
	}
	return r.keep(ctx, keyCaughtUp, r.begun)
}
