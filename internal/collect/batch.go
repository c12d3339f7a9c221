package collect

import (
	"context"
	"strings"

	"ledgerline/internal/record"
)

// Stager makes records durable.
type Stager interface {
	// Add stages what exceeds the counts it knows and returns how many rows that are.
	Add(ctx context.Context, stream string, items []record.Counted) (int, error)
}

// batch gathers the records of one answer, each under its stream, and stages
// them. A record with an id counts once, however often it comes; one without
// counts as often as one answer holds its bytes.
type batch struct {
	routes  Routes
	routed  map[string]string // type of event -> stream, so that patterns are tried once for each
	streams []string          // in order of appearance, so that a run can be repeated
	items   map[string][]record.Counted
	index   map[record.Identity]int // in the items of its stream
	rows    int
	bytes   int
}

func newBatch(routes Routes) *batch {
	return &batch{routes: routes, routed: map[string]string{}, items: map[string][]record.Counted{}, index: map[record.Identity]int{}}
}

// add takes one record, whose bytes the batch keeps. An error says why it
// cannot be a record; the batch goes on without it.
func (b *batch) add(raw []byte) (logEvent, error) {
	e, err := readEvent(raw)
	if err != nil {
		return e, err
	}
	b.put(e, raw, 1)
	return e, nil
}

// put takes a record that has been read; count is how often its bytes have come so far.
func (b *batch) put(e logEvent, raw []byte, count int) {
	b.rows++
	b.bytes += len(raw)
	stream := b.stream(e.kind)
	if i, again := b.index[e.id]; again {
		if !e.named {
			b.items[stream][i].Count = max(b.items[stream][i].Count+1, count)
		}
		return
	}
	if b.items[stream] == nil {
		b.streams = append(b.streams, stream)
	}
	b.index[e.id] = len(b.items[stream])
	b.items[stream] = append(b.items[stream], record.Counted{Item: record.Item{ID: e.id, Time: e.at, Raw: raw}, Count: count})
}

// mostRouted bounds what is remembered of types: services have dozens.
const mostRouted = 1000

func (b *batch) stream(kind string) string {
	if stream, known := b.routed[kind]; known {
		return stream
	}
	stream, _ := b.routes.of(kind)
	if len(b.routed) < mostRouted {
		b.routed[strings.Clone(kind)] = stream
	}
	return stream
}

// stage makes the records durable, counts them, and empties the batch.
func (b *batch) stage(ctx context.Context, to Stager, out *Outcome) error {
	out.Received += b.rows
	staged := 0
	for _, stream := range b.streams {
		added, err := to.Add(ctx, stream, b.items[stream])
		if err != nil {
			return err
		}
		staged += added
		if stream == b.routes.Own && !b.routes.Taken {
			out.Unmatched += added
		}
	}
	out.Staged += staged
	out.Duplicates += b.rows - staged
	b.rows, b.bytes, b.streams = 0, 0, b.streams[:0]
	clear(b.items)
	clear(b.index)
	return nil
}
