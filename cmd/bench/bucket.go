package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/simulate"
)

// bucket is how long it takes from gzip objects in a bucket, as Connector Hub
// leaves them, to records that can be searched.
type bucket struct {
	events, objects int
	packed          int64 // bytes of the objects
	elapsed         time.Duration
	cpu             time.Duration
	peak            int64
	space           space
}

const bucketFile = `data: ./data
connections:
  oci: {type: oci, config_file: ./oci_config, endpoints: {objectstorage: "%s"}}
integrations:
  oac:
    kind: object-storage
    connection: oci
    namespace: demo
    bucket: logs
    prefix: oac/
    upload:
      - {connection: local, log_source: %s, types: com.oraclecloud.analytics.*.audit}
      - {connection: local, log_source: %s, types: com.oraclecloud.analytics.*.diagnostic}
`

// measureBucket lets the real binary collect once from a simulated bucket.
func measureBucket(ctx context.Context, binary, dir string, events int) (bucket, error) {
	m := bucket{events: events}
	objects := filepath.Join(dir, "objects")
	sim, err := simulate.New(simulate.Options{History: -1, Days: 30, Seed: 7, Analytics: events, Directory: objects,
		Connector: simulate.Connector{Bucket: "logs", Prefix: "oac", Logs: []string{simulate.OACAudit, simulate.OACDiagnostic}, Rollover: time.Hour}})
	if err != nil {
		return m, err
	}
	if err := sim.Flush(); err != nil {
		return m, err
	}
	err = filepath.WalkDir(objects, func(_ string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(d.Name(), ".gz") {
			return err
		}
		info, err := d.Info()
		m.objects, m.packed = m.objects+1, m.packed+info.Size()
		return err
	})
	if err != nil {
		return m, err
	}
	server := httptest.NewServer(sim.Handler())
	defer server.Close()
	if err := writeKey(dir); err != nil {
		return m, err
	}
	name := filepath.Join(dir, "collect.yaml")
	if err := os.WriteFile(name, fmt.Appendf(nil, bucketFile, server.URL, content.SourceAnalyticsAudit, content.SourceAnalyticsDiagnostic), 0o600); err != nil {
		return m, err
	}
	cmd := exec.CommandContext(ctx, binary, "collect", "--once", "--config", name)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return m, fmt.Errorf("collect: %w\n%s", err, out.String())
	}
	m.elapsed = time.Since(begin)
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = usage.Maxrss << 10
	}
	m.space = measureSpace(filepath.Join(dir, "data"))
	s, err := startServer(ctx, binary, dir) // over the same data
	if err != nil {
		return m, err
	}
	defer s.kill()
	stored, err := s.stored(ctx)
	if err == nil && stored != events {
		err = fmt.Errorf("%d events are stored, want %d", stored, events)
	}
	return m, errors.Join(err, s.stop())
}

func bucketText(m bucket) string {
	var t text
	million := float64(m.events) / 1e6
	t.line("%d events of Oracle Analytics, audit and diagnostic mixed, in %d gzip objects of %s as Connector Hub writes them, some of them twice; `ledgerline collect --once`, from its start until every record is stored.\n",
		m.events, m.objects, mega(m.packed))
	t.line("| measure | value |\n|---|---|")
	t.line("| records a second | %.0f |", float64(m.events)/m.elapsed.Seconds())
	t.line("| CPU seconds per million records | %.1f |", m.cpu.Seconds()/million)
	t.line("| peak memory | %s |", mega(m.peak))
	t.line("| bytes of the store (segments and token filters) | %s |", mega(m.space.store))
	t.line("| bytes of the stage | %s |", mega(m.space.stage))
	return t.String()
}
