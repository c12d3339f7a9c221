// Package burst joins the messages that the BI Server of Oracle Analytics Cloud
// writes about one logical query, a burst of ten or so, into one record.
//
// Observe takes parsed records of the diagnostic log, after they are stored, and
// keeps the messages about queries in a book of its own (book.go). Pass, called
// now and then, joins those that nothing was added to for a while (join.go) and
// hands the records (record.go) to a sink, by way of the book:
//
//	Observe -> waiting -> [one transaction: joined + outgoing] -> sink -> forgotten
//
// Observe may be called twice for the same records, and is, after a crash: an
// event's id is taken once. The sink may be called twice for the same batch, and is:
// it knows the batch by its name. So a query becomes one record whatever happens.
package burst

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"ledgerline/internal/record"
)

// Options of a Joiner. The zero value is usable.
type Options struct {
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discards
	// Settle is how long after its last message a whole query is written; default 2
	// minutes: OCI Logging delivers within half a minute, but not in order.
	Settle time.Duration
	// Patience is how long a query waits for its opening or closing message;
	// default 15 minutes.
	Patience time.Duration
	// Memory is how long the ids of joined messages are kept; default 40 days. OCI
	// Logging keeps records for 30 days by default.
	Memory time.Duration
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Settle <= 0 {
		o.Settle = 2 * time.Minute
	}
	if o.Patience <= 0 {
		o.Patience = 15 * time.Minute
	}
	o.Patience = max(o.Patience, o.Settle)
	if o.Memory <= 0 {
		o.Memory = 40 * 24 * time.Hour
	}
	return o
}

// Sink stores a batch of records of one log group, one JSON line each. It may be
// given the same batch, of the same id, more than once and must store it once.
type Sink func(ctx context.Context, id [32]byte, group string, body []byte) error

// Joiner joins messages. It is safe for use by many goroutines.
type Joiner struct {
	book   *book
	source string
	opts   Options

	passing sync.Mutex // one pass at a time
	swept   time.Time  // when the memory was last cut
}

// Open opens or creates <dir>/bursts.db. source is the log source, by display
// name, whose records are messages.
func Open(ctx context.Context, dir, source string, o Options) (*Joiner, error) {
	b, err := openBook(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &Joiner{book: b, source: source, opts: o.withDefaults()}, nil
}

// Close closes the book.
func (j *Joiner) Close() error { return j.book.db.Close() }

// Observe takes the records of a chunk of a stage file that has been stored. Those
// of other log sources, and those about no query, are left alone.
func (j *Joiner) Observe(ctx context.Context, stage [32]byte, chunk int, entries []record.Entry) error {
	var messages []Message
	for i := range entries {
		e := &entries[i]
		if e.Origin.Source != j.source {
			continue
		}
		m, ok := messageOf(e)
		if !ok {
			continue
		}
		if m.ID == "" {
			m.ID = fmt.Sprintf("%x/%d/%d", stage, chunk, i)
		}
		messages = append(messages, m)
	}
	if len(messages) == 0 {
		return nil
	}
	refused, err := j.book.add(ctx, messages, j.opts.Clock().UnixMilli())
	if refused > 0 {
		j.opts.Logger.Warn("too many messages share one ECID to be one query; they are in the diagnostic log only", "messages", refused)
	}
	return err
}

// Bounds of what one step holds in memory.
const (
	wholeRoots  = 2000
	brokenRoots = 1000 // joining these looks at pairs of them
)

// Pass writes the records of all queries that have settled: whole ones, then
// what can be joined of the others, and what has waited for a message long enough.
func (j *Joiner) Pass(ctx context.Context, sink Sink) (written int, err error) {
	j.passing.Lock()
	defer j.passing.Unlock()
	if err := j.send(ctx, sink); err != nil { // what a crash left
		return 0, err
	}
	now := j.opts.Clock()
	settled, given := now.Add(-j.opts.Settle).UnixMilli(), now.Add(-j.opts.Patience).UnixMilli()
	for {
		found, err := j.book.ripe(ctx, true, settled, wholeRoots)
		if err != nil {
			return written, err
		}
		if len(found) == 0 {
			break
		}
		n, err := j.write(ctx, sink, found, func(*Query, int64) bool { return true })
		written += n
		if err != nil {
			return written, err
		}
	}
	found, err := j.book.ripe(ctx, false, settled, brokenRoots)
	if err != nil {
		return written, err
	}
	n, err := j.write(ctx, sink, found, func(q *Query, latest int64) bool { return q.Complete() || latest <= given })
	written += n
	if err != nil || now.Sub(j.swept) < time.Hour {
		return written, err
	}
	j.swept = now
	return written, j.book.forget(ctx, now.Add(-j.opts.Memory).UnixMilli())
}

// write joins messages and writes the queries that are due.
func (j *Joiner) write(ctx context.Context, sink Sink, found []waiting, due func(q *Query, latest int64) bool) (int, error) {
	var used []Message
	var messages []Message
	arrived := map[string]int64{}
	for _, w := range found {
		if w.late {
			used = append(used, w.Message)
			continue
		}
		messages = append(messages, w.Message)
		arrived[idOf(&w.Message)] = w.Arrived
	}
	if late := len(used); late > 0 {
		j.opts.Logger.Warn("messages of queries came after the record of their query was written; they are in the diagnostic log only", "messages", late)
	}
	bodies := map[string]*bytes.Buffer{} // by log group
	written := 0
	for _, q := range Join(messages) {
		latest := int64(0)
		for i := range q.Messages {
			latest = max(latest, arrived[idOf(&q.Messages[i])])
		}
		if !due(&q, latest) {
			continue
		}
		line, err := q.line()
		if err != nil {
			return 0, err
		}
		group := q.Messages[0].Group
		if bodies[group] == nil {
			bodies[group] = &bytes.Buffer{}
		}
		bodies[group].Write(append(line, '\n'))
		used = append(used, q.Messages...)
		written++
	}
	if len(used) == 0 {
		return 0, nil
	}
	var out []batch
	for _, group := range slices.Sorted(maps.Keys(bodies)) {
		out = append(out, batch{group: group, body: bodies[group].Bytes()})
	}
	if err := j.book.settle(ctx, used, j.opts.Clock().UnixMilli(), out); err != nil {
		return 0, err
	}
	return written, j.send(ctx, sink)
}

// send gives the sink what is on its way.
func (j *Joiner) send(ctx context.Context, sink Sink) error {
	for {
		o, ok, err := j.book.next(ctx)
		if err != nil || !ok {
			return err
		}
		if err := sink(ctx, o.id, o.group, o.body); err != nil {
			return fmt.Errorf("write the records of queries: %w", err)
		}
		if err := j.book.arrived(ctx, o.id); err != nil {
			return err
		}
	}
}
