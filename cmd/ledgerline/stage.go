package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newStage(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stage",
		Short: "Check what was collected and received",
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Check every sealed file against its hash, and the chain of all of them",
		Long: `Verify reads every sealed file of the running server's stage, compares its bytes and its count
with the ledger, follows the chain of hashes from the first file to the last, and compares
what was counted as collected with what is in files. Collecting goes on meanwhile. The head, kept
elsewhere, proves later that no file was taken off the end. It exits with 1 when anything does not agree.`,
		Example: "  ledgerline stage verify",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			var report struct {
				OK                               bool
				Files, Tombstones, Bytes, HeadID int64
				Head                             string
				Problems                         []string
			}
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/stage/verify", struct{}{}, &report); err != nil {
				return err
			}
			fmt.Fprintf(g.out, "%s files, %s bytes, %s removed by retention; file %s is the head, %s\n",
				count(report.Files), count(report.Bytes), count(report.Tombstones), count(report.HeadID), report.Head)
			return g.verdict(report.OK, report.Problems)
		},
	})
	return cmd
}

// verdict ends a verify command: with what is wrong and where, or that nothing is.
func (g *globals) verdict(ok bool, problems []string) error {
	for _, p := range problems {
		fmt.Fprintf(g.out, "✗ %s\n", harmless(p))
	}
	if !ok {
		fmt.Fprintf(g.out, "%s problems: what is listed above was changed or lost outside Ledgerline\n", count(len(problems)))
		return &quietError{}
	}
	fmt.Fprintln(g.out, "✓ everything agrees")
	return nil
}
