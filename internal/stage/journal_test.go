package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ledgerline/internal/record"
)

func TestReceiveSharesSyncsAndKeepsAll(t *testing.T) {
	const callers, each = 20, 50
	var syncs atomic.Int64
	s := openAt(t, t.TempDir(), Options{hook: func(op, path string) error {
		if op == "sync" {
			syncs.Add(1)
		}
		return nil
	}})
	wake := s.Sealed()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				ref := fmt.Sprintf("%d-%d", c, i)
				if err := s.Receive(t.Context(), Upload{Reference: ref}, []byte(ref)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := syncs.Load(); n > callers*each/2 {
		t.Errorf("%d syncs for %d uploads", n, callers*each)
	}
	check(t, s.SealReceived(t.Context()))
	select {
	case <-wake:
	default:
		t.Error("consumers were not woken")
	}
	seen := map[string]bool{}
	for _, f := range fileList(s, ReceivedIntegration) {
		check(t, s.ReadReceived(t.Context(), f, func(u ReceivedUpload) error {
			if seen[u.Reference] || string(u.Body) != u.Reference || !u.Received.Equal(noon) {
				t.Errorf("upload %+v", u)
			}
			seen[u.Reference] = true
			return nil
		}))
	}
	if len(seen) != callers*each {
		t.Errorf("%d uploads, want %d", len(seen), callers*each)
	}
	if r := verified(t)(s.Verify(t.Context())); !r.OK() {
		t.Error(r.Problems)
	}
}

func TestRetryTokens(t *testing.T) {
	now := noon
	dir := t.TempDir()
	open := func() *Stage { return openAt(t, dir, Options{Clock: func() time.Time { return now }}) }
	s := open()
	ctx := t.Context()
	receive := func(ref, user, token, body string) error {
		return s.Receive(ctx, Upload{Reference: ref, User: user, RetryToken: token}, []byte(body))
	}
	check(t, receive("1", "ann", "t", "body"))
	for _, when := range []string{"open journal", "sealed", "reopened"} {
		var duplicate *DuplicateTokenError
		if err := receive("2", "ann", "t", "body"); !errors.As(err, &duplicate) || duplicate.Earlier.Reference != "1" {
			t.Errorf("%s: same content: %v", when, err)
		}
		if err := receive("3", "ann", "t", "other"); !errors.Is(err, ErrTokenReused) {
			t.Errorf("%s: other content: %v", when, err)
		}
		check(t, receive("4 "+when, "bob "+when, "t", "other")) // tokens are per user
		check(t, receive("5 "+when, "ann", "", "body"))         // no token, no promise
		if when == "open journal" {
			check(t, s.SealReceived(ctx))
		} else {
			check(t, s.Close())
			s = open()
		}
	}
	now = now.Add(tokenLife)
	check(t, receive("6", "ann", "t", "body"))
}

// A full disk refuses uploads; when there is room again the journal goes on.
func TestFullDiskRefusesAndRecovers(t *testing.T) {
	full := false
	s := openAt(t, t.TempDir(), Options{hook: func(op, path string) error {
		if full && op == "sync" { // the bytes are written, but not durable
			full = false
			return errors.New("no space left on device")
		}
		return nil
	}})
	ctx := t.Context()
	check(t, s.Receive(ctx, Upload{Reference: "1"}, []byte("one")))
	full = true
	if err := s.Receive(ctx, Upload{Reference: "2"}, []byte("two")); err == nil {
		t.Fatal("an upload was acknowledged without a sync")
	}
	check(t, s.Receive(ctx, Upload{Reference: "3"}, []byte("three")))
	check(t, s.SealReceived(ctx))
	var refs []string
	check(t, s.ReadReceived(ctx, fileList(s, ReceivedIntegration)[0], func(u ReceivedUpload) error {
		refs = append(refs, u.Reference)
		return nil
	}))
	if fmt.Sprint(refs) != "[1 3]" {
		t.Errorf("uploads %v", refs)
	}
}

// What sinks wait for: a journal is listed when it is large enough or old enough, and says when its
// uploads came, whose order is not that of their reception.
func TestAJournalSealsItself(t *testing.T) {
	for name, opts := range map[string]Options{"large": {SealBytes: 1}, "old": {SealAfter: time.Millisecond}} {
		s := openAt(t, t.TempDir(), opts)
		sealed := s.Sealed()
		var request []ReceivedUpload
		for i, after := range []time.Duration{time.Hour, 0, time.Minute} {
			request = append(request, ReceivedUpload{Upload: Upload{Reference: fmt.Sprint(i), Received: noon.Add(after)}, Body: []byte("body")})
		}
		check(t, s.ReceiveAll(t.Context(), request))
		<-sealed
		files := fileList(s, ReceivedIntegration)
		want := record.Window{From: noon, To: noon.Add(time.Hour + time.Microsecond)}
		if len(files) != 1 || files[0].Count != 3 || !files[0].Window.From.Equal(want.From) || !files[0].Window.To.Equal(want.To) {
			t.Errorf("%s: files %+v, want one of 3 uploads over %s", name, files, want)
		}
	}
}

// Whoever reads a received file that has changed on disk is told before the first upload.
func TestADamagedFileIsNotRead(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	check(t, s.Receive(t.Context(), Upload{Reference: "1"}, []byte("one")))
	check(t, s.SealReceived(t.Context()))
	f := fileList(s, ReceivedIntegration)[0]
	content, err := os.ReadFile(f.Path)
	check(t, err)
	content[len(content)-1] ^= 1
	check(t, os.WriteFile(f.Path, content, 0o600))
	err = s.ReadReceived(t.Context(), f, func(u ReceivedUpload) error { t.Errorf("upload %s was given", u.Reference); return nil })
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
}

// Wherever a crash cuts a journal, the uploads of one request are there together or
// not at all, and a second try under its token is known when they are.
func TestARequestIsKeptWholeOrNotAtAll(t *testing.T) {
	request := func(token string) []ReceivedUpload {
		return []ReceivedUpload{{Upload: Upload{Reference: "a", RetryToken: token}, Body: []byte("one")}, {Upload: Upload{Reference: "b"}, Body: []byte("two")}, {Upload: Upload{Reference: "c"}}}
	}
	dir := t.TempDir()
	s := openAt(t, dir, Options{})
	check(t, s.Receive(t.Context(), Upload{Reference: "before"}, []byte("x")))
	open := filepath.Join(dir, "stage", ReceivedIntegration, "2024-05-01", "00000001.open")
	info, err := os.Stat(open)
	check(t, err)
	start := int(info.Size())
	check(t, s.ReceiveAll(t.Context(), request("t")))
	journal, err := os.ReadFile(open)
	check(t, err)
	other := request("t")
	other[2].Body = []byte("three")
	if err := s.ReceiveAll(t.Context(), other); !errors.Is(err, ErrTokenReused) {
		t.Errorf("another last part under the same token: %v", err)
	}
	for cut := start; cut <= len(journal); cut = max(cut+1, min(cut+19, len(journal))) { // the last is no cut at all
		dir := t.TempDir()
		open := filepath.Join(dir, "stage", ReceivedIntegration, "2024-05-01", "00000001.open")
		check(t, os.MkdirAll(filepath.Dir(open), 0o700))
		check(t, os.WriteFile(open, journal[:cut], 0o600))
		s := openAt(t, dir, Options{})
		var twice *DuplicateTokenError
		if err := s.ReceiveAll(t.Context(), request("t")); errors.As(err, &twice) != (cut == len(journal)) {
			t.Fatalf("cut at %d of %d, the second try: %v", cut, len(journal), err)
		}
		check(t, s.SealReceived(t.Context()))
		var got []string
		for _, f := range fileList(s, ReceivedIntegration) {
			check(t, s.ReadReceived(t.Context(), f, func(u ReceivedUpload) error {
				got = append(got, u.Reference+string(u.Body))
				return nil
			}))
		}
		if fmt.Sprint(got) != "[beforex aone btwo c]" {
			t.Fatalf("cut at %d of %d: %v", cut, len(journal), got)
		}
		if r := verified(t)(s.Verify(t.Context())); !r.OK() {
			t.Fatalf("cut at %d: %v", cut, r.Problems)
		}
		check(t, s.Close())
	}
}

// frameOf appends a whole frame.
func frameOf(dst []byte, u *Upload, body []byte) ([]byte, error) {
	head, err := frameHead(u, body)
	return append(append(dst, head...), body...), err
}

func TestReceiveAfterClose(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	check(t, s.Receive(t.Context(), Upload{Reference: "1"}, nil))
	check(t, s.Close())
	if err := s.Receive(t.Context(), Upload{Reference: "2"}, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

// Damage before the end of a journal is not a torn tail: what follows is kept aside and reported.
func TestDamageInTheMiddleIsNotForgotten(t *testing.T) {
	dir := t.TempDir()
	day := filepath.Join(dir, "stage", ReceivedIntegration, "2024-05-01")
	check(t, os.MkdirAll(day, 0o700))
	var b []byte
	var starts []int
	for i := range 3 {
		starts = append(starts, len(b))
		var err error
		b, err = frameOf(b, &Upload{Reference: fmt.Sprint(i)}, []byte("body"))
		check(t, err)
	}
	b[starts[1]+framePrefix+3] ^= 1
	check(t, os.WriteFile(filepath.Join(day, "00000001.open"), b, 0o600))
	s := openAt(t, dir, Options{})
	files := fileList(s, ReceivedIntegration)
	if len(files) != 1 || files[0].Count != 1 {
		t.Fatalf("files %+v", files)
	}
	torn, err := os.ReadFile(filepath.Join(day, "00000001.torn"))
	check(t, err)
	if !bytes.Equal(torn, b[starts[1]:]) {
		t.Error("not all bytes were kept aside")
	}
	if r := verified(t)(s.Verify(t.Context())); r.OK() {
		t.Error("verify says nothing about the damage")
	}
}

// However the bytes after some whole frames look, those frames are read unchanged, and nothing that
// is not a frame is invented.
func FuzzFrames(f *testing.F) {
	f.Add(uint8(2), []byte("tail"), uint16(0), uint8(0))
	f.Add(uint8(3), []byte("LLU1\x01\x00\x00\x00"), uint16(40), uint8(1))
	f.Fuzz(func(t *testing.T, whole uint8, tail []byte, flip uint16, mask uint8) {
		var b []byte
		var ends []int
		n := int(whole % 5)
		for i := range n {
			var err error
			if b, err = frameOf(b, &Upload{Reference: fmt.Sprint(i)}, bytes.Repeat([]byte{byte(i)}, i*7)); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, len(b))
		}
		b = append(b, tail...)
		damaged := len(b)
		if len(b) > 0 && mask != 0 {
			damaged = int(flip) % len(b)
			b[damaged] ^= mask
		}
		fr := newFrameReader(bytes.NewReader(b), int64(len(b)))
		for i := 0; ; i++ {
			u, body, err := fr.next()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errTorn) {
					t.Fatal(err)
				}
				if i < n && ends[i] <= damaged {
					t.Fatalf("frame %d lies before the damage and was lost", i)
				}
				return
			}
			if i >= n {
				// Only a tail that is itself a frame may give one.
				if again, err := frameOf(nil, &u, body); err != nil || len(again) == 0 {
					t.Fatal("a frame was invented")
				}
				continue
			}
			if ends[i] > damaged {
				t.Fatalf("frame %d is damaged and was taken", i)
			}
			if u.Reference != fmt.Sprint(i) || !bytes.Equal(body, bytes.Repeat([]byte{byte(i)}, i*7)) {
				t.Fatalf("frame %d changed", i)
			}
		}
	})
}

func TestCoverageIsAPartition(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	ctx := t.Context()
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	w := func(a, b int) record.Window { return record.Window{From: at(a), To: at(b)} }
	check(t, s.MarkCovered(ctx, "oic", w(0, 10), 5))
	check(t, s.MarkGap(ctx, "oic", w(5, 30), "refused")) // 10-30 is new
	check(t, s.MarkCovered(ctx, "oic", w(18, 22), 2))    // cuts the gap in two
	check(t, s.MarkCovered(ctx, "other", w(0, 60), 2))
	want := []Coverage{
		{Window: w(0, 10), State: Covered, Rows: 5}, {Window: w(10, 18), State: Gap, Note: "refused"},
		{Window: w(18, 22), State: Covered, Rows: 2}, {Window: w(22, 30), State: Gap, Note: "refused"},
	}
	compareCoverage(t, s, want)
	check(t, s.MarkCovered(ctx, "oic", w(9, 30), 1))
	compareCoverage(t, s, []Coverage{{Window: w(0, 30), State: Covered, Rows: 8}})
}

func compareCoverage(t *testing.T, s *Stage, want []Coverage) {
	t.Helper()
	got, err := s.Coverage(t.Context(), "oic")
	check(t, err)
	if len(got) != len(want) {
		t.Fatalf("coverage %+v", got)
	}
	for i := range want {
		if got[i].Window != want[i].Window || got[i].State != want[i].State || got[i].Rows != want[i].Rows || got[i].Note != want[i].Note {
			t.Errorf("row %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// A window that touches none of 20,000 before it, as of objects in a bucket.
func BenchmarkMarkCovered(b *testing.B) {
	s := openAt(b, b.TempDir(), Options{})
	n := 0
	mark := func() {
		n++
		from := noon.Add(time.Duration(n) * time.Minute)
		check(b, s.MarkCovered(context.Background(), "oic", record.Window{From: from, To: from.Add(time.Second)}, 1))
	}
	for n < 20_000 {
		mark()
	}
	for b.Loop() {
		mark()
	}
}

func BenchmarkReceive(b *testing.B) {
	var syncs atomic.Int64
	s := openAt(b, b.TempDir(), Options{SealAfter: time.Second, hook: func(op, path string) error {
		if op == "sync" {
			syncs.Add(1)
		}
		return nil
	}})
	body := bytes.Repeat([]byte("x"), 2000)
	b.SetParallelism(10) // 20 goroutines on two cores
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Receive(context.Background(), Upload{Reference: "r", Source: "s", LogGroup: "g"}, body); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(syncs.Load())/b.Elapsed().Seconds(), "syncs/s")
}
