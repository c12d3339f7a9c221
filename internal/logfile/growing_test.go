package logfile

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A file that grows by any bytes, read again from where the last reading could
// resume, gives each record once.
func TestAGrowingFileIsResumed(t *testing.T) {
	console := "[2024-05-01 09:12:40.003 Z] [userID: ana] [ana,LOCK,ICS_AppInstance,ERP_REST,ERP_REST,null] User ana locked Connection ERP_REST"
	for seed := range uint64(120) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var lines, want []string
		for _, e := range events(rng, 1+rng.IntN(10)) {
			switch rng.IntN(5) {
			case 0:
				e = pretty(t, e)
			case 1:
				lines = append(lines, "rubbish")
			}
			lines, want = append(lines, e), append(want, e)
		}
		lines = append(lines, console)
		text := strings.Join(lines, "\n") + "\n"
		var got []string
		var offset, line int64 = 0, 1
		for at := 0; at < len(text); {
			at = min(len(text), at+1+rng.IntN(200))
			r := NewReader(strings.NewReader(text[offset:at]), Options{Line: line, Growing: true})
			for {
				rec, err := r.Next()
				if err == io.EOF {
					break
				}
				if _, refused := errors.AsType[*Problem](err); err != nil && !refused {
					t.Fatal(err)
				}
				if err == nil {
					got = append(got, string(rec.Raw))
				}
			}
			on, next := r.Resume()
			offset, line = offset+on, next
			if wantLine := int64(strings.Count(text[:offset], "\n")) + 1; line != wantLine {
				t.Fatalf("seed %d: offset %d is said to be in line %d, is in %d", seed, offset, line, wantLine)
			}
		}
		if n := len(want); len(got) != n+1 || !slices.Equal(got[:n], want) || !strings.Contains(got[n], `"operationName":"lock"`) {
			t.Fatalf("seed %d: %d records, want %d and a line of the console\n%q\n%s", seed, len(got), n, got, text)
		}
	}
}

// An array that has not ended is read again as a whole, since what follows would not be known for its records.
func TestAnArrayBeginsAnew(t *testing.T) {
	r := NewReader(strings.NewReader("{\"id\":1}\n[{\"id\":2},{\"id\":3}"), Options{Growing: true})
	n := 0
	for {
		if _, err := r.Next(); err != nil {
			if err != io.EOF {
				t.Fatal(err)
			}
			break
		}
		n++
	}
	if offset, line := r.Resume(); n != 3 || !r.Torn() || offset != 8 || line != 1 {
		t.Errorf("%d records, torn %v, resumes at %d in line %d; want 3, true, 8 (behind the first record), 1", n, r.Torn(), offset, line)
	}
}
