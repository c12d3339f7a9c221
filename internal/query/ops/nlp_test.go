package ops_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"ledgerline/internal/query/ops"
)

// texts makes the input of the functions of nlp.
func texts(list []string) ops.Source {
	return func(yield func([]any) error) error {
		for i, s := range list {
			if err := yield([]any{int64(i), s}); err != nil {
				return err
			}
		}
		return nil
	}
}

func keywords(t *testing.T, o ops.NLP, text string) []any {
	t.Helper()
	got := run(t, o.Keywords, texts([]string{text}))
	if len(got) == 0 {
		return nil
	}
	return got[0][1].([]any)
}

func TestKeywords(t *testing.T) {
	plain, err := ops.NewDictionary([]string{"Word"}, [][]string{{"disk"}, {"out of memory"}, {"ORA"}, {"ééé"}, {""}, {}})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ops.NewDictionary([]string{"Operator", "Condition", "Issue"}, [][]string{
		{"CONTAINS", "Full", "space"}, {"CONTAINS IGNORE CASE", "FULL", "fill"}, {"equal", "disk full", "exact"}, {"NOT EQUAL", "disk full", "other"},
		{"REGEX", "d.*l", "pattern"}, {"contains_regex", `\bf\w+`, ""}, {"CONTAINS MULTILINE REGEX", "^full", "line"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dictionary *ops.Dictionary
		text       string
		want       []any
	}{
		{nil, "Disk FULL on the disk of node7, which was wanted", []any{"disk", "full", "wanted"}},
		{nil, "a an the 123", nil},
		{nil, "", nil},
		{plain, "Out of memory, DISK gone; ora-600; aéééé ééé", []any{"disk", "out of memory", "ORA", "ééé"}},
		{plain, "disks, diskette, oral, éééé", nil},
		{rules, "disk full", []any{"fill", "exact", "pattern", `\bf\w+`}},
		{rules, "Full of\nfull", []any{"space", "fill", "other", `\bf\w+`, "line"}},
	} {
		if got := keywords(t, ops.NLP{Dictionary: c.dictionary}, c.text); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
	}
	for _, rows := range [][][]string{{{"LIKES", "x"}}, {{"REGEX", "("}}} {
		if _, err := ops.NewDictionary([]string{"Operator", "Condition"}, rows); err == nil || !strings.Contains(err.Error(), "row 1") {
			t.Errorf("%v: %v", rows, err)
		}
	}
}

// Texts about planted subjects, each with most of its subject's words, form one
// cluster a subject, whatever their order; the names of the clusters stay.
func TestClusterOfKeywordsFindsSubjects(t *testing.T) {
	subjects := [][]string{
		strings.Fields("payment gateway rejected card transaction amount currency customer bank retry"),
		strings.Fields("replica database lagging primary replication segment shipped standby archive applied"),
		strings.Fields("certificate handshake expired issuer chain trust keystore renewal cipher protocol"),
	}
	r := rand.New(rand.NewPCG(2, 2))
	var list []string
	subject := map[string]int{}
	for i := range 300 {
		s := i % len(subjects)
		words := append([]string(nil), subjects[s]...)
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		if i >= len(subjects) { // one text a subject has all of its words
			words = words[:9]
		}
		text := fmt.Sprintf("the %s %d", strings.Join(words, " of "), i)
		list, subject[text] = append(list, text), s
	}
	names := map[int]any{}
	for range 3 {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got := run(t, ops.NLP{Similarity: 0.7}.Cluster, texts(list))
		if len(got) != len(list) {
			t.Fatalf("%d texts, want %d", len(got), len(list))
		}
		for _, row := range got {
			s := subject[list[row[0].(int64)]]
			if names[s] == nil {
				names[s] = row[1]
			}
			if names[s] != row[1] {
				t.Fatalf("%q is in %v, others of its subject in %v", list[row[0].(int64)], row[1], names[s])
			}
		}
	}
	if names[0] == names[1] || names[1] == names[2] || names[0] == names[2] {
		t.Errorf("subjects share a cluster: %v", names)
	}
}
