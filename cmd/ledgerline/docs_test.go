package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ledgerline/internal/config"
)

// blocks returns the fenced blocks of a language in a page.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	inside, wanted := false, false
	for line := range strings.Lines(string(text)) {
		if fence, ok := strings.CutPrefix(line, "```"); ok {
			inside = !inside
			if wanted = inside && strings.TrimSpace(fence) == language; wanted {
				out = append(out, "")
			}
			continue
		}
		if wanted {
			out[len(out)-1] += line
		}
	}
	return out
}

func TestConfigurationInTheReadmeLoads(t *testing.T) {
	examples := blocks(t, "README.md", "yaml")
	if len(examples) == 0 {
		t.Fatal("the README shows a configuration")
	}
	for _, text := range examples {
		env := func(name string) (string, bool) { return "x", name == "OIC_CLIENT_SECRET" || name == "HOME" }
		if _, err := config.Parse(filepath.Join(t.TempDir(), "ledgerline.yaml"), []byte(text), env); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// Every command line that the pages show exists, with its flags.
func TestCommandsInThePagesExist(t *testing.T) {
	line := regexp.MustCompile(`(?m)^(?:\$ )?(?:bin/)?ledgerline ([^#\n]*)`)
	seen := 0
	for _, page := range []string{"README.md", "docs/oracle-setup.md", "docs/query-api.md", "docs/query-language.md", "docs/access.md"} {
		for _, block := range append(blocks(t, page, ""), blocks(t, page, "sh")...) {
			for _, m := range line.FindAllStringSubmatch(block, -1) {
				seen++
				root := newRoot(terminal{out: os.Stderr, err: os.Stderr, env: os.LookupEnv})
				words := strings.Fields(m[1])
				cmd, rest, err := root.Find(words)
				if err != nil || cmd == root {
					t.Errorf("%s: there is no command %q", page, m[1])
					continue
				}
				for _, word := range rest {
					name, isFlag := strings.CutPrefix(word, "--")
					name, _, _ = strings.Cut(name, "=")
					if isFlag && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
						t.Errorf("%s: %s has no flag --%s", page, cmd.CommandPath(), name)
					}
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d command lines found; the pattern is wrong", seen)
	}
}

// Every command has help with an example, so that --help teaches.
func TestEveryCommandHasAnExample(t *testing.T) {
	root := newRoot(terminal{out: os.Stderr, err: os.Stderr, env: os.LookupEnv})
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" || cmd.Name() == "help" {
			continue
		}
		text := cmd.Example
		for _, sub := range cmd.Commands() {
			text += sub.Example
		}
		if cmd.Short == "" || text == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
	}
}
