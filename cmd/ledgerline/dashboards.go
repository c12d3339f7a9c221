package main

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

const dashboardsPath = "/ledgerline/v1/dashboards"

func newDashboards(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dashboards",
		Short: "Import, list and export dashboards in the format of Oracle's Management Dashboard service",
	}
	cmd.AddCommand(newDashboardsImport(g), newDashboardsList(g), newDashboardsExport(g))
	return cmd
}

func newDashboardsImport(g *globals) *cobra.Command {
	var replace bool
	var compartment string
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Import files of dashboards, with the saved searches in them, into the running server",
		Long: `Import stores each file whole or, when something in it is wrong, not at all. Dashboards
whose id is known here are updated, others get new ids; with --replace a dashboard of the
same name is overwritten.`,
		Example: "  ledgerline dashboards import Oracle_Integration_Audit_Analysis.json\n  ledgerline dashboards import --replace changes.json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			q := url.Values{"overrideSameName": {strconv.FormatBool(replace)}}
			if compartment != "" {
				q.Set("compartmentId", compartment)
			}
			for _, name := range args {
				file, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				if err := importDashboards(cmd, g, c, dashboardsPath+"/actions/import?"+q.Encode(), file); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "overwrite dashboards and saved searches of the same name")
	cmd.Flags().StringVar(&compartment, "compartment", "", "OCID of the compartment to import into; the tenancy without")
	return cmd
}

func importDashboards(cmd *cobra.Command, g *globals, c *client, path string, file []byte) error {
	var answer struct{ Created, Updated []string }
	if err := c.send(cmd.Context(), "POST", path, "application/json", bytes.NewReader(file), &answer); err != nil {
		return err
	}
	for _, name := range answer.Created {
		fmt.Fprintf(g.out, "created %s\n", harmless(name))
	}
	for _, name := range answer.Updated {
		fmt.Fprintf(g.out, "updated %s\n", harmless(name))
	}
	return nil
}

// dashboardSummary is a dashboard as the server lists it.
type dashboardSummary struct {
	ID          string     `json:"id"`
	DisplayName string     `json:"displayName"`
	Description string     `json:"description"`
	BuiltIn     bool       `json:"builtIn"`
	TimeUpdated *time.Time `json:"timeUpdated"`
}

func newDashboardsList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the dashboards",
		Example: "  ledgerline dashboards list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct{ Items []dashboardSummary }
			if err := g.list(cmd, dashboardsPath+"?limit=1000", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, d := range list.Items {
				from := "custom"
				if d.BuiltIn {
					from = "built in"
				}
				rows = append(rows, []string{d.DisplayName, from, at(d.TimeUpdated), d.ID})
			}
			printTable(g.out, []string{"Name", "Kind", "Updated", "Id"}, rows)
			return nil
		},
	}
}

func newDashboardsExport(g *globals) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "export NAME...",
		Short:   "Write dashboards, named by display name or id, with their saved searches to one file",
		Example: "  ledgerline dashboards export -o changes.json \"Who changed what\"",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			body, err := c.do(cmd.Context(), "GET", dashboardsPath+"/actions/export?"+url.Values{"dashboard": args}.Encode(), "", nil)
			if err != nil {
				return err
			}
			defer body.Close()
			file, err := io.ReadAll(body)
			if err != nil {
				return err
			}
			if output == "" {
				_, err := g.out.Write(file)
				return err
			}
			if err := writeWhole(output, file); err != nil {
				return err
			}
			fmt.Fprintf(g.out, "%s: %s bytes\n", output, count(len(file)))
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; standard output without")
	return cmd
}
