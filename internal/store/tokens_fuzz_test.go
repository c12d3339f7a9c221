package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
)

// FuzzTokens: no word of a text, of its JSON-decoded form or of a field may be
// missing from the filter.
func FuzzTokens(f *testing.F) {
	f.Add("plain words", "field value")
	f.Add(`{"a":"caf\u00e9s","b":"x\ny","c":"C:\\new\\bob","d":"\ud83d\ude00z\uD800q"}`, "MiXeD_1 ß")
	f.Add(`"\u0041bc\`, `\u00`)
	f.Add("\xff\xfe a\x80b", "\x00")
	f.Fuzz(func(t *testing.T, text, field string) {
		var b tokenBuilder
		b.reset(nil)
		b.addText(clean(text))
		b.addValues([]parquet.ByteArray{bytesOf(field)})
		b.rows = 1
		file := b.file(nil, nil)
		_, blocks, err := parseTokens(file)
		if err != nil || len(blocks) != 1 {
			t.Fatal(err)
		}
		words := slices.Concat(slices.Collect(Words(clean(text))), slices.Collect(Words(clean(field))))
		var decoded any
		if json.Unmarshal([]byte(text), &decoded) == nil {
			words = append(words, wordsIn(decoded)...)
		}
		for _, w := range words {
			slices, err := parseSlices(file[blocks[0].slicesAt:], 1, tokenHashes([]string{w}))
			if !blocks[0].mayHold(tokenHashes([]string{w})) || len(slices) != 1 || err != nil {
				t.Fatalf("word %q of %q, %q is not found in %v: %v", w, text, field, slices, err)
			}
		}
	})
}

// The words found eight bytes at a time are those that Words yields, neither more
// nor fewer, wherever in a text they lie.
func TestWordsAtOnceAreWords(t *testing.T) {
	pieces := []string{"a", "Zz", "_", "0189", "@", "[", "`", "{", "/", ":", " ", "\x00", "\x7f", "é", "K", "日本", "·", "\xff", "ſ", "longerthaneightbytes",
		strings.Repeat("x", 63), strings.Repeat("Y-", 40)}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 3))
		var text strings.Builder
		for range r.IntN(24) {
			text.WriteString(pieces[r.IntN(len(pieces))])
		}
		s := text.String()
		var b tokenBuilder
		b.reset(nil)
		b.addWords(s)
		want := map[uint64]bool{}
		for w := range Words(s) {
			h, _ := hashWord(w)
			want[h] = true
		}
		got := map[uint64]bool{}
		for _, h := range b.words.slots {
			if h != 0 {
				got[h] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%q: %d words, want %d", s, len(got), len(want))
		}
	}
}

// The hash does not mind the letter case of ASCII, and tells all else apart.
func TestWordHash(t *testing.T) {
	hash := func(s string) uint64 { h, _ := hashWord(s); return h }
	for _, w := range []string{"a", "ab", "abc", "abcd", "abcdefg", "abcdefgh", "abcdefghi", "a_b_c_d_e_f_g_h_i"} {
		if hash(w) != hash(strings.ToUpper(w)) {
			t.Errorf("letter case of %q counts", w)
		}
	}
	seen := map[uint64]string{}
	for _, w := range []string{"", "a", "aa", "aaa", "aaaa", "aaaaaaaa", "aaaaaaaaa", "é", "É", "ä", "Ä", "_", "0", "日", "月"} {
		if other, ok := seen[hash(w)]; ok {
			t.Errorf("%q and %q have one hash", w, other)
		}
		seen[hash(w)] = w
	}
	for i := range 50_000 {
		w := fmt.Sprintf("n%d", i)
		if _, ok := seen[hash(w)]; ok {
			t.Fatalf("%q has the hash of another word: of 64 bits, none should", w)
		}
		seen[hash(w)] = w
	}
}

func TestTokenCacheIsBounded(t *testing.T) {
	c := newBesideCache(100, readTokens)
	for id := range int64(10) {
		c.put(&besideEntry[[]tokenBlock]{segment: id, size: 30})
		if id == 5 {
			c.put(&besideEntry[[]tokenBlock]{segment: id, size: 30})
		}
	}
	c.put(&besideEntry[[]tokenBlock]{segment: 99, size: 101})
	var kept []int64
	for e := c.order.Front(); e != nil; e = e.Next() {
		kept = append(kept, e.Value.(*besideEntry[[]tokenBlock]).segment)
	}
	if c.size != 90 || len(c.entries) != 3 || !slices.Equal(kept, []int64{9, 8, 7}) {
		t.Fatalf("%d bytes in %v", c.size, kept)
	}
	if _, err := c.get(&Segment{ID: 7}); err != nil {
		t.Fatal(err)
	}
	c.put(&besideEntry[[]tokenBlock]{segment: 10, size: 30}) // takes the place of 8
	c.drop(9)
	c.drop(9)
	if _, there := c.entries[7]; !there || c.size != 60 || len(c.entries) != 2 {
		t.Fatalf("%d bytes in %d", c.size, len(c.entries))
	}
}

// wordsIn returns the words of all strings in a JSON value.
func wordsIn(v any) (words []string) {
	switch v := v.(type) {
	case string:
		return slices.Collect(Words(v))
	case []any:
		for _, e := range v {
			words = append(words, wordsIn(e)...)
		}
	case map[string]any:
		for k, e := range v {
			words = append(append(words, slices.Collect(Words(k))...), wordsIn(e)...)
		}
	}
	return words
}
