package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/stage"
)

// at shows an instant of an answer; a missing one is empty.
func at(t *time.Time) string {
	if t == nil {
		return ""
	}
	return stamp(*t)
}

// runAnswer is a run as the server tells it.
type runAnswer struct {
	ID          int64
	Integration string
	Trigger     string
	Started     time.Time
	Ended       time.Time
	State       stage.RunState
	FirstError  string
	Steps       []stage.Step
}

func newRuns(g *globals) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "runs [INTEGRATION]",
		Short:   "List the runs of integrations, newest first",
		Example: "  ledgerline runs\n  ledgerline runs show 42",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := ofIntegration(args)
			query.Set("limit", strconv.Itoa(limit))
			var list struct{ Items []runAnswer }
			if err := g.list(cmd, "/ledgerline/v1/runs?"+query.Encode(), &list); err != nil {
				return err
			}
			if err := g.checkIntegration(cmd, args, len(list.Items)); err != nil {
				return err
			}
			var rows [][]string
			for _, r := range list.Items {
				counts := map[string]int64{}
				for _, s := range r.Steps {
					for name, n := range s.Counts {
						counts[s.Name+" "+name] += n
					}
				}
				rows = append(rows, []string{strconv.FormatInt(r.ID, 10), r.Integration, r.Trigger, stamp(r.Started), duration(r.Started, r.Ended), string(r.State),
					count(counts["fetch received"]), count(counts["fetch new"]), count(counts["stage files"]), r.FirstError})
			}
			printTable(g.out, []string{"ID", "Integration", "Trigger", "Started", "Took", "State", "Received", "New", "Files", "First error"}, rows)
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many to list")
	cmd.AddCommand(&cobra.Command{
		Use:     "show ID",
		Short:   "Show one run with its steps, durations, counts and the first error",
		Example: "  ledgerline runs show 42",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := strconv.ParseInt(args[0], 10, 64); err != nil {
				return &misuseError{cmd.CommandPath(), fmt.Errorf("%q is not the ID of a run; 'ledgerline runs' lists them", args[0])}
			}
			c, err := g.client()
			if err != nil {
				return err
			}
			var r runAnswer
			if err := c.call(cmd.Context(), "GET", "/ledgerline/v1/runs/"+args[0], nil, &r); err != nil {
				return err
			}
			printRun(g.out, stage.Run(r))
			return nil
		},
	})
	return cmd
}

func newUploads(g *globals) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "uploads",
		Short:   "List the uploads the server received, newest first",
		Example: "  ledgerline uploads\n  ledgerline uploads files REFERENCE\n  ledgerline uploads warnings REFERENCE",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct {
				Items []struct {
					Reference, Name                                                    string
					TimeCreated, TimeUpdated, TimeEarliestLogEntry, TimeLatestLogEntry *time.Time
					WarningsCount                                                      int64
				}
			}
			if err := g.list(cmd, "/ledgerline/v1/uploads?limit="+strconv.Itoa(limit), &list); err != nil {
				return err
			}
			var rows [][]string
			for _, u := range list.Items {
				rows = append(rows, []string{u.Reference, u.Name, at(u.TimeUpdated), at(u.TimeEarliestLogEntry), at(u.TimeLatestLogEntry), count(u.WarningsCount)})
			}
			printTable(g.out, []string{"Reference", "Name", "Updated", "Earliest record", "Latest record", "Warnings"}, rows)
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many to list")
	cmd.AddCommand(&cobra.Command{
		Use:   "files REFERENCE",
		Short: "List the files of an upload and what became of them",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct {
				Items []struct {
					Name, Status, SourceName, LogGroupName, FailureDetails string
					TimeStarted                                            *time.Time
				}
			}
			if err := g.list(cmd, "/ledgerline/v1/uploads/"+url.PathEscape(args[0])+"/files?limit=200", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, f := range list.Items {
				rows = append(rows, []string{f.Name, f.Status, f.SourceName, f.LogGroupName, at(f.TimeStarted), f.FailureDetails})
			}
			printTable(g.out, []string{"File", "Status", "Log source", "Log group", "Received", "Failure"}, rows)
			return nil
		},
	}, &cobra.Command{
		Use:   "warnings REFERENCE",
		Short: "List what of an upload could not be read as it should",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct {
				Items []struct{ FileName, WarningMessage, WarningDetails, RuleType string }
			}
			if err := g.list(cmd, "/ledgerline/v1/uploads/"+url.PathEscape(args[0])+"/warnings?limit=200", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, w := range list.Items {
				rows = append(rows, []string{w.FileName, w.WarningMessage, w.WarningDetails})
			}
			printTable(g.out, []string{"File", "Warning", "Details"}, rows)
			return nil
		},
	})
	return cmd
}

// list reads a list from the running server.
func (g *globals) list(cmd *cobra.Command, path string, out any) error {
	c, err := g.client()
	if err != nil {
		return err
	}
	return c.call(cmd.Context(), "GET", path, nil, out)
}

// ofIntegration is the parameter of a list of one integration, or of all.
func ofIntegration(args []string) url.Values {
	values := url.Values{}
	if len(args) == 1 {
		values.Set("integration", args[0])
	}
	return values
}

// checkIntegration refuses a name under which nothing was found and nothing is configured.
func (g *globals) checkIntegration(cmd *cobra.Command, args []string, found int) error {
	if len(args) == 0 || found > 0 {
		return nil
	}
	var list struct{ Items []struct{ Name string } }
	if err := g.list(cmd, "/ledgerline/v1/integrations", &list); err != nil {
		return err
	}
	var names []string
	for _, in := range list.Items {
		names = append(names, in.Name)
	}
	if slices.Contains(names, args[0]) {
		return nil
	}
	return fmt.Errorf("there is no integration %q; there are: %s", args[0], cmp.Or(strings.Join(names, ", "), "none"))
}

func newCoverage(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "coverage [INTEGRATION]",
		Short:   "List the windows that are provably read, and the gaps",
		Example: "  ledgerline coverage\n  ledgerline coverage oic-audit",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct {
				Items []struct {
					Integration        string
					From, To, Recorded *time.Time
					State, Note        string
					Rows               int
				}
			}
			if err := g.list(cmd, "/ledgerline/v1/coverage?"+ofIntegration(args).Encode(), &list); err != nil {
				return err
			}
			if err := g.checkIntegration(cmd, args, len(list.Items)); err != nil {
				return err
			}
			var rows [][]string
			for _, w := range list.Items {
				rows = append(rows, []string{w.Integration, at(w.From), at(w.To), w.State, count(w.Rows), at(w.Recorded), w.Note})
			}
			printTable(g.out, []string{"Integration", "From", "To", "State", "Records", "Recorded", "Note"}, rows)
			return nil
		},
	}
}

func newQuarantine(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "quarantine",
		Short:   "List the files that a sink refused for good",
		Example: "  ledgerline quarantine\n  ledgerline quarantine retry 17\n  ledgerline quarantine retry --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var list struct {
				Items []struct {
					File       int64
					Name, Sink string
					Reason     string
					Records    int
					Since      *time.Time
				}
			}
			if err := g.list(cmd, "/ledgerline/v1/quarantine", &list); err != nil {
				return err
			}
			var rows [][]string
			for _, q := range list.Items {
				rows = append(rows, []string{strconv.FormatInt(q.File, 10), q.Name, q.Sink, count(q.Records), at(q.Since), q.Reason})
			}
			printTable(g.out, []string{"File", "Name", "Sink", "Records", "Since", "Reason"}, rows)
			return nil
		},
	}
	var all bool
	retry := &cobra.Command{
		Use:   "retry [FILE]",
		Short: "Give a file to its sink again with the next run",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return &misuseError{cmd.CommandPath(), errors.New("name one file by its number, or give --all")}
			}
			body := map[string]int64{}
			if len(args) == 1 {
				id, err := strconv.ParseInt(args[0], 10, 64)
				if err != nil {
					return &misuseError{cmd.CommandPath(), fmt.Errorf("%q is not the number of a file; 'ledgerline quarantine' lists them", args[0])}
				}
				body["file"] = id
			}
			c, err := g.client()
			if err != nil {
				return err
			}
			var answer struct{ Requeued int }
			if err := c.call(cmd.Context(), "POST", "/ledgerline/v1/quarantine/actions/retry", body, &answer); err != nil {
				return err
			}
			fmt.Fprintf(g.out, "%d files will be tried again with the next run\n", answer.Requeued)
			return nil
		},
	}
	retry.Flags().BoolVar(&all, "all", false, "every file in quarantine")
	cmd.AddCommand(retry)
	return cmd
}
