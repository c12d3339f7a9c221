package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	once     bool // the effect fails and the world goes on
	down     bool
	synced   map[string]int64 // by path
	renamed  map[string]string
	created  map[string]bool // files and folders
}

func newPowerCut(at int) *powerCut {
	return &powerCut{at: at, synced: map[string]int64{}, renamed: map[string]string{}, created: map[string]bool{}}
}

func (c *powerCut) hook(op, path string) error {
	if c.down {
		return errCrash
	}
	if c.seen++; c.seen == c.at {
		c.down = !c.once
		return errCrash
	}
	switch op {
	case "mkdir":
		c.created[path] = true
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
	case "remove":
		delete(c.created, path)
		delete(c.renamed, path)
		delete(c.synced, path)
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
			check(t, os.RemoveAll(path))
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
		if err := s.Update(ctx, func(tx *Tx) error {
			if _, err := tx.Add(ctx, "oic", page); err != nil {
				return err
			}
			return tx.SetState(ctx, "oic", "page", string(page[2].Raw))
		}); err != nil {
			return err
		}
		for _, it := range page {
			k.items[string(it.Raw)] = max(k.items[string(it.Raw)], it.Count)
		}
		for i := range 2 {
			ref := fmt.Sprintf("upload-%d-%d", n, i)
			k.sent[ref] = true
			var before *DuplicateTokenError // work that is done again
			if err := s.Receive(ctx, Upload{Reference: ref, RetryToken: ref, Received: noon}, bodyOf(ref)); err != nil && !errors.As(err, &before) {
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

// bodyOf is small, or larger than what is written at once.
func bodyOf(reference string) []byte {
	if strings.HasSuffix(reference, "2-1") {
		return bytes.Repeat([]byte(reference), 30_000)
	}
	return bytes.Repeat([]byte(reference), 20)
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
		// The recovery is cut as well, and then run to its end.
		again := newPowerCut(1 + r.IntN(12))
		if r.IntN(2) == 0 {
			cut.lose(t, r)
		} else { // the process died, not the machine: what was not synced may still be lost
			again.synced, again.renamed, again.created = cut.synced, cut.renamed, cut.created
		}
		opts.hook = again.hook
		if s, err := Open(dir, opts); err == nil {
			s.Close()
		}
		again.lose(t, r)
		verifyKept(t, dir, k, at)
	}
}

// A disk that refuses once, as a full one does, is believed: what follows is done again, and no
// power failure takes what was acknowledged meanwhile.
func TestAnEffectThatFailsOnceIsNotTakenForDone(t *testing.T) {
	for at := 1; ; at++ {
		dir := t.TempDir()
		cut := newPowerCut(at)
		cut.once = true
		k := &kept{items: map[string]int{}, offered: map[string]int{}, uploads: map[string]bool{}, sent: map[string]bool{}}
		opts := Options{Clock: func() time.Time { return noon }, SealAfter: time.Hour, MaxFileBytes: 60, hook: cut.hook}
		failures := 0
		for {
			s, err := Open(dir, opts)
			if err == nil {
				err = errors.Join(work(t.Context(), s, k), s.Close())
			}
			if err == nil {
				break
			}
			if failures++; failures > 1 || !errors.Is(err, errCrash) {
				t.Fatalf("effect %d failed once, work %d times: %v", at, failures, err)
			}
		}
		if cut.seen < at {
			return
		}
		cut.lose(t, rand.New(rand.NewPCG(uint64(at), 3)))
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
	if last, err := s.State(ctx, "oic", "page"); err != nil || last != "" && got[last] == 0 {
		t.Fatalf("crash at %d: a page is known to be read, and its record %s is not there: %v", at, last, err)
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
			if !bytes.Equal(u.Body, bodyOf(u.Reference)) || u.RetryToken != u.Reference {
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
		err := s.Receive(ctx, Upload{Reference: "again", RetryToken: ref, Received: noon}, bodyOf(ref))
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

// Whatever prefix of the ledger's log survives a power failure, transactions are
// there whole, in order, and those that were acknowledged by then are among them.
func TestAnyPrefixOfTheLedgerHoldsWhatWasAcknowledged(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	s := openAt(t, dir, Options{})
	wal := filepath.Join(dir, "ledger.db-wal")
	size := func() int64 { info, err := os.Stat(wal); check(t, err); return info.Size() }
	acknowledged := []int64{size()} // by transaction: the length of the log
	rows := []int{0}                // after it
	for n := range 6 {
		check(t, s.Update(ctx, func(tx *Tx) error {
			total := 0
			for object := range 3 { // small ones share a transaction
				var items []record.Counted
				for i := range 1 + 100*n*object {
					items = append(items, item(10_000*n+1000*object+i, 1+i%2))
				}
				added, err := tx.Add(ctx, "oic", items)
				check(t, err)
				total += added
			}
			rows = append(rows, rows[n]+total)
			check(t, tx.MarkCovered(ctx, "oic", record.Window{From: noon, To: noon.Add(time.Duration(n+1) * time.Hour)}, total))
			return tx.SetState(ctx, "oic", "done", fmt.Sprint(n+1))
		}))
		acknowledged = append(acknowledged, size())
	}
	log, err := os.ReadFile(wal)
	check(t, err)
	database, err := os.ReadFile(filepath.Join(dir, "ledger.db"))
	check(t, err)
	r := rand.New(rand.NewPCG(1, 1))
	cuts := slices.Clone(acknowledged)
	for range 25 {
		cuts = append(cuts, acknowledged[0]+r.Int64N(int64(len(log))-acknowledged[0]))
	}
	for _, cut := range cuts {
		again := t.TempDir()
		check(t, os.WriteFile(filepath.Join(again, "ledger.db"), database, 0o600))
		check(t, os.WriteFile(filepath.Join(again, "ledger.db-wal"), log[:cut], 0o600))
		s := openAt(t, again, Options{})
		state, err := s.State(ctx, "oic", "done")
		check(t, err)
		done, _ := strconv.Atoi(state)
		coverage, err := s.Coverage(ctx, "oic")
		check(t, err)
		if pending, err := s.Pending(ctx, "oic"); err != nil || pending != rows[done] || len(coverage) != min(done, 1) || done > 0 && coverage[0].Rows != pending {
			t.Fatalf("cut at %d: %d transactions are said to be done, %d rows pending of %d, coverage %v, %v", cut, done, pending, rows[done], coverage, err)
		}
		for n, length := range acknowledged {
			if length <= cut && n > done {
				t.Fatalf("cut at %d: transaction %d was acknowledged at %d and is gone", cut, n, length)
			}
		}
		sealAll(s, "oic")
		if report := verified(t)(s.Verify(ctx)); !report.OK() {
			t.Fatalf("cut at %d: %v", cut, report.Problems)
		}
		check(t, s.Close())
	}
}
