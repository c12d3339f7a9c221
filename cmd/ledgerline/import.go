package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/internal/collect"
	"ledgerline/internal/record"
	"ledgerline/internal/stage"
)

func newImport(g *globals) *cobra.Command {
	var in importing
	cmd := &cobra.Command{
		Use:   "import PATH...",
		Short: "Import files of logs",
		Long: `Import reads files, folders with their subfolders, or - for standard input, and has the
records parsed and stored. It knows CloudEvents, one a line or wrapped as console exports
write them, JSON arrays, answers with items, the audit download of the Oracle Integration
console, gzip of these, and ZIP archives. The type of each record tells its log source.
Records that are there already are not added again, so an import may be repeated. What
cannot be read is listed with its file and line, and the rest goes on; the exit code is
then 1. It works with a running server and without one.`,
		Example: "  ledgerline import audit-download.zip exports/\n  zcat old.log.gz | ledgerline import --source \"OCI Integration Audit Logs\" -",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return in.run(cmd.Context(), g, args) },
	}
	cmd.Flags().StringVar(&in.source, "source", "", "log source of every record; without it, recognised from each record's type")
	cmd.Flags().StringVar(&in.group, "log-group", "", "OCID of the log group; without it, the default one")
	cmd.Flags().StringVar(&in.instance, "instance", "", "name of the Oracle Integration instance of audit records, to tell several apart")
	return cmd
}

// importing is one import under way.
type importing struct {
	source, group, instance string
}

func (in *importing) run(ctx context.Context, g *globals, paths []string) (err error) {
	files, err := importFiles(paths)
	if err != nil {
		return &misuseError{"ledgerline import", err}
	}
	to, done, err := importTo(ctx, g)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()

	routes := importRoutes()
	if in.source != "" {
		routes = collect.Routes{Own: in.source, Taken: true}
	}
	show := newImportProgress(g.terminal, files)
	reading := collect.NewFileReading(importStager{to, in.group}, collect.FileReadingOptions{
		Routes: routes, Instance: in.instance, OnlyRouted: in.source == "",
		Progress: func(p collect.Progress) { show.records(p.Read) },
	})
	var errs []error
	for _, f := range files {
		if err := f.read(ctx, reading, g.in, show); err != nil {
			if errs = append(errs, err); ctx.Err() != nil || !errors.As(err, new(*fs.PathError)) {
				break // the trouble is not with the file
			}
		}
	}
	show.end()
	outcome := reading.Outcome()
	run, err := to.finish(context.WithoutCancel(ctx), outcome)
	if errs = append(errs, err); errors.Join(errs...) != nil {
		return errors.Join(errs...)
	}
	for _, p := range reading.Problems() {
		fmt.Fprintln(g.err, harmless(p.String()))
	}
	if more := outcome.Refused - len(reading.Problems()); more > 0 {
		fmt.Fprintf(g.err, "and %s more\n", count(more))
	}
	printImport(g.out, len(files), outcome, run)
	if outcome.Refused > 0 || run.State != stage.Succeeded {
		return &quietError{}
	}
	return nil
}

// printImport sums up in a line or two.
func printImport(w io.Writer, files int, o collect.Outcome, run stage.Run) {
	fmt.Fprintf(w, "%s: %s, %s new, %s known already", plural(files, "file"), plural(o.Received, "record"), count(o.Staged), count(o.Duplicates))
	if o.Refused > 0 {
		fmt.Fprintf(w, ", %s refused", count(o.Refused))
	}
	fmt.Fprintln(w)
	var warnings int64
	for _, s := range run.Steps {
		warnings += s.Counts["warnings"]
		if s.Error != "" {
			fmt.Fprintf(w, "%s failed: %s\n", s.Name, harmless(s.Error))
		}
		if s.Note != "" && s.Name != "fetch" {
			fmt.Fprintln(w, harmless(s.Note))
		}
	}
	if warnings > 0 {
		fmt.Fprintf(w, "%s warnings; 'ledgerline uploads warnings' tells them\n", count(warnings))
	}
}

// importTo finds the process that owns the data directory, or becomes it.
func importTo(ctx context.Context, g *globals) (to importer, done func() error, err error) {
	cfg, err := g.load()
	if err != nil {
		return nil, nil, err
	}
	c := newClient(cfg.Data)
	err = c.call(ctx, "GET", "/ledgerline/v1/status", nil, nil)
	if err == nil {
		return remoteImports{c}, func() error { return nil }, nil
	}
	if !errors.Is(err, errNotRunning) {
		return nil, nil, err
	}
	n, err := open(ctx, cfg, g)
	if err != nil {
		return nil, nil, err
	}
	return n.imports, n.close, nil
}

// importStager gives records to an importer; a stream is the name of a log source.
type importStager struct {
	importer
	group string
}

func (s importStager) Add(ctx context.Context, stream string, items []record.Counted) (int, error) {
	return s.add(ctx, importTarget{Source: stream, LogGroup: s.group}, items)
}

// importFile is a file to be read, or standard input.
type importFile struct {
	path string // empty: standard input
	size int64
}

// importFiles lists what the paths name. Names that begin with a dot are left out in folders.
func importFiles(paths []string) (files []importFile, err error) {
	for _, path := range paths {
		if path == "-" {
			files = append(files, importFile{})
			continue
		}
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			hidden := name != path && strings.HasPrefix(d.Name(), ".")
			if hidden && d.IsDir() {
				return fs.SkipDir
			}
			if d.IsDir() || hidden {
				return nil
			}
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			if info.Mode().IsRegular() {
				files = append(files, importFile{name, info.Size()})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no file in %s", strings.Join(paths, ", "))
	}
	return files, nil
}

func (f importFile) read(ctx context.Context, reading *collect.FileReading, stdin io.Reader, show *importProgress) error {
	if f.path == "" {
		return reading.Read(ctx, "standard input", stdin)
	}
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	show.begin(f)
	return reading.ReadFile(ctx, f.path, show.watch(file), f.size)
}
