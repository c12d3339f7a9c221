package ops

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func streamOf(rows [][]any) Source {
	return func(yield func([]any) error) error {
		for _, r := range rows {
			if err := yield(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func collect(t *testing.T, f Func, rows [][]any) [][]any {
	t.Helper()
	var out [][]any
	partial, err := f(t.Context(), streamOf(rows), func(row []any) error { out = append(out, row); return nil })
	if err != nil || partial != "" {
		t.Fatal(partial, err)
	}
	return out
}

// regular makes rows of a normal duration and one of five users.
func regular(r *rand.Rand, n int) [][]any {
	var rows [][]any
	for range n {
		rows = append(rows, []any{100 + 10*r.NormFloat64(), fmt.Sprint("user", r.IntN(5))})
	}
	return rows
}

// TestClassifyFindsWhatIsPlanted: of 2,000 regular rows of each of ten data
// sets at most 1 in 200 is in an anomalous class; ten planted rows all are.
func TestClassifyFindsWhatIsPlanted(t *testing.T) {
	o := Classify{Fields: []Measure{IsNumber, IsText}, Top: -1, Bottom: -1}
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows := regular(r, 2000)
		wrong := int64(0)
		for _, c := range collect(t, o.Run, rows) {
			if c[4] == int64(1) {
				wrong += c[1].(int64)
			}
		}
		if wrong > 10 {
			t.Errorf("seed %d: %d of 2000 regular rows are anomalies", seed, wrong)
		}
		for range 4 {
			rows = append(rows, []any{200 + 100*r.Float64(), "user1"}, []any{5.0, "user2"})
		}
		rows = append(rows, []any{100.0, "Mallory"}, []any{101.0, "mallory"})
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		found, total := map[string]int64{}, int64(0)
		classes := collect(t, o.Run, rows)
		for _, c := range classes {
			total += c[1].(int64)
			if c[4] == int64(1) {
				switch {
				case strings.EqualFold(c[8].(string), "mallory"):
					found["mallory"] += c[1].(int64)
				case c[7].(float64) >= 200: // regular rows may be among them
					found["slow"] = min(4, found["slow"]+c[1].(int64))
				case c[7].(float64) == 5:
					found["fast"] += c[1].(int64)
				}
			}
		}
		if want := (map[string]int64{"mallory": 2, "slow": 4, "fast": 4}); !reflect.DeepEqual(found, want) || total != 2010 {
			t.Errorf("seed %d: %v, want %v; %d rows", seed, found, want, total)
		}
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if again := collect(t, o.Run, rows); !reflect.DeepEqual(classes, again) {
			t.Errorf("seed %d: another order of rows gives other classes", seed)
		}
	}
}

// TestClassifySmall: four rows worked out by hand. Two texts that occur twice and
// once and once are not rare among four; the numbers 1 1 1 9 have median 1 and
// mean absolute deviation 2, so 9 has the score 8 / (2 x 1.253314) = 3.19. One bin is
// 2 x 8 / cube root of 4 = 10 wide, so it holds all four. A missing text comes first.
func TestClassifySmall(t *testing.T) {
	rows := [][]any{{int64(1), "a", "x"}, {int64(1), "A", "y"}, {int64(1), "b", nil}, {int64(9), nil, "z"}}
	o := Classify{Fields: []Measure{IsNumber, IsText}, Others: []Measure{IsText}, Top: -1, Bottom: -1}
	got := ""
	for _, c := range collect(t, o.Run, rows) {
		got += fmt.Sprintf("%v %v %v %.2f %v %v..%v %v %v\n", c[0], c[1], c[2], c[3], c[4], c[6], c[7], c[8], c[9])
	}
	want := "1 2 50 0.00 0 1..1 A x\n2 1 25 3.19 0 9..9 <nil> z\n3 1 25 0.00 0 1..1 b <nil>\n"
	if got != want {
		t.Errorf("\n%swant\n%s", got, want)
	}
	o.Top, o.Bottom = 1, 1
	if got := collect(t, o.Run, rows); len(got) != 2 || got[1][0] != int64(3) {
		t.Errorf("topcount and bottomcount: %v", got)
	}
	if got := collect(t, o.Run, nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
