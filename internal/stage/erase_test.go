package stage

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// secret is the body of an upload that is to go; nothing else holds its text.
func secret(ref string) []byte { return []byte(strings.Repeat("secret-of-"+ref+"\n", 50)) }

// received puts three files of three uploads each into a stage: a0 a1 a2, b0 … c2.
func received(t *testing.T, s *Stage) {
	t.Helper()
	for i, file := range []string{"a", "b", "c"} {
		for n := range 3 {
			ref := fmt.Sprint(file, n)
			check(t, s.Receive(t.Context(), Upload{Reference: ref, Name: "up " + ref, MD5: "md5 " + ref, RetryToken: ref, User: "u", Received: timeOf(ref).Add(time.Duration(i))}, secret(ref)))
		}
		check(t, s.SealReceived(t.Context()))
	}
}

func timeOf(ref string) time.Time {
	return noon.Add(time.Duration(ref[0]-'a')*time.Minute + time.Duration(ref[1]-'0')*time.Second)
}

func erasureOf(refs ...string) Erasure {
	e := Erasure{Uploads: map[string]time.Time{}, Actor: "ann", Reason: "asked to forget"}
	for _, ref := range refs {
		e.Uploads[ref] = timeOf(ref)
	}
	return e
}

// bodies reads what is left of each upload.
func bodies(t *testing.T, s *Stage) map[string]ReceivedUpload {
	t.Helper()
	got := map[string]ReceivedUpload{}
	for _, f := range fileList(s, ReceivedIntegration) {
		n := 0
		check(t, s.ReadReceived(t.Context(), f, func(u ReceivedUpload) error {
			if u.Number != n {
				t.Errorf("%s is number %d, want %d", u.Reference, u.Number, n)
			}
			n++
			got[u.Reference] = u
			return nil
		}))
		if n != f.Count {
			t.Errorf("file %d holds %d uploads of %d", f.ID, n, f.Count)
		}
	}
	return got
}

// onDisk names the files below a directory that hold a text; the ledger holds no bodies.
func onDisk(t *testing.T, dir string, text []byte) (paths []string) {
	t.Helper()
	check(t, filepath.WalkDir(filepath.Join(dir, "stage"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, text) {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

func TestEraseTakesBodiesAndKeepsHeads(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := openAt(t, dir, Options{})
	received(t, s)
	before := fileList(s, ReceivedIntegration)
	_, head, err := s.Head(ctx)
	check(t, err)
	for i, step := range []struct {
		refs []string
		want int
	}{
		{[]string{"a1", "c0", "c2", "z9"}, 3}, // z9 was never received
		{[]string{"a1", "c0"}, 0},             // gone already
		{[]string{"c1", "c2"}, 1},
		{nil, 0},
	} {
		if n, err := s.Erase(ctx, erasureOf(step.refs...)); err != nil || n != step.want {
			t.Fatalf("step %d: %d erased, want %d, %v", i, n, step.want, err)
		}
	}
	gone := []string{"a1", "c0", "c1", "c2"}
	for range 2 {
		got := bodies(t, s)
		for ref, u := range got {
			if u.Name != "up "+ref || u.MD5 != "md5 "+ref || u.RetryToken != ref {
				t.Errorf("the head of %s has changed: %+v", ref, u)
			}
			if !slices.Contains(gone, ref) {
				if u.Erased != nil || !bytes.Equal(u.Body, secret(ref)) {
					t.Errorf("%s should be as it was: %+v", ref, u)
				}
				continue
			}
			want := Erased{Bytes: int64(len(secret(ref))), SHA256: fmt.Sprintf("%x", sha256.Sum256(secret(ref))), Time: noon, Actor: "ann", Reason: "asked to forget"}
			if u.Erased == nil || *u.Erased != want || len(u.Body) > 0 {
				t.Errorf("%s: %+v, %d bytes", ref, u.Erased, len(u.Body))
			}
			if paths := onDisk(t, dir, secret(ref)); len(paths) > 0 {
				t.Errorf("the bytes of %s are still in %v", ref, paths)
			}
		}
		if len(got) != 9 {
			t.Errorf("%d uploads", len(got))
		}
		for i, f := range fileList(s, ReceivedIntegration) {
			b := before[i]
			if f.SHA256 != b.SHA256 || f.Chain != b.Chain || f.Name != b.Name || f.ID != b.ID || (f.Content == b.Content) != (i == 1) {
				t.Errorf("file %d: %+v, was %+v", i, f, b)
			}
		}
		if _, now, err := s.Head(ctx); err != nil || now != head {
			t.Errorf("the head of the chain has moved: %v", err)
		}
		r := verified(t)(s.Verify(ctx))
		if !r.OK() || r.Erased != 4 || r.Files != 3 {
			t.Errorf("%+v", r)
		}
		check(t, s.Close())
		s = openAt(t, dir, Options{})
	}

	// A file listed before is read as it is now.
	if err := s.ReadReceived(ctx, before[0], func(ReceivedUpload) error { return nil }); err != nil {
		t.Error(err)
	}
	// Who takes bodies away without saying so is found out, and so is who puts one back.
	path := fileList(s, ReceivedIntegration)[2].Path
	kept, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(path, bytes.Replace(kept, []byte("ann"), []byte("bob"), 1), 0o600))
	if r := verified(t)(s.Verify(ctx)); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "was changed") {
		t.Errorf("%v", r.Problems)
	}
	check(t, os.WriteFile(path, kept, 0o600))
	check(t, s.update(ctx, "test", func(tx *sql.Tx) error {
		_, err := tx.Exec("DELETE FROM erasure WHERE upload = 'c1'")
		return err
	}))
	if r := verified(t)(s.Verify(ctx)); len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "lacks the bodies of 3 uploads, the ledger says 2") {
		t.Errorf("%v", r.Problems)
	}

	// Retention takes rewritten files like others.
	check(t, s.Advance(ctx, "sink", ReceivedIntegration, 3))
	n, err := s.Retain(ctx, Retention{Before: noon.Add(time.Hour), Sinks: func(string) []string { return []string{"sink"} }})
	if err != nil || n != 3 || len(onDisk(t, dir, []byte("up "))) != 0 {
		t.Errorf("%d retained, %v, left: %v", n, err, onDisk(t, dir, []byte("up ")))
	}
}

// Wherever a rewriting is cut, a file holds the bodies or lacks them, the ledger
// knows which, and when it is asked for again and done, no copy is left.
func TestCrashInEraseLeavesOneOrTheOther(t *testing.T) {
	for at := 1; ; at++ {
		dir, ctx := t.TempDir(), t.Context()
		s := openAt(t, dir, Options{})
		received(t, s)
		if at%2 == 0 { // rewritten before
			_, err := s.Erase(ctx, erasureOf("a0"))
			check(t, err)
		}
		check(t, s.Close())

		cut := newPowerCut(at)
		s, err := Open(dir, Options{Clock: func() time.Time { return noon }, SealAfter: time.Hour, hook: cut.hook})
		if err == nil {
			_, err = s.Erase(ctx, erasureOf("a1", "b0", "b2"))
			s.Close()
		}
		if err == nil && !cut.down {
			if at < 15 {
				t.Fatalf("only %d effects were seen", at)
			}
			return
		}
		if err != nil && !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(at), 3))
		cut.lose(t, r)
		again := newPowerCut(1 + r.IntN(6))
		if s, err := Open(dir, Options{hook: again.hook}); err == nil {
			s.Close()
		}
		again.lose(t, r)

		s = openAt(t, dir, Options{})
		if r := verified(t)(s.Verify(ctx)); !r.OK() {
			t.Fatalf("cut at %d: %v", at, r.Problems)
		}
		for ref, u := range bodies(t, s) {
			if (u.Erased == nil) != bytes.Equal(u.Body, secret(ref)) || len(onDisk(t, dir, secret(ref))) > 1 {
				t.Fatalf("cut at %d: %s is neither there nor gone: %v", at, ref, onDisk(t, dir, secret(ref)))
			}
		}
		_, err = s.Erase(ctx, erasureOf("a1", "b0", "b2"))
		check(t, err)
		for _, ref := range []string{"a1", "b0", "b2"} {
			if paths := onDisk(t, dir, secret(ref)); len(paths) > 0 {
				t.Fatalf("cut at %d: %s is still in %v", at, ref, paths)
			}
		}
		if r := verified(t)(s.Verify(ctx)); !r.OK() || r.Erased != 3+1-at%2 {
			t.Fatalf("cut at %d: %d erased, %v", at, r.Erased, r.Problems)
		}
		check(t, s.Close())
	}
}

// A ledger of the version before is brought up to date with what it holds.
func TestLedgerOfTheVersionBeforeIsTaken(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{})
	received(t, s)
	check(t, s.update(t.Context(), "test", func(tx *sql.Tx) error {
		_, err := tx.Exec(`DROP TABLE erasure; DROP INDEX file_rewritten; DROP INDEX file_received;
			ALTER TABLE file DROP COLUMN rewritten; ALTER TABLE file DROP COLUMN content; PRAGMA user_version = 2`)
		return err
	}))
	check(t, s.Close())
	s = openAt(t, dir, Options{})
	if got := bodies(t, s); len(got) != 9 {
		t.Errorf("%d uploads", len(got))
	}
	if n, err := s.Erase(t.Context(), erasureOf("b1")); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}
