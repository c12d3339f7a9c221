package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ledgerline/internal/record"
)

// marks are what earlier runs left in the ledger of a source that is read by
// windows of time: a watermark, and gaps that are worth asking for again.
type marks struct {
	books       Ledger
	integration string
	watermark   time.Time // everything before is settled; zero on the first run
	gaps        []openGap
}

// openGap is a window that could not be read.
type openGap struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Tried time.Time `json:"tried"`
}

const (
	keyGaps  = "gaps"
	mostGaps = 1000 // kept for another try; the ledger's coverage knows them all
)

func (m *marks) load(ctx context.Context) error {
	text, err := m.books.State(ctx, m.integration, keyWatermark)
	if err == nil && text != "" {
		m.watermark, err = time.Parse(time.RFC3339Nano, text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", keyWatermark, err)
	}
	if text, err = m.books.State(ctx, m.integration, keyGaps); err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &m.gaps)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", keyGaps, err)
	}
	return nil
}

func (m *marks) advance(ctx context.Context, to time.Time) error {
	m.watermark = to
	return m.books.SetState(ctx, m.integration, keyWatermark, to.UTC().Format(time.RFC3339Nano))
}

// due are the gaps that were not tried for a while.
func (m *marks) due(now time.Time, every time.Duration) []record.Window {
	var out []record.Window
	for _, g := range m.gaps {
		if now.Sub(g.Tried).Abs() >= every {
			out = append(out, record.Window{From: g.From, To: g.To})
		}
	}
	return record.Union(out...)
}

// cover enters a window that is provably read.
func (m *marks) cover(ctx context.Context, w record.Window, rows int) error {
	if err := m.books.MarkCovered(ctx, m.integration, w, rows); err != nil {
		return err
	}
	return m.put(ctx, m.without(w))
}

// gap enters a window that could not be read, to be tried again later.
func (m *marks) gap(ctx context.Context, w record.Window, note string, tried time.Time) error {
	if err := m.books.MarkGap(ctx, m.integration, w, note); err != nil {
		return err
	}
	gaps := joined(append(m.without(w), openGap{w.From, w.To, tried}))
	return m.put(ctx, gaps[max(0, len(gaps)-mostGaps):])
}

// joined makes one of gaps that touch; it was tried when the later of them was.
func joined(gaps []openGap) []openGap {
	slices.SortFunc(gaps, func(a, b openGap) int { return a.From.Compare(b.From) })
	var out []openGap
	for _, g := range gaps {
		if n := len(out); n > 0 && !g.From.After(out[n-1].To) {
			out[n-1].To, out[n-1].Tried = later(out[n-1].To, g.To), later(out[n-1].Tried, g.Tried)
			continue
		}
		out = append(out, g)
	}
	return out
}

// without are the gaps less a window.
func (m *marks) without(w record.Window) []openGap {
	var left []openGap
	for _, g := range m.gaps {
		for _, part := range record.Missing(record.Window{From: g.From, To: g.To}, w) {
			left = append(left, openGap{part.From, part.To, g.Tried})
		}
	}
	return left
}

func (m *marks) put(ctx context.Context, gaps []openGap) error {
	if slices.Equal(gaps, m.gaps) {
		return nil
	}
	m.gaps = gaps
	text, err := json.Marshal(gaps)
	if err != nil {
		return err
	}
	return m.books.SetState(ctx, m.integration, keyGaps, string(text))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
