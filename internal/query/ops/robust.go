package ops

import (
	"math"
	"slices"
)

// Irregular is the modified z-score beyond which a value counts as an outlier:
// B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers, ASQC, 1993.
const Irregular = 3.5

// robust describes numbers by their median and their spread around it.
type robust struct{ median, spread float64 }

// describeRobustly takes the median absolute deviation as the spread, scaled to
// the standard deviation of normal numbers; the mean absolute deviation where
// more than half of the numbers are equal. It sorts values.
func describeRobustly(values []float64) robust {
	if len(values) == 0 {
		return robust{}
	}
	slices.Sort(values)
	r := robust{median: middle(values)}
	deviations := make([]float64, len(values))
	sum := 0.0
	for i, v := range values {
		deviations[i] = math.Abs(v - r.median)
		sum += deviations[i] / float64(len(values))
	}
	slices.Sort(deviations)
	if r.spread = middle(deviations) / 0.6745; r.spread == 0 {
		r.spread = sum * 1.253314
	}
	return r
}

// score is the modified z-score of a number; 0 where all numbers are equal.
func (r robust) score(v float64) float64 {
	if r.spread == 0 {
		return 0
	}
	return (v - r.median) / r.spread
}

// middle is the median of sorted numbers.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return sorted[n/2-1]/2 + sorted[n/2]/2
}
