package stage

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/record"
)

// Add stages the items that the ledger has not counted yet and returns how many
// rows that are. They survive a crash once Add returns nil; on an error none is
// staged. An item's Count is how often one atomic answer, or one consistent
// reading, held its identity: the ledger keeps the largest, and only the increase
// is staged, so that reading again changes nothing.
func (s *Stage) Add(ctx context.Context, integration string, items []record.Counted) (added int, err error) {
	if err := checkIntegration(integration); err != nil {
		return 0, err
	}
	if integration == ReceivedIntegration {
		return 0, fmt.Errorf("stage: the integration name %q is kept for uploads: choose another", integration)
	}
	for i := range items {
		if items[i].Count < 1 || !json.Valid(items[i].Raw) {
			return 0, fmt.Errorf("stage: item %d of %s: needs a count of at least 1 and one JSON value", i, integration)
		}
	}
	if len(items) == 0 {
		return 0, nil
	}
	err = s.update(ctx, "add", func(tx *sql.Tx) error {
		for chunk := range slices.Chunk(items, addChunk) {
			n, err := s.addChunk(ctx, tx, integration, chunk)
			if err != nil {
				return err
			}
			added += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("stage: adding to %s: %w", integration, err)
	}
	return added, nil
}

// addChunk is how many items share a statement: one statement a row costs twice the time.
const addChunk = 200

func (s *Stage) addChunk(ctx context.Context, tx *sql.Tx, integration string, items []record.Counted) (added int, err error) {
	known, err := knownCounts(ctx, tx, integration, items)
	if err != nil {
		return 0, err
	}
	now := toMicro(s.opts.Clock())
	var raise, pend []any
	for i := range items {
		it := &items[i]
		more := it.Count - known[it.ID]
		if more <= 0 {
			continue
		}
		known[it.ID] = it.Count
		// An undated item ages from when it was first seen: it cannot be younger.
		at := toMicro(it.Time)
		raise = append(raise, integration, it.ID[:], it.Count, cmp.Or(at, now))
		for range more {
			pend = append(pend, integration, at, []byte(it.Raw))
			added++
			if len(pend) >= 3*addChunk { // a huge count must not outgrow a statement
				if err := insertRows(ctx, tx, insertPending, "(?,?,?)", 3, pend, ""); err != nil {
					return 0, err
				}
				pend = pend[:0]
			}
		}
	}
	if err := insertRows(ctx, tx, insertIdentity, "(?,?,?,?)", 4, raise, " ON CONFLICT DO UPDATE SET count = excluded.count"); err != nil {
		return 0, err
	}
	return added, insertRows(ctx, tx, insertPending, "(?,?,?)", 3, pend, "")
}

const (
	insertIdentity = "INSERT INTO identity (integration, id, count, time) VALUES "
	insertPending  = "INSERT INTO pending (integration, time, raw) VALUES "
)

// insertRows runs one statement for all rows; width is the number of values in each.
func insertRows(ctx context.Context, tx *sql.Tx, into, row string, width int, values []any, after string) error {
	if len(values) == 0 {
		return nil
	}
	rows := strings.Repeat(","+row, len(values)/width)[1:]
	_, err := tx.ExecContext(ctx, into+rows+after, values...)
	return err
}

func knownCounts(ctx context.Context, tx *sql.Tx, integration string, items []record.Counted) (map[record.Identity]int, error) {
	known := make(map[record.Identity]int, len(items))
	args := []any{integration}
	for i := range items {
		args = append(args, items[i].ID[:])
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, count FROM identity WHERE integration = ? AND id IN ("+
		strings.Repeat(",?", len(items))[1:]+")", args...)
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

// Pending counts the rows of an integration that are durable but in no file yet.
func (s *Stage) Pending(ctx context.Context, integration string) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM pending WHERE integration = ?", integration).Scan(&n)
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
