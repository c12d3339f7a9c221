package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

func newExport(g *globals) *cobra.Command {
	var ask askFlags
	var output string
	cmd := &cobra.Command{
		Use:   "export [TEXT]",
		Short: "Write all rows of a query to standard output, without a limit",
		Long: `Export writes the rows of a query as they are found, however many there are: as CSV,
as a JSON array of objects, or as Apache Parquet. It exits with 1 when they did not arrive to the last.`,
		Example: `  ledgerline export --last 7d "'Resource Operations' = DELETE" > deleted.csv
  ledgerline export -o json --saved "Off hours" > off-hours.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"csv", "json", "parquet"}, output) {
				return &misuseError{cmd.CommandPath(), fmt.Errorf("-o %s is not a format; write csv, json or parquet", output)}
			}
			request, err := ask.request(cmd, args)
			if err != nil {
				return err
			}
			request.Format = output
			c, err := g.client()
			if err != nil {
				return err
			}
			in, err := encode(request)
			if err != nil {
				return err
			}
			rows, err := c.do(cmd.Context(), "POST", "/ledgerline/v1/export", "application/json", in)
			if err != nil {
				return err
			}
			defer rows.Close()
			if _, err := io.Copy(g.out, rows); err != nil {
				return fmt.Errorf("not complete: the server broke off, its log says why: %w", err)
			}
			return nil
		},
	}
	ask.register(cmd)
	cmd.Flags().Lookup("limit").Usage = "rows to write; 0 writes all"
	cmd.Flags().StringVarP(&output, "output", "o", "csv", "csv, json or parquet")
	return cmd
}
