package logsearch

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	q, err := Parse(`SEARCH "c/g/l/m", "d" "e/g" | where a = 1 | sort by datetime asc | limit 5`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Scope{{"c", "g", "l/m"}, {"d", "", ""}, {"e", "g", ""}}; !reflect.DeepEqual(q.Scopes, want) || !q.Ascending || q.Limit != 5 {
		t.Errorf("%+v", q)
	}
}

func TestParseSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      `at the end`,
		`search`:                                `a scope in double quotes`,
		`search "x`:                             `is not closed`,
		`search "x" y`:                          `| or the end before "y"`,
		`search "x" | summarize count()`:        `before "summarize count()"`,
		`search "x" | where a`:                  `after a at the end`,
		`search "x" | where (a = 1`:             `expected )`,
		`search "x" | where a in (1; 2)`:        `, or ) before "; 2)"`,
		`search "x" | sort by id`:               `datetime only`,
		`search "x" | limit 0`:                  `a number after limit`,
		`search "x" | where ` + nested(101):     `nested too deeply`,
		`search "` + strings.Repeat("x", 1<<17): `bytes`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", text, err, want)
		}
	}
}

func nested(depth int) string {
	return strings.Repeat("(", depth) + "a=1" + strings.Repeat(")", depth)
}

// What every record must hold: nothing under or, not, or another comparison.
func TestRequired(t *testing.T) {
	q, err := Parse(`search "x" | where a.b = 'one' and (c = 'two' and n = 3) and d != 'no' | where not e = 'no' | where f = 'no' or g = 'no' | where h in ('no', 'nor')`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Equality{{[]string{"a", "b"}, "one"}, {[]string{"c"}, "two"}}; !reflect.DeepEqual(q.Required(), want) {
		t.Errorf("%+v", q.Required())
	}
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{{"", "", true}, {"", "a", false}, {"*", "", true}, {"**", "x", true}, {"a*a", "a", false}, {"a*a", "aa", true}, {"*b*", "abc", true}, {"a*b*c", "a-b-b-c", true}, {"a*c*b", "abc", false}} {
		if got := matches(tc.pattern, tc.text); got != tc.want {
			t.Errorf("%q %q: %v", tc.pattern, tc.text, got)
		}
	}
}

// A record that is found meets what is required of it, whatever the query.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`search "c/g/l", "d" | where type='t' and not (a."b.c" in (1,'x') or datetime >= -1.5e3) | sort by datetime desc | limit 5`, `search "`, `search "c" | where ((((a=1))))`, `search "c" | where type = 't*'`} {
		f.Add(s, `{"id":1,"type":"t","a":{"b.c":"x"}}`)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		if len(q.Scopes) == 0 || q.Limit < 0 {
			t.Fatalf("%q is read as %+v", text, q)
		}
		var root any
		if json.Unmarshal([]byte(body), &root) != nil {
			return
		}
		find := func(path []string) (any, bool) {
			v := root
			for _, key := range path {
				m, ok := v.(map[string]any)
				if !ok {
					return nil, false
				}
				v = m[key]
			}
			return v, v != nil
		}
		if !q.Holds(find) {
			return
		}
		for _, e := range q.Required() {
			if v, ok := find(e.Path); !ok || !matches(e.Text, v.(string)) {
				t.Fatalf("%q finds %s, where %v is %v", text, body, e.Path, v)
			}
		}
	})
}
