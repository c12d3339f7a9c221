package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the table of ARCHITECTURE.md: which rooms a room may import. A
// room's subfolders count as the room.
var mayImport = map[string][]string{
	"record":    {},
	"config":    {},
	"signature": {},
	"connect":   {},
	"catalog":   {},
	"schedule":  {},
	"certs":     {},
	"jobs":      {"query", "catalog"},
	"login":     {"catalog"},
	"people":    {"record", "connect", "catalog"},
	"burst":     {"record"},
	"audit":     {"stage", "content", "catalog"},
	"boards":    {"catalog"},
	"jsonscan":  {},
	"logsearch": {},
	"quota":     {},
	"logfile":   {"jsonscan"},
	"collect":   {"record", "connect", "logfile", "jsonscan"},
	"stage":     {"record", "jsonscan"},
	"content":   {"record", "jsonscan"},
	"store":     {"record"},
	"deliver":   {"record", "stage", "connect", "content", "store"},
	"query":     {"record", "content", "store"},
	"simulate":  {"record", "connect"},
	"runner":    {"record", "config", "collect", "stage", "deliver"},
	"api":       {"record", "signature", "stage", "content", "store", "query", "schedule", "catalog", "people", "runner", "audit", "boards", "jobs", "login", "logsearch", "quota"},
}

// Imports go one way, so that a reader of a room need not know the rooms above it.
func TestImportsGoOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "ledgerline/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from, inside := room(words[0])
		for _, imported := range words[1:] {
			if strings.HasPrefix(imported, "github.com/duckdb/") && words[0] != "ledgerline/internal/store/duckdb" {
				t.Errorf("%s imports DuckDB; only internal/store/duckdb may, so that the engine can be changed", words[0])
			}
			to, ok := room(imported)
			if !inside || !ok || to == from {
				continue
			}
			if !slices.Contains(mayImport[from], to) {
				t.Errorf("%s imports %s; internal/%s may import only %v", words[0], imported, from, mayImport[from])
			}
		}
	}
}

// Every room is in the table.
func TestEveryRoomIsInTheTable(t *testing.T) {
	out, err := exec.Command("go", "list", "ledgerline/internal/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if r, ok := room(strings.TrimSpace(line)); ok {
			if _, known := mayImport[r]; !known {
				t.Errorf("internal/%s is not in the table; say what it may import", r)
			}
		}
	}
}

func room(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "ledgerline/internal/")
	if !ok {
		return "", false
	}
	name, _, _ := strings.Cut(rest, "/")
	return name, true
}
