package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

// staged opens a stage and seals one file for each name.
func staged(t *testing.T, files int) *stage.Stage {
	t.Helper()
	s, err := stage.Open(t.TempDir(), stage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i := range files {
		raw := fmt.Sprintf(`{"n":%d}`, i)
		item := record.Counted{Item: record.Item{ID: record.Identify(raw), Time: time.Unix(int64(i), 0), Raw: []byte(raw)}, Count: 1}
		if _, err := s.Add(t.Context(), "audit", []record.Counted{item}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Seal(t.Context(), "audit", stage.Envelope{}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// scripted is a sink that answers the n-th delivery with the n-th error.
type scripted struct {
	errs []error
	got  []int64
}

func (s *scripted) Name() string { return "scripted" }
func (s *scripted) Step() string { return "upload" }
func (s *scripted) Deliver(_ context.Context, f stage.File) (Receipt, error) {
	s.got = append(s.got, f.ID)
	if len(s.errs) == 0 {
		return Receipt{Records: int64(f.Count)}, nil
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	return Receipt{}, err
}

func TestDrainResumesWhereItStopped(t *testing.T) {
	st := staged(t, 5)
	d := New(st, Options{Batch: 2})
	down := errors.New("the sink is down")
	sink := &scripted{errs: []error{nil, nil, down}}
	if _, err := d.Drain(t.Context(), "audit", sink); !errors.Is(err, down) {
		t.Fatalf("the failure is reported, got %v", err)
	}
	out, err := d.Drain(t.Context(), "audit", sink)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int64{1, 2, 3, 3, 4, 5}; !slices.Equal(sink.got, want) {
		t.Errorf("files delivered in the order %v, want %v", sink.got, want)
	}
	if out.Files != 3 {
		t.Errorf("the second drain took %d files, want 3", out.Files)
	}
	if out, err = d.Drain(t.Context(), "audit", sink); err != nil || out.Files != 0 {
		t.Errorf("a third drain has nothing to do, got %+v, %v", out, err)
	}
}

func TestRefusedFileIsQuarantinedAndTheRestGoesOn(t *testing.T) {
	st := staged(t, 3)
	d := New(st, Options{})
	sink := &scripted{errs: []error{nil, &connect.Error{Op: "upload", Kind: connect.Refused, Message: "not a log"}}}
	out, err := d.Drain(t.Context(), "audit", sink)
	if err != nil || out.Quarantined != 1 || out.Files != 2 {
		t.Fatalf("one of three is quarantined, got %+v, %v", out, err)
	}
	held, err := st.Quarantined(t.Context())
	if err != nil || len(held) != 1 || held[0].File.ID != 2 || !strings.Contains(held[0].Reason, "not a log") {
		t.Fatalf("file 2 is listed with the reason, got %+v, %v", held, err)
	}
	if err := st.Requeue(t.Context(), sink.Name(), 2); err != nil {
		t.Fatal(err)
	}
	if out, err = d.Drain(t.Context(), "audit", sink); err != nil || out.Files != 1 {
		t.Fatalf("the file is delivered on request, got %+v, %v", out, err)
	}
	if held, _ = st.Quarantined(t.Context()); len(held) != 0 {
		t.Errorf("quarantine is empty again, got %+v", held)
	}
}

// A wrong key or a missing bucket concerns every file; none is quarantined for it.
func TestTroubleAPersonCanMendQuarantinesNothing(t *testing.T) {
	for _, kind := range []connect.Kind{connect.Unauthorized, connect.Forbidden, connect.NotFound, connect.Transient, connect.Throttled, connect.BadPayload} {
		st := staged(t, 1)
		sink := &scripted{errs: []error{&connect.Error{Op: "upload", Kind: kind}}}
		out, err := New(st, Options{}).Drain(t.Context(), "audit", sink)
		if err == nil || out.Quarantined != 0 {
			t.Errorf("%v: want an error and no quarantine, got %+v, %v", kind, out, err)
		}
	}
}

// fakeAnalytics is a Log Analytics that may take an upload and then lose the answer.
type fakeAnalytics struct {
	tokens     map[string]int
	files      map[string]bool
	loseAnswer int // this many uploads are taken and then answered with an error
	loseUpload int // this many are not even taken
	refuse     int // this many are refused for good
}

func (f *fakeAnalytics) Upload(_ context.Context, up connect.LogUpload) (*connect.UploadReceipt, error) {
	if f.loseUpload > 0 {
		f.loseUpload--
		return nil, &connect.Error{Op: "upload", Kind: connect.Transient}
	}
	if f.refuse > 0 {
		f.refuse--
		return nil, &connect.Error{Op: "upload", Kind: connect.Refused}
	}
	f.tokens[up.RetryToken]++
	f.files[up.File] = true
	if f.loseAnswer > 0 {
		f.loseAnswer--
		return nil, &connect.Error{Op: "upload", Kind: connect.Transient}
	}
	return &connect.UploadReceipt{Reference: "r"}, nil
}

func (f *fakeAnalytics) UploadedFiles(_ context.Context, _, _, name string) ([]connect.UploadedFile, error) {
	if f.files[name] {
		return []connect.UploadedFile{{Reference: "r", Name: name}}, nil
	}
	return nil, nil
}

func TestLostAnswerMakesNoDouble(t *testing.T) {
	st := staged(t, 3)
	service := &fakeAnalytics{tokens: map[string]int{}, files: map[string]bool{}, loseAnswer: 1}
	sink := &Upload{Service: service, Files: st, Memory: st, LogGroup: "g", LogSource: "s"}
	d := New(st, Options{})
	if _, err := d.Drain(t.Context(), "audit", sink); err == nil {
		t.Fatal("a lost answer is a failure")
	}
	if _, err := d.Drain(t.Context(), "audit", sink); err != nil {
		t.Fatal(err)
	}
	if len(service.files) != 3 || len(service.tokens) != 3 {
		t.Errorf("three files under three tokens, got %v and %v", service.files, service.tokens)
	}
	for token, n := range service.tokens {
		if n != 1 {
			t.Errorf("token %s was sent %d times", token, n)
		}
	}
}

func TestUnclearTryIsSentAgainAndSaidToBe(t *testing.T) {
	st := staged(t, 1)
	service := &fakeAnalytics{tokens: map[string]int{}, files: map[string]bool{}, loseUpload: 1}
	sink := &Upload{Service: service, Files: st, Memory: st}
	d := New(st, Options{})
	if _, err := d.Drain(t.Context(), "audit", sink); err == nil {
		t.Fatal("the first try fails")
	}
	out, err := d.Drain(t.Context(), "audit", sink)
	if err != nil || out.Files != 1 {
		t.Fatalf("the second try succeeds, got %+v, %v", out, err)
	}
	if len(out.Notes) != 1 || !strings.Contains(out.Notes[0], "possible double") {
		t.Errorf("a possible double is reported, got %q", out.Notes)
	}
}

// A file whose answer was lost stays in doubt while others go before it, such as one that a person
// asked to be tried again.
func TestADoubtOutlivesOtherFiles(t *testing.T) {
	st := staged(t, 2)
	service := &fakeAnalytics{tokens: map[string]int{}, files: map[string]bool{}, refuse: 1, loseAnswer: 1}
	sink := &Upload{Service: service, Files: st, Memory: st}
	d := New(st, Options{})
	if out, err := d.Drain(t.Context(), "audit", sink); err == nil || out.Quarantined != 1 {
		t.Fatalf("the first file is refused, the answer for the second lost: %+v, %v", out, err)
	}
	if err := st.Requeue(t.Context(), sink.Name(), 1); err != nil {
		t.Fatal(err)
	}
	out, err := d.Drain(t.Context(), "audit", sink)
	if err != nil || out.Files != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	for token, n := range service.tokens {
		if n != 1 {
			t.Errorf("token %s was sent %d times: the service had the file", token, n)
		}
	}
}

// What fails because the run was ended is no refusal, whatever the error says.
func TestAnEndedRunQuarantinesNothing(t *testing.T) {
	st := staged(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	out, err := New(st, Options{}).Drain(ctx, "audit", endedSink{&scripted{}, cancel})
	if err == nil || out.Quarantined != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if held, err := st.Quarantined(t.Context()); err != nil || len(held) > 0 {
		t.Errorf("%+v, %v", held, err)
	}
}

// endedSink ends the run and then refuses.
type endedSink struct {
	*scripted
	end func()
}

func (s endedSink) Deliver(context.Context, stage.File) (Receipt, error) {
	s.end()
	return Receipt{}, &RefusedError{errors.New("the body was cut off")}
}

// A file that was asked for again waits for a run of its own integration.
func TestRequeuedFilesGoWithTheirIntegration(t *testing.T) {
	st := staged(t, 1)
	d, sink := New(st, Options{}), &scripted{errs: []error{&RefusedError{errors.New("no")}}}
	if out, err := d.Drain(t.Context(), "audit", sink); err != nil || out.Quarantined != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := st.Requeue(t.Context(), sink.Name(), 1); err != nil {
		t.Fatal(err)
	}
	if out, err := d.Drain(t.Context(), "other", sink); err != nil || out.Files != 0 || len(sink.got) != 1 {
		t.Errorf("%+v, %v, delivered %v", out, err, sink.got)
	}
	if out, err := d.Drain(t.Context(), "audit", sink); err != nil || out.Files != 1 || out.Bytes == 0 || out.Records != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}
