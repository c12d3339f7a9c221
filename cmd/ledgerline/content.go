package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/internal/content"
)

func newContent(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "content",
		Short: "Import, list, export and push log sources, parsers, fields and labels",
	}
	cmd.AddCommand(newContentImport(g), newContentList(g), newContentExport(g), newContentPush(g))
	return cmd
}

func newContentImport(g *globals) *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use:     "import FILE...",
		Short:   "Import Oracle's content ZIP (or its content.xml) into the running server",
		Example: "  ledgerline content import OCI_Integration_Audit_Logs.zip\n  ledgerline content import --replace my-source.zip",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			conflicts := 0
			for _, name := range args {
				file, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				n, err := importContent(cmd, g, c, name, file, replace)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				conflicts += n
			}
			if conflicts > 0 {
				fmt.Fprintln(g.out, "what exists already was left alone; import with --replace to change it")
				return &quietError{}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "replace what exists, also what is built in")
	return cmd
}

// contentChanges are the lists of an import's answer, in the order they are shown.
type contentChanges struct {
	CreatedSourceNames, UpdatedSourceNames, ConflictSourceNames                   []string
	CreatedParserNames, UpdatedParserNames, ConflictParserNames                   []string
	CreatedFieldDisplayNames, UpdatedFieldDisplayNames, ConflictFieldDisplayNames []string
}

func (c contentChanges) empty() bool {
	n := len(c.CreatedSourceNames) + len(c.UpdatedSourceNames) + len(c.ConflictSourceNames)
	n += len(c.CreatedParserNames) + len(c.UpdatedParserNames) + len(c.ConflictParserNames)
	return n+len(c.CreatedFieldDisplayNames)+len(c.UpdatedFieldDisplayNames)+len(c.ConflictFieldDisplayNames) == 0
}

func importContent(cmd *cobra.Command, g *globals, c *client, name string, file []byte, replace bool) (conflicts int, err error) {
	var answer struct {
		ChangeList contentChanges
		Warnings   []content.Warning
	}
	path := fmt.Sprintf("/ledgerline/v1/content/actions/import?replace=%v", replace)
	if err := c.send(cmd.Context(), "POST", path, "application/octet-stream", bytes.NewReader(file), &answer); err != nil {
		return 0, err
	}
	l := answer.ChangeList
	fmt.Fprintln(g.out, name)
	for _, row := range []struct {
		what                       string
		created, updated, conflict []string
	}{
		{"log source", l.CreatedSourceNames, l.UpdatedSourceNames, l.ConflictSourceNames},
		{"parser", l.CreatedParserNames, l.UpdatedParserNames, l.ConflictParserNames},
		{"field", l.CreatedFieldDisplayNames, l.UpdatedFieldDisplayNames, l.ConflictFieldDisplayNames},
	} {
		for _, change := range []struct {
			how   string
			names []string
		}{{"created", row.created}, {"updated", row.updated}, {"exists", row.conflict}} {
			for _, n := range change.names {
				fmt.Fprintf(g.out, "  %-10s %-8s %s\n", row.what, change.how, harmless(n))
			}
		}
		conflicts += len(row.conflict)
	}
	if answer.ChangeList.empty() {
		fmt.Fprintln(g.out, "  nothing to change")
	}
	for _, w := range answer.Warnings {
		fmt.Fprintf(g.out, "  warning    %s\n", harmless(w.Message))
	}
	return conflicts, nil
}

// contentAnswer is the library as the server lists it.
type contentAnswer struct {
	Sources []struct {
		Name, DisplayName, Description string
		IsSystem                       bool
	}
	Parsers []struct {
		Name, DisplayName, Type string
		IsSystem                bool
	}
	Fields []struct {
		Name, DisplayName, DataType string
		IsSystem                    bool
	}
	Labels []struct {
		Name, DisplayName, Priority string
		IsSystem                    bool
	}
}

func newContentList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:       "list [sources|parsers|fields|labels]",
		Short:     "List what the running server knows",
		Example:   "  ledgerline content list\n  ledgerline content list fields",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"sources", "parsers", "fields", "labels"},
		RunE: func(cmd *cobra.Command, args []string) error {
			var all contentAnswer
			if err := g.list(cmd, "/ledgerline/v1/content", &all); err != nil {
				return err
			}
			kind := "sources"
			if len(args) == 1 {
				kind = args[0]
			}
			origin := func(system bool) string {
				if system {
					return "built in"
				}
				return "imported"
			}
			var rows [][]string
			switch kind {
			case "sources":
				for _, s := range all.Sources {
					rows = append(rows, []string{s.DisplayName, s.Name, origin(s.IsSystem), s.Description})
				}
				printTable(g.out, []string{"Log source", "Internal name", "Origin", "Description"}, rows)
			case "parsers":
				for _, p := range all.Parsers {
					rows = append(rows, []string{p.DisplayName, p.Name, p.Type, origin(p.IsSystem)})
				}
				printTable(g.out, []string{"Parser", "Internal name", "Type", "Origin"}, rows)
			case "fields":
				for _, f := range all.Fields {
					rows = append(rows, []string{f.DisplayName, f.Name, f.DataType, origin(f.IsSystem)})
				}
				printTable(g.out, []string{"Field", "Internal name", "Type", "Origin"}, rows)
			case "labels":
				for _, l := range all.Labels {
					rows = append(rows, []string{l.DisplayName, l.Name, l.Priority, origin(l.IsSystem)})
				}
				printTable(g.out, []string{"Label", "Internal name", "Priority", "Origin"}, rows)
			}
			return nil
		},
	}
}

func newContentExport(g *globals) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "export SOURCE...",
		Short:   "Export log sources of the running server, with what they need, as Oracle's ZIP",
		Example: "  ledgerline content export \"OCI Integration Audit Logs\" --output audit.zip",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return &misuseError{cmd.CommandPath(), errors.New("name the file to write with --output")}
			}
			c, err := g.client()
			if err != nil {
				return err
			}
			file, err := exportContent(cmd, c, args)
			if err != nil {
				return err
			}
			if err := writeWhole(output, file); err != nil {
				return err
			}
			fmt.Fprintf(g.out, "%s: %s bytes\n", output, count(len(file)))
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "ZIP file to write")
	return cmd
}

func exportContent(cmd *cobra.Command, c *client, sources []string) ([]byte, error) {
	in, err := encode(map[string][]string{"sourceNames": sources})
	if err != nil {
		return nil, err
	}
	body, err := c.do(cmd.Context(), "POST", "/ledgerline/v1/content/actions/export", "application/json", in)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func newContentPush(g *globals) *cobra.Command {
	var connection, namespace string
	var replace bool
	cmd := &cobra.Command{
		Use:   "push SOURCE...",
		Short: "Load log sources into Oracle's own Log Analytics",
		Long: `Push exports log sources from this machine's library and imports them into the Log
Analytics of an oci connection. What exists there under the same name is left alone
without --replace.`,
		Example: "  ledgerline content push --connection oci --namespace ns \"OCI Integration Audit Logs\"",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			o, err := connectOracle(cfg, g.logger())
			if err != nil {
				return err
			}
			target := o.oci[connection]
			if target == nil || namespace == "" {
				return &misuseError{cmd.CommandPath(), fmt.Errorf("name an oci connection of %s with --connection, and the namespace with --namespace", cfg.Path)}
			}
			file, err := exportContent(cmd, newClient(cfg.Data), args)
			if err != nil {
				return err
			}
			result, err := target.ImportContent(cmd.Context(), namespace, file, replace)
			if err != nil {
				return err
			}
			fmt.Fprintf(g.out, "loaded: %s\n", strings.Join(result.Sources, ", "))
			if len(result.Conflicts) > 0 {
				fmt.Fprintf(g.out, "exists there already and was left alone: %s; push with --replace to change it\n", strings.Join(result.Conflicts, ", "))
				return &quietError{}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "oci", "connection of type oci")
	cmd.Flags().StringVar(&namespace, "namespace", "", "namespace of the tenancy")
	cmd.Flags().BoolVar(&replace, "replace", false, "replace what exists there")
	return cmd
}
