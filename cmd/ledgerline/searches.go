package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
)

// savedSearch is a saved search as the server takes and tells it.
type savedSearch struct {
	Name        string     `json:"name,omitempty"`
	Query       string     `json:"query"`
	Description string     `json:"description,omitempty"`
	Last        string     `json:"last,omitempty"`
	Zone        string     `json:"zone,omitempty"`
	Updated     *time.Time `json:"updated,omitempty"`
}

func searchPath(name string) string { return "/ledgerline/v1/searches/" + url.PathEscape(name) }

func newSearches(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "searches",
		Short: "Keep queries under names, to be run by 'query --saved NAME'",
	}
	cmd.AddCommand(newSearchesSave(g), newSearchesList(g), newSearchesShow(g), newSearchesDelete(g))
	return cmd
}

func newSearchesSave(g *globals) *cobra.Command {
	var s savedSearch
	cmd := &cobra.Command{
		Use:     "save NAME QUERY",
		Short:   "Save a query under a name, or replace the one of that name",
		Example: "  ledgerline searches save \"Who deleted\" \"'Resource Operations' = DELETE | stats count by 'User Name'\" --last 7d",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			request := s
			request.Query = args[1]
			if s.Last != "" {
				last, err := config.ParseDuration(s.Last)
				if err != nil {
					return &misuseError{cmd.CommandPath(), fmt.Errorf("--last: %w", err)}
				}
				request.Last = last.String()
			}
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "PUT", searchPath(args[0]), request, nil)
		},
	}
	cmd.Flags().StringVar(&s.Description, "description", "", "what the query is for")
	cmd.Flags().StringVar(&s.Last, "last", "", "default time range: 90m, 24h, 30d; an hour without")
	cmd.Flags().StringVar(&s.Zone, "zone", "", "default time zone, such as Europe/Berlin; UTC without")
	return cmd
}

func newSearchesList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the saved searches",
		Example: "  ledgerline searches list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct{ Items []savedSearch }
			if err := g.list(cmd, "/ledgerline/v1/searches?limit=1000", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, s := range list.Items {
				rows = append(rows, []string{s.Name, s.Last, at(s.Updated), s.Query, s.Description})
			}
			printTable(g.out, []string{"Name", "Time range", "Updated", "Query", "Description"}, rows)
			return nil
		},
	}
}

func newSearchesShow(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print the query of a saved search",
		Example: "  ledgerline searches show \"Who deleted\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var s savedSearch
			if err := g.list(cmd, searchPath(args[0]), &s); err != nil {
				return err
			}
			fmt.Fprintln(g.out, s.Query)
			return nil
		},
	}
}

func newSearchesDelete(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Short:   "Delete a saved search",
		Example: "  ledgerline searches delete \"Who deleted\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "DELETE", searchPath(args[0]), nil, nil)
		},
	}
}
