package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ledgerline/internal/query"
	"ledgerline/internal/store"
)

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// contest is a question in our language beside the SQL that a person would
// write for DuckDB over the same files. FILES stands for them. As the language
// pays no heed to letter case, the SQL asks so, too.
type contest struct {
	name, ours, sql string
	victoria        int // CPU milliseconds of VictoriaLogs 1.26, for orientation; 0: not known
}

var contests = []contest{
	{"count all", "* | stats count", "SELECT count(*) FROM FILES", 4},
	{"count by an equality", "Status = failed | stats count", "SELECT count(*) FROM FILES WHERE lower(status) = 'failed'", 96},
	{"a phrase in Message", "Message like '*Connection refused by remote endpoint*' | stats count", "SELECT count(*) FROM FILES WHERE contains(lower(msg), 'connection refused by remote endpoint')", 1462},
	{"a rare word anywhere", needle + " | stats count", "SELECT count(*) FROM FILES WHERE contains(lower(mbody), '" + needle + "')", 51},
	{"hourly histogram by a field", "* | timestats span = 1hour count by 'Log Source'", "SELECT epoch_ms(time) // 3600000 AS h, msrcid, count(*) FROM FILES GROUP BY ALL", 1236},
	{"group by two with distinct users, top 20", "* | stats count as n, distinctcount('User Name') as users by 'Log Source', Status | sort -n | head 20", "SELECT msrcid, lower(status), count(*) AS n, count(DISTINCT lower(usrname)) FROM FILES GROUP BY ALL ORDER BY n DESC LIMIT 20", 3536},
	{"95th percentile by hour", "* | timestats span = 1hour pct(Duration, 95) as p95", "SELECT epoch_ms(time) // 3600000 AS h, quantile_cont(dur, 0.95) FROM FILES GROUP BY ALL", 6899},
	{"latest 100 with two filters", "Severity = error and 'Log Source' = 'Mixed Audit' | fields 'User Name', Message | sort -Time | head 100", "SELECT * FROM FILES WHERE lower(sevlvl) = 'error' AND msrcid = 'Mixed Audit' ORDER BY time DESC LIMIT 100", 1969},
	{"a phrase in the original text, in any letter case", "'connection refused by remote' | stats count", "SELECT count(*) FROM FILES WHERE contains(lower(mbody), 'connection refused by remote')", 0},
}

// large are questions whose working set, a week of 10 million records, is a
// million groups, rows or messages. They must stay within largeMemory.
var large = []struct{ name, text string }{
	{"link by a field of a million values", "'Log Source' = 'Mixed Activity' | link 'Instance ID' | stats unique(Status) as Status | sort -Count | head 100"},
	{"eventstats over a million rows", "'Log Source' = 'Mixed Activity' | stats count as n by 'Instance ID' | eventstats max(n) as most | where n = most | stats count as groups"},
	{"cluster of a million messages", "'Log Source' = 'Mixed Activity' | cluster | head 20"},
}

const (
	largeDays   = 7
	largeMemory = "2 GiB"
)

// effort is what a question of a large working set took.
type effort struct {
	name, text string
	matched    int64
	rows       int
	wall, cpu  time.Duration
	peak       int64 // memory of the process while it was answered
	failure    string
}

// strain asks a question of a large working set once.
func (l *laboratory) strain(ctx context.Context, name, text string) effort {
	e := effort{name: name, text: text}
	window := l.window
	window.From = window.To.AddDate(0, 0, -largeDays)
	debug.FreeOSMemory() // what was done before does not count
	resetPeakMemory()
	cpu, begin := ownCPU(), time.Now()
	result, err := l.engine.Run(ctx, query.Request{Text: text, Window: window})
	e.wall, e.cpu, e.peak = time.Since(begin), ownCPU()-cpu, peakMemory(os.Getpid())
	if err != nil {
		e.failure = err.Error()
		return e
	}
	e.rows = len(result.Rows)
	search, _, _ := strings.Cut(text, " | ")
	if result, err = l.engine.Run(ctx, query.Request{Text: search + " | stats count", Window: window}); err == nil {
		e.matched, _ = result.Rows[0][0].(int64)
	}
	return e
}

// resetPeakMemory makes the kernel forget how much memory the process had (proc(5)).
func resetPeakMemory() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

type duel struct {
	asked              contest
	rows               int
	ours, theirs       time.Duration // p50 of the time on the clock
	oursCPU, theirsCPU time.Duration // p50 of processor time
	failure            string
}

const rounds = 5

func (l *laboratory) contest(ctx context.Context, c contest) duel {
	d := duel{asked: c}
	var err error
	d.ours, d.oursCPU, err = repeat(func() error {
		result, err := l.engine.Run(ctx, query.Request{Text: c.ours, Window: l.window})
		if err == nil {
			d.rows = len(result.Rows)
		}
		return err
	})
	if err != nil {
		d.failure = err.Error()
		return d
	}
	// A person does not know which files hold what, so the SQL names all of them.
	snapshot := l.store.Snapshot()
	defer snapshot.Release()
	var files []string
	for _, s := range snapshot.Segments(store.Filter{}) {
		files = append(files, "'"+s.Path+"'")
	}
	sql := strings.ReplaceAll(c.sql, "FILES", "read_parquet(["+strings.Join(files, ", ")+"], union_by_name = true)")
	d.theirs, d.theirsCPU, err = repeat(func() error {
		rows, err := l.store.Query(ctx, sql)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			_ = rows.Values()
		}
		return rows.Err()
	})
	if err != nil {
		d.failure = err.Error()
	}
	return d
}

// repeat runs work several times and returns the medians of both clocks.
func repeat(work func() error) (wall, cpu time.Duration, err error) {
	var walls, cpus []time.Duration
	for range rounds {
		c, begin := ownCPU(), time.Now()
		if err := work(); err != nil {
			return 0, 0, err
		}
		walls, cpus = append(walls, time.Since(begin)), append(cpus, ownCPU()-c)
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	return walls[rounds/2], cpus[rounds/2], nil
}

func contestsText(records int, l *laboratory, duels []duel, efforts []effort) string {
	var t text
	million := float64(records) / 1e6
	t.line("%d mixed records of three log sources over %d days, settled into %d segments of %s, in one process with default settings; storing them took %.1f CPU seconds a million, merging included.",
		records, mixedDays, l.segments, mega(l.bytes), l.ingest.Seconds()/million)
	t.line("Each question beside the SQL that a person would write for DuckDB over the same files, text without letter case as in the language; medians of %d. For orientation: what VictoriaLogs 1.26 spent over 10 million such records on such a machine.\n", rounds)
	t.line("| question | rows | ours ms | SQL ms | ours CPU ms | SQL CPU ms | CPU ratio | VictoriaLogs CPU ms |\n|---|---|---|---|---|---|---|---|")
	for _, d := range duels {
		if d.failure != "" {
			t.line("| %s | failed: %s | | | | | | |", d.asked.name, strings.ReplaceAll(d.failure, "\n", " "))
			continue
		}
		victoria := "–"
		if d.asked.victoria > 0 {
			victoria = strconv.Itoa(d.asked.victoria)
		}
		t.line("| %s | %d | %s | %s | %s | %s | %.2f | %s |", d.asked.name, d.rows, plain(d.ours), plain(d.theirs), plain(d.oursCPU), plain(d.theirsCPU), float64(d.oursCPU)/float64(d.theirsCPU), victoria)
	}
	t.line("\n| question | query |\n|---|---|")
	for _, d := range duels {
		t.line("| %s | %s |", d.asked.name, code(d.asked.ours))
	}
	t.line("\nQuestions with a large working set, over %d days of these records, asked once. The memory is the whole process's at its peak, engine included, and must stay below %s.\n", largeDays, largeMemory)
	t.line("| question | query | records | rows | seconds | CPU seconds | peak memory |\n|---|---|---|---|---|---|---|")
	for _, e := range efforts {
		if e.failure != "" {
			t.line("| %s | %s | failed: %s | | | | |", e.name, code(e.text), strings.ReplaceAll(e.failure, "\n", " "))
			continue
		}
		t.line("| %s | %s | %d | %d | %.1f | %.1f | %s |", e.name, code(e.text), e.matched, e.rows, e.wall.Seconds(), e.cpu.Seconds(), mega(e.peak))
	}
	return t.String()
}

func plain(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
