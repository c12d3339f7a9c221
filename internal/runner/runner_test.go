package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/collect"
	"ledgerline/internal/deliver"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// reader stages one new record a run, and fails or waits when told to.
type reader struct {
	ledger           *stage.Stage
	n                int
	err              error
	entered, proceed chan struct{}
}

func (r *reader) Collect(ctx context.Context) (collect.Outcome, error) {
	if r.entered != nil {
		close(r.entered)
		<-r.proceed
	}
	raw := strings.Repeat("x", r.n+1)
	r.n++
	item := record.Counted{Item: record.Item{ID: record.Identify(raw), Raw: []byte(`"` + raw + `"`)}, Count: 1}
	staged, err := r.ledger.Add(ctx, "audit", []record.Counted{item})
	if err != nil {
		return collect.Outcome{}, err
	}
	return collect.Outcome{Pages: 1, Received: 1, Staged: staged}, r.err
}

// sink counts what it takes.
type sink struct {
	name  string
	files int
	err   error
}

func (s *sink) Name() string { return s.name }
func (s *sink) Step() string { return "upload" }
func (s *sink) Deliver(context.Context, stage.File) (deliver.Receipt, error) {
	if s.err != nil {
		return deliver.Receipt{}, s.err
	}
	s.files++
	return deliver.Receipt{Records: 1}, nil
}

func newRunner(t *testing.T, sinks ...deliver.Sink) (*Runner, *stage.Stage, *reader) {
	t.Helper()
	clock := func() time.Time { return time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC) }
	ledger, err := stage.Open(t.TempDir(), stage.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ledger.Close() })
	r := &reader{ledger: ledger}
	return New(ledger, []Integration{{Name: "audit", Every: time.Hour, Collector: r, Streams: []Stream{{Name: "audit", Sinks: sinks}}}}, Options{Clock: clock}), ledger, r
}

// What was staged is delivered even when reading more failed, and one sink's
// trouble does not keep the others waiting.
func TestEachPartIsTriedWhateverBecameOfTheOthers(t *testing.T) {
	down, up := &sink{name: "down", err: errors.New("nobody answers")}, &sink{name: "up"}
	r, ledger, source := newRunner(t, down, up)
	source.err = errors.New("the token was refused")
	run, err := r.Run(t.Context(), "audit", Once)
	if !errors.Is(err, source.err) || !errors.Is(err, down.err) {
		t.Errorf("both failures are reported, got %v", err)
	}
	if up.files != 1 {
		t.Errorf("the other sink took %d files, want 1", up.files)
	}
	if run.State != stage.Failed || run.FirstError != "fetch: the token was refused" {
		t.Errorf("the run holds the first error, got %s %q", run.State, run.FirstError)
	}
	kept, err := ledger.Run(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, s := range kept.Steps {
		states = append(states, s.Name+" "+string(s.State))
	}
	if got, want := strings.Join(states, ", "), "fetch failed, stage succeeded, upload failed, upload succeeded"; got != want {
		t.Errorf("the ledger lists %q, want %q", got, want)
	}

	source.err, down.err = nil, nil
	if run, err = r.Run(t.Context(), "audit", Once); err != nil || run.State != stage.Succeeded {
		t.Fatalf("the next run succeeds, got %s, %v", run.State, err)
	}
	if down.files != 2 || up.files != 2 {
		t.Errorf("both sinks have both files, got %d and %d", down.files, up.files)
	}
}

func TestOneRunAtATime(t *testing.T) {
	r, _, source := newRunner(t)
	source.entered, source.proceed = make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := r.Run(t.Context(), "audit", Once)
		done <- err
	}()
	<-source.entered
	if _, err := r.Run(t.Context(), "audit", Once); err == nil || !strings.Contains(err.Error(), "under way") {
		t.Errorf("a second run is refused, got %v", err)
	}
	close(source.proceed)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestUnknownIntegrationIsNamed(t *testing.T) {
	r, _, _ := newRunner(t)
	if _, err := r.Run(t.Context(), "audits", Once); err == nil || !strings.Contains(err.Error(), "[audit]") {
		t.Errorf("the error lists what there is, got %v", err)
	}
}

// Serve runs at once and ends with its context.
func TestServeRunsAtOnceAndStops(t *testing.T) {
	finished := make(chan stage.Run, 1)
	r, _, _ := newRunner(t)
	r.opts.Finished = func(run stage.Run) { finished <- run }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Serve(ctx); close(done) }()
	if run := <-finished; run.Trigger != Scheduled || run.State != stage.Succeeded {
		t.Errorf("the first run is %s %s", run.Trigger, run.State)
	}
	cancel()
	<-done
}
