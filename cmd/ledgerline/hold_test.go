package main

import (
	"testing"

	"ledgerline/internal/config"
	"ledgerline/internal/stage"
)

// The stage keeps the files of whatever may feed a held log group.
func TestHoldOfALogGroupHoldsTheFilesThatFeedIt(t *testing.T) {
	local := func(group, source string, types ...string) config.Upload {
		return config.Upload{Connection: config.LocalConnection, LogGroup: group, LogSource: source, Types: types}
	}
	cfg := &config.Config{Server: &config.Server{LogGroups: []config.LogGroup{{ID: "free"}, {ID: "held", LegalHold: true}}},
		Integrations: []config.Integration{
			{Name: "a", Uploads: []config.Upload{local("held", "S")}},
			{Name: "b", Uploads: []config.Upload{local("", "S"), {Connection: "oci", LogGroup: "held"}}},
			{Name: "c", Uploads: []config.Upload{local("free", "S"), local("held", "S", "x.*")}},
		}}
	n := &node{cfg: cfg, defaultGroup: "free"}
	for name, want := range map[string]bool{"a": true, "b": false, "c": false, "c.s": true, stage.ReceivedIntegration: true, "import-1": true} {
		if n.holds(name) != want {
			t.Errorf("%s: held %t, want %t", name, !want, want)
		}
	}
	cfg.Server.LogGroups[1].LegalHold = false
	if n.holds("a") || n.holds(stage.ReceivedIntegration) {
		t.Error("held without a hold")
	}
}
