package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

func writePage(w io.Writer, b *bench, y yardstick, in ingest, answers []timing, small smallUploads) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	million := float64(in.records) / 1e6
	p("# Benchmarks\n")
	p("Written by `make bench`, which measures the real binary with default settings. Run it to get your own.\n")
	p("Machine: %s, %d cores, %s of memory, %s. Commit %s, %s.\n", cpuModel(), runtime.NumCPU(), memory(), runtime.Version(), commit(), time.Now().UTC().Format("2006-01-02"))
	p("Yardstick of this run: compressing the same %s with zstd level 1 takes one core %.1f s.\n", mega(y.bytes), y.zstd.Seconds())
	p("## From upload to searchable\n")
	p("%d audit records of the simulator, signed uploads of 9 MB by the official Go SDK, one after the other; done when a query counts them all.\n", in.records)
	p("| measure | value |\n|---|---|")
	p("| records a second | %.0f |", float64(in.records)/in.elapsed.Seconds())
	p("| CPU seconds of the server per million records | %.1f |", in.cpu.Seconds()/million)
	p("| … as a ratio to the yardstick | %.1f |", in.cpu.Seconds()/y.zstd.Seconds())
	p("| peak memory of the server, queries below included | %s |", mega(in.peak))
	p("| raw bytes | %s |", mega(y.bytes))
	p("| bytes of the store (segments and token filters) | %s, %.1f %% of raw |", mega(in.space.store), percent(in.space.store, y.bytes))
	p("| bytes of the stage (uploads as received) | %s, %.1f %% of raw |\n", mega(in.space.stage), percent(in.space.stage, y.bytes))
	p("## Queries over these records\n")
	p("| question | query | rows | p50 ms |\n|---|---|---|---|")
	for _, a := range answers {
		p("| %s | `%s` | %d | %.1f |", a.name, strings.ReplaceAll(a.text, "|", "\\|"), a.rows, a.p50)
	}
	p("\n## Small uploads\n")
	p("%d signed uploads of one record each a second, from %d clients, for %s. The official SDK signed them beforehand (%s of one core each).\n",
		b.rate, b.clients, b.during, ms(small.signing))
	p("| measure | value |\n|---|---|")
	p("| sent, refused, found | %d, %d, %d |", small.sent, small.failed, small.found)
	p("| uploads a second | %.0f |", float64(small.sent)/small.elapsed.Seconds())
	p("| latency p50, p99, longest | %s, %s, %s |", ms(small.p50), ms(small.p99), ms(small.max))
	p("| CPU seconds of the server | %.1f |", small.cpu.Seconds())
	p("| peak memory of the server | %s |", mega(small.peak))
}

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
