package stage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

var errCrash = errors.New("the process stopped here")

// powerCut is a disk that stops the world before the n-th effect and then loses what was never
// synced: bytes beyond the last sync of a file (some stay, one may be garbled), and files and
// renames of folders that were not synced.
type powerCut struct {
	at, seen int
	down     bool
	synced   map[string]int64 // by path
	renamed  map[string]string
	created  map[string]bool
}

func newPowerCut(at int) *powerCut {
	return &powerCut{at: at, synced: map[string]int64{}, renamed: map[string]string{}, created: map[string]bool{}}
}

func (c *powerCut) hook(op, path string) error {
	if c.down {
		return errCrash
	}
	if c.seen++; c.seen == c.at {
		c.down = true
		return errCrash
	}
	switch op {
	case "create":
		c.created[path], c.synced[path] = true, 0
	case "sync":
		if info, err := os.Stat(path); err == nil {
			c.synced[path] = info.Size()
		} else { // renamed while open
			c.synced[strings.TrimSuffix(path, openSuffix)+sealedSuffix] = c.synced[path]
		}
	case "rename":
		from := strings.TrimSuffix(path, sealedSuffix) + openSuffix
		c.renamed[path], c.synced[path] = from, c.synced[from]
	case "syncdir":
		for p := range c.created {
			if filepath.Dir(p) == path {
				delete(c.created, p)
			}
		}
		for p := range c.renamed {
			if filepath.Dir(p) == path {
				delete(c.renamed, p)
			}
		}
	}
	return nil
}

// lose takes away what a power failure may take.
func (c *powerCut) lose(t *testing.T, r *rand.Rand) {
	t.Helper()
	for path, size := range c.synced {
		info, err := os.Stat(path)
		if err != nil || info.Size() <= size {
			continue
		}
		keep := size + r.Int64N(info.Size()-size+1)
		check(t, os.Truncate(path, keep))
		if keep > size && r.IntN(2) == 0 {
			f, err := os.OpenFile(path, os.O_RDWR, 0o600)
			check(t, err)
			_, err = f.WriteAt([]byte{byte(r.IntN(256))}, size+r.Int64N(keep-size))
			check(t, errors.Join(err, f.Close()))
		}
	}
	for to, from := range c.renamed {
		if r.IntN(2) == 0 {
			check(t, os.Rename(to, from))
		}
	}
	for path := range c.created {
		if r.IntN(2) == 0 {
			os.Remove(path)
		}
	}
}

// kept is what the outside world was told.
type kept struct {
	items   map[string]int  // acknowledged by Add
	offered map[string]int  // given to Add, answered or not
	uploads map[string]bool // acknowledged by Receive
	sent    map[string]bool
}

// work does a bit of everything until it is done or the world stops.
func work(ctx context.Context, s *Stage, k *kept) error {
	for n := range 4 {
		var page []record.Counted
		for i := range 3 {
			it := item(n*2+i, 1+i%2) // pages overlap
			k.offered[string(it.Raw)] = max(k.offered[string(it.Raw)], it.Count)
			page = append(page, it)
		}
		if _, err := s.Add(ctx, "oic", page); err != nil {
			return err
		}
		for _, it := range page {
			k.items[string(it.Raw)] = max(k.items[string(it.Raw)], it.Count)
		}
		for i := range 2 {
			ref := fmt.Sprintf("upload-%d-%d", n, i)
			k.sent[ref] = true
			if err := s.Receive(ctx, Upload{Reference: ref, RetryToken: ref, Received: noon}, []byte(strings.Repeat(ref, 20))); err != nil {
				return err
			}
			k.uploads[ref] = true
		}
		if n%2 == 1 {
			if _, err := s.Seal(ctx, "oic", Envelope{}); err != nil {
				return err
			}
			if err := s.SealReceived(ctx); err != nil {
				return err
			}
		}
	}
	return s.Close()
}

func TestCrashAnywhereLosesAndDoublesNothing(t *testing.T) {
	ctx := t.Context()
	for at := 1; ; at++ {
		dir := t.TempDir()
		cut := newPowerCut(at)
		k := &kept{items: map[string]int{}, offered: map[string]int{}, uploads: map[string]bool{}, sent: map[string]bool{}}
		opts := Options{Clock: func() time.Time { return noon }, SealAfter: time.Hour, MaxFileBytes: 60, hook: cut.hook}
		s, err := Open(dir, opts)
		if err == nil {
			err = work(ctx, s, k)
			s.Close() // kills the connections; what it seals fails as everything does
		}
		if err == nil && !cut.down {
			if at < 60 {
				t.Fatalf("only %d effects were seen", at)
			}
			return
		}
		r := rand.New(rand.NewPCG(uint64(at), 1))
		cut.lose(t, r)
		// The recovery is cut as well, and then run to its end.
		again := newPowerCut(1 + r.IntN(12))
		opts.hook = again.hook
		if s, err := Open(dir, opts); err == nil {
			s.Close()
		}
		again.lose(t, r)
		verifyKept(t, dir, k, at)
	}
}

func verifyKept(t *testing.T, dir string, k *kept, at int) {
	t.Helper()
	ctx := t.Context()
	s := openAt(t, dir, Options{MaxFileBytes: 60})
	defer s.Close()
	sealAll(s, "oic")
	got := tally(t, s, "oic") // also verifies hashes, chain and counts
	for raw, n := range k.items {
		if got[raw] < n {
			t.Fatalf("crash at %d: %s staged %d times, acknowledged %d", at, raw, got[raw], n)
		}
	}
	for raw, n := range got {
		if n > k.offered[raw] {
			t.Fatalf("crash at %d: %s staged %d times, offered %d", at, raw, n, k.offered[raw])
		}
	}
	check(t, s.SealReceived(ctx))
	found := map[string]int{}
	for _, f := range fileList(s, ReceivedIntegration) {
		check(t, s.ReadReceived(ctx, f, func(u ReceivedUpload) error {
			found[u.Reference]++
			if string(u.Body) != strings.Repeat(u.Reference, 20) || u.RetryToken != u.Reference {
				t.Errorf("crash at %d: upload %s changed", at, u.Reference)
			}
			return nil
		}))
	}
	for ref := range k.uploads {
		if found[ref] != 1 {
			t.Fatalf("crash at %d: acknowledged upload %s is there %d times", at, ref, found[ref])
		}
		var duplicate *DuplicateTokenError
		err := s.Receive(ctx, Upload{Reference: "again", RetryToken: ref, Received: noon}, []byte(strings.Repeat(ref, 20)))
		if !errors.As(err, &duplicate) || duplicate.Earlier.Reference != ref {
			t.Fatalf("crash at %d: the token of %s was forgotten: %v", at, ref, err)
		}
	}
	for ref, n := range found {
		if n > 1 || !k.sent[ref] {
			t.Fatalf("crash at %d: upload %s is there %d times", at, ref, n)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "stage", "*", "*", "*"+openSuffix))
	check(t, err)
	if len(left) > 0 {
		t.Fatalf("crash at %d: left open: %v", at, left)
	}
}

// Random work against a map, with the process restarted now and then.
func TestAddSealReopenAgainstAModel(t *testing.T) {
	ctx := t.Context()
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		dir := t.TempDir()
		s := openAt(t, dir, Options{MaxFileBytes: 80})
		model := map[string]int{}
		for range 80 {
			switch r.IntN(6) {
			case 0:
				sealAll(s, "oic")
			case 1:
				check(t, s.Close())
				s = openAt(t, dir, Options{MaxFileBytes: 80})
			default:
				var page []record.Counted
				want := 0
				for range r.IntN(8) {
					it := item(r.IntN(40), 1+r.IntN(3))
					page = append(page, it)
					if n := it.Count - model[string(it.Raw)]; n > 0 {
						model[string(it.Raw)] = it.Count
						want += n
					}
				}
				if added, err := s.Add(ctx, "oic", page); err != nil || added != want {
					t.Fatalf("seed %d: added %d, want %d, %v", seed, added, want, err)
				}
			}
		}
		sealAll(s, "oic")
		got := tally(t, s, "oic")
		for raw, n := range model {
			if got[raw] != n {
				t.Fatalf("seed %d: %s staged %d times, want %d", seed, raw, got[raw], n)
			}
		}
		if len(got) != len(model) {
			t.Fatalf("seed %d: %d items, want %d", seed, len(got), len(model))
		}
	}
}
