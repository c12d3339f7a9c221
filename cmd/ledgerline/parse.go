package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/internal/query/syntax"
)

func newParse(g *globals) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "parse [QUERY...]",
		Short: "Print queries in canonical form, or what is wrong with them",
		Long: `Parse checks the syntax of queries without a server. Each is printed in canonical form
or with its errors. With -f it reads a file of JSON lines, objects with a "query", and
prints a line for each, with its place in the file where it is wrong: a linter for
dashboards. It exits with 1 when any query fails.`,
		Example: "  ledgerline parse \"* | stats count by 'User Name'\"\n  ledgerline parse -f queries.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file == "") == (len(args) == 0) {
				return &misuseError{cmd.CommandPath(), errors.New("give queries, or a file with -f")}
			}
			failed := 0
			for _, text := range args {
				q, err := syntax.Parse(text)
				if err != nil {
					failed++
					fmt.Fprintln(g.out, err)
					continue
				}
				fmt.Fprintln(g.out, q)
			}
			if file != "" {
				var err error
				if failed, err = parseFile(g.out, file); err != nil {
					return err
				}
			}
			if failed > 0 {
				return &quietError{}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "JSON lines, each an object with a \"query\"")
	return cmd
}

const longestLine = 4 << 20

// parseFile prints a line for each query of a file, with its place where it is
// wrong, and returns how many are.
func parseFile(out io.Writer, file string) (failed int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		q, err := parseLine(lines.Bytes())
		if err != nil {
			failed++
			fmt.Fprintf(out, "%s:%d: %v\n", file, n, err)
			continue
		}
		fmt.Fprintln(out, q)
	}
	return failed, lines.Err()
}

// parseLine parses the query of an object. Its error is one line.
func parseLine(line []byte) (*syntax.Query, error) {
	var object struct {
		Query *string `json:"query"`
	}
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	if object.Query == nil {
		return nil, errors.New("the object has no \"query\"")
	}
	q, err := syntax.Parse(*object.Query)
	var mistakes *syntax.Errors
	if errors.As(err, &mistakes) {
		parts := make([]string, len(mistakes.List))
		for i, e := range mistakes.List {
			parts[i] = e.Error()
		}
		err = errors.New(strings.Join(parts, "; "))
	}
	return q, err
}
