package store

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// Snapshot is the set of segments at one moment. Their files stay until it is
// released.
type Snapshot struct {
	store   *Store
	state   *state
	release sync.Once
}

// Snapshot leases the segments as of now. The caller releases it.
func (s *Store) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases[s.state.version]++
	return &Snapshot{store: s, state: s.state}
}

// Release ends the lease. A second call does nothing.
func (sn *Snapshot) Release() {
	sn.release.Do(func() {
		s := sn.store
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.leases[sn.state.version]--; s.leases[sn.state.version] == 0 {
			delete(s.leases, sn.state.version)
		}
		s.reap()
	})
}

// Head returns the sequence number and hash of the last journal entry that the
// snapshot includes: keep them elsewhere to prove later that nothing before was altered.
func (sn *Snapshot) Head() (seq int64, hash [32]byte) { return sn.state.seq, sn.state.head }

// Segments returns the segments that may hold matching rows by time, source and
// log group, newest first by their last row. Tokens do not count here.
func (sn *Snapshot) Segments(f Filter) []*Segment {
	var out []*Segment
	for _, seg := range sn.state.segments {
		if seg.matches(f) {
			out = append(out, seg)
		}
	}
	return out
}

func (s *Segment) matches(f Filter) bool {
	if !overlaps(s.From, s.To, f) {
		return false
	}
	if len(f.Sources) > 0 && !slices.ContainsFunc(f.Sources, func(n string) bool { return strings.EqualFold(n, s.Source) }) {
		return false
	}
	return len(f.Groups) == 0 || slices.ContainsFunc(f.Groups, func(g string) bool {
		_, found := slices.BinarySearch(s.Groups, g)
		return found
	})
}

// overlaps reports whether [from, to], both inside, meets the filter's time.
func overlaps(from, to int64, f Filter) bool {
	return (f.From == 0 || to >= f.From) && (f.To == 0 || from < f.To)
}

// inside reports whether all rows are in the filter's time.
func (s *Segment) inside(f Filter) bool {
	return (f.From == 0 || s.From >= f.From) && (f.To == 0 || s.To < f.To)
}

// Parts returns the row ranges that may hold matching rows, segments newest
// first, ranges of a segment in file order and adjacent ones joined. A segment
// whose token filter cannot be read is returned whole. Filters are read for tokens,
// and for the times of blocks in larger segments that reach out of the filter's time.
func (sn *Snapshot) Parts(ctx context.Context, f Filter) ([]Part, error) {
	words := tokenHashes(f.Tokens)
	var parts []Part
	for _, seg := range sn.Segments(f) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(words) == 0 && (seg.inside(f) || seg.Rows <= tokenBlockRows) {
			parts = append(parts, Part{seg, 0, seg.Rows})
			continue
		}
		blocks, err := sn.store.tokens.get(seg)
		if err != nil {
			sn.store.opts.Logger.Warn("reading a whole segment because its token filter is unusable; see verify", "segment", seg.ID, "error", err)
			parts = append(parts, Part{seg, 0, seg.Rows})
			continue
		}
		var row int64
		for i := range blocks {
			b := &blocks[i]
			end := row + int64(b.rows)
			if overlaps(b.from, b.to, f) && b.mayHold(words) {
				if n := len(parts); n > 0 && parts[n-1].Segment == seg && parts[n-1].EndRow == row {
					parts[n-1].EndRow = end
				} else {
					parts = append(parts, Part{seg, row, end})
				}
			}
			row = end
		}
	}
	return parts, nil
}
