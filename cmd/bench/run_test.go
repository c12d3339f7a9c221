package main

import (
	"strings"
	"testing"
)

// What was not measured stays in the page, in its place.
func TestPageKeepsOtherSections(t *testing.T) {
	page := putHead("# Old\n\nhead\n\n## A\n\na\n\n## B\n\nb\n")
	page = putSection(page, "## A\n", "## A\n\nnew\n")
	page = putSection(page, "## C\n", "## C\n\nc\n")
	_, sections, _ := strings.Cut(page, "\n## ")
	if !strings.HasPrefix(page, "# Benchmarks\n") || strings.Contains(page, "Old") || sections != "A\n\nnew\n\n## B\n\nb\n\n## C\n\nc\n" {
		t.Errorf("%q", page)
	}
	if page := putSection(putHead(""), "## A\n", "## A\n\na\n"); !strings.HasSuffix(page, ".\n\n## A\n\na\n") {
		t.Errorf("%q", page)
	}
}

func TestChosenParts(t *testing.T) {
	for only, want := range map[string]string{"": "upload small bucket language", "language,upload": "upload language", "bucket": "bucket"} {
		parts, err := (&bench{only: only}).chosen()
		var names []string
		for _, p := range parts {
			names = append(names, p.name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", only, got, err, want)
		}
	}
	if _, err := (&bench{only: "upload,nothing"}).chosen(); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Error(err)
	}
}
