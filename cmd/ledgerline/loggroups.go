package main

import (
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

type logGroupAnswer struct {
	ID, DisplayName, Description string
	TimeCreated                  *time.Time
}

func newLogGroups(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log-groups",
		Short: "Create and list the server's log groups",
	}
	list := &cobra.Command{
		Use:     "list",
		Short:   "List the log groups",
		Example: "  ledgerline log-groups list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, tenancy, err := g.clientAndTenancy(cmd)
			if err != nil {
				return err
			}
			var answer struct{ Items []logGroupAnswer }
			path := "/ledgerline/v1/log-groups?limit=1000&compartmentId=" + url.QueryEscape(tenancy)
			if err := c.call(cmd.Context(), "GET", path, nil, &answer); err != nil {
				return err
			}
			var rows [][]string
			for _, group := range answer.Items {
				rows = append(rows, []string{group.ID, group.DisplayName, at(group.TimeCreated), group.Description})
			}
			printTable(g.out, []string{"OCID", "Name", "Created", "Description"}, rows)
			return nil
		},
	}
	var description string
	create := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a log group and print its OCID",
		Example: "  ledgerline log-groups create \"Production\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, tenancy, err := g.clientAndTenancy(cmd)
			if err != nil {
				return err
			}
			var made logGroupAnswer
			body := map[string]string{"displayName": args[0], "compartmentId": tenancy, "description": description}
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/log-groups", body, &made); err != nil {
				return err
			}
			fmt.Fprintln(g.out, made.ID)
			return nil
		},
	}
	create.Flags().StringVar(&description, "description", "", "what the group is for")
	cmd.AddCommand(list, create)
	return cmd
}

// clientAndTenancy also asks the server which tenancy it plays.
func (g *globals) clientAndTenancy(cmd *cobra.Command) (*client, string, error) {
	c, err := g.client()
	if err != nil {
		return nil, "", err
	}
	var status struct{ Tenancy string }
	err = c.call(cmd.Context(), "GET", "/ledgerline/v1/status", nil, &status)
	return c, status.Tenancy, err
}
