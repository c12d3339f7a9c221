package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"ledgerline/internal/record"
	"ledgerline/internal/store"
)

// auditEntries are records like those of a busy service: ten string fields of
// which two are unique, and an original text of some 500 bytes.
func auditEntries(n int, seed uint64) []record.Entry {
	r := rand.New(rand.NewPCG(seed, 1))
	o := &record.Origin{
		Upload: fmt.Sprintf("upload-%d", seed), UploadName: "oic audit logs push", File: "audit-0001.json",
		LogGroup: "ocid1.loganalyticsloggroup.oc1.eu-frankfurt-1.amaaaaaa", Source: "OCI Integration Audit Logs",
		Entity: "instance-1", EntityType: "OCI Integration",
	}
	out := make([]record.Entry, n)
	for i := range out {
		id := fmt.Sprintf("%016x-%016x", r.Uint64(), r.Uint64())
		flow := fmt.Sprintf("%x", r.Uint64())
		user := fmt.Sprintf("user%03d@example.com", r.IntN(300))
		op := []string{"activate", "deactivate", "edit", "save", "lock", "import"}[r.IntN(6)]
		kind := []string{"integration", "connection", "lookup", "package"}[r.IntN(4)]
		code := fmt.Sprintf("ORDERS_SYNC_%03d", r.IntN(500))
		version := fmt.Sprintf("01.00.%04d", r.IntN(40))
		ip := fmt.Sprintf("10.%d.%d.%d", r.IntN(4), r.IntN(30), r.IntN(256))
		ms := noon + int64(i)*7 + int64(r.IntN(5))
		at := time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
		message := fmt.Sprintf("%s of %s %s|%s by %s took %d ms", op, kind, code, version, user, r.IntN(9000))
		text := fmt.Sprintf(`{"id":"%s","timeStamp":"%s","userName":"%s","operationName":"%s","resourceType":"%s","resourceCode":"%s",`+
			`"resourceVersion":"%s","clientAddress":"%s","flowId":"%s","auditTrailMessage":"%s","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",`+
			`"links":[{"rel":"self","href":"https://example.com/ic/api/integration/v1/monitoring/auditRecords/%s"}]}`,
			id, at, user, op, kind, code, version, ip, flow, message, id)
		out[i] = record.Entry{Time: ms, Ordinal: int64(i), Text: text, Origin: o, Cells: []record.Cell{
			{Field: "id", Value: record.Text(id)}, {Field: "suser", Value: record.Text(user)}, {Field: "operation", Value: record.Text(op)},
			{Field: "rsrctype", Value: record.Text(kind)}, {Field: "rsrccode", Value: record.Text(code)},
			{Field: "rsrcversion", Value: record.Text(version)}, {Field: "clientip", Value: record.Text(ip)},
			{Field: "flow", Value: record.Text(flow)}, {Field: "msg", Value: record.Text(message)}, {Field: "agent", Value: record.Text("Mozilla/5.0")},
		}}
	}
	return out
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkIngest stores chunks of 10,000 records, as a busy upload API makes them.
func BenchmarkIngest(b *testing.B) {
	const size = 10_000
	s, err := store.Open(b.TempDir(), nil, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	entries := auditEntries(size, 1)
	var raw int64
	for _, e := range entries {
		raw += int64(len(e.Text))
	}
	b.SetBytes(raw)
	started := cpu()
	n := 0
	for b.Loop() {
		if _, err := s.Ingest(context.Background(), chunk(1, n, entries...)); err != nil {
			b.Fatal(err)
		}
		n++
	}
	stats, _ := s.Stats(context.Background())
	b.ReportMetric((cpu()-started).Seconds()/float64(n*size)*1e6, "cpu-s/Mrow")
	b.ReportMetric(float64(n*size)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(100*float64(stats.Bytes)/float64(raw*int64(n)), "%raw")
}

// BenchmarkMerge merges 64 segments of 10,000 records, all of the same minute.
func BenchmarkMerge(b *testing.B) { benchmarkMerge(b, 0) }

// BenchmarkMergeInOrder merges 64 segments of 10,000 records, each of the next minute.
func BenchmarkMergeInOrder(b *testing.B) { benchmarkMerge(b, 70_000) }

func benchmarkMerge(b *testing.B, apart int64) {
	const size, parts = 10_000, 64
	var rows int64
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		s, err := store.Open(b.TempDir(), nil, store.Options{MergeAbove: parts - 1})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		for i := range parts {
			entries := auditEntries(size, uint64(i))
			for k := range entries {
				entries[k].Time += int64(i) * apart
			}
			ingest(b, s, chunk(1, i, entries...))
		}
		started := cpu()
		b.StartTimer()
		report, err := s.Merge(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		used += cpu() - started
		rows += report.Rows
	}
	b.ReportMetric(used.Seconds()/float64(rows)*1e6, "cpu-s/Mrow")
}

// BenchmarkTrickle is a thousand uploads, one a second, of 30 records each that
// lie on 30 days, with merging every ten seconds as the server does it.
func BenchmarkTrickle(b *testing.B) {
	const uploads, days = 1000, 30
	for b.Loop() {
		now := time.UnixMilli(noon)
		s, err := store.Open(b.TempDir(), nil, store.Options{Clock: func() time.Time { return now }})
		if err != nil {
			b.Fatal(err)
		}
		most := 0
		var merging time.Duration
		var rows int64
		started := cpu()
		for i := range uploads {
			entries := auditEntries(days, uint64(i))
			for day := range entries {
				entries[day].Time = now.UnixMilli() - int64(day)*24*hour
			}
			ingest(b, s, chunk(1, i, entries...))
			now = now.Add(time.Second)
			if i%10 != 9 {
				continue
			}
			before := cpu()
			report, err := s.Merge(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			merging += cpu() - before
			rows += report.Rows
			stats, _ := s.Stats(context.Background())
			most = max(most, stats.Segments)
		}
		b.ReportMetric(float64((cpu()-started-merging).Milliseconds())/uploads, "ingest-cpu-ms/upload")
		b.ReportMetric(float64(merging.Milliseconds())/uploads, "merge-cpu-ms/upload")
		b.ReportMetric(float64(rows)/(uploads*days), "rewrites/row")
		b.ReportMetric(float64(most), "segments-most")
		now = now.Add(49 * time.Hour)
		if _, err := s.Merge(context.Background()); err != nil {
			b.Fatal(err)
		}
		stats, _ := s.Stats(context.Background())
		b.ReportMetric(float64(stats.Segments), "segments-settled")
		s.Close()
	}
}

// BenchmarkParts chooses among a thousand segments, of which a time takes all or
// half, or a word that is nowhere takes none.
func BenchmarkParts(b *testing.B) {
	s, err := store.Open(b.TempDir(), nil, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := range 1000 {
		entries := auditEntries(10, uint64(i))
		for k := range entries {
			entries[k].Time += int64(i) * 1000
		}
		ingest(b, s, chunk(1, i, entries...))
	}
	sn := s.Snapshot()
	defer sn.Release()
	for name, f := range map[string]store.Filter{
		"all": {}, "half": {From: noon + 500_000, Sources: []string{"oci integration audit logs"}}, "word": {Tokens: []string{"nowhere"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := sn.Parts(context.Background(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWords(b *testing.B) {
	text := strings.Repeat(auditEntries(1, 1)[0].Text, 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for range store.Words(text) {
		}
	}
}
