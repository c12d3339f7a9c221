package simulate

import (
	"testing"
	"time"
)

// What can be seen in a log when Connector Hub is flushed is in an object, in
// whichever millisecond it came, also beside a step that began earlier.
func TestFlushLeavesNothingBehind(t *testing.T) {
	s, err := New(Options{Clock: fixed(noon), History: -1, ActivityRate: 400_000, Days: 1, Directory: t.TempDir(), Connector: Connector{Bucket: "logs", Prefix: "oac/x", Rollover: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		before := s.Now()
		s.Advance(time.Duration(i%3) * 503 * time.Millisecond)
		if i%2 == 0 {
			s.Step(s.Now())
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		s.Step(before)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	events, _, _, _ := bucketTruth(t, s, "oac/x")
	truth, _ := s.LogTruth(OICActivity)
	left := 0
	for id := range truth.Identities {
		if events[id] == 0 {
			left++
		}
	}
	if left > 0 || truth.Count < 5000 {
		t.Errorf("%d of %d events are in no object", left, truth.Count)
	}
}
