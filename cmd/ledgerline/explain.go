package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newExplain(g *globals) *cobra.Command {
	var ask askFlags
	var analyze bool
	cmd := &cobra.Command{
		Use:   "explain [TEXT]",
		Short: "Show how a query would be answered: its plan and its SQL",
		Example: `  ledgerline explain "deleted and 'User Name' = 'ana@example.com' | stats count by 'OCI Resource Name'"
  ledgerline explain --analyze --last 24h "* | timestats span = 1hour count by 'Log Source'"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := ask.request(cmd, args)
			if err != nil {
				return err
			}
			request.Analyze = analyze
			c, err := g.client()
			if err != nil {
				return err
			}
			var answer struct{ Plan string }
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/explain", request, &answer); err != nil {
				return err
			}
			fmt.Fprintln(g.out, strings.TrimRight(answer.Plan, "\n"))
			return nil
		},
	}
	ask.register(cmd)
	cmd.Flags().BoolVar(&analyze, "analyze", false, "run the query and show the rows and the time of each step")
	return cmd
}
