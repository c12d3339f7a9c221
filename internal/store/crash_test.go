package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ledgerline/internal/store"
)

var errKilled = errors.New("killed")

// life is what a program does in the crash test: ingest, merge, purge and drop.
type life struct {
	now  time.Time
	opts store.Options
}

func newLife() *life {
	l := &life{now: time.UnixMilli(noon - 35*24*hour)}
	l.opts = store.Options{Clock: func() time.Time { return l.now }, MergeAbove: 1}
	return l
}

func (l *life) work(s *store.Store) error {
	ctx := context.Background()
	// The first chunk comes early enough to be dropped in the end.
	if _, err := s.Ingest(ctx, chunk(1, 0, entry(origin("b"), noon-40*24*hour, 0, "old"), entry(origin("a"), noon, 1, "r1"))); err != nil {
		return err
	}
	l.now = time.UnixMilli(noon)
	if _, err := s.Ingest(ctx, chunk(1, 1, entry(origin("a"), noon-1, 2, "r2"), entry(origin("a"), noon-2, 3, "secret"))); err != nil {
		return err
	}
	if _, err := s.Merge(ctx); err != nil {
		return err
	}
	if _, err := s.Purge(ctx, store.Purge{Before: noon + 1, Match: store.Called(func(text string) bool { return text == "secret" }), Actor: "ann"}); err != nil {
		return err
	}
	_, err := s.Retain(ctx, store.Retention{For: func(string) time.Duration { return 30 * 24 * time.Hour }})
	return err
}

// live opens a store in dir and works until the given step on disk, before which
// it is killed. It returns the kinds of all steps it saw.
func (l *life) live(dir string, stop int) (ops []string, err error) {
	s, err := store.Open(dir, nil, l.opts.WithStep(func(op, _ string) error {
		ops = append(ops, op)
		if len(ops) > stop {
			return fmt.Errorf("%w before %s", errKilled, op)
		}
		return nil
	}))
	if err != nil {
		return ops, err
	}
	defer s.Close()
	return ops, l.work(s)
}

// TestCrash stops the program before each of its changes on disk in turn. After
// a restart the directory holds what the manifest lists and nothing else, and
// repeating the work gives every row once.
func TestCrash(t *testing.T) {
	root := t.TempDir()
	ops, err := newLife().live(filepath.Join(root, "whole"), 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"mkdir", "create", "write", "sync", "rename", "syncdir", "begin", "commit", "committed", "remove"} {
		if !slices.Contains(ops, op) {
			t.Errorf("no step is a %s", op)
		}
	}
	for stop, op := range ops {
		t.Run(fmt.Sprintf("%d-%s", stop, op), func(t *testing.T) {
			t.Parallel()
			l, dir := newLife(), filepath.Join(root, fmt.Sprint(stop))
			// A file that cannot be removed any more is no reason to fail.
			if _, err := l.live(dir, stop); !errors.Is(err, errKilled) && op != "remove" {
				t.Fatalf("was not stopped: %v", err)
			}
			checkRestart(t, dir, l)
		})
	}
}

func checkRestart(t *testing.T, dir string, l *life) {
	t.Helper()
	s, err := store.Open(dir, nil, l.opts)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	checkFiles(t, s, dir)
	if err := l.work(s); err != nil {
		t.Fatalf("again: %v", err)
	}
	checkFiles(t, s, dir)
	sn := s.Snapshot()
	defer sn.Release()
	got, err := store.Texts(sn.Segments(store.Filter{}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	// Whether the old row has been dropped hangs on when it was ingested; it is
	// there once or not at all.
	if !slices.Equal(got, []string{"r1", "r2"}) && !slices.Equal(got, []string{"old", "r1", "r2"}) {
		t.Fatalf("rows %q", got)
	}
	report, err := s.Verify(context.Background())
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("verify: %v %+v", err, report)
	}
}

// checkFiles compares the files in the directory with the listed segments.
func checkFiles(t *testing.T, s *store.Store, dir string) {
	t.Helper()
	sn := s.Snapshot()
	defer sn.Release()
	var want, got []string
	for _, seg := range sn.Segments(store.Filter{}) {
		want = append(want, seg.Path, seg.Path+".tok")
	}
	err := filepath.WalkDir(store.SegmentDir(dir), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			got = append(got, path)
		}
		return err
	})
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("files\n%v\nlisted\n%v (%v)", got, want, err)
	}
}

// A step that fails without the program dying must leave no trace either.
func TestFailedStepLeavesNoTrace(t *testing.T) {
	t.Parallel()
	for stop := 1; ; stop++ {
		dir := t.TempDir()
		steps, failed := 0, false
		s, err := store.Open(dir, nil, store.Options{}.WithStep(func(op, _ string) error {
			if steps++; steps == stop && op != "committed" && op != "remove" {
				failed = true
				return errKilled
			}
			return nil
		}))
		if err != nil {
			continue
		}
		_, err = s.Ingest(context.Background(), chunk(1, 0, entry(origin("a"), noon, 0, "x"), entry(origin("b"), noon, 1, "y")))
		if failed != (err != nil) {
			t.Fatalf("step %d: failed %v, error %v", stop, failed, err)
		}
		checkFiles(t, s, dir)
		if failed {
			if in := ingest(t, s, chunk(1, 0, entry(origin("a"), noon, 0, "x"))); in.Duplicate {
				t.Fatalf("step %d: a failed chunk counts as ingested", stop)
			}
		}
		s.Close()
		if !failed && steps < stop {
			return
		}
	}
}

// unsynced holds the names that a power failure could take, over the lives of several programs.
type unsynced map[string]bool

func (u unsynced) step(op, path string) {
	switch op {
	case "mkdir", "rename":
		u[path] = true
	case "remove":
		delete(u, path)
	case "syncdir":
		for name := range u {
			if filepath.Dir(name) == path {
				delete(u, name)
			}
		}
	}
}

// The program dies before each of its changes in turn, or only that change fails; done again, nothing
// enters the manifest before its folder and its name are on disk.
func TestNothingIsListedBeforeItIsDurable(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{true, false} {
		for stop := 1; ; stop++ {
			dir, names, steps := t.TempDir(), unsynced{}, 0
			watch := func(op, path string) error {
				if steps++; steps == stop || dies && steps > stop {
					return errKilled
				}
				if op == "commit" && len(names) > 0 {
					t.Errorf("dies %v at step %d: listed before %v is on disk", dies, stop, names)
				}
				names.step(op, path)
				return nil
			}
			done := func() error {
				s, err := store.Open(dir, nil, store.Options{}.WithStep(watch))
				if err != nil {
					return err
				}
				defer s.Close()
				if _, err := s.Ingest(t.Context(), chunk(1, 0, entry(origin("a"), noon, 0, "x"))); err == nil || dies {
					return err
				}
				_, err = s.Ingest(t.Context(), chunk(1, 0, entry(origin("a"), noon, 0, "x")))
				return err
			}
			if err := done(); err == nil && steps < stop {
				break
			}
			steps = -1 << 30
			if err := done(); err != nil {
				t.Fatalf("dies %v at step %d, and again: %v", dies, stop, err)
			}
		}
	}
}
