package ops

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// TimeCluster groups time series of similar shape. Its input is one row of each
// series and bucket: number of the series, its name, number of the bucket, value.
//
// The distance of two series is the Bray-Curtis dissimilarity (Bray and Curtis,
// 1957) of their shapes, which are the series scaled to a greatest value of 1:
// 0 for the same shape, 1 where one is zero wherever the other is not. Series
// are joined by agglomerative clustering with average linkage (UPGMA, Sokal and
// Michener, 1958; nearest-neighbour chain as in Murtagh, 1983) as long as the
// average distance between two clusters is at most a quarter.
type TimeCluster struct {
	Buckets int
}

const (
	cutHeight  = 0.25
	maxSeries  = 1000
	maxSamples = 5
)

type series struct {
	number int64
	name   string
	points []float64
	shape  []float64
	total  float64
}

// Run yields, for each series: its number, Cluster ID, Cluster Members, Minimum
// Value, Maximum Value, Value (total of the cluster), Percentage of all totals,
// Cluster Samples (names). Clusters count from 1, the largest total first.
func (o TimeCluster) Run(ctx context.Context, in Source, emit Emit) (string, error) {
	all, partial, err := o.read(in)
	if err != nil {
		return "", err
	}
	groups, err := join(ctx, all)
	if err != nil {
		return "", err
	}
	sum := 0.0
	for _, s := range all {
		sum += math.Abs(s.total)
	}
	total := func(g []*series) (t float64) {
		for _, s := range g {
			t += s.total
		}
		return t
	}
	slices.SortStableFunc(groups, func(a, b []*series) int {
		return cmp.Or(cmp.Compare(total(b), total(a)), cmp.Compare(a[0].name, b[0].name))
	})
	for i, g := range groups {
		least, most, part := math.Inf(1), math.Inf(-1), 0.0
		var samples []any
		for n, s := range g {
			part += math.Abs(s.total)
			least, most = min(least, slices.Min(s.points)), max(most, slices.Max(s.points))
			if n < maxSamples {
				samples = append(samples, s.name)
			}
		}
		var percent any
		if sum > 0 {
			percent = 100 * part / sum
		}
		for _, s := range g {
			if err := emit([]any{s.number, int64(i + 1), int64(len(g)), least, most, total(g), percent, slices.Clone(samples)}); err != nil {
				return "", err
			}
		}
	}
	return partial, nil
}

// read collects the series in the order of their numbers.
func (o TimeCluster) read(in Source) (all []*series, partial string, err error) {
	known := map[int64]*series{}
	err = in(func(row []any) error {
		number, _ := row[0].(int64)
		s := known[number]
		if s == nil {
			if len(known) == maxSeries {
				partial = "TIMECLUSTER compares no more than 1000 series: name fewer groups, or use maxvalues"
				return nil
			}
			name, _ := row[1].(string)
			s = &series{number: number, name: name, points: make([]float64, max(1, o.Buckets))}
			known[number], all = s, append(all, s)
		}
		b, ok := row[2].(int64)
		if !ok || b < 0 || int(b) >= len(s.points) {
			return nil
		}
		switch v := row[3].(type) {
		case int64:
			s.points[b] = float64(v)
		case float64:
			s.points[b] = v
		}
		return nil
	})
	slices.SortFunc(all, func(a, b *series) int { return cmp.Compare(a.number, b.number) })
	for _, s := range all {
		top := 0.0
		for _, v := range s.points {
			top = max(top, math.Abs(v))
			s.total += v
		}
		s.shape = make([]float64, len(s.points))
		if top > 0 {
			for i, v := range s.points {
				s.shape[i] = v / top
			}
		}
	}
	return all, partial, err
}

func dissimilarity(a, b []float64) float64 {
	apart, size := 0.0, 0.0
	for i := range a {
		apart += math.Abs(a[i] - b[i])
		size += math.Abs(a[i]) + math.Abs(b[i])
	}
	if size == 0 {
		return 0
	}
	return apart / size
}

// join clusters the series.
func join(ctx context.Context, all []*series) ([][]*series, error) {
	n := len(all)
	apart := make([][]float64, n)
	for i := range apart {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		apart[i] = make([]float64, n)
		for j := range i {
			d := dissimilarity(all[i].shape, all[j].shape)
			apart[i][j], apart[j][i] = d, d
		}
	}
	size, alive := make([]int, n), make([]bool, n)
	members := make([][]*series, n)
	for i := range size {
		size[i], alive[i], members[i] = 1, true, []*series{all[i]}
	}
	// A cluster whose last join was too wide stays apart, and so does all that
	// it is joined with later: heights never decrease.
	open := make([]bool, n)
	for i := range open {
		open[i] = true
	}
	var done [][]*series
	var chain []int
	for left := n; left > 1; {
		if len(chain) == 0 {
			chain = append(chain, slices.Index(alive, true))
		}
		a := chain[len(chain)-1]
		near, d := -1, math.Inf(1)
		if len(chain) > 1 {
			near = chain[len(chain)-2]
			d = apart[a][near]
		}
		for k := range n {
			if alive[k] && k != a && apart[a][k] < d {
				near, d = k, apart[a][k]
			}
		}
		if len(chain) < 2 || near != chain[len(chain)-2] {
			chain = append(chain, near)
			continue
		}
		chain = chain[:len(chain)-2]
		left--
		if d <= cutHeight && open[a] && open[near] {
			members[near] = append(members[near], members[a]...)
		} else {
			for _, k := range []int{a, near} {
				if open[k] {
					done, open[k] = append(done, members[k]), false
				}
			}
		}
		for k := range n {
			if alive[k] && k != a && k != near {
				m := (apart[a][k]*float64(size[a]) + apart[near][k]*float64(size[near])) / float64(size[a]+size[near])
				apart[near][k], apart[k][near] = m, m
			}
		}
		size[near] += size[a]
		alive[a] = false
	}
	for i := range n {
		if alive[i] && open[i] {
			done = append(done, members[i])
		}
	}
	for _, g := range done {
		slices.SortFunc(g, func(a, b *series) int { return cmp.Compare(a.number, b.number) })
	}
	return done, nil
}
