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
	var found []candidate
	passed := 0
	for _, seg := range sn.Segments(f) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(words) == 0 && (seg.inside(f) || seg.Rows <= tokenBlockRows) {
			found = append(found, candidate{Part: Part{seg, 0, seg.Rows}})
			continue
		}
		blocks, err := sn.store.tokens.get(seg)
		if err != nil {
			sn.unusable(seg, err)
			found = append(found, candidate{Part: Part{seg, 0, seg.Rows}})
			continue
		}
		var row int64
		for i := range blocks {
			b := &blocks[i]
			end := row + int64(b.rows)
			if overlaps(b.from, b.to, f) && b.mayHold(words) {
				found = append(found, candidate{Part{seg, row, end}, b})
			} else {
				passed++
			}
			row = end
		}
	}
	// Where most blocks hold the words, so do most of their slices.
	if len(words) > 0 && len(found) <= max(passed, fewBlocks) {
		return sn.slices(ctx, found, words)
	}
	var parts []Part
	for _, c := range found {
		parts = joined(parts, c.Part)
	}
	return parts, nil
}

// fewBlocks is a number of blocks whose slices cost next to nothing to look at.
const fewBlocks = 16

// candidate is a block that may hold matching rows, or a segment of which no
// blocks are known.
type candidate struct {
	Part
	block *tokenBlock
}

// slices cuts blocks down to the slices that may hold all the words.
func (sn *Snapshot) slices(ctx context.Context, found []candidate, words []uint64) (parts []Part, err error) {
	for _, c := range found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cut := []Part{c.Part}
		if c.block != nil && c.block.slices > 0 {
			ranges, err := c.block.readSlices(c.Segment.Path+tokenSuffix, words)
			if err != nil {
				sn.unusable(c.Segment, err)
			} else {
				cut = cut[:0]
				for _, r := range ranges {
					cut = append(cut, Part{c.Segment, c.FirstRow + r[0], c.FirstRow + r[1]})
				}
			}
		}
		for _, p := range cut {
			parts = joined(parts, p)
		}
	}
	return parts, nil
}

func (sn *Snapshot) unusable(seg *Segment, err error) {
	sn.store.opts.Logger.Warn("reading a whole segment because its token filter is unusable; see verify", "segment", seg.ID, "error", err)
}

// joined appends a part, to the last one where it goes on with it.
func joined(parts []Part, p Part) []Part {
	if n := len(parts); n > 0 && parts[n-1].Segment == p.Segment && parts[n-1].EndRow == p.FirstRow {
		parts[n-1].EndRow = p.EndRow
		return parts
	}
	return append(parts, p)
}
