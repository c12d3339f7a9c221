package api

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const apiPage = "../../docs/api.md"

// partly says of operations that are served what of them is not.
func partly() map[string]string {
	return map[string]string{
		"PutLogs":             "a log is a log group of this server, or any id: then the default one",
		"SearchLogs":          "`search \"scope\" | where … | sort by datetime … | limit n`; other stages are 400",
		"Query":               "`compartmentIdInSubtree` and `shouldUseAcceleration` change nothing; no partial results: a query that meets a bound is refused; see [query-api.md](query-api.md)",
		"RegisterLookup":      "`type=Lookup`; Dictionary and Module are 501",
		"UpsertSource":        "`metricDefinitions`, `endpoints` and `sourceProperties` are kept and answered, not run and not in exported content files; of `functions` LOOKUP fills fields, others are kept and exported; warnings say what is not run",
		"ValidateSource":      "as UpsertSource",
		"PurgeStorageData":    "the bytes of an upload go with its last record; those of an upload that loses only a part, and of what was collected, stay in the stage until retention takes them",
		"CreateScheduledTask": "kind STANDARD, one schedule; a saved search's result is kept and read at `/ledgerline/v1/scheduled-tasks/{id}/runs`; no metrics are posted",
		"UpdateScheduledTask": "as CreateScheduledTask",
		"Verify":              "400 for any task: those of type ACCELERATION, which alone can be verified, are none here",
		"UpdateStorage":       "takes a configuration without durations; how long records are kept is `server.retention`, which no call changes: 400",
		"ListRules":           "scheduled tasks that run a saved search; there are no ingest-time rules",
		"ListWarnings":        "of uploads, each message once for a source and an entity; none of agents",
		"UpsertParser":        "REGEX, JSON, XML and DELIMITED; of `parserFunctions` master_detail",
		"TestParser":          "REGEX, JSON, XML and DELIMITED: ODL is kept and not run",
		"UpdateLookup":        "`matchOperator` is EQUAL, in any letter case; no common fields, no categories",
	}
}

type oracleOperation struct{ method, pattern, name, tier string }

func oracleTable(t *testing.T) (list []oracleOperation) {
	t.Helper()
	for line := range strings.Lines(oracleOperations) {
		f := append(strings.Fields(line), "")
		list = append(list, oracleOperation{f[0], f[1], f[2], f[3]})
	}
	return list
}

// apiTable writes docs/api.md from the operation table.
func apiTable(t *testing.T) string {
	t.Helper()
	served := map[string]string{} // by method and pattern: name
	for _, op := range operations() {
		served[op.Method+" "+op.Pattern] = op.Name
	}
	partly, seen := partly(), map[string]bool{}
	state := func(op oracleOperation) (state, note string) {
		note, part := partly[op.name]
		switch _, ok := served[op.method+" "+op.pattern]; {
		case !ok:
			return "absent", ""
		case part:
			seen[op.name] = true
			return "partial", note
		}
		return "complete", ""
	}
	services := []struct{ title, base string }{{"Log Analytics", "/20200601"}, {"Management Dashboard", "/20200901"}, {"Object Storage", "/n"},
		{"Identity", "/20160918"}, {"Monitoring", "/20180401"}, {"Logging", "/2020"}, {"Logging search", "/2019"}}
	counts := map[string]map[string]int{}
	rows := map[string][]string{}
	for _, op := range oracleTable(t) {
		i := slices.IndexFunc(services, func(s struct{ title, base string }) bool { return strings.HasPrefix(op.pattern, s.base) })
		if i < 0 {
			t.Fatalf("%s belongs to no service", op.pattern)
		}
		title := services[i].title
		st, note := state(op)
		group := title
		if op.tier != "" {
			group += ", tier " + op.tier
		}
		if counts[group] == nil {
			counts[group] = map[string]int{}
		}
		counts[group][st]++
		rows[title] = append(rows[title], fmt.Sprintf("| %s | %s | `%s %s` | %s | %s |", op.name, op.tier, op.method, strings.TrimPrefix(op.pattern, "/20200601/namespaces"), st, note))
	}
	for name := range partly {
		if !seen[name] {
			t.Errorf("%s is said to be partial and is not served, or not Oracle's", name)
		}
	}
	var b strings.Builder
	b.WriteString(`# What of Oracle's APIs this server answers

Made from the operation table of the server: ` + "`LEDGERLINE_UPDATE=1 go test ./internal/api -run TestAPITable`" + ` writes it, and that test
fails when it is stale. What is absent answers 501 ` + "`NotImplemented`" + ` with the operation's name. Tier 1 is the core of Log Analytics, tier 2
the service beyond it, tier 3 what clients rarely call. Of dashboards, "built in" (oob) are those that come with this program.

| | complete | partial | absent |
|---|---|---|---|
`)
	for _, group := range slices.Sorted(maps.Keys(counts)) {
		c := counts[group]
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", group, c["complete"], c["partial"], c["absent"])
	}
	for _, s := range services {
		if len(rows[s.title]) == 0 {
			continue
		}
		slices.Sort(rows[s.title])
		fmt.Fprintf(&b, "\n## %s\n\n| operation | tier | call | state | what is missing |\n|---|---|---|---|---|\n%s\n", s.title, strings.Join(rows[s.title], "\n"))
	}
	return b.String()
}

func TestAPITable(t *testing.T) {
	want := apiTable(t)
	if os.Getenv("LEDGERLINE_UPDATE") != "" {
		if err := os.WriteFile(apiPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(apiPage)
	if err != nil || string(have) != want {
		t.Errorf("docs/api.md is stale (%v): LEDGERLINE_UPDATE=1 go test ./internal/api -run TestAPITable", err)
	}
}

// Every operation of Oracle's table is answered under its own name: by a handler,
// or with 501 and the name; never as a path that does not exist.
func TestNoOperationIsNotFound(t *testing.T) {
	r, err := newRouter(operations())
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range oracleTable(t) {
		path := op.pattern
		for strings.Contains(path, "{") {
			before, rest, _ := strings.Cut(path, "{")
			_, after, _ := strings.Cut(rest, "}")
			path = before + "x" + after
		}
		found, _, known := r.find(op.method, path)
		if found == nil || !known {
			t.Errorf("%s %s: no operation", op.method, path)
		} else if found.Name != op.name && op.name != "GetNamespaceMetadata" {
			t.Errorf("%s %s is taken for %s, not %s", op.method, path, found.Name, op.name)
		}
	}
}
