package main

import (
	"context"
	"fmt"
	"io"
	"slices"
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
	days            int // look back so far only; 0: over everything
}

var contests = []contest{
	{"count all", "* | stats count", "SELECT count(*) FROM FILES", 0},
	{"count by an equality", "Status = failed | stats count", "SELECT count(*) FROM FILES WHERE lower(status) = 'failed'", 0},
	{"a phrase in Message", "Message like '*Connection refused by remote endpoint*' | stats count", "SELECT count(*) FROM FILES WHERE contains(lower(msg), 'connection refused by remote endpoint')", 0},
	{"a rare word anywhere", needle + " | stats count", "SELECT count(*) FROM FILES WHERE contains(lower(mbody), '" + needle + "')", 0},
	{"hourly histogram by a field", "* | timestats span = 1hour count by 'Log Source'", "SELECT epoch_ms(time) // 3600000 AS h, msrcid, count(*) FROM FILES GROUP BY ALL", 0},
	{"group by two with distinct users, top 20", "* | stats count as n, distinctcount('User Name') as users by 'Log Source', Status | sort -n | head 20", "SELECT msrcid, status, count(*) AS n, count(DISTINCT usrname) FROM FILES GROUP BY ALL ORDER BY n DESC LIMIT 20", 0},
	{"95th percentile by hour", "* | timestats span = 1hour pct(Duration, 95) as p95", "SELECT epoch_ms(time) // 3600000 AS h, quantile_cont(dur, 0.95) FROM FILES GROUP BY ALL", 0},
	{"latest 100 with two filters", "Severity = error and 'Log Source' = 'Mixed Audit' | fields 'User Name', Message | sort -Time | head 100", "SELECT * FROM FILES WHERE lower(sevlvl) = 'error' AND msrcid = 'Mixed Audit' ORDER BY time DESC LIMIT 100", 0},
	{"a phrase in the original text, in any letter case", "'connection refused by remote' | stats count", "SELECT count(*) FROM FILES WHERE contains(lower(mbody), 'connection refused by remote')", 0},
}

// large are questions whose working set, a week of 10 million records, is a
// million groups, messages or rows.
var large = []contest{
	{"link by a field of a million values", "'Log Source' = 'Mixed Activity' | link 'Instance ID' | stats unique(Status) as Status | where Count > 1 | stats count as n", "", 7},
	{"eventstats over the groups", "'Log Source' = 'Mixed Activity' | stats count as n by 'Instance ID' | eventstats max(n) as most | stats count as groups", "", 7},
	{"cluster of messages", "'Log Source' = 'Mixed Activity' | cluster | head 20", "", 7},
}

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
	window := l.window
	if c.days > 0 {
		window.From = window.To.AddDate(0, 0, -c.days)
	}
	var err error
	d.ours, d.oursCPU, err = repeat(func() error {
		result, err := l.engine.Run(ctx, query.Request{Text: c.ours, Window: window})
		if err == nil {
			d.rows = len(result.Rows)
		}
		return err
	})
	if err != nil {
		d.failure = err.Error()
		return d
	}
	if c.sql == "" {
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

func writeContests(w io.Writer, records int, l *laboratory, duels, heavy []duel, peak int64) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("\n## The query language beside hand-written SQL\n")
	p("%d mixed records of three log sources over 30 days, in one process with default settings; storing them took %.1f CPU seconds a million, merging included. Each question beside the SQL that a person would write for DuckDB over the same files, text without letter case as in the language; medians of %d.\n",
		records, l.ingest.Seconds()/(float64(records)/1e6), rounds)
	p("| question | rows | ours ms | SQL ms | ours CPU ms | SQL CPU ms | CPU ratio |\n|---|---|---|---|---|---|---|")
	for _, d := range duels {
		if d.failure != "" {
			p("| %s | failed: %s | | | | | |", d.asked.name, strings.ReplaceAll(d.failure, "\n", " "))
			continue
		}
		p("| %s | %d | %s | %s | %s | %s | %.2f |", d.asked.name, d.rows, plain(d.ours), plain(d.theirs), plain(d.oursCPU), plain(d.theirsCPU), float64(d.oursCPU)/float64(d.theirsCPU))
	}
	p("\nQuestions with a large working set, over a week of the records; the peak memory of the process, all questions included, is %s.\n", mega(peak))
	p("| question | rows | ms | CPU ms |\n|---|---|---|---|")
	for _, d := range heavy {
		if d.failure != "" {
			p("| `%s` | failed: %s | | |", strings.ReplaceAll(d.asked.ours, "|", "\\|"), strings.ReplaceAll(d.failure, "\n", " "))
			continue
		}
		p("| `%s` | %d | %s | %s |", strings.ReplaceAll(d.asked.ours, "|", "\\|"), d.rows, plain(d.ours), plain(d.oursCPU))
	}
}

func plain(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
