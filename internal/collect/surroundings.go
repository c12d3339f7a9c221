package collect

import (
	"log/slog"
	"time"
)

// surroundings fills in what the options of a reader leave out: the machine's
// clock, and nobody who listens.
func surroundings(clock *func() time.Time, logger **slog.Logger, progress *func(Progress)) {
	if *clock == nil {
		*clock = time.Now
	}
	if *logger == nil {
		*logger = slog.New(slog.DiscardHandler)
	}
	if *progress == nil {
		*progress = func(Progress) {}
	}
}
