package syntax

import (
	"slices"
	"strings"
)

// CommandInfo describes a command for messages and editors.
type CommandInfo struct {
	Name    string   // in lower case
	Usage   string   // what follows the name
	Options []string // names that may stand before =
}

const aggUsage = "<function> [as <name>] {, <function> [as <name>]}"

// CommandInfos lists all commands of the language, the ones that only have a
// name included, in alphabetical order.
func CommandInfos() []CommandInfo {
	return []CommandInfo{
		{"addfields", "[<subquery>] {, [<subquery>]}", nil},
		{"addinsights", "", nil},
		{"anomaly", "[<field> {, <field>}] [as <name>]", nil},
		{"bottom", "[limit = <number>] <field> [by <field> {, <field>}]", []string{"limit"}},
		{"bucket", "[span = <number>] [maxbuckets = <number>] <field> [[<name> =] <low> - <high> {, ...}] [, others = <name>]", []string{"span", "maxbuckets"}},
		{"classify", "[topcount = <number>] [bottomcount = <number>] [correlate = [-]<field> {, [-]<field>}] <field> {, <field>} [as <name>]", []string{"topcount", "bottomcount", "correlate"}},
		{"cluster", "[similarity = <number>] [<field> {, <field>}]", []string{"similarity"}},
		{"clustercompare", "[timeshift = <offset> | starttime = <time> endtime = <time>] [size = <duration>] [includetrends = true|false] [span = <duration>] [[<subquery>]]", []string{"timeshift", "starttime", "endtime", "size", "includetrends", "span"}},
		{"clusterdetails", "[collection = <name>] [<id> {, <id>}]", []string{"collection"}},
		{"clustersplit", "[collection = <name>] [<id> {, <id>}]", []string{"collection"}},
		{"compare", "[fields = <field> {, <field>}] [timeshift = <offset>|auto [size = <duration>] [count = <number>] | timerange = <time> to <time> [as <name>] {, ...}]", []string{"fields", "timeshift", "size", "count", "timerange"}},
		{"createtable", "name = <name> select <field> [as <name>] {, <field> [as <name>]}", []string{"name"}},
		{"createview", "[<subquery>] as <name>", nil},
		{"dedup", "[count = <number>] [includenulls = true|false] [consecutive = true|false] <field> {, <field>}", []string{"count", "includenulls", "consecutive"}},
		{"delete", "...", nil},
		{"delta", "[field = <field>] [step = <number>] <field> [as <name>]", []string{"field", "step"}},
		{"demomode", "...", nil},
		{"distinct", "<field> {, <field>}", nil},
		{"eval", "<name> = <expression> {, <name> = <expression>}", nil},
		{"eventstats", aggUsage + " [by <field> {, <field>}]", nil},
		{"extract", "[field = <field>] '<regular expression>'", []string{"field"}},
		{"fields", "[target = ui|query] [+|-]<field> [as <name>] {, [+|-]<field> [as <name>]}", []string{"target"}},
		{"fieldsummary", "[maxvalues = <number>] [includenulls = true|false] [includetrends = true|false] <field> {, <field>}", []string{"maxvalues", "includenulls", "includetrends"}},
		{"frequent", "[limit = <number>] [showcount = true|false] [showpercent = true|false] <field> {, <field>} [as <name>] [by <field> {, <field>}]", []string{"limit", "showcount", "showpercent"}},
		{"geostats", "[include = client|server|client,server|custom] [city = <field>] [region = <field>] [country = <field>] [continent = <field>] [coordinates = <field>] " + aggUsage + " [by <field> {, <field>}]", []string{"include", "city", "region", "country", "continent", "coordinates"}},
		{"head", "[limit = <number>]", []string{"limit"}},
		{"highlight", "[color = <color>] [fields = <field> {, <field>}] <keyword> {, <keyword>}", []string{"color", "fields"}},
		{"highlightgroups", "[color = <color>] [priority = high|medium|low] [matchonly = <field> {, <field>}] [<keyword> {, <keyword>}] [[<subquery>]] [as <name>]", []string{"color", "priority", "matchonly"}},
		{"highlightrows", "[color = <color>] <keyword> {, <keyword>}", []string{"color"}},
		{"jsonextract", "[field = <field>] <name> = '<path>' {, <name> = '<path>'}", []string{"field"}},
		{"link", "[includenulls = true|false] [includetrends = true|false] [includeinfo = true|false] [span = <duration>] [<field>|cluster() {, <field>|cluster()}]", []string{"includenulls", "includetrends", "includeinfo", "span"}},
		{"linkdetails", "[collection = <name>] [<id> {, <id>}]", []string{"collection"}},
		{"lookup", "table = <name> [maxmatches = <number>] [default = <value>] select <field> [as <name>] {, ...} using <field> [= <field>] {, ...}", []string{"table", "maxmatches", "default"}},
		{"macro", "...", nil},
		{"map", "[<subquery>] using <name>", nil},
		{"module", "...", nil},
		{"multisearch", "...", nil},
		{"nlp", "[table = <name>] [similarity = <number>] cluster|keywords(<field>) as <name> {, ...}", []string{"table", "similarity"}},
		{"outlier", "[action = filter|annotate] [remove = true|false] <field> {, <field>} [as <name>]", []string{"action", "remove"}},
		{"rare", "[limit = <number>] [showcount = true|false] [showpercent = true|false] <field> {, <field>} [as <name>] [by <field> {, <field>}]", []string{"limit", "showcount", "showpercent"}},
		{"regex", "<field> =|!= '<regular expression>' | <field> [not] in ('<regular expression>' {, ...})", nil},
		{"rename", "<field> as <name> {, <field> as <name>}", nil},
		{"search", "<condition>", nil},
		{"searchlookup", "table = <name>", []string{"table"}},
		{"sequence", "name = <name> [field = <field>] [span = <duration>] [maxpause = <duration>] [<subquery>]{<min>,[<max>]} {then [<subquery>]{<min>,[<max>]}} select <field> [as <name>] {, ...}", []string{"name", "field", "span", "maxpause"}},
		{"sort", "[+|-]<field> {, [+|-]<field>}", nil},
		{"stats", aggUsage + " [by <field> {, <field>}]", nil},
		{"tail", "[limit = <number>]", []string{"limit"}},
		{"timecluster", "[name = <name>] [span = <duration>] [field = <field>] [maxvalues = <number>] " + aggUsage + " by <field> {, <field>}", []string{"name", "span", "field", "maxvalues"}},
		{"timecompare", "shift = <duration> [count = <number>]", []string{"shift", "count"}},
		{"timestats", "[span = <duration>] [field = <field>] [topcount = <number> | bottomcount = <number>] [maxvalues = <number>] [name = <name>] " + aggUsage + " [by <field> {, <field>}]", []string{"span", "field", "topcount", "bottomcount", "maxvalues", "name"}},
		{"top", "[limit = <number>] <field> [by <field> {, <field>}]", []string{"limit"}},
		{"updatetable", "name = <name> [<subquery>]", []string{"name"}},
		{"where", "<expression>", nil},
		{"xmlextract", "[field = <field>] <name> = '<path>' {, <name> = '<path>'}", []string{"field"}},
	}
}

// Usage returns the syntax of a command, such as "WHERE <expression>"; empty for
// what is no command.
func Usage(name string) string {
	info, ok := findCommand(CommandInfos(), name)
	if !ok {
		return ""
	}
	return strings.TrimSpace(strings.ToUpper(info.Name) + " " + info.Usage)
}

// findCommand finds a command by its name in any case.
func findCommand(list []CommandInfo, name string) (CommandInfo, bool) {
	i := slices.IndexFunc(list, func(c CommandInfo) bool { return sameWord(c.Name, name) })
	if i < 0 {
		return CommandInfo{}, false
	}
	return list[i], true
}

func commandNames(list []CommandInfo) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}
