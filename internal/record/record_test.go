package record

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestIdentifySeparatesParts(t *testing.T) {
	if Identify("ab", "c") == Identify("a", "bc") {
		t.Fatal("a character moved between parts must change the identity")
	}
	if Identify("a", "") == Identify("a") {
		t.Fatal("an empty part must count")
	}
}

func TestAuditIdentityUsesEveryAttribute(t *testing.T) {
	base := Audit{"i", "t", "u", "o", "rt", "rc", "v", "m"}
	changed := []Audit{
		{"x", "t", "u", "o", "rt", "rc", "v", "m"}, {"i", "x", "u", "o", "rt", "rc", "v", "m"},
		{"i", "t", "x", "o", "rt", "rc", "v", "m"}, {"i", "t", "u", "x", "rt", "rc", "v", "m"},
		{"i", "t", "u", "o", "x", "rc", "v", "m"}, {"i", "t", "u", "o", "rt", "x", "v", "m"},
		{"i", "t", "u", "o", "rt", "rc", "x", "m"}, {"i", "t", "u", "o", "rt", "rc", "v", "x"},
	}
	for i, c := range changed {
		if c.Identity() == base.Identity() {
			t.Errorf("attribute %d does not count", i)
		}
	}
}

// Union and Missing are checked against a bitmap of minutes.
func TestWindowArithmetic(t *testing.T) {
	at := func(m int) time.Time { return time.Unix(int64(m)*60, 0) }
	const span = 60
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var covered []Window
		var bits [span]bool
		for range r.IntN(8) {
			a, b := r.IntN(span), r.IntN(span)
			covered = append(covered, Window{at(a), at(b)})
			for m := a; m < b; m++ {
				bits[m] = true
			}
		}
		whole := Window{at(5), at(55)}
		missing := Missing(whole, covered...)
		for m := 5; m < 55; m++ {
			in := false
			for _, w := range missing {
				in = in || w.Contains(at(m))
			}
			if in == bits[m] {
				t.Fatalf("seed %d: minute %d missing=%v covered=%v", seed, m, in, bits[m])
			}
		}
		union := Union(covered...)
		for i := 1; i < len(union); i++ {
			if !union[i].From.After(union[i-1].To) {
				t.Fatalf("seed %d: %v touches %v", seed, union[i-1], union[i])
			}
		}
	}
}

func TestParseType(t *testing.T) {
	for _, n := range []string{"STRING", "long", "Integer", "float", "DOUBLE", "timestamp"} {
		if _, ok := ParseType(n); !ok {
			t.Errorf("%s is a type", n)
		}
	}
	if _, ok := ParseType(""); ok {
		t.Error("the empty name is no type")
	}
}
