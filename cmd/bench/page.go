package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// text collects the lines of a section.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// putHead replaces what is before the first section of a page.
func putHead(page string) string {
	rest := ""
	if at := strings.Index(page, "\n## "); at >= 0 {
		rest = page[at:]
	}
	return "# Benchmarks\n\nWritten by `make bench`, which measures the real binary with default settings. Run it to get your own.\n" + rest
}

// measuredAt says where and when a section was measured.
func measuredAt() string {
	return fmt.Sprintf("Commit %s, %s; %s, %d cores, %s of memory, %s.", commit(), time.Now().UTC().Format(time.DateOnly), cpuModel(), runtime.NumCPU(), memory(), runtime.Version())
}

func uploadText(y yardstick, in ingest) string {
	var t text
	million := float64(in.records) / 1e6
	t.line("%d audit records of the simulator, signed uploads of 9 MB by the official Go SDK, one after the other; done when a query counts them all.", in.records)
	t.line("Yardstick of this run: compressing the same %s with zstd level 1 takes one core %.1f s.\n", mega(y.bytes), y.zstd.Seconds())
	t.line("| measure | value |\n|---|---|")
	t.line("| records a second | %.0f |", float64(in.records)/in.elapsed.Seconds())
	t.line("| CPU seconds of the server per million records | %.1f |", in.cpu.Seconds()/million)
	t.line("| … as a ratio to the yardstick | %.1f |", in.cpu.Seconds()/y.zstd.Seconds())
	t.line("| peak memory of the server, queries below included | %s |", mega(in.peak))
	t.line("| raw bytes | %s |", mega(y.bytes))
	t.line("| bytes of the store (segments and token filters) | %s, %.1f %% of raw |", mega(in.space.store), percent(in.space.store, y.bytes))
	t.line("| bytes of the stage (uploads as received) | %s, %.1f %% of raw |", mega(in.space.stage), percent(in.space.stage, y.bytes))
	return t.String()
}

func queriesText(answers []timing) string {
	var t text
	t.line("| question | query | rows | p50 ms |\n|---|---|---|---|")
	for _, a := range answers {
		t.line("| %s | %s | %d | %.1f |", a.name, code(a.text), a.rows, a.p50)
	}
	return t.String()
}

func (b *bench) smallText(small smallUploads) string {
	var t text
	t.line("%d signed uploads of one record each a second, from %d clients, for %s. The official SDK signed them beforehand (%s of one core each).\n",
		b.rate, b.clients, b.during, ms(small.signing))
	t.line("| measure | value |\n|---|---|")
	t.line("| sent, refused, lost, doubled | %d, %d, %d, %d |", small.sent, small.failed, small.lost, small.doubled)
	t.line("| uploads a second | %.0f |", float64(small.sent)/small.elapsed.Seconds())
	t.line("| latency p50, p99, longest | %s, %s, %s |", ms(small.p50), ms(small.p99), ms(small.max))
	t.line("| CPU seconds of the server | %.1f |", small.cpu.Seconds())
	t.line("| peak memory of the server | %s |", mega(small.peak))
	return t.String()
}

// code writes a query into a cell of a table.
func code(query string) string { return "`" + strings.ReplaceAll(query, "|", "\\|") + "`" }

func mega(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func percent(part, whole int64) float64 { return float64(part) / float64(whole) * 100 }

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func memory() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "unknown size"
	}
	var kb float64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %f kB", &kb); err != nil {
		return "unknown size"
	}
	return fmt.Sprintf("%.0f GiB", kb/(1<<20))
}

func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
