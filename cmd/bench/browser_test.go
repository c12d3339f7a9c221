package main

import "testing"

func TestPutSection(t *testing.T) {
	const section = "## B\n\nnew\n"
	for page, want := range map[string]string{
		"# P\n\n## A\n\na\n":                           "# P\n\n## A\n\na\n\n## B\n\nnew\n",
		"# P\n\n## A\n\na\n\n## B\n\nold\n":            "# P\n\n## A\n\na\n\n## B\n\nnew\n",
		"# P\n\n## B\n\nold\n\n## C\n\nmore ## B\n":    "# P\n\n## B\n\nnew\n\n## C\n\nmore ## B\n",
		"# P\n\n### B\n\nnot it\n\n## B\n\n### deep\n": "# P\n\n### B\n\nnot it\n\n## B\n\nnew\n",
	} {
		if got := putSection(page, "## B\n", section); got != want {
			t.Errorf("%q became %q, want %q", page, got, want)
		}
	}
}
