package api

import (
	"context"
	"sync"
	"time"
)

// chore is something that is done when it is asked for, and else now and then.
type chore struct{ asked chan struct{} }

func newChore() chore { return chore{make(chan struct{}, 1)} }

func (c chore) wake() {
	select {
	case c.asked <- struct{}{}:
	default: // it is asked for already
	}
}

// Work carries out what was accepted and what falls due, until the context ends.
// Nothing is lost when it does: the books say what is left.
func (s *Server) Work(ctx context.Context) {
	var wg sync.WaitGroup
	keep := func(what string, c chore, every time.Duration, do func(context.Context) error) {
		for {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				s.opts.Logger.Error(what+" failed and is tried again", "in", every, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-c.asked:
			case <-time.After(every):
			}
		}
	}
	wg.Go(func() { keep("storage work", s.purges, time.Minute, s.RunStorageWork) })
	wg.Go(func() { keep("scheduled tasks", chore{}, 10*time.Second, s.RunDueTasks) })
	wg.Wait()
}
