package api

import (
	"strings"
	"testing"
)

// In the text of a query, names are names, whatever they look like.
func TestInjectionByNamesInAQuery(t *testing.T) {
	w := newWorld(t, true)
	evil := `x'); DROP TABLE log_groups; SELECT * FROM read_csv('/etc/passwd');--`
	for _, text := range []string{
		"* | stats count as \"" + evil + "\"",
		"* | eval \"" + evil + "\" = 1 | stats count by \"" + evil + "\"",
		"'User Name' = \"" + evil + "\" | stats count",
		"'Log Source' in (\"" + evil + "\") | stats count",
		"* | where 'User Name' = \"" + evil + "\" | stats count",
		"\"" + evil + "\" = 1",
		"* | lookup table = \"" + evil + "\" select a using 'User Name'",
		"searchlookup table = \"" + evil + "\"",
		"* | regex field = 'User Name' \"(((a+)+)+)+$" + evil + "\"",
		"* | rename 'User Name' as \"" + evil + "\" | fields \"" + evil + "\"",
	} {
		got := w.ask(w.admin, w.ways(text)["own query"])
		if !strings.HasPrefix(got, "200 ") && !strings.HasPrefix(got, "400 ") && !strings.HasPrefix(got, "404 ") || strings.Contains(got, "root:") {
			t.Errorf("%s: %.500s", text, got)
		}
	}
	if got := w.ask(w.admin, w.ways("* | stats count")["Query"]); !strings.Contains(got, "80") {
		t.Errorf("afterwards: %s", got)
	}
}

// What names a log source, a log group, a lookup or a field is compared whole: none of
// these finds a record, whoever asks, and none of them ends a condition early.
func TestInjectionFindsNothing(t *testing.T) {
	w := newWorld(t, true)
	for _, evil := range []string{`x' or '1'='1`, `x\" or 1=1 --`, `x') or true or ('`, `x%' or mgrp like '%`, `x", "User Name" = "`, "x\x00' or '1'='1", `x/* */or/**/1=1`, `$1`, `{0}`, `%`, `_`} {
		name := strings.ReplaceAll(strings.ReplaceAll(evil, `\`, `\\`), `"`, `\"`)
		for _, field := range []string{"Log Source", "Log Group", "User Name", "Upload Name"} {
			got := w.ask(w.reader, w.ways("'" + field + "' = \"" + name + "\" | stats count as n")["own query"])
			if strings.HasPrefix(got, "200 ") && (!strings.Contains(got, `"rows":[[0]]`) && !strings.Contains(got, `"rows":[]`)) || strings.HasPrefix(got, "5") {
				t.Errorf("%s = %s: %.300s", field, evil, got)
			}
		}
	}
}
