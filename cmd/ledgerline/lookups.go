package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// lookupAnswer is a lookup as the server tells it.
type lookupAnswer struct {
	Name, Description string
	RowCount          int64
	TimeUpdated       *time.Time
	Fields            []struct{ Name string }
}

func lookupPath(name string) string { return "/ledgerline/v1/lookups/" + url.PathEscape(name) }

func newLookups(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lookups",
		Short: "Keep the lookup tables that queries join by lookup and searchlookup",
	}
	cmd.AddCommand(newLookupsPut(g), newLookupsList(g), newLookupsShow(g), newLookupsDelete(g))
	return cmd
}

func newLookupsPut(g *globals) *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use:   "put NAME FILE.csv",
		Short: "Create a lookup of a CSV file, or replace its columns and rows",
		Long: `Put creates a lookup of a CSV file in UTF-8 whose first line names the columns, or
replaces the columns and rows of the lookup of that name.`,
		Example: "  ledgerline lookups put owners owners.csv\n  ledgerline query \"* | lookup table = owners select team using 'OCI Resource Name' = resource\"",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[1])
			if err != nil {
				return err
			}
			defer file.Close()
			c, err := g.client()
			if err != nil {
				return err
			}
			path := lookupPath(args[0]) + "?" + url.Values{"description": {description}}.Encode()
			var made lookupAnswer
			if err := c.send(cmd.Context(), "PUT", path, "text/csv", file, &made); err != nil {
				return fmt.Errorf("%s: %w", args[1], err)
			}
			fmt.Fprintf(g.out, "lookup %s has %s of %s\n", made.Name, plural(int(made.RowCount), "row"), plural(len(made.Fields), "column"))
			return nil
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "what the table is for; kept when it exists already")
	return cmd
}

func newLookupsList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the lookup tables",
		Example: "  ledgerline lookups list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct{ Items []lookupAnswer }
			if err := g.list(cmd, "/ledgerline/v1/lookups?limit=1000", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, l := range list.Items {
				rows = append(rows, []string{l.Name, count(l.RowCount), count(len(l.Fields)), at(l.TimeUpdated), l.Description})
			}
			printTable(g.out, []string{"Name", "Rows", "Columns", "Updated", "Description"}, rows)
			return nil
		},
	}
}

func newLookupsShow(g *globals) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show the first rows of a lookup table",
		Example: "  ledgerline lookups show owners",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return &misuseError{cmd.CommandPath(), errors.New("--limit must be at least 1")}
			}
			var l struct {
				RowCount int64
				Columns  []string
				Rows     [][]string
			}
			if err := g.list(cmd, fmt.Sprintf("%s?limit=%d", lookupPath(args[0]), limit), &l); err != nil {
				return err
			}
			printTable(g.out, l.Columns, l.Rows)
			if int64(len(l.Rows)) < l.RowCount {
				fmt.Fprintf(g.err, "%s of %s rows\n", count(len(l.Rows)), count(l.RowCount))
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "rows to show, at most 10000")
	return cmd
}

func newLookupsDelete(g *globals) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Short:   "Delete a lookup table",
		Example: "  ledgerline lookups delete owners",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "DELETE", fmt.Sprintf("%s?isForce=%v", lookupPath(args[0]), force), nil, nil)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also when a log source or a saved search uses it")
	return cmd
}
