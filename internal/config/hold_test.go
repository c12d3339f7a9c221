package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestLegalHoldIsOfOneLogGroup(t *testing.T) {
	dir, env := folder(t)
	parse := func(hold string) (*Config, error) {
		return Parse(filepath.Join(dir, "ledgerline.yaml"), []byte("data: d\nserver:\n  log_groups:\n"+
			"    - {id: ocid1.loganalyticsloggroup.oc1..a, name: A"+hold+"}\n    - {id: ocid1.loganalyticsloggroup.oc1..b, name: B}\n"), env)
	}
	for hold, want := range map[string]bool{"": false, ", legal_hold: off": false, ", legal_hold: on": true} {
		cfg, err := parse(hold)
		if err != nil {
			t.Fatal(err)
		}
		if s := cfg.Server; s.Holds() != want || s.Held("ocid1.loganalyticsloggroup.oc1..a") != want || s.Held("ocid1.loganalyticsloggroup.oc1..b") {
			t.Errorf("%q: %+v", hold, s.LogGroups)
		}
	}
	// A hold that is misspelled must not be none.
	for _, wrong := range []string{", legal_hold: yes please", ", legal-hold: on"} {
		if _, err := parse(wrong); err == nil || !strings.Contains(err.Error(), "legal") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
