package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

// jobStatus is a state of Oracle's work requests.
type jobStatus string

const (
	jobRunning   jobStatus = "IN_PROGRESS"
	jobSucceeded jobStatus = "SUCCEEDED"
	jobFailed    jobStatus = "FAILED"
	jobCanceled  jobStatus = "CANCELED"
)

// job is a query that runs without its client waiting. What changes is guarded
// by the lock of jobs; clients get copies.
type job struct {
	id, user      string
	details       queryDetails
	display       string // canonical text
	internal      string
	request       query.Request
	accepted      time.Time
	background    bool
	backgrounded  time.Time
	polled        time.Time // last time its client asked
	finished      time.Time
	status        jobStatus
	revision      int64
	result        *query.Result
	bytes         int64 // of the result
	err           error
	cancelRunning context.CancelFunc
}

// How long jobs are kept. They live in memory: a restart forgets them.
const (
	foregroundLife = 5 * time.Minute // since the client asked last
	backgroundLife = 7 * 24 * time.Hour
)

// expires is when a job may be forgotten; zero while that is not known.
func (j *job) expires() time.Time {
	switch {
	case !j.background:
		return j.polled.Add(foregroundLife)
	case j.finished.IsZero():
		return time.Time{}
	}
	return j.finished.Add(backgroundLife)
}

func (j *job) etag() string { return fmt.Sprintf("j%d", j.revision) }

func (j *job) percent() int {
	if j.finished.IsZero() {
		return 0 // the engine cannot tell how far it is
	}
	return 100
}

// jobs runs queries in the background and keeps their results, within bounds of
// number and size.
type jobs struct {
	clock  func() time.Time
	log    *slog.Logger
	limits Limits

	mu     sync.Mutex
	all    map[string]*job
	bytes  int64
	closed bool
	wait   sync.WaitGroup
}

func newJobs(clock func() time.Time, log *slog.Logger, limits Limits) *jobs {
	return &jobs{clock: clock, log: log, limits: limits, all: map[string]*job{}}
}

// close ends what runs, and waits.
func (s *jobs) close() {
	s.mu.Lock()
	s.closed = true
	for _, j := range s.all {
		j.cancelRunning()
	}
	s.mu.Unlock()
	s.wait.Wait()
}

// start runs a job in the name of the context's caller, whether it stays or goes.
// Too many at once are refused.
func (s *jobs) start(ctx context.Context, j *job, run func(context.Context, query.Request) (*query.Result, error)) (job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	running, own := 0, 0
	for _, other := range s.all {
		if other.finished.IsZero() {
			running++
			if other.user == j.user {
				own++
			}
		}
	}
	switch {
	case s.closed:
		return job{}, unavailable("the server is shutting down", nil)
	case running >= s.limits.JobsAtOnce, own >= s.limits.JobsAtOnce-s.limits.JobsAtOnce/4: // one user leaves a quarter to others
		return job{}, tooMany("too many asynchronous queries are running; cancel some, or try again later", slowDown)
	}
	for len(s.all) >= s.limits.Jobs && s.evict(j) {
	}
	ctx, j.cancelRunning = context.WithCancel(context.WithoutCancel(ctx))
	j.id, j.accepted, j.status, j.revision = catalog.NewOCID("loganalyticsqueryworkrequest"), s.clock().UTC(), jobRunning, 1
	j.polled = j.accepted
	s.all[j.id] = j
	request := j.request
	s.wait.Go(func() {
		result, err := s.guard(ctx, request, run)
		s.finish(j, result, err)
	})
	return *j, nil
}

// guard keeps a panic in one job from ending the process.
func (s *jobs) guard(ctx context.Context, r query.Request, run func(context.Context, query.Request) (*query.Result, error)) (result *query.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic in an asynchronous query", "panic", p, "stack", string(debug.Stack()))
			err = errors.New("internal panic")
		}
	}()
	return run(ctx, r)
}

func (s *jobs) finish(j *job, result *query.Result, err error) {
	bytes := int64(0)
	if err == nil {
		bytes = sizeOf(result)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer j.cancelRunning()
	if j.status != jobRunning { // cancelled
		return
	}
	j.finished = s.clock().UTC()
	j.revision++
	for err == nil && s.bytes+bytes > s.limits.JobBytes {
		if !s.evict(j) {
			err = fmt.Errorf("%w: the result takes more than the %d MB kept for asynchronous queries; export it", query.ErrMemory, s.limits.JobBytes>>20)
		}
	}
	if err != nil {
		j.status, j.err = jobFailed, err
		return
	}
	j.status, j.result, j.bytes = jobSucceeded, result, bytes
	s.bytes += bytes
}

// sweep forgets what has expired, and ends what nobody asks for any more.
func (s *jobs) sweep() {
	now := s.clock()
	for _, j := range s.all {
		if at := j.expires(); !at.IsZero() && !now.Before(at) {
			s.forget(j)
		}
	}
}

// evict makes room for a job: it forgets another finished one, the user's own before
// those of others, and of these the one that expires first; false when there is none.
func (s *jobs) evict(room *job) bool {
	var first *job
	for _, j := range s.all {
		if j == room || j.finished.IsZero() {
			continue
		}
		own, better := j.user == room.user, first != nil && first.user == room.user
		if first == nil || own && !better || own == better && j.expires().Before(first.expires()) {
			first = j
		}
	}
	if first != nil {
		s.forget(first)
	}
	return first != nil
}

func (s *jobs) forget(j *job) {
	s.stop(j)
	s.bytes -= j.bytes
	delete(s.all, j.id)
}

// stop ends a job that runs.
func (s *jobs) stop(j *job) {
	j.cancelRunning()
	if j.status == jobRunning {
		j.status, j.finished = jobCanceled, s.clock().UTC()
		j.revision++
	}
}

// find returns a job of a user. With touch, its client has asked for it.
func (s *jobs) find(id, user string, touch bool) (job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.own(id, user)
	if err != nil {
		return job{}, err
	}
	if touch {
		j.polled = s.clock().UTC()
	}
	return *j, nil
}

func (s *jobs) own(id, user string) (*job, error) {
	s.sweep()
	j, ok := s.all[id]
	if !ok || j.user != user {
		return nil, absent("query work request %.200q is not found: its time is over, the server was restarted, or it is not yours; run the query again", id)
	}
	return j, nil
}

// list returns the jobs of a user, in no order.
func (s *jobs) list(user string) []job {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	var out []job
	for _, j := range s.all {
		if j.user == user {
			out = append(out, *j)
		}
	}
	return out
}

// change runs a change of a job under its etag.
func (s *jobs) change(id, user, ifMatch string, do func(*job)) (job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.own(id, user)
	if err != nil {
		return job{}, err
	}
	if ifMatch != "" && ifMatch != j.etag() {
		return job{}, catalog.ErrEtag
	}
	do(j)
	return *j, nil
}

// toBackground keeps a job although its client stops asking.
func (s *jobs) toBackground(id, user, ifMatch string) (job, error) {
	return s.change(id, user, ifMatch, func(j *job) {
		if !j.background {
			j.background, j.backgrounded = true, s.clock().UTC()
			j.revision++
		}
	})
}

// cancel ends a job that runs, and removes one that has ended.
func (s *jobs) cancel(id, user, ifMatch string) error {
	_, err := s.change(id, user, ifMatch, func(j *job) {
		if j.status == jobRunning {
			s.stop(j)
			return
		}
		s.forget(j)
	})
	return err
}

// sizeOf estimates the memory of a result.
func sizeOf(r *query.Result) int64 {
	n := rowsSize(r.Rows)
	for _, t := range r.Tables {
		n += rowsSize(t.Rows)
	}
	series := func(s *query.Series) {
		if s == nil {
			return
		}
		for _, l := range s.Lines {
			n += rowsSize(slices.Concat(l.Points, [][]any{l.Key}))
		}
	}
	series(r.Series)
	for _, c := range r.Charts {
		series(c.Series)
	}
	return n
}

const cellBytes = 24 // an interface and what it points to, about

func rowsSize(rows [][]any) (n int64) {
	for _, row := range rows {
		for _, v := range row {
			n += cellBytes
			switch v := v.(type) {
			case string:
				n += int64(len(v))
			case []any:
				n += rowsSize([][]any{v})
			case *query.Table:
				if v != nil {
					n += rowsSize(v.Rows)
				}
			}
		}
	}
	return n
}
