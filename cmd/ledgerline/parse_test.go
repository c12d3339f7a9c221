package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Each query of a file gets a line: in canonical form, or with its place and
// every mistake.
func TestParseFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "queries.jsonl")
	text := `{"query": "*|stats count by 'Log Source'"}` + "\n\nnot json\n" + `{"text": "*"}` + "\n" +
		`{"query": "* | wher a = 1\n| stats coutn"}` + "\n" + `{"query": "Message = 'a\nb'"}` + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	out, _, code := w.ask("parse", "-f", file)
	want := "* | stats count by 'Log Source'\n" +
		file + ":3: no JSON object: invalid character 'o' in literal null (expecting 'u')\n" +
		file + ":4: the object has no \"query\"\n" +
		file + ":5: line 1, column 5: Unexpected input for COMMAND: wher (did you mean where?); line 2, column 9: Unexpected input for STATS: coutn (did you mean count?)\n" +
		`Message = 'a\nb'` + "\n"
	if code != exitFailed || out != want {
		t.Errorf("exit %d\n%s\nwant\n%s", code, out, want)
	}
}
