package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// VerifyReport is the outcome of Verify.
type VerifyReport struct {
	Segments int
	Rows     int64
	Bytes    int64
	Entries  int64    // of the journal
	Seq      int64    // last journal entry looked at
	Head     [32]byte // and its hash, to compare with one kept elsewhere
	Problems []Problem
}

// Problem is something that is not as it was written.
type Problem struct {
	Segment int64 // 0 when it is about none
	Entry   int64 // sequence number in the journal; 0 when it is about none
	Text    string
}

func (r *VerifyReport) segment(id int64, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Segment: id, Text: fmt.Sprintf(format, args...)})
}

func (r *VerifyReport) entry(seq int64, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Entry: seq, Text: fmt.Sprintf(format, args...)})
}

// Verify compares every segment file with the manifest, and the manifest with
// what the journal says was added, merged and dropped. It works on a snapshot:
// ingesting and merging go on meanwhile. The error is for when it could not
// look; what it found is in the report.
func (s *Store) Verify(ctx context.Context) (*VerifyReport, error) {
	sn, listed, err := s.verifiable(ctx)
	if err != nil {
		return nil, err
	}
	defer sn.Release()
	report := &VerifyReport{Seq: sn.state.seq, Head: sn.state.head}
	live, err := s.verifyJournal(ctx, sn, report)
	if err != nil {
		return nil, err
	}
	inMemory := map[int64]bool{}
	for _, seg := range sn.state.segments {
		inMemory[seg.ID] = true
	}
	for _, seg := range listed {
		if !inMemory[seg.ID] {
			report.segment(seg.ID, "the manifest on disk lists a segment that this program does not know: the manifest was edited")
		}
		delete(inMemory, seg.ID)
		if ref, ok := live[seg.ID]; !ok {
			report.segment(seg.ID, "the manifest lists a segment that the journal never added, or says is gone")
		} else if ref != refs([]*Segment{seg})[0] {
			report.segment(seg.ID, "rows or hashes in the manifest are not those in the journal")
		}
		delete(live, seg.ID)
		if err := verifySegment(ctx, seg, report); err != nil {
			return nil, err
		}
	}
	for id := range inMemory {
		report.segment(id, "the manifest on disk has lost this segment: the manifest was edited")
	}
	for id, ref := range live {
		report.segment(id, "the journal has this segment of %d rows, the manifest does not", ref.Rows)
	}
	return report, nil
}

// verifiable takes a snapshot and reads the manifest of the same moment from disk.
func (s *Store) verifiable(ctx context.Context) (*Snapshot, []*Segment, error) {
	s.committing.Lock()
	defer s.committing.Unlock()
	listed, err := loadSegments(ctx, s.db, s.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("store: verify: read manifest: %w", err)
	}
	slices.SortFunc(listed, newestFirst)
	return s.Snapshot(), listed, nil
}

// verifyJournal checks the chain and its arithmetic, and returns the segments
// that should be listed when all of it is replayed.
func (s *Store) verifyJournal(ctx context.Context, sn *Snapshot, report *VerifyReport) (map[int64]SegmentRef, error) {
	live := map[int64]SegmentRef{}
	var last JournalEntry
	for last.Seq < sn.state.seq {
		page, err := s.Journal(ctx, last.Seq)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			report.entry(sn.state.seq, "the journal ends at entry %d, it should go on to %d", last.Seq, sn.state.seq)
			return live, nil
		}
		for _, e := range page {
			if e.Seq > sn.state.seq {
				break
			}
			verifyEntry(&e, &last, live, report)
			report.Entries++
			last = e
		}
		if len(page) > 0 && page[0].Seq > sn.state.seq {
			report.entry(sn.state.seq, "the journal lacks the entries after %d", last.Seq)
			return live, nil
		}
	}
	if last.Hash != sn.state.head {
		report.entry(last.Seq, "the journal's last hash is not the one this program wrote or read at its start")
	}
	return live, nil
}

func verifyEntry(e, last *JournalEntry, live map[int64]SegmentRef, report *VerifyReport) {
	if e.Seq != last.Seq+1 {
		report.entry(e.Seq, "entries %d to %d are missing from the journal", last.Seq+1, e.Seq-1)
	}
	if e.Prev != last.Hash {
		report.entry(e.Seq, "does not continue the chain: the entry before it is not the one it was written after")
	}
	if e.Hash != e.digest() {
		report.entry(e.Seq, "was altered: its hash is not that of its content")
	}
	inRows, inHash := sumRefs(e.In)
	outRows, outHash := sumRefs(e.Out)
	balanced := false
	switch e.Kind {
	case KindAdd:
		balanced = len(e.In) == 0 && outRows == e.Rows && outHash == e.RowHash
	case KindMerge:
		balanced = inRows == outRows && inHash == outHash && inRows == e.Rows && inHash == e.RowHash
	case KindDrop:
		balanced = len(e.Out) == 0 && inRows == e.Rows && inHash == e.RowHash
	case KindPurge:
		balanced = e.Rows > 0 && inRows == outRows+e.Rows && inHash == addHash(outHash, e.RowHash)
	}
	if !balanced {
		report.entry(e.Seq, "does not balance: %s of %d rows, %d rows in segments that went, %d in segments that came, or their hashes differ",
			e.Kind, e.Rows, inRows, outRows)
	}
	for _, r := range e.In {
		if known, ok := live[r.ID]; !ok || known != r {
			report.entry(e.Seq, "takes segment %d, which was not there with these rows and hashes", r.ID)
		}
		delete(live, r.ID)
	}
	for _, r := range e.Out {
		if _, ok := live[r.ID]; ok {
			report.entry(e.Seq, "adds segment %d a second time", r.ID)
		}
		live[r.ID] = r
	}
}

// verifySegment compares a segment's files with the manifest.
func verifySegment(ctx context.Context, seg *Segment, report *VerifyReport) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	report.Segments++
	report.Rows += seg.Rows
	report.Bytes += seg.Bytes
	tokens, _, err := fileSum(seg.Path + tokenSuffix)
	switch {
	case err != nil:
		report.segment(seg.ID, "token filter cannot be read: %v", err)
	case tokens != seg.TokenSHA256:
		report.segment(seg.ID, "token filter %s is not as it was written: searches may miss rows", seg.Path+tokenSuffix)
	}
	sum, size, err := fileSum(seg.Path)
	switch {
	case err != nil:
		report.segment(seg.ID, "cannot be read: %v", err)
		return nil
	case size != seg.Bytes:
		report.segment(seg.ID, "%s has %d bytes, %d were written", seg.Path, size, seg.Bytes)
		return nil
	case sum != seg.SHA256:
		report.segment(seg.ID, "%s is not as it was written: its SHA-256 differs", seg.Path)
		return nil
	}
	rowHash, found, err := rehash(ctx, seg)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		report.segment(seg.ID, "rows cannot be read: %v", err)
	case rowHash != seg.RowHash || found.Rows != seg.Rows:
		report.segment(seg.ID, "holds %d rows, %d were ingested, or their hash differs", found.Rows, seg.Rows)
	case found.From != seg.From || found.To != seg.To || found.Ingested != seg.Ingested || !slices.Equal(found.Groups, seg.Groups) ||
		startOfDay(found.From) != seg.Day.UnixMilli() || startOfDay(found.To) != seg.Day.UnixMilli():
		report.segment(seg.ID, "day, time range or log groups in the manifest are not those of its rows: queries may leave it out")
	}
	return nil
}

func fileSum(path string) (sum [32]byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	if err != nil {
		return sum, size, errors.Join(errors.New("read error"), err)
	}
	h.Sum(sum[:0])
	return sum, size, nil
}
