package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
	"ledgerline/internal/query"
)

// askFlags are the flags of commands that send a query.
type askFlags struct {
	last, from, to, zone string
	saved                string
	limit                int
}

func (a *askFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&a.last, "last", "30d", "how far back to look: 90m, 24h, 30d")
	f.StringVar(&a.from, "from", "", "begin of the time range, such as 2024-05-01 or 2024-05-01T10:00:00Z")
	f.StringVar(&a.to, "to", "", "end of the time range; now without")
	f.StringVar(&a.saved, "saved", "", "name of a saved search, in place of TEXT; its time range and zone hold unless others are given")
	f.StringVar(&a.zone, "zone", "UTC", "time zone of buckets and of times without one, such as Europe/Berlin")
	f.IntVar(&a.limit, "limit", 0, "rows to show; 0 shows up to 2001, -1 all the server gives")
}

type ownQuery struct {
	Query   string     `json:"query,omitempty"`
	Saved   string     `json:"saved,omitempty"`
	From    *time.Time `json:"from,omitempty"`
	To      *time.Time `json:"to,omitempty"`
	Last    string     `json:"last,omitempty"`
	Zone    string     `json:"zone,omitempty"`
	Limit   int        `json:"limit,omitempty"`
	Analyze bool       `json:"analyze,omitempty"`
	Format  string     `json:"format,omitempty"`
}

func (a *askFlags) request(cmd *cobra.Command, args []string) (ownQuery, error) {
	q := ownQuery{Query: strings.Join(args, " "), Saved: a.saved, Zone: a.zone, Limit: a.limit}
	misuse := func(err error) (ownQuery, error) { return q, &misuseError{cmd.CommandPath(), err} }
	if (a.saved == "") == (len(args) == 0) {
		return misuse(errors.New("give the text of a query, or a saved search with --saved"))
	}
	zone, err := time.LoadLocation(a.zone)
	if err != nil {
		return misuse(fmt.Errorf("--zone %s is not a time zone; write for instance Europe/Berlin", a.zone))
	}
	if a.saved != "" && !cmd.Flags().Changed("zone") {
		q.Zone = ""
	}
	if a.to != "" {
		if q.To, err = instant(a.to, zone); err != nil {
			return misuse(fmt.Errorf("--to: %w", err))
		}
	}
	if a.from != "" {
		if cmd.Flags().Changed("last") {
			return misuse(errors.New("give --last or --from, not both"))
		}
		if q.From, err = instant(a.from, zone); err != nil {
			return misuse(fmt.Errorf("--from: %w", err))
		}
		return q, nil
	}
	if a.saved != "" && !cmd.Flags().Changed("last") {
		return q, nil
	}
	last, err := config.ParseDuration(a.last)
	if err != nil {
		return misuse(fmt.Errorf("--last: %w", err))
	}
	q.Last = last.String()
	return q, nil
}

// instant reads a time in the forms people write; without a zone it is in the one given.
func instant(text string, zone *time.Location) (*time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("%q is not a time; write for instance 2024-05-01T10:00:00Z", text)
}

type queryAnswer struct {
	Columns []struct {
		Name, Type string
		Hidden     bool
	}
	Rows      [][]any
	Matched   *int64
	Total     *int64
	Partial   string
	Hints     []string
	ElapsedMs float64
}

func newQuery(g *globals) *cobra.Command {
	var ask askFlags
	var output string
	cmd := &cobra.Command{
		Use:   "query [TEXT]",
		Short: "Answer a query of the Log Analytics language",
		Example: `  ledgerline query "'Log Source' = 'OCI Integration Audit Logs' | stats count by 'User Name' | sort -Count"
  ledgerline query --last 24h -o csv "'Resource Operations' = delete | fields 'User Name', 'OCI Resource Name'"
  ledgerline query --from 2024-05-01 --to 2024-06-01 --zone Europe/Berlin "* | timestats span = 1day count"
  ledgerline query --saved "Off hours"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := map[string]func(io.Writer, *queryAnswer) error{"table": writeTable, "json": writeJSON, "csv": writeCSV}[output]
			if !ok {
				return &misuseError{cmd.CommandPath(), fmt.Errorf("-o %s is not a format; write table, json or csv", output)}
			}
			request, err := ask.request(cmd, args)
			if err != nil {
				return err
			}
			c, err := g.client()
			if err != nil {
				return err
			}
			var answer queryAnswer
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/query", request, &answer); err != nil {
				return err
			}
			if answer.Partial != "" {
				fmt.Fprintf(g.err, "not complete: %s\n", answer.Partial)
			}
			for _, hint := range answer.Hints {
				fmt.Fprintf(g.err, "hint: %s\n", hint)
			}
			if err := write(g.out, &answer); err != nil {
				return err
			}
			if output == "table" {
				fmt.Fprintf(g.err, "%s rows in %.0f ms\n", count(len(answer.Rows)), answer.ElapsedMs)
			}
			return nil
		},
	}
	ask.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json or csv")
	return cmd
}

// text shows one cell of an answer. Times arrive as epoch milliseconds.
func (a *queryAnswer) text(column int, v any) string {
	if n, ok := v.(json.Number); ok && a.Columns[column].Type == "TIMESTAMP" {
		if ms, err := n.Int64(); err == nil {
			return stamp(time.UnixMilli(ms))
		}
	}
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i, member := range v {
			parts[i] = a.text(column, member)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	default:
		return fmt.Sprint(v)
	}
}

// texts are the visible columns as text.
func (a *queryAnswer) texts() (headers []string, rows [][]string) {
	for _, c := range a.Columns {
		if !c.Hidden {
			headers = append(headers, c.Name)
		}
	}
	for _, row := range a.Rows {
		var line []string
		for i, v := range row {
			if !a.Columns[i].Hidden {
				line = append(line, a.text(i, v))
			}
		}
		rows = append(rows, line)
	}
	return headers, rows
}

func writeTable(w io.Writer, a *queryAnswer) error {
	headers, rows := a.texts()
	printTable(w, headers, rows)
	return nil
}

func writeCSV(w io.Writer, a *queryAnswer) error {
	headers, rows := a.texts()
	out := query.NewCSV(w)
	for _, row := range append([][]string{headers}, rows...) {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes an array of objects; a missing value is a missing key.
func writeJSON(w io.Writer, a *queryAnswer) error {
	objects := make([]map[string]any, len(a.Rows))
	for i, row := range a.Rows {
		objects[i] = map[string]any{}
		for j, v := range row {
			if v == nil || a.Columns[j].Hidden {
				continue
			}
			if a.Columns[j].Type == "TIMESTAMP" {
				v = a.text(j, v)
			}
			objects[i][a.Columns[j].Name] = v
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(objects)
}
