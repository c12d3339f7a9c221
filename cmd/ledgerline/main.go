// Command ledgerline collects the audit logs of Oracle Integration completely
// and exactly once, delivers them to OCI Log Analytics or to its own engine,
// answers the Log Analytics query language over them, and simulates Oracle
// offline.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}))
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, t terminal) int {
	root := newRoot(t)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var misuse *misuseError
	var quiet *quietError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &quiet):
		return exitFailed
	case errors.As(err, &misuse):
		fmt.Fprintf(t.err, "%v\nrun '%s --help' for its use\n", err, misuse.command)
		return exitMisuse
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(t.err, "stopped")
		return exitFailed
	default:
		fmt.Fprintln(t.err, err)
		return exitFailed
	}
}

// misuseError is a command line that cannot be understood.
type misuseError struct {
	command string
	err     error
}

func (e *misuseError) Error() string { return e.err.Error() }

// quietError fails a command that has already said why.
type quietError struct{}

func (*quietError) Error() string { return "failed" }

func newRoot(t terminal) *cobra.Command {
	g := &globals{terminal: t}
	root := &cobra.Command{
		Use:   "ledgerline",
		Short: "Collect, keep and search the audit logs of Oracle Integration",
		Long: `Ledgerline collects the audit records of Oracle Integration completely and exactly
once, delivers them to OCI Log Analytics, Object Storage or its own engine, serves
them with the Log Analytics API and query language, and can simulate Oracle offline.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return &misuseError{"ledgerline", errors.New("name a command; 'ledgerline demo' shows everything at work")}
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.PersistentFlags().StringVar(&g.config, "config", "ledgerline.yaml", "configuration file")
	root.PersistentFlags().BoolVarP(&g.verbose, "verbose", "v", false, "log what happens in detail")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &misuseError{cmd.CommandPath(), err} })
	root.AddCommand(
		newServe(g), newCollect(g), newCheck(g), newLogin(g), newDemo(g), newSimulate(g), newImport(g),
		newQuery(g), newExport(g), newExplain(g), newParse(g),
		newRuns(g), newUploads(g), newQuarantine(g), newCoverage(g), newLogGroups(g), newContent(g), newLookups(g), newSearches(g), newPeople(g), newStage(g), newStore(g),
		newDashboards(g),
		newUsers(g), newKeys(g), newPolicies(g),
		newVersion(g),
	)
	misuseOnArgs(root)
	return root
}

// misuseOnArgs gives wrong arguments the exit code of misuse, in every command, and says what is expected.
func misuseOnArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &misuseError{c.CommandPath(), fmt.Errorf("%w; use it as '%s'", err, c.UseLine())}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		misuseOnArgs(sub)
	}
	if cmd.HasSubCommands() && cmd.HasParent() && cmd.RunE == nil {
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return &misuseError{c.CommandPath(), fmt.Errorf("%s needs a subcommand: %s", c.CommandPath(), subcommands(c))}
		}
	}
}

func unknownCommand(parent *cobra.Command, name string) error {
	parent.SuggestionsMinimumDistance = 2
	instead := strings.Join(parent.SuggestionsFor(name), ", ")
	return &misuseError{parent.CommandPath(), fmt.Errorf("%s has no command %q; did you mean: %s", parent.CommandPath(), name, cmp.Or(instead, subcommands(parent)))}
}

func subcommands(parent *cobra.Command) string {
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return strings.Join(names, ", ")
}
