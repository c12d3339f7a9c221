package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// The scanner accepts what encoding/json accepts, and decodes strings and members alike.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,null,"\ud83d\ude00\ud83d"]}`, `[01]`, `"\x"`, "\"\x01\"", `{"a":1,}`, `{"a" 1}`, `-`, `1.`, `[1}`, ` {"\u0061" : 1 , "b":{}} `,
		`"` + strings.Repeat(`12345678\n`, 5) + `"`, `{}x`, strings.Repeat("[", 600) + strings.Repeat("]", 600)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		valid := json.Valid([]byte(s))
		if Valid([]byte(s)) != valid {
			t.Fatalf("%q: encoding/json says %v", s, valid)
		}
		if strings.Count(s, "[")+strings.Count(s, "{") >= MaxDepth {
			return
		}
		i := SkipBlank(s, 0)
		end, ok := SkipValue(s, i)
		if whole := ok && SkipBlank(s, end) == len(s); valid != whole {
			t.Fatalf("%q: accepted %v, encoding/json %v", s, whole, valid)
		}
		if valid && s[i] == '"' {
			var want string
			if err := json.Unmarshal([]byte(s), &want); err == nil && Unquote(s[i:end]) != strings.ToValidUTF8(want, "\uFFFD") && strings.ToValidUTF8(s, "") == s {
				t.Fatalf("%q is decoded as %q, want %q", s, Unquote(s[i:end]), want)
			}
		}
		got := map[string]string{}
		object := Members(s, func(name, value string) { got[strings.ToValidUTF8(name, "\uFFFD")] = value })
		var want map[string]json.RawMessage
		if isObject := valid && s[i] == '{'; isObject != object {
			t.Fatalf("%q: an object %v, encoding/json %v", s, object, isObject)
		} else if !object || json.Unmarshal([]byte(s), &want) != nil || strings.ToValidUTF8(s, "") != s {
			return
		}
		if !maps.EqualFunc(got, want, func(a string, b json.RawMessage) bool { return a == string(b) }) {
			t.Fatalf("%q has the members %q, want %q", s, got, want)
		}
	})
}

func BenchmarkValid(b *testing.B) {
	raw := fmt.Appendf(nil, `{"id":"4711","time":"2024-05-01T12:00:00Z","data":{"message":%q,"rows":17,"list":[1,2,3,null,true]}}`,
		strings.Repeat("SELECT \"A\".\"B\"\nFROM C ", 30))
	for name, valid := range map[string]func([]byte) bool{"scanner": Valid, "encoding/json": json.Valid} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if !valid(bytes.TrimSpace(raw)) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
