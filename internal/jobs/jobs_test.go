package jobs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

func found(rows ...[]any) func(context.Context, query.Request) (*query.Result, error) {
	return func(context.Context, query.Request) (*query.Result, error) { return &query.Result{Rows: rows}, nil }
}

// A job in the foreground is kept while its client asks, one in the background for a
// week after its end.
func TestJobsExpire(t *testing.T) {
	now := time.Now()
	s := New[string](Options{Clock: func() time.Time { return now }})
	t.Cleanup(s.Close)
	start := func(background bool) string {
		j, err := s.Start(t.Context(), Job[string]{User: "a", Details: "kept", Background: background}, found())
		if err != nil {
			t.Fatal(err)
		}
		s.Wait()
		return j.ID
	}
	fore, back := start(false), start(true)
	if _, err := s.Find(fore, "b"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another user sees it: %v", err)
	}
	for range 3 {
		now = now.Add(foregroundLife - time.Second)
		if j, err := s.Find(fore, "a"); err != nil || j.Status != Succeeded || j.Details != "kept" {
			t.Fatalf("%+v, %v", j, err)
		}
	}
	now = now.Add(foregroundLife)
	if _, err := s.Find(fore, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody asked for it: %v", err)
	}
	if list := s.List("a"); len(list) != 1 || list[0].ID != back {
		t.Errorf("%+v", list)
	}
	now = now.Add(backgroundLife)
	if list := s.List("a"); len(list) != 0 {
		t.Errorf("after a week: %+v", list)
	}
}

// An etag is that of the state it was given with; cancelling ends a job, and again
// removes it.
func TestJobsAreChanged(t *testing.T) {
	s := New[string](Options{})
	t.Cleanup(s.Close)
	j, err := s.Start(t.Context(), Job[string]{User: "a"}, func(ctx context.Context, _ query.Request) (*query.Result, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if err != nil || j.Percent() != 0 || j.Status != Running {
		t.Fatalf("%+v, %v", j, err)
	}
	moved, err := s.ToBackground(j.ID, "a", j.Etag())
	if err != nil || !moved.Background || moved.Backgrounded.IsZero() || !moved.Expires().IsZero() {
		t.Errorf("%+v, %v", moved, err)
	}
	if err := s.Cancel(j.ID, "a", j.Etag()); !errors.Is(err, catalog.ErrEtag) {
		t.Errorf("an old etag: %v", err)
	}
	if err := s.Cancel(j.ID, "a", moved.Etag()); err != nil {
		t.Error(err)
	}
	s.Wait()
	if ended, err := s.Find(j.ID, "a"); err != nil || ended.Status != Canceled || ended.Percent() != 100 {
		t.Errorf("%+v, %v", ended, err)
	}
	if err := s.Cancel(j.ID, "a", ""); err != nil {
		t.Error(err)
	}
	if _, err := s.Find(j.ID, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// What is found may take so much memory and no more, a panic is an error, and after
// the end there are no jobs.
func TestJobsFail(t *testing.T) {
	s := New[string](Options{Bytes: 1000})
	outcome := func(run func(context.Context, query.Request) (*query.Result, error)) error {
		t.Helper()
		j, err := s.Start(t.Context(), Job[string]{User: "a"}, run)
		if err != nil {
			t.Fatal(err)
		}
		s.Wait()
		if j, err = s.Find(j.ID, "a"); err != nil {
			t.Fatal(err)
		}
		return j.Err
	}
	if err := outcome(found([]any{strings.Repeat("x", 900)})); err != nil {
		t.Error(err)
	}
	if err := outcome(found([]any{strings.Repeat("x", 1000)})); !errors.Is(err, query.ErrMemory) {
		t.Errorf("%v", err)
	}
	if err := outcome(func(context.Context, query.Request) (*query.Result, error) { panic("in the engine") }); err == nil {
		t.Error("a panic is no error")
	}
	s.Close()
	if _, err := s.Start(t.Context(), Job[string]{User: "a"}, found()); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

// One user's asynchronous queries leave room for others to run theirs, and it loses
// its own results before others lose theirs.
func TestJobsLeaveRoomForOthers(t *testing.T) {
	release := make(chan bool)
	now := time.Now()
	s := New[string](Options{Clock: func() time.Time { return now }, AtOnce: 4, Kept: 3, Bytes: 1 << 20})
	t.Cleanup(s.Close)
	run := func(_ context.Context, r query.Request) (*query.Result, error) {
		if r.Text == "slow" {
			<-release
		}
		return &query.Result{}, nil
	}
	start := func(user, text string) (Job[string], error) {
		return s.Start(t.Context(), Job[string]{User: user, Request: query.Request{Text: text}}, run)
	}
	for range 3 {
		if _, err := start("a", "slow"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := start("a", "slow"); !errors.Is(err, ErrBusy) {
		t.Errorf("a fourth of four: %v", err)
	}
	if _, err := start("b", "slow"); err != nil {
		t.Errorf("another user: %v", err)
	}
	close(release)
	s.Wait()
	for range 5 {
		if _, err := start("a", "*"); err != nil {
			t.Fatal(err)
		}
		s.Wait()
	}
	if left := len(s.List("b")); left != 1 {
		t.Errorf("the other user has %d jobs left", left)
	}
}
