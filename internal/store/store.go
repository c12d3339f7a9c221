package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a store. The zero value is good.
type Options struct {
	Clock  func() time.Time // default time.Now
	Logger *slog.Logger     // default: nothing is logged

	MergeAbove    int   // small segments per source and day above which they are merged; default 64
	SlowDownAbove int   // small segments per source and day above which Busy reports true; default 1000
	SmallRows     int64 // a segment with fewer rows is small; default 100,000
	SegmentRows   int64 // rows after which merging starts another segment; default 1,000,000
	MaxFields     int   // fields a segment may have besides the fixed columns; default 4000

	// For tests.
	step       func(op, path string) error // asked before every change on disk
	spliceRows int64                       // rows of a segment that is merged without reading its rows; default half a block of token filters
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.MergeAbove = orDefault(o.MergeAbove, 64)
	o.SlowDownAbove = orDefault(o.SlowDownAbove, 1000)
	o.SmallRows = orDefault(o.SmallRows, 100_000)
	o.SegmentRows = orDefault(o.SegmentRows, 1_000_000)
	o.SmallRows = min(o.SmallRows, o.SegmentRows) // else full segments were merged for ever
	o.spliceRows = orDefault(o.spliceRows, tokenBlockRows/2)
	o.MaxFields = orDefault(o.MaxFields, 4000)
	return o
}

func orDefault[T int | int64](n, def T) T {
	if n <= 0 {
		return def
	}
	return n
}

// Store is a set of segments with its manifest. All methods may be called from
// any number of goroutines.
type Store struct {
	dir       string // holds manifest.db and segments
	segments  string
	engine    Engine
	opts      Options
	disk      disk
	db        *sql.DB
	nextID    atomic.Int64
	scratch   sync.Pool     // of *scratch
	searchers sync.Pool     // of *searcher
	searching chan struct{} // holds one for each searcher at work
	tokens    *besideCache[[]tokenBlock]
	profiles  *besideCache[*profile]

	merging    sync.Mutex // one merge or retention at a time, so that no two take the same segment
	committing sync.Mutex // serialises changes
	failed     error      // why no change is possible any more; under committing

	mu      sync.Mutex // guards what follows
	state   *state
	leases  map[int64]int // version of state -> snapshots of it
	doomed  []doomed
	small   map[dayKey]int    // small segments
	crowded int               // days with more small segments than SlowDownAbove
	types   map[string]Column // by lower-case name; an empty name closes it to fields
}

// state is the manifest at one moment. It is never changed.
type state struct {
	version  int64
	segments []*Segment // newest first by To
	seq      int64      // last journal entry
	head     [32]byte   // its hash
}

// doomed is a segment that is no longer listed but may be leased.
type doomed struct {
	seg     *Segment
	version int64 // first state without it
}

type dayKey struct {
	source string
	day    int64
}

func keyOf(s *Segment) dayKey { return dayKey{s.Source, s.Day.UnixMilli()} }

// Open opens the store in dir, which is made when absent, and removes files that
// the manifest does not list: what a crash left behind. One process at a time may
// have a directory open. The engine computes queries; the store closes it.
func Open(dir string, engine Engine, opts Options) (*Store, error) {
	ctx := context.Background()
	s := &Store{
		dir: dir, segments: SegmentDir(dir), engine: engine, opts: opts.withDefaults(), disk: newDisk(opts.step),
		scratch: sync.Pool{New: func() any { return newScratch() }}, searchers: sync.Pool{New: func() any { return newSearcher() }}, searching: make(chan struct{}, runtime.GOMAXPROCS(0)),
		tokens: newBesideCache(tokenCacheBytes, readTokens), profiles: newBesideCache(profileCacheBytes, readProfile),
		leases: map[int64]int{}, small: map[dayKey]int{}, types: map[string]Column{},
	}
	for _, folder := range []string{dir, s.segments} {
		if err := s.disk.mkdir(folder); err != nil {
			return nil, fmt.Errorf("store: make %s: %w", folder, err)
		}
	}
	db, err := openManifest(ctx, filepath.Join(dir, "manifest.db"))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s.db = db
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: load manifest: %w", err), db.Close())
	}
	return s, nil
}

// SegmentDir returns where a store in dir keeps its segments: the only folder
// that an engine has to read.
func SegmentDir(dir string) string { return filepath.Join(dir, "segments") }

func (s *Store) load(ctx context.Context) error {
	segs, err := loadSegments(ctx, s.db, s.dir)
	if err != nil {
		return err
	}
	st := &state{segments: segs}
	slices.SortFunc(st.segments, newestFirst)
	var head []byte
	err = s.db.QueryRowContext(ctx, `SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1`).Scan(&st.seq, &head)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	copy(st.head[:], head)
	var last sql.NullInt64
	if err := s.db.QueryRowContext(ctx, `SELECT max(seq) FROM sqlite_sequence WHERE name = 'segments'`).Scan(&last); err != nil {
		return err
	}
	s.nextID.Store(last.Int64)
	s.state = st
	s.learn(fixedColumns())
	for _, seg := range segs {
		seg.profiles = s.profiles
		s.count(seg, 1)
		s.learn(seg.Columns)
	}
	return s.sweep(segs)
}

// sweep removes files that no segment has and reports segments without a file.
func (s *Store) sweep(segs []*Segment) error {
	listed := map[string]bool{}
	for _, seg := range segs {
		for _, f := range segmentFiles(seg.Path) {
			listed[f] = true
			if _, err := os.Stat(f); err != nil {
				s.opts.Logger.Error("a file of a listed segment cannot be read; restore it from a copy, and see verify",
					"segment", seg.ID, "path", f, "error", err)
			}
		}
	}
	return filepath.WalkDir(s.segments, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || listed[path] {
			return err
		}
		s.opts.Logger.Info("removing a file that the manifest does not list", "path", path)
		return s.disk.remove(path)
	})
}

// Close closes the manifest and the engine. Snapshots must have been released.
func (s *Store) Close() error {
	s.merging.Lock()
	defer s.merging.Unlock()
	s.committing.Lock()
	defer s.committing.Unlock()
	s.failed = errors.New("store: closed")
	err := s.db.Close()
	if s.engine != nil {
		err = errors.Join(err, s.engine.Close())
	}
	return err
}

// Query runs one statement of the engine's own SQL. Hold a [Snapshot] with the
// files it names until the rows are closed.
func (s *Store) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	return s.engine.Query(ctx, sql, args...)
}

// Busy reports whether merging has fallen so far behind, for some source and
// day, that clients should be asked to slow down.
func (s *Store) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crowded > 0
}

func (s *Store) current() *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// install makes a committed change visible.
func (s *Store) install(c change, e *JournalEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := map[int64]bool{}
	for _, seg := range c.remove {
		gone[seg.ID] = true
		s.count(seg, -1)
	}
	next := &state{version: s.state.version + 1, seq: e.Seq, head: e.Hash}
	next.segments = make([]*Segment, 0, len(s.state.segments)+len(c.add))
	for _, seg := range s.state.segments {
		if !gone[seg.ID] {
			next.segments = append(next.segments, seg)
		}
	}
	for _, seg := range c.add {
		at, _ := slices.BinarySearchFunc(next.segments, seg, newestFirst)
		seg.profiles = s.profiles
		next.segments = slices.Insert(next.segments, at, seg)
		s.count(seg, 1)
	}
	for _, seg := range c.remove {
		s.doomed = append(s.doomed, doomed{seg, next.version})
	}
	s.state = next
	s.reap()
}

// count keeps the number of small segments of each source and day.
func (s *Store) count(seg *Segment, by int) {
	if seg.Rows >= s.opts.SmallRows {
		return
	}
	key := keyOf(seg)
	was := s.small[key]
	is := was + by
	s.small[key] = is
	if is == 0 {
		delete(s.small, key)
	}
	switch limit := s.opts.SlowDownAbove; {
	case was <= limit && is > limit:
		s.crowded++
	case was > limit && is <= limit:
		s.crowded--
	}
}

// reap deletes the files of segments that no snapshot can name any more.
func (s *Store) reap() {
	oldest := s.state.version
	for v := range s.leases {
		oldest = min(oldest, v)
	}
	s.doomed = slices.DeleteFunc(s.doomed, func(d doomed) bool {
		if d.version > oldest {
			return false
		}
		s.tokens.drop(d.seg.ID)
		s.profiles.drop(d.seg.ID)
		for _, f := range segmentFiles(d.seg.Path) {
			if err := s.disk.remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.opts.Logger.Warn("cannot remove a file of a segment that is no longer listed; the next start tries again", "path", f, "error", err)
			}
		}
		return true
	})
}

func newestFirst(a, b *Segment) int {
	return cmp.Or(cmp.Compare(b.To, a.To), cmp.Compare(b.ID, a.ID))
}
