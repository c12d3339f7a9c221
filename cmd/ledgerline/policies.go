package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type policyAnswer struct {
	Name, Description string
	Statements        []string
	TimeUpdated       *time.Time
}

func policyPath(name string) string { return "/ledgerline/v1/policies/" + url.PathEscape(name) }

func newPolicies(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policies",
		Short: "Say what groups of users may do, in the words of Oracle's policies",
		Long: `What no statement allows is refused. A statement is

  Allow group <name> to {inspect|read|use|manage} <what> in tenancy [where <condition>]

about loganalytics-features-family (queries, log sources, parsers, fields, lookups),
log-groups (log entries and uploads), dashboards, or all-resources. A condition restricts
log-groups: target.loganalytics-log-group.id = '<ocid>', != or in ('<ocid>', …), joined by
any {…, …} or all {…, …}. Members of the group Administrators may do everything.`,
	}
	cmd.AddCommand(newPoliciesSave(g), newPoliciesList(g), newPoliciesDelete(g))
	return cmd
}

func newPoliciesSave(g *globals) *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use:   "save NAME STATEMENT...",
		Short: "Save a policy, or replace the one of that name",
		Example: "  ledgerline policies save Readers \\\n" +
			"    \"Allow group Readers to read loganalytics-features-family in tenancy\" \\\n" +
			"    \"Allow group Readers to read log-groups in tenancy where target.loganalytics-log-group.id = 'ocid1.loganalyticsloggroup.oc1..x'\"",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "PUT", policyPath(args[0]), map[string]any{"description": description, "statements": args[1:]}, nil)
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "what the policy is for")
	return cmd
}

func newPoliciesList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the policies with their statements",
		Example: "  ledgerline policies list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct{ Items []policyAnswer }
			if err := g.list(cmd, "/ledgerline/v1/policies", &list); err != nil {
				return err
			}
			for _, p := range list.Items {
				fmt.Fprintln(g.out, harmless(strings.TrimSpace(p.Name+"  "+p.Description)))
				for _, s := range p.Statements {
					fmt.Fprintln(g.out, "  "+harmless(s))
				}
			}
			return nil
		},
	}
}

func newPoliciesDelete(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Short:   "Delete a policy; what it allowed is refused from now on",
		Example: "  ledgerline policies delete Readers",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "DELETE", policyPath(args[0]), nil, nil)
		},
	}
}
