package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

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
prints a line for each: a linter for dashboards. It exits with 1 when any query fails.`,
		Example: "  ledgerline parse \"* | stats count by 'User Name'\"\n  ledgerline parse -f queries.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (file == "") == (len(args) == 0) {
				return &misuseError{cmd.CommandPath(), errors.New("give queries, or a file with -f")}
			}
			failed := 0
			check := func(text string) {
				q, err := syntax.Parse(text)
				if err != nil {
					failed++
					fmt.Fprintln(g.out, err)
					return
				}
				fmt.Fprintln(g.out, q)
			}
			for _, text := range args {
				check(text)
			}
			if file != "" {
				if err := eachQuery(file, check); err != nil {
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

func eachQuery(file string, do func(string)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var object struct {
			Query *string `json:"query"`
		}
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if object.Query == nil {
			return fmt.Errorf("%s:%d: the object has no \"query\"", file, n)
		}
		do(*object.Query)
	}
	return lines.Err()
}
