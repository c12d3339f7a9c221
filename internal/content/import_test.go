package content

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

func importFile(t testing.TB, l *Library, file string, replace bool) *ImportReport {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Import(context.Background(), b, ImportOptions{Replace: replace})
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
	return r
}

func oicZIP(t testing.TB) string {
	t.Helper()
	for _, f := range sharedContent(t) {
		if strings.Contains(f, "OCI_Integration_Audit_Logs") {
			return f
		}
	}
	t.Skip("the OCI Integration Audit Logs content is not here")
	return ""
}

func TestOraclesAuditSource(t *testing.T) {
	l := openLibrary(t)
	file := oicZIP(t)

	r := importFile(t, l, file, false)
	if !slices.Equal(r.Sources.Conflicting, []string{auditSource}) || len(r.Parsers.Conflicting) != 1 || len(r.Sources.Created) != 0 {
		t.Fatalf("the built-in source must be a conflict: %+v", r)
	}
	if l.Version() != 1 {
		t.Fatal("an import that changes nothing must not change the version")
	}
	r = importFile(t, l, file, true)
	if !slices.Equal(r.Sources.Updated, []string{auditSource}) || l.Version() == 1 {
		t.Fatalf("replace: %+v", r)
	}
	p, _ := l.Parser("OCI Integration Audit Log Format")
	entries, warnings := parse(t, l, upload(auditSource), p.Example)
	if len(entries) != 15 {
		t.Fatalf("%d records, want 15", len(entries))
	}
	// Oracle's parser maps no Time: the records are dated by their receipt.
	if !hasWarning(warnings, "TimeAssumed") || len(warnings) != 1 {
		t.Errorf("warnings %v", warnings)
	}
	for i, e := range entries {
		if e.Time != receipt.UnixMilli() || e.Ordinal != int64(i) || !strings.Contains(p.Example, e.Text) {
			t.Errorf("record %d: time %d ordinal %d", i, e.Time, e.Ordinal)
		}
		wantCell(t, e, "timeassumed", record.Whole(1))
	}
	e := entries[0]
	wantCell(t, e, "rsrcops", record.Text("activate"))
	wantCell(t, e, "rsrcid", record.Text("ORCL-R-HELLO_WORLD_INVOKE"))
	wantCell(t, e, "ocirsrcname", record.Text("Oracle Hello World Invoke"))
	wantCell(t, e, "rsrctype", record.Text("ICS_ProjectV2"))
	wantCell(t, e, "rsrcver", record.Text("01.00.0002"))
	wantCell(t, e, "usrname", record.Text("test.user@oracle.com"))
	wantCell(t, e, "firstevnttime", record.At(1698183031890)) // 2023-10-24T21:30:31.890Z
	if v, ok := cell(e, "audref"); !ok || !strings.HasPrefix(v.Str, "Tue Oct 24 21:30:31 UTC 2023 - User") {
		t.Errorf("audit reference %+v", v)
	}
	wantNoCell(t, entries[7], "rsrcver") // a connection has no version
}

// content is what a library holds beyond the built-ins, fields by display name.
func contentOf(t testing.TB, l *Library) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(kind, name string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[kind+" "+name] = string(b)
	}
	for _, s := range l.Sources() {
		add(KindSource, s.Name, s)
	}
	for _, p := range l.Parsers() {
		add(KindParser, p.Name, p)
	}
	for _, f := range l.Fields() {
		add(KindField, f.Display, f)
	}
	for _, x := range l.Labels() {
		add(KindLabel, x.Name, x)
	}
	return out
}

// Every public file imports; what is exported from that imports into the same
// library without a change, and into a fresh one to the same content.
func TestPublicContentRoundTrip(t *testing.T) {
	ctx := context.Background()
	for _, file := range sharedContent(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a := openLibrary(t)
			report := importFile(t, a, file, true)
			if len(report.Sources.All()) == 0 {
				t.Fatal("no source")
			}
			exported, err := a.Export(ctx, Names{report.Sources.All(), report.Parsers.All(), report.Fields.All()})
			if err != nil {
				t.Fatal(err)
			}
			before, version := contentOf(t, a), a.Version()
			again, err := a.Import(ctx, exported, ImportOptions{Replace: true})
			if err != nil {
				t.Fatal(err)
			}
			for kind, c := range map[string]Changes{"sources": again.Sources, "parsers": again.Parsers, "fields": again.Fields, "labels": again.Labels} {
				if len(c.Created)+len(c.Updated)+len(c.Conflicting) > 0 {
					t.Errorf("%s changed by their own export: %+v", kind, c)
				}
			}
			if a.Version() != version || !maps.Equal(before, contentOf(t, a)) {
				t.Error("importing an export changed the library")
			}
			b := openLibrary(t)
			if _, err := b.Import(ctx, exported, ImportOptions{Replace: true}); err != nil {
				t.Fatal(err)
			}
			got := contentOf(t, b)
			for k, want := range before {
				if strings.HasPrefix(k, KindLabel) && got[k] == "" {
					continue // a label no source of the file puts
				}
				if strings.HasPrefix(k, KindField) && got[k] == "" && strings.Contains(want, "taken for granted") {
					continue
				}
				if got[k] != want {
					t.Errorf("%s\n got %.300s\nwant %.300s", k, got[k], want)
				}
			}
			second, err := b.Export(ctx, Names{report.Sources.All(), report.Parsers.All(), report.Fields.All()})
			if err != nil || string(second) != string(exported) {
				t.Errorf("the export of the fresh library differs (%v)", err)
			}
		})
	}
}

// All public files live in one library, whose documents open as the same library.
func TestPublicContentTogether(t *testing.T) {
	l, m := openWith(t, &memory{})
	for _, file := range sharedContent(t) {
		importFile(t, l, file, true)
	}
	reopened, _ := openWith(t, m)
	if !maps.Equal(contentOf(t, l), contentOf(t, reopened)) {
		t.Error("the stored documents do not hold the library")
	}
	seen := map[string]string{}
	for _, f := range l.Fields() {
		if other, ok := seen[f.Name]; ok {
			t.Errorf("fields %q and %q share the column %s", other, f.Display, f.Name)
		}
		seen[f.Name] = f.Display
		if !columnName.MatchString(f.Name) {
			t.Errorf("field %q has the column name %q", f.Display, f.Name)
		}
	}
}

// Every parser with an example reads at least one entry of it.
func TestPublicExamples(t *testing.T) {
	for _, file := range sharedContent(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			l := openLibrary(t)
			importFile(t, l, file, true)
			for _, s := range l.Sources() {
				for _, name := range s.Parsers {
					p, ok := l.Parser(name)
					if !ok || p.System {
						continue
					}
					entries, warnings := parse(t, l, upload(s.Name), p.Example)
					good := 0
					for _, e := range entries {
						if _, failed := cell(e, "parsefailed"); !failed {
							good++
						}
					}
					if good == 0 {
						t.Errorf("parser %q: none of %d entries could be read", name, len(entries))
					}
					t.Logf("parser %q: %d of %d entries", name, good, len(entries))
					for _, w := range warnings {
						t.Logf("   %s ×%d: %s | %s", w.Code, w.Count, w.Message, w.Example)
					}
				}
			}
		})
	}
}

func TestImportIsAllOrNothing(t *testing.T) {
	l, m := openWith(t, &memory{fail: errors.New("disk full")})
	before := contentOf(t, l)
	if _, err := l.Import(context.Background(), []byte(ordersXML), ImportOptions{}); err == nil {
		t.Fatal("the failure to store must be an error")
	}
	if !maps.Equal(before, contentOf(t, l)) || l.Version() != 1 || len(m.docs) != 0 {
		t.Error("a failed import left something behind")
	}
}
