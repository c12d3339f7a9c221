package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/content"
	"ledgerline/internal/people"
	"ledgerline/internal/query"
	"ledgerline/internal/record"
)

// openPeople opens the directory of people over the connections of type scim.
func (n *node) openPeople(ctx context.Context) (*people.Directory, error) {
	domains := map[string]people.Domain{}
	for name, c := range n.cfg.Connections {
		if c.SCIM != nil {
			domains[name] = scimClient(n.cfg, name, connect.Options{Logger: n.log.With("connection", name)})
		}
	}
	return people.Open(ctx, n.catalog, domains, people.Options{Clock: n.now, Logger: n.log, Stored: n.storedUserIDs,
		Named: []string{content.SourceAnalyticsAudit, content.SourceAnalyticsDiagnostic, content.SourceAnalyticsQueries, content.SourceIntegrationActivity}})
}

func scimClient(cfg *config.Config, name string, o connect.Options) *connect.SCIM {
	return connect.NewSCIM(cfg.Connections[name].SCIM.URL, oauthClient(cfg, name, o), o)
}

// mostUserIDs bounds how many different users a back-fill looks at.
const mostUserIDs = 100_000

// storedUserIDs lists the user ids of all stored records.
func (n *node) storedUserIDs(ctx context.Context) ([]string, error) {
	result, err := n.query.Run(ctx, query.Request{Text: "'User ID' != null | stats count by 'User ID' | fields -Count", Limit: mostUserIDs,
		Window: record.Window{From: time.UnixMilli(1), To: n.now().AddDate(1, 0, 0)}})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, row := range result.Rows {
		if id, ok := row[0].(string); ok {
			out = append(out, id)
		}
	}
	return out, nil
}

func newPeople(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "people",
		Short: "Name the users whose GUIDs stand in records",
		Long: `Oracle Analytics Cloud writes a user's GUID into its logs, unless it is set to write
the name. With a connection of type scim, or a file of people, records are given the
field User Name beside User ID when they are stored. Records that were stored before
somebody was known stay as they are; queries name them by the lookup table "Known People".`,
	}
	cmd.AddCommand(newPeopleList(g), newPeopleImport(g), newPeopleDo(g, "refresh", "List everybody of the identity domains anew",
		"Refresh reads all users of every connection of type scim, as the server does once a day."),
		newPeopleDo(g, "backfill", "Look up the users of records that are stored already",
			`Backfill collects the GUIDs in all stored records and looks up those that are unknown,
also those that were found to be nobody's. Stored records are never rewritten: name
their users in a query by the lookup table "Known People".`))
	return cmd
}

func newPeopleList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the people who are known",
		Example: "  ledgerline people list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct {
				Items []struct {
					ID, Name, DisplayName, Origin string
					Active                        bool
					Since                         *time.Time
				}
			}
			if err := g.list(cmd, "/ledgerline/v1/people", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, p := range list.Items {
				active := "yes"
				if !p.Active {
					active = "no"
				}
				rows = append(rows, []string{p.ID, p.Name, p.DisplayName, active, p.Origin, at(p.Since)})
			}
			printTable(g.out, []string{"User ID", "Name", "Display Name", "Active", "From", "Since"}, rows)
			return nil
		},
	}
}

// peopleReport is what the server tells of a refresh, an import or a back-fill.
type peopleReport struct{ Seen, Changed, Absent int }

func (r peopleReport) String() string {
	out := fmt.Sprintf("%s looked at, %s new or changed", count(r.Seen), count(r.Changed))
	if r.Absent > 0 {
		out += fmt.Sprintf(", %s nobody's", count(r.Absent))
	}
	return out
}

func newPeopleImport(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Read people from a file, where there is no identity domain to ask",
		Long: `Import reads a CSV file in UTF-8 whose first line names the columns: id (the GUID that
logs show) and name, and if there are any display and active. What a connection has said
of somebody is kept.`,
		Example: "  ledgerline people import people.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			c, err := g.client()
			if err != nil {
				return err
			}
			var r peopleReport
			if err := c.send(cmd.Context(), "POST", "/ledgerline/v1/people/actions/import", "text/csv", file, &r); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			fmt.Fprintln(g.out, r)
			return nil
		},
	}
}

func newPeopleDo(g *globals, action, short, long string) *cobra.Command {
	return &cobra.Command{
		Use:     action,
		Short:   short,
		Long:    long,
		Example: "  ledgerline people " + action,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			var r peopleReport
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/people/actions/"+action, struct{}{}, &r); err != nil {
				return err
			}
			fmt.Fprintln(g.out, r)
			return nil
		},
	}
}
