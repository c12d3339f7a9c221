package duckdb

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// Whoever asks little gets a place before the rest of what another asked earlier.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		places := newTurns(2)
		var order []string
		ask := func(who string) {
			go func() {
				if err := places.take(t.Context(), who); err != nil {
					t.Error(err)
				}
				order = append(order, who)
			}()
			synctest.Wait()
		}
		for range 5 {
			ask("greedy")
		}
		ask("modest")
		ask("other")
		ask("modest")
		if want := []string{"greedy", "greedy"}; !slices.Equal(order, want) {
			t.Fatalf("first: %q", order)
		}
		give := func(who string) {
			places.give(who)
			synctest.Wait()
		}
		give("greedy") // modest has none, greedy one
		give("greedy") // other has none, greedy none by now and came first
		if want := []string{"modest", "greedy"}; !slices.Equal(order[2:], want) {
			t.Fatalf("then: %q", order[2:])
		}
		give("modest") // other has none, greedy one
		give("other")  // greedy has one, modest none
		if want := []string{"other", "modest"}; !slices.Equal(order[4:], want) {
			t.Fatalf("then: %q", order[4:])
		}
		give("modest")
		give("greedy")
		if want := []string{"greedy", "greedy"}; !slices.Equal(order[6:], want) {
			t.Fatalf("last: %q", order[6:])
		}
		give("greedy")
		give("greedy")
		if places.free != 2 || len(places.held) != 0 || len(places.waiting) != 0 {
			t.Errorf("%d places free, held %v, %d wait", places.free, places.held, len(places.waiting))
		}
	})
}

// Who gives up while waiting, or in the moment of the turn, keeps no place.
func TestTurnsGivenUp(t *testing.T) {
	for range 200 {
		places := newTurns(1)
		if err := places.take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- places.take(ctx, "b") }()
		go cancel()
		places.give("a")
		if err := <-done; err == nil {
			places.give("b")
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
		if places.free != 1 || len(places.held) != 0 || len(places.waiting) != 0 {
			t.Fatalf("%d places free, held %v, %d wait", places.free, places.held, len(places.waiting))
		}
	}
}

// Who waits when the engine is closed is told so, and nobody comes after.
func TestTurnsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		places := newTurns(1)
		if err := places.take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- places.take(t.Context(), "b") }()
		synctest.Wait()
		places.close()
		if err := <-done; !errors.Is(err, errClosed) {
			t.Error(err)
		}
		places.give("a")
		if err := places.take(t.Context(), "c"); !errors.Is(err, errClosed) {
			t.Error(err)
		}
	})
}
