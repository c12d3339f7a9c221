package query

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestAnomalyFindsWhatIsPlanted: a line of counts for each hour of four days
// with a night and a day. What is planted is only unusual for its hour.
func TestAnomalyFindsWhatIsPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var recs []rec
	planted := map[int]bool{51: true, 86: true} // 03:00 of day 3 as busy as a day, 14:00 of day 4 as quiet as a night
	for h := range 96 {
		level := 20
		if hour := h % 24; hour >= 8 && hour < 20 {
			level = 200
		}
		if planted[h] {
			level = 220 - level
		}
		recs = append(recs, rec{at: from.Add(time.Duration(h) * time.Hour), text: "x",
			fields: map[string]any{"Content Size Out": level + r.IntN(9) - 4, "Status": fmt.Sprint(h % 2)}})
	}
	st := newStore(t)
	ingest(t, st, 1, recs)
	e := newEngine(st)
	res := ask(t, e, "Time >= '2026-03-01T00:00:00Z' and Time < '2026-03-05T00:00:00Z' | timestats span = 1hour sum('Content Size Out') as s | anomaly s as a")
	found := 0
	for h, row := range res.Rows {
		if row[2] == int64(1) {
			found++
			if !planted[h] {
				t.Errorf("hour %d is marked: %v", h, row)
			}
		} else if planted[h] {
			t.Errorf("hour %d is not marked: %v", h, row)
		}
	}
	if len(res.Rows) != 96 || found != 2 || len(res.Series.Values) != 2 {
		t.Errorf("%d rows, %d marked, series %v", len(res.Rows), found, res.Series.Values)
	}
}
