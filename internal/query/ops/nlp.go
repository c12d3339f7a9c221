package ops

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// NLP are the options of the functions of nlp. Their input is one row of each
// text: a key that stands for it, then the text.
type NLP struct {
	Dictionary *Dictionary // nil stands for the words of the text itself
	Similarity float64     // of cluster
}

// MaxTexts bounds the texts that one function of nlp looks at.
const MaxTexts = 50_000

const tooManyTexts = "NLP looks at no more than 50000 texts, and the rarest are left out: ask for a shorter time range"

// Dictionary finds keywords in a text.
type Dictionary struct{ entries []entry }

type entry struct {
	keyword string
	matches func(text, folded string) bool
}

// NewDictionary reads a table. With the columns Operator and Condition each row
// says how its condition is looked for (CONTAINS, CONTAINS IGNORE CASE, EQUAL,
// NOT EQUAL, REGEX, CONTAINS REGEX, CONTAINS MULTILINE REGEX), and the first
// other column that has a value is the keyword, else the condition. In any
// other table the first column lists the keywords, which match as whole words
// in any letter case.
func NewDictionary(columns []string, rows [][]string) (*Dictionary, error) {
	find := func(name string) int {
		return slices.IndexFunc(columns, func(s string) bool { return strings.EqualFold(s, name) })
	}
	operator, condition := find("Operator"), find("Condition")
	d := &Dictionary{}
	for i, row := range rows {
		cell := func(n int) string {
			if n < len(row) {
				return strings.TrimSpace(row[n])
			}
			return ""
		}
		if operator < 0 || condition < 0 {
			if word := cell(0); word != "" {
				d.entries = append(d.entries, entry{word, wholeWord(strings.ToLower(word))})
			}
			continue
		}
		matches, err := matcher(cell(operator), cell(condition))
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		keyword := cell(condition)
		for n := range row {
			if n != operator && n != condition && cell(n) != "" {
				keyword = cell(n)
				break
			}
		}
		d.entries = append(d.entries, entry{keyword, matches})
	}
	return d, nil
}

// wholeWord looks for a word that is in lower case.
func wholeWord(word string) func(text, folded string) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return func(_, folded string) bool {
		for from := 0; ; {
			i := strings.Index(folded[from:], word)
			if i < 0 {
				return false
			}
			start, end := from+i, from+i+len(word)
			before := strings.LastIndexFunc(folded[:start], letter)
			after := strings.IndexFunc(folded[end:], letter)
			if !(before >= 0 && before+runeLen(folded[before:]) == start) && after != 0 {
				return true
			}
			from = start + runeLen(folded[start:])
		}
	}
}

func runeLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// matcher looks for a condition as an operator says.
func matcher(operator, condition string) (func(text, folded string) bool, error) {
	lower := strings.ToLower(condition)
	pattern := func(flags, s string) (func(text, folded string) bool, error) {
		re, err := regexp.Compile(flags + s)
		if err != nil {
			return nil, fmt.Errorf("the regular expression cannot be read: %w", err)
		}
		return func(text, _ string) bool { return re.MatchString(text) }, nil
	}
	switch strings.Join(strings.Fields(strings.ToUpper(strings.ReplaceAll(operator, "_", " "))), " ") {
	case "CONTAINS":
		return func(text, _ string) bool { return strings.Contains(text, condition) }, nil
	case "CONTAINS IGNORE CASE":
		return func(_, folded string) bool { return strings.Contains(folded, lower) }, nil
	case "EQUAL", "EQUALS":
		return func(text, _ string) bool { return text == condition }, nil
	case "EQUAL IGNORE CASE":
		return func(_, folded string) bool { return folded == lower }, nil
	case "NOT EQUAL":
		return func(text, _ string) bool { return text != condition }, nil
	case "REGEX":
		return pattern("", "^(?:"+condition+")$")
	case "CONTAINS REGEX":
		return pattern("", condition)
	case "MULTILINE REGEX", "CONTAINS MULTILINE REGEX":
		return pattern("(?ms)", condition)
	}
	return nil, fmt.Errorf("the operator %q is not known", operator)
}

// keywords of a text, without repetition, in the order of the dictionary or, without
// one, of the text.
func (o NLP) keywords(text string) []string {
	folded := strings.ToLower(text)
	var out []string
	if o.Dictionary != nil {
		for _, e := range o.Dictionary.entries {
			if e.matches(text, folded) && !slices.Contains(out, e.keyword) {
				out = append(out, e.keyword)
			}
		}
		return out
	}
	for _, w := range strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if keyword(w) && !slices.Contains(out, w) {
			if out = append(out, w); len(out) == maxKeywords {
				break
			}
		}
	}
	return out
}

// maxKeywords bounds the keywords of one text.
const maxKeywords = 200

// keyword reports whether a word says something: four letters or more, no digit,
// and none of the words that every text has.
func keyword(w string) bool {
	n := 0
	for _, r := range w {
		if !unicode.IsLetter(r) {
			return false
		}
		n++
	}
	return n >= 4 && !slices.Contains(stopWords(), w)
}

func stopWords() []string {
	return []string{"about", "after", "again", "also", "been", "before", "being", "could", "does", "each", "from", "have", "having", "here",
		"into", "just", "more", "most", "much", "only", "other", "over", "same", "should", "some", "such", "than", "that", "their", "them",
		"then", "there", "these", "they", "this", "those", "through", "under", "until", "very", "were", "what", "when", "where", "which",
		"while", "will", "with", "would", "your"}
}

// texts reads the input. partial is set when there is more than may be looked at.
func (o NLP) texts(ctx context.Context, in Source, take func(key int64, words []string)) (partial string, err error) {
	n := 0
	err = in(func(row []any) error {
		if n++; n > MaxTexts {
			partial = tooManyTexts
			return nil
		}
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		key, _ := row[0].(int64)
		text, _ := row[1].(string)
		take(key, o.keywords(text))
		return nil
	})
	return partial, err
}

// Keywords yields the key of each text and the list of its keywords.
func (o NLP) Keywords(ctx context.Context, in Source, emit Emit) (string, error) {
	var failed error
	partial, err := o.texts(ctx, in, func(key int64, words []string) {
		if failed == nil && len(words) > 0 {
			list := make([]any, len(words))
			for i, w := range words {
				list[i] = w
			}
			failed = emit([]any{key, list})
		}
	})
	return partial, cmp.Or(err, failed)
}

// Cluster yields the key of each text and the identifier of its cluster: texts
// whose keywords overlap by the similarity (Jaccard's index: shared words as a
// share of all) with those of the cluster's leader. It is leader clustering
// (Hartigan, "Clustering Algorithms", 1975) over the sets of keywords in a
// canonical order, the largest first, so that it depends neither on the order
// of texts nor on how often they occur. An identifier is a hash of the leader's
// keywords.
func (o NLP) Cluster(ctx context.Context, in Source, emit Emit) (string, error) {
	type set struct {
		words []string
		keys  []int64
	}
	sets := map[string]*set{}
	partial, err := o.texts(ctx, in, func(key int64, words []string) {
		if len(words) == 0 {
			return
		}
		slices.Sort(words)
		id := strings.Join(words, "\x00")
		if sets[id] == nil {
			sets[id] = &set{words: words}
		}
		sets[id].keys = append(sets[id].keys, key)
	})
	if err != nil {
		return "", err
	}
	order := make([]string, 0, len(sets))
	for id := range sets {
		order = append(order, id)
	}
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(sets[b].words), len(sets[a].words)), cmp.Compare(a, b))
	})
	var leaders [][]string
	holding := map[string][]int{} // leaders by word
	for n, id := range order {
		if n%256 == 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		s := sets[id]
		shared := map[int]int{}
		for _, w := range s.words {
			for _, l := range holding[w] {
				shared[l]++
			}
		}
		best, at := 0.0, -1
		for l, common := range shared {
			index := float64(common) / float64(len(leaders[l])+len(s.words)-common)
			if index > best || index == best && l < at {
				best, at = index, l
			}
		}
		if at < 0 || best < o.Similarity {
			at = len(leaders)
			leaders = append(leaders, s.words)
			for _, w := range s.words {
				if len(holding[w]) < maxLeaf {
					holding[w] = append(holding[w], at)
				}
			}
		}
		sum := sha256.Sum256([]byte(strings.Join(leaders[at], "\x00")))
		name := hex.EncodeToString(sum[:8])
		for _, key := range s.keys {
			if err := emit([]any{key, name}); err != nil {
				return "", err
			}
		}
	}
	return partial, nil
}
