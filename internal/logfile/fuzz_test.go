package logfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever the bytes: reading ends, records are JSON objects, problems have a place, and the pieces in which bytes
// arrive make no difference.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		`{"id":"1"}` + "\n" + `{"datetime":1,"logContent":{}}`, `[{"a":1},{"b":[2]}]`, `{"items":[{"a":"\""}],"links":[]}`, `{"results":[{"data":{"a":1}}]}`,
		"[2024-05-01 09:12:40.003 Z] [userID: ana] [ana,LOCK,T,C,N,null] User ana locked", "{\"a\":\n{\"b\":1}\n{\"c\":2}", "\ufeff{}", "\x1f\x8b\x08", "PK\x03\x04",
		"{\"a\":[1,\n1,\n{\"x\":tru}]}\n]",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, file []byte, growing bool) {
		opts := Options{MaxRecord: 200, MaxUnpacked: 10_000, Growing: growing}
		var first []string
		for i, r := range []io.Reader{bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file))} {
			var events []string
			reader := NewReader(r, opts)
			for {
				rec, err := reader.Next()
				problem, refused := errors.AsType[*Problem](err)
				if refused {
					if problem.Line < 1 || problem.Last < problem.Line || problem.Reason == "" {
						t.Fatalf("%+v", problem)
					}
					events = append(events, problem.Error())
				} else if err == nil {
					if !json.Valid(rec.Raw) || rec.Raw[0] != '{' {
						t.Fatalf("%q is no object", rec.Raw)
					}
					events = append(events, string(rec.Raw))
				} else {
					events = append(events, err.Error())
					break
				}
				if len(events) > 20_000 {
					t.Fatal("reading does not end")
				}
			}
			if offset, line := reader.Resume(); !reader.in.packed && (offset > int64(len(file)) || line != int64(bytes.Count(file[:offset], newline))+1) {
				t.Fatalf("resumes at %d, line %d, of %d bytes", offset, line, len(file))
			}
			if i == 0 {
				first = events
			} else if !slices.Equal(first, events) {
				t.Fatalf("byte by byte %q, else %q", events, first)
			}
		}
		if !growing && strings.HasPrefix(string(file), `{"whole":1}`+"\n") && first[0] != `{"whole":1}` {
			t.Fatalf("a line that is whole gives %q", first[0])
		}
	})
}
