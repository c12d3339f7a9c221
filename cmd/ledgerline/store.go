package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newStore(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Check what the store holds",
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Check every file of the store against its hash, and the journal's chain",
		Long: `Verify reads every segment of the running server's store and compares bytes, rows and
hashes with the manifest; then it follows the journal of what happened to segments from the
first entry to the last, whose hashes are chained and whose row counts must balance. Ingest
and merging go on meanwhile. It exits with 1 when anything does not agree.`,
		Example: "  ledgerline store verify",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			var report struct {
				OK                                bool
				Segments                          int
				Records, Bytes, Entries, Sequence int64
				Head                              string
				Problems                          []string
			}
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/store/verify", struct{}{}, &report); err != nil {
				return err
			}
			fmt.Fprintf(g.out, "%s segments, %s records, %s bytes; %s journal entries, head %s\n",
				count(report.Segments), count(report.Records), count(report.Bytes), count(report.Entries), report.Head)
			return g.verdict(report.OK, report.Problems)
		},
	})
	return cmd
}
