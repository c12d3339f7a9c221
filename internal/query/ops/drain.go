package ops

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Templates merges signatures of messages into templates. It is Drain (He, Zhu,
// Zheng, Lyu: "Drain: An Online Log Parsing Approach with Fixed Depth Tree",
// ICWS 2017) with these differences:
//
//   - signatures come in a canonical order, the most frequent first, so what is
//     found does not depend on the order of the records;
//   - a leaf of the tree holds the templates of one log source, one number of
//     words and one first or one last word, so that a word that varies at one
//     end of a message does not split a template;
//   - positions where both have a wildcard say nothing and do not count;
//   - a message that names a problem never joins one that does not.
type Templates struct {
	similarity float64
	words      map[string]int32
	leaves     map[leafKey][]int32
	all        []*Template
}

// Template is what a group of signatures have in common.
type Template struct {
	Source     string
	Issue      bool
	Signatures int64 // that were merged
	words      []int32
	texts      []string
}

type leafKey struct {
	source       string
	length, word int32
	last, issue  bool
}

// maxLeaf bounds the templates that a signature is compared with; in the
// canonical order these are those with the most messages.
const maxLeaf = 512

// wild is the number of the wildcard among words.
const wild = 0

// NewTemplates returns an empty tree. similarity is the least share of the
// words of two signatures that are equal for them to be merged, from 0 to 1.
func NewTemplates(similarity float64) *Templates {
	return &Templates{similarity: similarity, words: map[string]int32{Wildcard: wild}, leaves: map[leafKey][]int32{}}
}

// At returns a template.
func (t *Templates) At(i int) *Template { return t.all[i] }

// Add returns the template of a signature. It makes a new one when none is
// similar, unless there are limit of them: then ok is false.
func (t *Templates) Add(source, signature string, limit int) (number int, ok bool) {
	texts := strings.Fields(signature)
	words := make([]int32, len(texts))
	for i, s := range texts {
		n, known := t.words[s]
		if !known {
			n = int32(len(t.words))
			t.words[strings.Clone(s)] = n
		}
		words[i] = n
	}
	issue := names(texts)
	best, at := -1.0, -1
	for _, leaf := range t.places(source, words, issue) {
		for _, i := range t.leaves[leaf] {
			s := alike(t.all[i].words, words)
			if s > best || s == best && int(i) < at {
				best, at = s, int(i)
			}
		}
	}
	if at >= 0 && best >= t.similarity {
		t.merge(at, words)
		return at, true
	}
	if len(t.all) >= limit {
		return 0, false
	}
	for i, s := range texts {
		texts[i] = strings.Clone(s)
	}
	t.all = append(t.all, &Template{Source: source, Issue: issue, Signatures: 1, words: words, texts: texts})
	t.index(len(t.all) - 1)
	return len(t.all) - 1, true
}

// places lists the leaves that may hold a template for the words.
func (t *Templates) places(source string, words []int32, issue bool) []leafKey {
	n := int32(len(words))
	if n == 0 {
		return []leafKey{{source, 0, wild, false, issue}}
	}
	out := []leafKey{{source, n, words[0], false, issue}, {source, n, words[n-1], true, issue}}
	if words[0] != wild {
		out = append(out, leafKey{source, n, wild, false, issue})
	}
	if words[n-1] != wild {
		out = append(out, leafKey{source, n, wild, true, issue})
	}
	return out
}

// index puts a template into the leaves of its first and its last word.
func (t *Templates) index(i int) {
	m := t.all[i]
	for _, leaf := range t.places(m.Source, m.words, m.Issue)[:min(2, len(m.words)+1)] {
		list := t.leaves[leaf]
		if len(list) < maxLeaf && !slices.Contains(list, int32(i)) {
			t.leaves[leaf] = append(list, int32(i))
		}
	}
}

// merge makes wildcards of the words in which a template differs.
func (t *Templates) merge(i int, words []int32) {
	m := t.all[i]
	m.Signatures++
	n := len(words)
	ends := n > 0 && (m.words[0] != words[0] && m.words[0] != wild || m.words[n-1] != words[n-1] && m.words[n-1] != wild)
	for k, w := range words {
		if m.words[k] != w {
			m.words[k], m.texts[k] = wild, Wildcard
		}
	}
	if ends {
		t.index(i)
	}
}

// alike is the share of equal words among the positions that say something.
func alike(a, b []int32) float64 {
	if len(a) != len(b) {
		return 0
	}
	equal, counted := 0, 0
	for i := range a {
		if a[i] == wild && b[i] == wild {
			continue
		}
		counted++
		if a[i] == b[i] {
			equal++
		}
	}
	if counted == 0 {
		return 1
	}
	return float64(equal) / float64(counted)
}

// Text is the template with wildcards for what varies.
func (m *Template) Text() string { return strings.Join(m.texts, " ") }

// ID names the template: the same in every run that finds the same template.
func (m *Template) ID() string {
	kind := "\x00"
	if m.Issue {
		kind = "\x01"
	}
	sum := sha256.Sum256([]byte(m.Source + kind + m.Text()))
	return hex.EncodeToString(sum[:8])
}

// problemWords are those by which a message names a problem.
func problemWords() []string {
	return []string{"abort", "aborted", "aborting", "corrupt", "corrupted", "corruption", "crash", "crashed", "critical", "deadlock",
		"denied", "emergency", "error", "errors", "exception", "exceptions", "fail", "failed", "failing", "fails", "failure", "failures",
		"fatal", "panic", "refused", "severe", "timeout", "unable", "unreachable", "unauthorized", "violation"}
}

// names reports whether words name a problem, unless they say that there is none.
func names(words []string) bool {
	before := ""
	for _, w := range words {
		for _, part := range strings.FieldsFunc(strings.ToLower(w), func(r rune) bool { return (r < 'a' || r > 'z') && r < 128 }) {
			problem := slices.Contains(problemWords(), part) || strings.HasSuffix(part, "exception") || strings.HasSuffix(part, "error")
			if problem && before != "no" && before != "without" && before != "zero" {
				return true
			}
			before = part
		}
	}
	return false
}
