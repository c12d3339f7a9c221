package ops

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSequence works on groups written as letters, one record each, ten seconds
// apart; a dot is ten seconds without a record. Rules are named by the letters
// that satisfy them. The result is the letters with their numbers of ten seconds.
func TestSequence(t *testing.T) {
	open := int64(-1)
	for name, c := range map[string]struct {
		group string
		rules string // one word a rule
		times []SequenceRule
		o     Sequence
		want  string
	}{
		"one run, open end":               {"AAB", "A", []SequenceRule{{1, open}}, Sequence{}, "A0 A1"},
		"several runs are one table":      {"AABA", "A B", []SequenceRule{{1, open}, {1, 1}}, Sequence{}, "A0 A1 B2"},
		"records of no rule do not break": {"AxA", "A", []SequenceRule{{2, open}}, Sequence{}, "A0 A2"},
		"another rule's records break":    {"ABAAB", "A B", []SequenceRule{{2, open}, {1, 1}}, Sequence{}, "A2 A3 B4"},
		"too few":                         {"AAAAB", "A B", []SequenceRule{{5, open}, {1, open}}, Sequence{}, ""},
		"five failures then success":      {"AAAAAABB", "A B", []SequenceRule{{5, open}, {1, open}}, Sequence{}, "A0 A1 A2 A3 A4 A5 B6 B7"},
		"exactly two, twice":              {"AAAAA", "A", []SequenceRule{{2, 2}}, Sequence{}, "A0 A1 A2 A3"},
		"at most three then the rest":     {"AAAAA", "A", []SequenceRule{{1, 3}}, Sequence{}, "A0 A1 A2 A3 A4"},
		"two matches":                     {"ABxAAB", "A B", []SequenceRule{{1, open}, {1, 1}}, Sequence{}, "A0 B1 A3 A4 B5"},
		"matches do not overlap":          {"ABAB", "A B A", []SequenceRule{{1, 1}, {1, 1}, {1, 1}}, Sequence{}, "A0 B1 A2"},
		"a record of both rules":          {"AAC", "AC C", []SequenceRule{{1, open}, {1, open}}, Sequence{}, "A0 A1 C2"},
		"not adjacent":                    {"ACB", "A B C", []SequenceRule{{1, 1}, {1, 1}, {0, open}}, Sequence{}, "A0 B2"},
		"an optional run":                 {"ABAC", "A B C", []SequenceRule{{1, 1}, {0, 1}, {1, 1}}, Sequence{}, "A0 B1 C3"},
		"an optional run is absent":       {"AC", "A B C", []SequenceRule{{1, 1}, {0, 1}, {1, 1}}, Sequence{}, "A0 C1"},
		"within the span":                 {"A....AB", "A B", []SequenceRule{{1, open}, {1, 1}}, Sequence{Within: 50 * time.Second}, "A5 B6"},
		"the span to the second":          {"A....B", "A B", []SequenceRule{{1, open}, {1, 1}}, Sequence{Within: 50 * time.Second}, "A0 B5"},
		"a pause breaks":                  {"AA.AAA", "A", []SequenceRule{{3, open}}, Sequence{MaxPause: 10 * time.Second}, "A3 A4 A5"},
		"a pause before the next run":     {"AA..B.AB", "A B", []SequenceRule{{1, open}, {1, 1}}, Sequence{MaxPause: 20 * time.Second}, "A6 B7"},
		"between takes all":               {"xAyzBx", "A B", []SequenceRule{{1, 1}, {1, 1}}, Sequence{Between: true}, "A1 y2 z3 B4"},
		"between twice":                   {"AyBBAB", "A B", []SequenceRule{{1, 1}, {1, 1}}, Sequence{Between: true}, "A0 y1 B2 A4 B5"},
		"between without an end":          {"AyyA", "A B", []SequenceRule{{1, 1}, {1, 1}}, Sequence{Between: true}, ""},
		"between with pauses":             {"A.yB", "A B", []SequenceRule{{1, 1}, {1, 1}}, Sequence{Between: true, MaxPause: 10 * time.Second}, ""},
		"between without long pauses":     {"AyyyB", "A B", []SequenceRule{{1, 1}, {1, 1}}, Sequence{Between: true, MaxPause: 10 * time.Second}, "A0 y1 y2 y3 B4"},
		"nothing":                         {"", "A", []SequenceRule{{1, open}}, Sequence{}, ""},
		"no record of a rule":             {"xyz", "A", []SequenceRule{{0, open}}, Sequence{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.o
			o.Keys, o.Rules = 1, c.times
			rules := strings.Fields(c.rules)
			// The same records twice, as two groups: each is searched by itself.
			source := func(yield func([]any) error) error {
				for _, key := range []string{"g", "h"} {
					for i, letter := range c.group {
						if letter == '.' {
							continue
						}
						row := []any{key, time.Unix(int64(i*10), 0)}
						for _, r := range rules {
							row = append(row, strings.ContainsRune(r, letter))
						}
						if err := yield(append(row, string(letter))); err != nil {
							return err
						}
					}
				}
				return nil
			}
			var got []string
			partial, err := o.Run(t.Context(), source, func(row []any) error {
				got = append(got, row[0].(string)+": "+letters(t, row[1].(string)))
				return nil
			})
			if err != nil || partial != "" {
				t.Fatal(err, partial)
			}
			var want []string
			if c.want != "" {
				want = []string{"g: " + c.want, "h: " + c.want}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %q, want %q", c.group, got, want)
			}
		})
	}
}

func letters(t *testing.T, table string) string {
	var rows [][]any
	if err := json.Unmarshal([]byte(table), &rows); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s%d", r[1], int64(r[0].(float64))/10_000))
	}
	return strings.Join(out, " ")
}

// TestSequenceIsBounded: a group in which every record begins what never ends.
func TestSequenceIsBounded(t *testing.T) {
	o := Sequence{Rules: []SequenceRule{{1, 1}, {2, -1}}}
	partial, err := o.Run(t.Context(), func(yield func([]any) error) error {
		for i := range 20_000 {
			if err := yield([]any{time.Unix(int64(i), 0), i%2 == 0, i%2 == 1}); err != nil {
				return err
			}
		}
		return nil
	}, func([]any) error { t.Error("a match"); return nil })
	if err != nil || partial == "" {
		t.Error(partial, err)
	}
}
