package syntax

import (
	"fmt"
	"testing"
)

func TestPartsOf(t *testing.T) {
	for text, want := range map[string]string{
		"a = x and not b in (1, 2) and c like 'y%' and word":                   "[a b c] []",
		"* | where a > 1 and length(b) = 'lit'":                                "[a b lit] []",
		"* | eval n = a + 1, m = n":                                            "[a n] [n m]",
		"* | stats count as n, avg(a) by b, 'c d'":                             "[a b c d] [n]",
		"* | timestats name = T span = 1hour max(a) as m by b":                 "[a b] [m]",
		"* | fields -*, a as b, +c":                                            "[* a c] [b]",
		"* | sort -a, b":                                                       "[a b] []",
		"* | rename a as b":                                                    "[a] [b]",
		"* | link a, cluster()":                                                "[a] []",
		"* | lookup table = T select x as y, z using a = k":                    "[a] [y z]",
		"* | jsonextract field = a n = '$.x'":                                  "[a] [n]",
		"* | createtable name = T select a, literal(x) as b":                   "[a] [b]",
		"* | bucket a low = 0 - 10, others = rest":                             "[a] []",
		"* | top limit = 5 a by b":                                             "[a b] []",
		"* | extract field = a '(?P<x>y)'":                                     "[a] []",
		"* | link a | addfields [ b = 1 | stats count as n ]":                  "[] [] 1",
		"* | link a | classify topcount = 3 correlate = -*, c 'x', y as Chart": "[* c x y] []",
		"searchlookup table = T":                                               "[] []",
	} {
		q, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		p := PartsOf(q.Commands[len(q.Commands)-1])
		list := func(names []*Name) (out []string) {
			for _, n := range names {
				out = append(out, n.Text)
			}
			return out
		}
		got := fmt.Sprint(list(p.Reads), list(p.Makes))
		if len(p.Subqueries) > 0 {
			got += fmt.Sprint(" ", len(p.Subqueries))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
