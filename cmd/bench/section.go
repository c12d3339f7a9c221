package main

import (
	"regexp"
	"strings"
)

// putSection replaces the section of a page that begins with the heading, or
// appends it.
func putSection(page, heading, section string) string {
	begin, end := sectionAt(page, heading)
	before, after := strings.TrimRight(page[:begin], "\n"), page[end:]
	if after != "" {
		after = "\n" + after
	}
	return before + "\n\n" + strings.TrimRight(section, "\n") + "\n" + after
}

func sectionAt(page, heading string) (begin, end int) {
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(heading)).FindStringIndex(page)
	if found == nil {
		return len(page), len(page)
	}
	next := regexp.MustCompile(`(?m)^## `).FindStringIndex(page[found[1]:])
	if next == nil {
		return found[0], len(page)
	}
	return found[0], found[1] + next[0]
}
