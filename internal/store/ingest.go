package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"ledgerline/internal/record"
)

// Ingested says what became of a chunk.
type Ingested struct {
	Rows      int64
	Duplicate bool    // the chunk had been ingested before; nothing was done
	Segments  []int64 // the segments made of it
	Dropped   int64   // values stored as null because they did not fit their column
}

// Ingest stores the entries of a chunk and marks the chunk as ingested, both or
// neither. A chunk that has been ingested before is left alone, so that a caller
// who does not know whether a call succeeded repeats it. An entry whose time
// lies outside the years 1 to 9999 is dated by receipt, and counted as a dropped
// value. The entries must not be changed during the call.
func (s *Store) Ingest(ctx context.Context, c Chunk) (Ingested, error) {
	done, err := s.isIngested(ctx, c)
	if err != nil || done {
		return Ingested{Duplicate: done}, err
	}
	now := s.opts.Clock()
	b := builder{store: s, now: now.UnixMilli()}
	var segs []*Segment
	for _, g := range b.groups(c.Entries) {
		if err := ctx.Err(); err != nil {
			s.discard(segs)
			return Ingested{}, err
		}
		seg, err := s.writeGroup(&b, g, now)
		if err != nil {
			s.discard(segs)
			return Ingested{}, fmt.Errorf("store: write a segment of %q: %w", g.source, err)
		}
		segs = append(segs, seg)
	}
	if err := s.syncFolders(segs); err != nil {
		s.discard(segs)
		return Ingested{}, fmt.Errorf("store: %w", err)
	}
	out := Ingested{Rows: int64(len(c.Entries)), Dropped: b.dropped}
	for _, seg := range segs {
		out.Segments = append(out.Segments, seg.ID)
	}
	err = s.commit(ctx, change{
		kind: KindAdd, actor: "ingest", reason: fmt.Sprintf("chunk %d of stage file %x", c.Number, c.Stage), add: segs,
		extra: func(ctx context.Context, tx *sql.Tx) error { return markIngested(ctx, tx, c, out, b.holds, now) },
	})
	switch {
	case errors.Is(err, errAgain):
		s.discard(segs)
		return Ingested{Duplicate: true}, nil
	case err != nil:
		s.discardUnlessFailed(segs)
		return Ingested{}, err
	}
	return out, nil
}

// errAgain: another call ingested the same chunk meanwhile.
var errAgain = errors.New("chunk is ingested already")

func (s *Store) isIngested(ctx context.Context, c Chunk) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM ingested WHERE stage = ? AND chunk = ?`, c.Stage[:], c.Number).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("store: look up chunk: %w", err)
	}
	return n > 0, nil
}

func markIngested(ctx context.Context, tx *sql.Tx, c Chunk, in Ingested, holds map[hold]bool, now time.Time) error {
	res, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO ingested(stage, chunk, "rows", dropped, time) VALUES(?,?,?,?,?)`,
		c.Stage[:], c.Number, in.Rows, in.Dropped, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("store: mark chunk: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(errAgain, err)
	}
	for h := range holds {
		if _, err := tx.ExecContext(ctx, `INSERT INTO holds(segment, upload, stage, chunk) VALUES(?,?,?,?)`,
			h.segment, h.upload, c.Stage[:], c.Number); err != nil {
			return fmt.Errorf("store: note uploads: %w", err)
		}
	}
	return nil
}

// Ingested returns the numbers of the chunks of a stage file that have been
// ingested, in ascending order.
func (s *Store) Ingested(ctx context.Context, stage [32]byte) ([]int, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT chunk FROM ingested WHERE stage = ? ORDER BY chunk`, stage[:])
	if err != nil {
		return nil, fmt.Errorf("store: list chunks: %w", err)
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("store: list chunks: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// writeGroup writes one segment.
func (s *Store) writeGroup(b *builder, g *group, now time.Time) (*Segment, error) {
	cols := b.columns(g.entries)
	mem := s.scratch.Get().(*scratch)
	defer s.scratch.Put(mem)
	w, err := newSegmentWriter(s.disk, s.segments, s.nextID.Add(1), g.source, g.day, cols, now, mem)
	if err != nil {
		return nil, err
	}
	for rest := g.entries; len(rest) > 0; {
		n := min(len(rest), tokenBlockRows)
		b.fill(&mem.batch, cols, rest[:n])
		if err := w.append(&mem.batch); err != nil {
			w.abort()
			return nil, err
		}
		rest = rest[n:]
	}
	seg, err := w.finish()
	if err != nil {
		return nil, err
	}
	for _, e := range g.entries {
		h := hold{seg.ID, e.Origin.Upload}
		if h != b.lastHold {
			b.lastHold, b.holds[h] = h, true
		}
	}
	return seg, nil
}

// syncFolders makes the names of new segments durable.
func (s *Store) syncFolders(segs []*Segment) error {
	var done []string
	for _, seg := range segs {
		folder := filepath.Dir(seg.Path)
		if slices.Contains(done, folder) {
			continue
		}
		if err := s.disk.syncDir(folder); err != nil {
			return err
		}
		done = append(done, folder)
	}
	return nil
}

// discard removes segments that were never listed.
func (s *Store) discard(segs []*Segment) {
	for _, seg := range segs {
		for _, f := range segmentFiles(seg.Path) {
			if err := s.disk.remove(f); err != nil {
				s.opts.Logger.Warn("cannot remove an unlisted file; the next start tries again", "path", f, "error", err)
			}
		}
	}
}

// discardUnlessFailed keeps the files when nobody knows whether they are listed.
func (s *Store) discardUnlessFailed(segs []*Segment) {
	s.committing.Lock()
	failed := s.failed != nil
	s.committing.Unlock()
	if !failed {
		s.discard(segs)
	}
}

// group is the part of a chunk that makes one segment, in the order of its rows.
type group struct {
	source  string
	day     time.Time
	entries []*record.Entry
}

const (
	dayMillis = 24 * 60 * 60 * 1000
	minTime   = -62135596800000 // 0001-01-01
	maxTime   = 253402300799999 // 9999-12-31
)

func validTime(ms int64) bool { return minTime <= ms && ms <= maxTime }

// startOfDay returns the UTC day that holds a time.
func startOfDay(ms int64) int64 {
	day := ms / dayMillis
	if ms%dayMillis < 0 {
		day--
	}
	return day * dayMillis
}

// byTime is the order of rows in a segment.
func byTime(a, b *record.Entry) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Ordinal, b.Ordinal))
}
