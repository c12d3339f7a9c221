package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Kinds of journal entries.
const (
	KindAdd   = "add"   // rows of a chunk came in
	KindMerge = "merge" // rows moved to other segments
	KindDrop  = "drop"  // rows reached the end of their retention
	KindPurge = "purge" // rows were deleted because somebody asked
)

// JournalEntry is one change of the set of segments. Entries are only ever
// appended; each holds the hash of the one before.
type JournalEntry struct {
	Seq     int64
	Time    int64 // epoch milliseconds
	Kind    string
	Actor   string
	Reason  string
	In      []SegmentRef // segments that went
	Out     []SegmentRef // segments that came
	Rows    int64        // rows added, moved, dropped or purged
	RowHash [32]byte     // hash of these rows
	Prev    [32]byte     // Hash of the entry before; zero in the first
	Hash    [32]byte     // SHA-256 over all of the above
}

// SegmentRef names a segment in the journal, with what its content was.
type SegmentRef struct {
	ID      int64
	Rows    int64
	SHA256  [32]byte
	RowHash [32]byte
}

func refs(segs []*Segment) []SegmentRef {
	out := make([]SegmentRef, len(segs))
	for i, s := range segs {
		out[i] = SegmentRef{s.ID, s.Rows, s.SHA256, s.RowHash}
	}
	return out
}

func sumRefs(rs []SegmentRef) (rows int64, hash [32]byte) {
	for _, r := range rs {
		rows += r.Rows
		hash = addHash(hash, r.RowHash)
	}
	return rows, hash
}

// digest computes the entry's hash: numbers as 8 bytes little-endian, strings
// and lists preceded by their length, in the order of the members.
func (e *JournalEntry) digest() [32]byte {
	var b []byte
	num := func(n int64) { b = binary.LittleEndian.AppendUint64(b, uint64(n)) }
	str := func(s string) { num(int64(len(s))); b = append(b, s...) }
	list := func(rs []SegmentRef) {
		num(int64(len(rs)))
		for _, r := range rs {
			num(r.ID)
			num(r.Rows)
			b = append(append(b, r.SHA256[:]...), r.RowHash[:]...)
		}
	}
	num(e.Seq)
	num(e.Time)
	str(e.Kind)
	str(e.Actor)
	str(e.Reason)
	list(e.In)
	list(e.Out)
	num(e.Rows)
	b = append(append(b, e.RowHash[:]...), e.Prev[:]...)
	return sha256.Sum256(b)
}

func insertJournal(ctx context.Context, tx *sql.Tx, e *JournalEntry) error {
	in, err := json.Marshal(e.In)
	if err != nil {
		return err
	}
	out, err := json.Marshal(e.Out)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO journal(seq, time, kind, actor, reason, "in", "out", "rows", rowhash, prev, hash)
		VALUES(?,?,?,?,?,?,?,?,?,?,?)`,
		e.Seq, e.Time, e.Kind, e.Actor, e.Reason, in, out, e.Rows, e.RowHash[:], e.Prev[:], e.Hash[:])
	return err
}

// Journal returns the entries after a sequence number, oldest first, at most
// 10,000 of them.
func (s *Store) Journal(ctx context.Context, after int64) ([]JournalEntry, error) {
	const page = 10_000
	rows, err := s.db.QueryContext(ctx, `SELECT seq, time, kind, actor, reason, "in", "out", "rows", rowhash, prev, hash
		FROM journal WHERE seq > ? ORDER BY seq LIMIT ?`, after, page)
	if err != nil {
		return nil, fmt.Errorf("store: read journal: %w", err)
	}
	defer rows.Close()
	var entries []JournalEntry
	for rows.Next() {
		var e JournalEntry
		var in, out, rowHash, prev, hash []byte
		if err := rows.Scan(&e.Seq, &e.Time, &e.Kind, &e.Actor, &e.Reason, &in, &out, &e.Rows, &rowHash, &prev, &hash); err != nil {
			return nil, fmt.Errorf("store: read journal: %w", err)
		}
		if err := json.Unmarshal(in, &e.In); err != nil {
			return nil, fmt.Errorf("store: journal entry %d: %w", e.Seq, err)
		}
		if err := json.Unmarshal(out, &e.Out); err != nil {
			return nil, fmt.Errorf("store: journal entry %d: %w", e.Seq, err)
		}
		copy(e.RowHash[:], rowHash)
		copy(e.Prev[:], prev)
		copy(e.Hash[:], hash)
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
