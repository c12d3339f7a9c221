package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"ledgerline/internal/config"
)

// terminal is where a command reads and writes.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) (string, bool)
}

// interactive reports whether a person watches standard error.
func (t terminal) interactive() bool {
	f, ok := t.err.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// globals are the flags every command has.
type globals struct {
	terminal
	config  string
	verbose bool
	level   slog.Level       // least level that is logged, unless verbose
	clock   func() time.Time // nil: time.Now
}

func (g *globals) load() (*config.Config, error) { return config.Load(g.config, g.env) }

// logger writes one line an event to standard error.
func (g *globals) logger() *slog.Logger {
	level := g.level
	if g.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(g.err, &slog.HandlerOptions{Level: level}))
}
