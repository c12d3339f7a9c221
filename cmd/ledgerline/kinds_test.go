package main

import (
	"slices"
	"testing"

	"ledgerline/internal/config"
)

// What the configuration takes can be made, and nothing else.
func TestEachKindHasAReader(t *testing.T) {
	known := config.Kinds()
	for _, name := range known {
		if kinds()[name].reader == nil {
			t.Errorf("kind %s has no reader", name)
		}
	}
	for name := range kinds() {
		if !slices.Contains(known, name) {
			t.Errorf("the configuration does not take kind %s", name)
		}
	}
}
