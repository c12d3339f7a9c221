package stage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
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
	now := toMicro(s.opts.Clock())
	err = s.update(ctx, "add", func(tx *sql.Tx) error {
		count, raise, pend := tx.StmtContext(ctx, s.stmts.count), tx.StmtContext(ctx, s.stmts.raise), tx.StmtContext(ctx, s.stmts.pend)
		for i := range items {
			it := &items[i]
			known := 0
			if err := count.QueryRowContext(ctx, integration, it.ID[:]).Scan(&known); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if it.Count <= known {
				continue
			}
			// An undated item ages from when it was first seen: it cannot be younger.
			aged := toMicro(it.Time)
			if aged == 0 {
				aged = now
			}
			if _, err := raise.ExecContext(ctx, integration, it.ID[:], it.Count, aged); err != nil {
				return err
			}
			for range it.Count - known {
				if _, err := pend.ExecContext(ctx, integration, toMicro(it.Time), []byte(it.Raw)); err != nil {
					return err
				}
				added++
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("stage: adding to %s: %w", integration, err)
	}
	return added, nil
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
