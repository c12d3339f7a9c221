package store

import (
	"encoding/json"
	"slices"
	"testing"
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
		b.reset()
		b.addText(clean(text))
		b.addValue(clean(field))
		b.rows = 1
		blocks, err := parseTokens(b.file())
		if err != nil || len(blocks) != 1 {
			t.Fatal(err)
		}
		words := slices.Concat(slices.Collect(Words(clean(text))), slices.Collect(Words(clean(field))))
		var decoded any
		if json.Unmarshal([]byte(text), &decoded) == nil {
			words = append(words, wordsIn(decoded)...)
		}
		for _, w := range words {
			if !blocks[0].mayHold(tokenHashes([]string{w})) {
				t.Fatalf("word %q of %q, %q is not found", w, text, field)
			}
		}
	})
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
