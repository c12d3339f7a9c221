package stage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// ReceivedIntegration is the integration name of what our own API receives.
const ReceivedIntegration = "received"

// Options of a Stage. The zero value is usable.
type Options struct {
	Clock        func() time.Time // default time.Now
	Logger       *slog.Logger     // default discards
	MaxFileBytes int              // of a collected file; default 10 MB less a margin
	SealBytes    int64            // a journal of this size is sealed; default 8 MB
	SealAfter    time.Duration    // a journal is sealed this long after its first frame; default 1 s

	hook func(op, path string) error // crash tests: called before each effect
}

const (
	// Log Analytics refuses files above 10 MB; the margin leaves room for a
	// multipart envelope.
	defaultMaxFileBytes = 10_000_000 - 64<<10
	defaultSealBytes    = 8 << 20
	defaultSealAfter    = time.Second
)

// Stage is the durable staging area below one directory. Its methods may be
// called from many goroutines.
type Stage struct {
	dir     string
	opts    Options
	log     *slog.Logger
	disk    disk
	write   *sql.DB // one connection: SQLite has one writer
	read    *sql.DB
	journal *journal

	findToken, findChunk, countChunk *sql.Stmt

	sealing sync.Mutex   // guards listing: sequence, order and chain
	bytes   sync.RWMutex // held by who replaces or removes the bytes of a listed file, read by who opens them

	wakeMu sync.Mutex
	wake   chan struct{}
}

// ErrClosed is returned by Receive after Close.
var ErrClosed = errors.New("stage: closed")

// Open opens or creates the staging area and repairs what a crash left behind.
func Open(dir string, opts Options) (*Stage, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	opts.MaxFileBytes = cmp.Or(opts.MaxFileBytes, defaultMaxFileBytes)
	opts.SealBytes = cmp.Or(opts.SealBytes, defaultSealBytes)
	opts.SealAfter = cmp.Or(opts.SealAfter, defaultSealAfter)
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	s := &Stage{dir: dir, opts: opts, log: opts.Logger, wake: make(chan struct{})}
	s.disk = disk{hook: opts.hook, own: s.root(), durable: &sync.Map{}}
	if err := s.disk.mkdirAll(s.root()); err != nil {
		return nil, fmt.Errorf("stage: cannot create %s (check that the data directory is writable): %w", s.root(), err)
	}
	if err := s.openLedger(); err != nil {
		s.closeLedger()
		return nil, err
	}
	if err := s.recover(context.Background()); err != nil {
		s.closeLedger()
		return nil, fmt.Errorf("stage: recovery of %s: %w", dir, err)
	}
	s.journal = newJournal(s)
	return s, nil
}

// Close seals what was received and closes the ledger.
func (s *Stage) Close() error {
	return errors.Join(s.journal.close(), s.closeLedger())
}

func (s *Stage) root() string { return filepath.Join(s.dir, "stage") }

// Sealed returns a channel that is closed when the next file is listed. Take
// the channel before looking for files, so that none is missed.
func (s *Stage) Sealed() <-chan struct{} {
	s.wakeMu.Lock()
	defer s.wakeMu.Unlock()
	return s.wake
}

func (s *Stage) announce() {
	s.wakeMu.Lock()
	defer s.wakeMu.Unlock()
	close(s.wake)
	s.wake = make(chan struct{})
}

var integrationName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Integration names become folder names.
func checkIntegration(name string) error {
	if !integrationName.MatchString(name) {
		return fmt.Errorf("stage: integration name %q: use 1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit", name)
	}
	return nil
}

// Times are kept in microseconds since the epoch; 0 stands for unknown.
func toMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
