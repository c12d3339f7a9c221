package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a duration of ISO 8601 whose largest unit is the day, with a
// minus before it or none: P14D, PT5M, P1DT12H, -P30D. Numbers are whole.
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%.40q is no duration of ISO 8601 in days, hours, minutes and seconds, such as P1DT12H or PT5M", text)
	rest, negative := strings.CutPrefix(text, "-")
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" {
		return 0, bad
	}
	days, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" {
		return 0, bad
	}
	var total time.Duration
	for _, part := range []struct {
		text  string
		units string
	}{{days, "D"}, {clock, "HMS"}} {
		for part.text != "" {
			end := strings.IndexAny(part.text, part.units)
			if end < 0 {
				return 0, bad
			}
			n, err := strconv.ParseUint(part.text[:end], 10, 32)
			unit := part.text[end]
			if err != nil || n > uint64(maxPart/unitOf(unit)) {
				return 0, bad
			}
			total += time.Duration(n) * unitOf(unit)
			// Units come in falling order, each once.
			part.units = part.units[strings.IndexByte(part.units, unit)+1:]
			part.text = part.text[end+1:]
		}
	}
	if negative {
		total = -total
	}
	return total, nil
}

// maxPart bounds each part of a duration, so that their sum does not overflow.
const maxPart = 50 * 365 * 24 * time.Hour

func unitOf(letter byte) time.Duration {
	switch letter {
	case 'D':
		return 24 * time.Hour
	case 'H':
		return time.Hour
	case 'M':
		return time.Minute
	}
	return time.Second
}
