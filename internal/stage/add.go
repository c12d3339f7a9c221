package stage

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"

	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/jsonscan"
	"ledgerline/internal/record"
)

// Add stages the items that the ledger has not counted yet and returns how many
// rows that are. They survive a crash once Add returns nil; on an error none is
// staged. An item's Count is how often one atomic answer, or one consistent
// reading, held its identity: the ledger keeps the largest, and only the increase
// is staged, so that reading again changes nothing. Items of one identity bear one
// time: that of the event.
func (s *Stage) Add(ctx context.Context, integration string, items []record.Counted) (added int, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		added, err = tx.Add(ctx, integration, items)
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// Add is Stage.Add as part of a transaction.
func (t *Tx) Add(ctx context.Context, integration string, items []record.Counted) (added int, err error) {
	if err := checkIntegration(integration); err != nil {
		return 0, err
	}
	if integration == ReceivedIntegration {
		return 0, fmt.Errorf("stage: the integration name %q is kept for uploads: choose another", integration)
	}
	for i := range items {
		if items[i].Count < 1 || !jsonscan.Valid(items[i].Raw) {
			return 0, fmt.Errorf("stage: item %d of %s: needs a count of at least 1 and one JSON value", i, integration)
		}
	}
	now := t.stage.opts.Clock()
	pending := pendingRow{limit: t.stage.opts.MaxFileBytes / pendingRows}
	for chunk := range slices.Chunk(items, addChunk) {
		n, err := t.addChunk(ctx, integration, chunk, now, &pending)
		if err != nil {
			return 0, fmt.Errorf("stage: adding to %s: %w", integration, err)
		}
		added += n
	}
	if err := t.pend(ctx, integration, &pending); err != nil {
		return 0, fmt.Errorf("stage: adding to %s: %w", integration, err)
	}
	return added, nil
}

// addChunk is how many items share a statement: one statement a row costs twice the time.
const addChunk = 200

func (t *Tx) addChunk(ctx context.Context, integration string, items []record.Counted, now time.Time, pending *pendingRow) (added int, err error) {
	known, err := t.knownCounts(ctx, integration, items)
	if err != nil {
		return 0, err
	}
	raise := make([]any, 0, 4*len(items))
	for i := range items {
		it := &items[i]
		key := keyOf(it.Item)
		more := it.Count - known[key]
		if more <= 0 {
			continue
		}
		known[key] = it.Count
		at := dated(it.Time, now)
		// An undated item ages from when it was first seen: it cannot be younger.
		raise = append(raise, integration, key[:], it.Count, cmp.Or(toMicro(at), toMicro(now)))
		for range more {
			if !pending.takes(it.Raw) {
				if err := t.pend(ctx, integration, pending); err != nil {
					return 0, err
				}
			}
			pending.put(it.Raw, toMicro(at))
			added++
		}
	}
	if len(raise) == 0 {
		return 0, nil
	}
	if len(raise) == 4*addChunk {
		_, err = t.sql.StmtContext(ctx, t.stage.countChunk).ExecContext(ctx, raise...)
	} else {
		_, err = t.sql.ExecContext(ctx, countSQL(len(raise)/4), raise...)
	}
	return added, err
}

func countSQL(rows int) string {
	return "INSERT INTO identity (integration, id, count, time) VALUES " + strings.Repeat(",(?,?,?,?)", rows)[1:] +
		" ON CONFLICT DO UPDATE SET count = excluded.count"
}

func knownSQL(ids int) string {
	return "SELECT id, count FROM identity WHERE integration = ? AND id IN (" + strings.Repeat(",?", ids)[1:] + ")"
}

func (t *Tx) knownCounts(ctx context.Context, integration string, items []record.Counted) (map[record.Identity]int, error) {
	known := make(map[record.Identity]int, len(items))
	args := make([]any, 1, 1+len(items))
	args[0] = integration
	for i := range items {
		key := keyOf(items[i].Item)
		args = append(args, key[:])
	}
	var rows *sql.Rows
	var err error
	if len(items) == addChunk {
		rows, err = t.sql.StmtContext(ctx, t.stage.findChunk).QueryContext(ctx, args...)
	} else {
		rows, err = t.sql.QueryContext(ctx, knownSQL(len(items)), args...)
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id sql.RawBytes
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		known[record.Identity(id)] = n
	}
	return known, rows.Err()
}

// keyOf is the name under which the ledger counts an item: its identity, of which
// the first bytes make way for the second of the event. Records of a time are read
// together; so their names lie together too, and a thousand of them are looked up
// and entered in a few pages of the ledger instead of a thousand.
func keyOf(it record.Item) record.Identity {
	var key record.Identity
	if !it.Time.IsZero() {
		binary.BigEndian.PutUint32(key[:], uint32(it.Time.Unix()))
	}
	copy(key[4:], it.ID[:])
	return key
}

// Times outside of these bounds do not date an item: identities are forgotten by
// their time, and one that is forgotten at once would let the record in again.
const (
	oldestDated = 365 * 24 * time.Hour
	newestDated = 24 * time.Hour
)

// dated is the time by which an item ages, zero when its own is out of bounds.
func dated(at, now time.Time) time.Time {
	if at.Before(now.Add(-oldestDated)) || at.After(now.Add(newestDated)) {
		return time.Time{}
	}
	return at
}

// pendingRows is how many pending rows, at least, make a file of full size. They
// are not cut when a file is filled, so one of them is what a file may come short.
const pendingRows = 32

// pendingRow gathers items that wait in the ledger as one row: their bytes,
// with commas between.
type pendingRow struct {
	limit       int // of bytes; an item that is larger has a row of its own
	raw         []byte
	count       int
	first, last int64
}

func (p *pendingRow) takes(raw []byte) bool { return p.count == 0 || len(p.raw)+1+len(raw) <= p.limit }

func (p *pendingRow) put(raw []byte, at int64) {
	if p.count++; p.count > 1 {
		p.raw = append(p.raw, ',')
	}
	p.raw = append(p.raw, raw...)
	p.span(at, at)
}

// span widens the times by others; 0 stands for none.
func (p *pendingRow) span(first, last int64) {
	if first != 0 && (p.first == 0 || first < p.first) {
		p.first = first
	}
	p.last = max(p.last, last)
}

// pend enters the row and empties it.
func (t *Tx) pend(ctx context.Context, integration string, p *pendingRow) error {
	if p.count == 0 {
		return nil
	}
	_, err := t.sql.ExecContext(ctx, "INSERT INTO pending (integration, count, first, last, raw) VALUES (?,?,?,?,?)",
		integration, p.count, p.first, p.last, p.raw)
	p.raw, p.count, p.first, p.last = p.raw[:0], 0, 0, 0
	return err
}

// Pending counts the rows of an integration that are durable but in no file yet.
func (s *Stage) Pending(ctx context.Context, integration string) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT coalesce(sum(count), 0) FROM pending WHERE integration = ?", integration).Scan(&n)
	return n, err
}

// Forget drops the identities of events older than before and returns how many.
// Choose a time beyond the widest window that is ever asked for again: a
// forgotten record that is read once more is staged once more.
func (s *Stage) Forget(ctx context.Context, integration string, before time.Time) (int, error) {
	var n int
	err := s.update(ctx, "forget", func(tx *sql.Tx) error {
		var items int64
		cut := toMicro(before)
		if err := tx.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(count), 0) FROM identity WHERE integration = ? AND time < ?",
			integration, cut).Scan(&n, &items); err != nil || n == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO forgotten (integration, items) VALUES (?, ?) ON CONFLICT DO UPDATE SET items = items + excluded.items",
			integration, items); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM identity WHERE integration = ? AND time < ?", integration, cut)
		return err
	})
	return n, err
}
