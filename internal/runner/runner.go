// Package runner runs integrations on their schedule. A run is a list of steps
// (fetch, stage, archive, upload, parse) with durations, counts and the first
// error, kept in the stage's ledger so that one can list them afterwards.
package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"ledgerline/internal/collect"
	"ledgerline/internal/deliver"
	"ledgerline/internal/stage"
)

// What starts a run.
const (
	Scheduled = "schedule"
	Once      = "once"
)

// Integration moves the records of one source to its sinks.
type Integration struct {
	Name      string
	Every     time.Duration
	Collector Collector
	Streams   []Stream
}

// Stream is the part of an integration's records that is staged by itself: a
// staged file holds records of one log source.
type Stream struct {
	Name  string         // of the stage's files
	Sinks []deliver.Sink // in the order of delivery; none: the files wait in the stage
}

// Collector reads what is due from one source into the stage.
type Collector interface {
	Collect(ctx context.Context) (collect.Outcome, error)
}

// Ledger is what running needs of the stage.
type Ledger interface {
	deliver.Stage
	Pending(ctx context.Context, integration string) (int, error)
	Seal(ctx context.Context, integration string, env stage.Envelope) ([]stage.File, error)
	BeginRun(ctx context.Context, integration, trigger string) (int64, error)
	PutStep(ctx context.Context, run int64, number int, step stage.Step) error
	EndRun(ctx context.Context, run int64, state stage.RunState, firstError string) error
}

// Options of a Runner.
type Options struct {
	Clock  func() time.Time
	Logger *slog.Logger
	// Finished is told of every run that ended.
	Finished func(stage.Run)
}

// Runner runs integrations, each one run at a time.
type Runner struct {
	ledger       Ledger
	deliverer    *deliver.Deliverer
	integrations []Integration
	opts         Options
	busy         map[string]*sync.Mutex
}

// New returns a runner of the integrations.
func New(ledger Ledger, integrations []Integration, opts Options) *Runner {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runner{ledger: ledger, integrations: integrations, opts: opts, busy: map[string]*sync.Mutex{},
		deliverer: deliver.New(ledger, deliver.Options{Logger: opts.Logger})}
	for _, in := range integrations {
		r.busy[in.Name] = &sync.Mutex{}
	}
	return r
}

// Integrations that are run.
func (r *Runner) Integrations() []Integration { return r.integrations }

// Names of the integrations.
func (r *Runner) Names() []string {
	names := make([]string, len(r.integrations))
	for i, in := range r.integrations {
		names[i] = in.Name
	}
	return names
}

// Serve runs every integration at once and then on its schedule, until the
// context ends. A run that takes longer than the interval delays the next one.
func (r *Runner) Serve(ctx context.Context) {
	var wg sync.WaitGroup
	for _, in := range r.integrations {
		wg.Go(func() {
			for ctx.Err() == nil {
				next := time.NewTimer(in.Every)
				// A failed run is kept and logged; the schedule goes on.
				_, _ = r.Run(ctx, in.Name, Scheduled)
				select {
				case <-ctx.Done():
				case <-next.C:
				}
				next.Stop()
			}
		})
	}
	wg.Wait()
}

// Run executes one integration now: it collects what is due and delivers what
// is staged. Delivery is tried even when collecting failed, and each sink even
// when another failed. The error joins all of them; the run holds the first.
func (r *Runner) Run(ctx context.Context, name, trigger string) (stage.Run, error) {
	i := slices.IndexFunc(r.integrations, func(in Integration) bool { return in.Name == name })
	if i < 0 {
		return stage.Run{}, fmt.Errorf("there is no integration %q; there are %v", name, r.Names())
	}
	in := r.integrations[i]
	if !r.busy[name].TryLock() {
		return stage.Run{}, fmt.Errorf("a run of %s is under way; wait for it to end", name)
	}
	defer r.busy[name].Unlock()

	run := &execution{runner: r, level: slog.LevelError, run: stage.Run{Integration: name, Trigger: trigger, Started: r.opts.Clock().UTC(), State: stage.Running}}
	if trigger != Scheduled {
		run.level = slog.LevelDebug // whoever asked for the run is shown it
	}
	id, err := r.ledger.BeginRun(ctx, name, trigger)
	if err != nil {
		return run.run, err
	}
	run.run.ID = id
	var outcome collect.Outcome
	run.step(ctx, "fetch", in.Name, func(s *stage.Step) (err error) {
		outcome, err = in.Collector.Collect(ctx)
		s.Counts = fetched(outcome)
		switch {
		case len(outcome.Notes) > 0:
			s.Note = outcome.Notes[0]
		case outcome.Unmatched > 0:
			s.Note = fmt.Sprintf("%d records are of a type that no upload takes and wait in the stage: add an upload with their types, or without any", outcome.Unmatched)
		}
		return err
	})
	run.step(ctx, "stage", "", func(s *stage.Step) error {
		var errs []error
		s.Counts = map[string]int64{"files": 0, "records": 0, "bytes": 0}
		for _, stream := range in.Streams {
			files, err := r.seal(ctx, stream.Name, outcome)
			for _, f := range files {
				s.Counts["files"]++
				s.Counts["records"] += int64(f.Count)
				s.Counts["bytes"] += f.Bytes
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	for _, stream := range in.Streams {
		for _, sink := range stream.Sinks {
			run.step(ctx, sink.Step(), sink.Name(), func(s *stage.Step) error {
				done, err := r.deliverer.Drain(ctx, stream.Name, sink)
				s.Counts = map[string]int64{"files": done.Files, "records": done.Records, "bytes": done.Bytes}
				if done.Warnings > 0 {
					s.Counts["warnings"] = done.Warnings
				}
				if done.Quarantined > 0 {
					s.Counts["quarantined"] = done.Quarantined
				}
				if len(done.Notes) > 0 {
					s.Note = done.Notes[0]
				}
				return err
			})
		}
	}
	return run.end(ctx)
}

// fetched counts what a reading did; what should not happen shows only when it did.
func fetched(o collect.Outcome) map[string]int64 {
	counts := map[string]int64{"pages": int64(o.Pages), "received": int64(o.Received), "new": int64(o.Staged), "duplicates": int64(o.Duplicates)}
	for name, n := range map[string]int{"unmatched": o.Unmatched, "refused": o.Refused, "gaps": len(o.Gaps)} {
		if n > 0 {
			counts[name] = int64(n)
		}
	}
	return counts
}

func (r *Runner) seal(ctx context.Context, integration string, outcome collect.Outcome) ([]stage.File, error) {
	if n, err := r.ledger.Pending(ctx, integration); err != nil || n == 0 {
		return nil, err
	}
	env := stage.Envelope{Window: outcome.Window}
	for _, l := range outcome.Links {
		env.Links = append(env.Links, stage.Link{Href: l.Href, Rel: l.Rel})
	}
	return r.ledger.Seal(ctx, integration, env)
}

// execution is one run under way.
type execution struct {
	runner *Runner
	run    stage.Run
	errs   []error
	level  slog.Level // at which a failed step is logged
}

func (e *execution) step(ctx context.Context, name, target string, do func(*stage.Step) error) {
	if ctx.Err() != nil {
		return
	}
	clock := e.runner.opts.Clock
	e.run.Steps = append(e.run.Steps, stage.Step{Name: name, Target: target, Started: clock().UTC(), State: stage.Running})
	s := &e.run.Steps[len(e.run.Steps)-1]
	e.keep(ctx)
	err := do(s)
	s.Ended, s.State = clock().UTC(), stage.Succeeded
	if err != nil {
		s.State, s.Error = stage.Failed, err.Error()
		e.errs = append(e.errs, err)
		if e.run.FirstError == "" {
			e.run.FirstError = name + ": " + err.Error()
		}
		e.runner.opts.Logger.Log(ctx, e.level, "step failed", "integration", e.run.Integration, "step", name, "error", err)
	}
	e.keep(ctx)
}

// keep writes the latest step, even when the context has ended, so that a
// stopped run shows as such.
func (e *execution) keep(ctx context.Context) {
	last := len(e.run.Steps) - 1
	if err := e.runner.ledger.PutStep(context.WithoutCancel(ctx), e.run.ID, last, e.run.Steps[last]); err != nil {
		e.errs = append(e.errs, err)
	}
}

func (e *execution) end(ctx context.Context) (stage.Run, error) {
	e.run.Ended, e.run.State = e.runner.opts.Clock().UTC(), stage.Succeeded
	if ctx.Err() != nil {
		e.errs = append(e.errs, ctx.Err())
	}
	if len(e.errs) > 0 {
		e.run.State = stage.Failed
		if e.run.FirstError == "" {
			e.run.FirstError = e.errs[0].Error()
		}
	}
	if err := e.runner.ledger.EndRun(context.WithoutCancel(ctx), e.run.ID, e.run.State, e.run.FirstError); err != nil {
		e.errs = append(e.errs, err)
	}
	if e.runner.opts.Finished != nil {
		e.runner.opts.Finished(e.run)
	}
	return e.run, errors.Join(e.errs...)
}
