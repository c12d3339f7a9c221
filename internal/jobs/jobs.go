// Package jobs runs queries while nobody waits for them, and keeps what they found
// within bounds of number, size and time. All of it is in memory: a restart forgets it.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

// Status is a state of Oracle's work requests.
type Status string

// The states.
const (
	Running   Status = "IN_PROGRESS"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	Canceled  Status = "CANCELED"
)

// Refusals.
var (
	ErrBusy     = errors.New("too many asynchronous queries are running; cancel some, or try again later")
	ErrClosed   = errors.New("no asynchronous queries are taken any more")
	ErrNotFound = errors.New("is not found")
)

// Job is a query that runs without its client waiting. Whoever starts it sets the
// first group. What changes is guarded by the lock of Jobs, which gives out copies.
type Job[D any] struct {
	User       string
	Details    D // what the client sent
	Request    query.Request
	Background bool

	ID           string
	Accepted     time.Time
	Backgrounded time.Time
	Finished     time.Time
	Status       Status
	Result       *query.Result
	Err          error // of a job that failed

	polled        time.Time // last time its client asked
	revision      int64
	bytes         int64 // of the result
	cancelRunning context.CancelFunc
}

// How long jobs are kept.
const (
	foregroundLife = 5 * time.Minute // since the client asked last
	backgroundLife = 7 * 24 * time.Hour
)

// Expires is when a job may be forgotten; zero while that is not known.
func (j *Job[D]) Expires() time.Time {
	switch {
	case !j.Background:
		return j.polled.Add(foregroundLife)
	case j.Finished.IsZero():
		return time.Time{}
	}
	return j.Finished.Add(backgroundLife)
}

// Etag changes with the job.
func (j *Job[D]) Etag() string { return fmt.Sprintf("j%d", j.revision) }

// Percent is how far it is.
func (j *Job[D]) Percent() int {
	if j.Finished.IsZero() {
		return 0 // the engine cannot tell how far it is
	}
	return 100
}

// Options of Jobs; zero members are the defaults.
type Options struct {
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discards
	Kept   int              // jobs remembered; default 200
	AtOnce int              // jobs running; default 16
	Bytes  int64            // memory of their results; default 128 MiB
}

// Jobs are the jobs of a server, with details of type D. It is safe for use by many
// goroutines.
type Jobs[D any] struct {
	opts Options

	mu     sync.Mutex
	all    map[string]*Job[D]
	bytes  int64
	closed bool
	wait   sync.WaitGroup
}

// New returns the jobs of a server, of which there are none.
func New[D any](o Options) *Jobs[D] {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Kept, o.AtOnce, o.Bytes = cmp.Or(o.Kept, 200), cmp.Or(o.AtOnce, 16), cmp.Or(o.Bytes, 128<<20)
	return &Jobs[D]{opts: o, all: map[string]*Job[D]{}}
}

// Wait returns when no job runs.
func (s *Jobs[D]) Wait() { s.wait.Wait() }

// Close ends what runs, and waits. No job is started any more.
func (s *Jobs[D]) Close() {
	s.mu.Lock()
	s.closed = true
	for _, j := range s.all {
		j.cancelRunning()
	}
	s.mu.Unlock()
	s.Wait()
}

// Start runs a job in the name of the context's caller, whether it stays or goes.
// Too many at once are refused with ErrBusy.
func (s *Jobs[D]) Start(ctx context.Context, j Job[D], run func(context.Context, query.Request) (*query.Result, error)) (Job[D], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	running, own := 0, 0
	for _, other := range s.all {
		if other.Finished.IsZero() {
			running++
			if other.User == j.User {
				own++
			}
		}
	}
	switch {
	case s.closed:
		return Job[D]{}, ErrClosed
	case running >= s.opts.AtOnce, own >= s.opts.AtOnce-s.opts.AtOnce/4: // one user leaves a quarter to others
		return Job[D]{}, ErrBusy
	}
	for len(s.all) >= s.opts.Kept && s.evict(&j) {
	}
	ctx, j.cancelRunning = context.WithCancel(context.WithoutCancel(ctx))
	j.ID, j.Accepted, j.Status, j.revision = catalog.NewOCID("loganalyticsqueryworkrequest"), s.opts.Clock().UTC(), Running, 1
	j.polled = j.Accepted
	s.all[j.ID] = &j
	s.wait.Go(func() {
		result, err := s.guard(ctx, j.Request, run)
		s.finish(&j, result, err)
	})
	return j, nil
}

// guard keeps a panic in one job from ending the process.
func (s *Jobs[D]) guard(ctx context.Context, r query.Request, run func(context.Context, query.Request) (*query.Result, error)) (result *query.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Logger.Error("panic in an asynchronous query", "panic", p, "stack", string(debug.Stack()))
			err = errors.New("internal panic")
		}
	}()
	return run(ctx, r)
}

func (s *Jobs[D]) finish(j *Job[D], result *query.Result, err error) {
	bytes := int64(0)
	if err == nil {
		bytes = sizeOf(result)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer j.cancelRunning()
	if j.Status != Running { // cancelled
		return
	}
	j.Finished = s.opts.Clock().UTC()
	j.revision++
	for err == nil && s.bytes+bytes > s.opts.Bytes {
		if !s.evict(j) {
			err = fmt.Errorf("%w: the result takes more than the %d MB kept for asynchronous queries; export it", query.ErrMemory, s.opts.Bytes>>20)
		}
	}
	if err != nil {
		j.Status, j.Err = Failed, err
		return
	}
	j.Status, j.Result, j.bytes = Succeeded, result, bytes
	s.bytes += bytes
}

// sweep forgets what has expired, and ends what nobody asks for any more.
func (s *Jobs[D]) sweep() {
	now := s.opts.Clock()
	for _, j := range s.all {
		if at := j.Expires(); !at.IsZero() && !now.Before(at) {
			s.forget(j)
		}
	}
}

// evict makes room for a job: it forgets another finished one, the user's own before
// those of others, and of these the one that expires first; false when there is none.
func (s *Jobs[D]) evict(room *Job[D]) bool {
	var first *Job[D]
	for _, j := range s.all {
		if j == room || j.Finished.IsZero() {
			continue
		}
		own, better := j.User == room.User, first != nil && first.User == room.User
		if first == nil || own && !better || own == better && j.Expires().Before(first.Expires()) {
			first = j
		}
	}
	if first != nil {
		s.forget(first)
	}
	return first != nil
}

func (s *Jobs[D]) forget(j *Job[D]) {
	s.stop(j)
	s.bytes -= j.bytes
	delete(s.all, j.ID)
}

// stop ends a job that runs.
func (s *Jobs[D]) stop(j *Job[D]) {
	j.cancelRunning()
	if j.Status == Running {
		j.Status, j.Finished = Canceled, s.opts.Clock().UTC()
		j.revision++
	}
}

// Find returns a job of a user, whose client thereby has asked for it, or ErrNotFound.
func (s *Jobs[D]) Find(id, user string) (Job[D], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.own(id, user)
	if err != nil {
		return Job[D]{}, err
	}
	j.polled = s.opts.Clock().UTC()
	return *j, nil
}

func (s *Jobs[D]) own(id, user string) (*Job[D], error) {
	s.sweep()
	j, ok := s.all[id]
	if !ok || j.User != user {
		return nil, fmt.Errorf("query work request %.200q %w: its time is over, the server was restarted, or it is not yours; run the query again", id, ErrNotFound)
	}
	return j, nil
}

// List returns the jobs of a user, in no order.
func (s *Jobs[D]) List(user string) []Job[D] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	var out []Job[D]
	for _, j := range s.all {
		if j.User == user {
			out = append(out, *j)
		}
	}
	return out
}

// change runs a change of a job under its etag.
func (s *Jobs[D]) change(id, user, ifMatch string, do func(*Job[D])) (Job[D], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.own(id, user)
	if err != nil {
		return Job[D]{}, err
	}
	if ifMatch != "" && ifMatch != j.Etag() {
		return Job[D]{}, catalog.ErrEtag
	}
	do(j)
	return *j, nil
}

// ToBackground keeps a job although its client stops asking. A wrong ifMatch is
// catalog.ErrEtag.
func (s *Jobs[D]) ToBackground(id, user, ifMatch string) (Job[D], error) {
	return s.change(id, user, ifMatch, func(j *Job[D]) {
		if !j.Background {
			j.Background, j.Backgrounded = true, s.opts.Clock().UTC()
			j.revision++
		}
	})
}

// Cancel ends a job that runs, and removes one that has ended. Its errors are those
// of ToBackground.
func (s *Jobs[D]) Cancel(id, user, ifMatch string) error {
	_, err := s.change(id, user, ifMatch, func(j *Job[D]) {
		if j.Status == Running {
			s.stop(j)
			return
		}
		s.forget(j)
	})
	return err
}
