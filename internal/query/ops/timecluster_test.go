package ops_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"ledgerline/internal/query/ops"
)

// points makes the input of timecluster.
func points(names []string, values [][]float64) ops.Source {
	return func(yield func([]any) error) error {
		for i, list := range values {
			for b, v := range list {
				if err := yield([]any{int64(i + 1), names[i], int64(b), v}); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// Series of four planted forms, each scaled at random and with a little noise,
// are grouped by their form.
func TestTimeClusterFindsForms(t *testing.T) {
	const buckets = 48
	r := rand.New(rand.NewPCG(9, 9))
	forms := []func(b int) float64{
		func(int) float64 { return 1 },                                                       // steady
		func(b int) float64 { return 1 + math.Sin(float64(b)/buckets*4*math.Pi) },            // two waves
		func(b int) float64 { return float64(b) / buckets },                                  // growing
		func(b int) float64 { return map[bool]float64{true: 1}[b == 17 || b == 18] + 0.001 }, // a burst
	}
	var names []string
	var values [][]float64
	var form []int
	for i := range 120 {
		f, scale := r.IntN(len(forms)), math.Pow(10, 4*r.Float64())
		list := make([]float64, buckets)
		for b := range list {
			list[b] = scale * forms[f](b) * (0.97 + 0.06*r.Float64())
		}
		names, values, form = append(names, fmt.Sprint("s", i)), append(values, list), append(form, f)
	}
	got := run(t, ops.TimeCluster{Buckets: buckets}.Run, points(names, values))
	if len(got) != len(names) {
		t.Fatalf("%d rows, want %d", len(got), len(names))
	}
	members := map[int]int64{}
	for _, f := range form {
		members[f]++
	}
	ids := map[int]any{}
	for _, row := range got {
		f := form[row[0].(int64)-1]
		if ids[f] == nil {
			ids[f] = row[1]
		}
		if ids[f] != row[1] || row[2] != members[f] {
			t.Fatalf("series %v of form %d is in cluster %v of %v, others of it in %v of %d", row[0], f, row[1], row[2], ids[f], members[f])
		}
	}
}

func TestTimeClusterFigures(t *testing.T) {
	got := run(t, ops.TimeCluster{Buckets: 3}.Run, points([]string{"a", "b", "c", "zero"}, [][]float64{{1, 0, 0}, {0, 0, 5}, {2, 0, 0}, {0, 0, 0}}))
	// b has the largest total; a and c have one form; of eight in all, five are b's.
	want := [][]any{
		{int64(2), int64(1), int64(1), 0.0, 5.0, 5.0, 62.5, []any{"b"}},
		{int64(1), int64(2), int64(2), 0.0, 2.0, 3.0, 37.5, []any{"a", "c"}},
		{int64(3), int64(2), int64(2), 0.0, 2.0, 3.0, 37.5, []any{"a", "c"}},
		{int64(4), int64(3), int64(1), 0.0, 0.0, 0.0, 0.0, []any{"zero"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := run(t, ops.TimeCluster{Buckets: 3}.Run, points(nil, nil)); got != nil {
		t.Errorf("nothing became %v", got)
	}
}

func BenchmarkTimeCluster(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	names, values := make([]string, 1000), make([][]float64, 1000)
	for i := range values {
		values[i] = make([]float64, 300)
		for k := range values[i] {
			values[i][k] = r.Float64()
		}
	}
	for b.Loop() {
		run(b, ops.TimeCluster{Buckets: 300}.Run, points(names, values))
	}
}
