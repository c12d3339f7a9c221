package content

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func zipOf(t testing.TB, members ...zipMember) []byte {
	t.Helper()
	b, err := zipMembers(members...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gzipOf(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, members ...zipMember) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	link := &tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}
	if err := w.WriteHeader(link); err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o600, Size: int64(len(m.body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExpand(t *testing.T) {
	a, b := zipMember{"dir/a.log", []byte("one")}, zipMember{"/etc/b.log", []byte("two")}
	for name, tt := range map[string]struct {
		file string
		body []byte
		want []string
	}{
		"plain":               {"x.json", []byte(`{}`), []string{"x.json={}"}},
		"plain, hostile name": {`..\..\C:\x.json`, []byte(`{}`), []string{"C:/x.json={}"}},
		"gzip":                {"x.json.gz", gzipOf(t, []byte(`{}`)), []string{"x.json={}"}},
		"gzip without suffix": {"x.json", gzipOf(t, []byte(`{}`)), []string{"x.json={}"}},
		"zip":                 {"x.zip", zipOf(t, a, b), []string{"dir/a.log=one", "etc/b.log=two"}},
		"zip called log":      {"x.log", zipOf(t, a), []string{"dir/a.log=one"}},
		"tar":                 {"x.tar", tarOf(t, a, b), []string{"dir/a.log=one", "etc/b.log=two"}},
		"tgz":                 {"x.tgz", gzipOf(t, tarOf(t, a)), []string{"dir/a.log=one"}},
		"tar.gz":              {"x.tar.gz", gzipOf(t, tarOf(t, a)), []string{"dir/a.log=one"}},
		"tar.gz called gz":    {"x.gz", gzipOf(t, tarOf(t, a)), []string{"dir/a.log=one"}},
		"empty zip":           {"x.zip", zipOf(t), nil},
		"empty":               {"x.log", nil, []string{"x.log="}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := Expand(tt.file, tt.body, Limits{}, func(n string, b []byte) error { got = append(got, n+"="+string(b)); return nil })
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	stop := errors.New("stop")
	if err := Expand("x.zip", zipOf(t, a), Limits{}, func(string, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("visit's error is lost: %v", err)
	}
}

func TestExpandRefuses(t *testing.T) {
	zeros := make([]byte, 12<<20)
	bomb := gzipOf(t, zeros)
	many := make([]zipMember, 30)
	for i := range many {
		many[i] = zipMember{"x" + string(rune('a'+i)), []byte("x")}
	}
	damaged := gzipOf(t, []byte(strings.Repeat("abc", 1000)))
	damaged[len(damaged)-6] ^= 1 // the check sum
	inner := zipMember{"inner.gz", gzipOf(t, []byte("x"))}
	for name, tt := range map[string]struct {
		file   string
		body   []byte
		limits Limits
		reason string
	}{
		"gzip bomb":      {"x.gz", bomb, Limits{}, "times its size"},
		"zip bomb":       {"x.zip", zipOf(t, zipMember{"a", zeros}), Limits{}, "times its size"},
		"tgz bomb":       {"x.tgz", gzipOf(t, tarOf(t, zipMember{"a", zeros})), Limits{}, "times its size"},
		"many small":     {"x.zip", zipOf(t, many...), Limits{Entries: 29}, "more than 29"},
		"many in tar":    {"x.tar", tarOf(t, many...), Limits{Entries: 29}, "more than 29"},
		"sum of sizes":   {"x.zip", zipOf(t, zipMember{"a", zeros[:600]}, zipMember{"b", zeros[:600]}), Limits{Bytes: 1000}, "1000 bytes"},
		"gzip in zip":    {"x.zip", zipOf(t, inner), Limits{}, "inside"},
		"zip in gzip":    {"x.gz", gzipOf(t, zipOf(t, inner)), Limits{}, "inside"},
		"gzip in tar":    {"x.tar", tarOf(t, inner), Limits{}, "inside"},
		"slip in zip":    {"x.zip", zipOf(t, zipMember{"../../b.log", []byte("two")}), Limits{}, "leads out"},
		"slip in tar":    {"x.tar", tarOf(t, zipMember{`a\..\..\b.log`, []byte("two")}), Limits{}, "leads out"},
		"bad check sum":  {"x.gz", damaged, Limits{}, "damaged"},
		"truncated gzip": {"x.gz", bomb[:len(bomb)/2], Limits{Ratio: 1 << 20}, "damaged"},
		"truncated zip":  {"x.zip", zipOf(t, inner)[:40], Limits{}, "damaged"},
		"tgz of no tar":  {"x.tgz", gzipOf(t, []byte(strings.Repeat("no tar ", 200))), Limits{}, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Expand(tt.file, tt.body, tt.limits, func(string, []byte) error { return nil })
			if err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("error %v, want one with %q", err, tt.reason)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	wrap := func(s string) []byte { return []byte(`<LoganContent name="x">` + s + `</LoganContent>`) }
	for name, file := range map[string][]byte{
		"nothing":           nil,
		"no archive":        []byte("hello"),
		"empty zip":         zipOf(t),
		"two content files": zipOf(t, zipMember{"a/content.xml", wrap("")}, zipMember{"b/content.xml", wrap("")}),
		"slip":              zipOf(t, zipMember{"../content.xml", wrap("")}),
		"unseen in a name":  wrap("<Tag><Name>ev\u200bil</Name></Tag>"),
		"external entity":   []byte(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><LoganContent name="x"><Tag><Name>&e;</Name></Tag></LoganContent>`),
		"billion laughs":    []byte(`<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><LoganContent name="&b;"/>`),
		"entity, no DTD":    wrap(`<Tag><Name>&e;</Name></Tag>`),
		"other root":        []byte(`<html/>`),
		"not closed":        []byte(`<LoganContent><Tag>`),
		"deep":              wrap(strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)),
		"huge":              zipOf(t, zipMember{"content.xml", bytes.Repeat([]byte(" "), maxContentXML+1)}),
		"other encoding":    []byte(`<?xml version="1.0" encoding="UTF-7"?><LoganContent/>`),
		"type unknown":      wrap(`<Field><DisplayName>F</DisplayName><DataType>BLOB</DataType></Field>`),
		"field name":        wrap(`<Parser type="0"><Name>p</Name><ParserContent>(.)</ParserContent><ParserFields><ParserField><FieldSeq>1</FieldSeq><FieldName>a"; drop table</FieldName></ParserField></ParserFields></Parser>`),
		"nameless source":   wrap(`<Source/>`),
		"sequence":          wrap(`<Parser type="0"><Name>p</Name><ParserFields><ParserField><FieldSeq>x</FieldSeq><FieldName>msg</FieldName></ParserField></ParserFields></Parser>`),
	} {
		t.Run(name, func(t *testing.T) {
			l, m := openWith(t, &memory{})
			if r, err := l.Import(context.Background(), file, ImportOptions{Replace: true}); err == nil {
				t.Errorf("accepted: %+v", r)
			}
			if l.Version() != 1 || len(m.docs) > 0 {
				t.Error("a refused import changed something")
			}
		})
	}
}

// Kinds of parsers that cannot be run are kept, and a source of such a parser says so.
func TestParsersThatCannotRun(t *testing.T) {
	const odl = `<LoganContent name="x"><Parser type="9"><Name>odl</Name><ParserContent>x</ParserContent></Parser>
	<Parser type="0"><Name>a</Name><ParserContent>(.)</ParserContent><ParserFields><ParserField><FieldSeq>1</FieldSeq><ParserName>b</ParserName></ParserField></ParserFields></Parser>
	<Parser type="0"><Name>b</Name><ParserContent>(.)</ParserContent><ParserFields><ParserField><FieldSeq>1</FieldSeq><ParserName>a</ParserName></ParserField></ParserFields></Parser>
	<Source name="s"><Parsers><Parser><ParserSeq>1</ParserSeq><ParserName>odl</ParserName></Parser></Parsers></Source>
	<Source name="circle"><Parsers><Parser><ParserSeq>1</ParserSeq><ParserName>a</ParserName></Parser></Parsers></Source></LoganContent>`
	l := openLibrary(t)
	r, err := l.Import(context.Background(), []byte(odl), ImportOptions{})
	if err != nil || len(r.Parsers.Created) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	for source, reason := range map[string]string{"s": "cannot be run", "circle": "refer to each other", "none": "does not exist"} {
		if _, err := l.Parse(context.Background(), upload(source), []byte("x"), nil); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %q", source, err, reason)
		}
	}
	z, err := l.Export(context.Background(), Names{Sources: []string{"s"}})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.Import(context.Background(), z, ImportOptions{}); err != nil || !slices.Equal(again.Parsers.Unchanged, []string{"odl"}) {
		t.Errorf("%+v, %v", again, err)
	}
}

// An import is refused, or what it created survives an export unchanged.
func FuzzImport(f *testing.F) {
	f.Add([]byte(ordersXML))
	f.Add([]byte(`<LoganContent><Parser type="6"><Name>p</Name><HeaderContent> $.a:2 |$:0 </HeaderContent><?ledgerline $.b:0?><ParserFields><ParserField><FieldSeq>1</FieldSeq><FieldName>msg</FieldName><StructuredColInfo>$.x</StructuredColInfo><?ledgerline  $.y | $['?>?><?ledgerline z?></ParserField></ParserFields></Parser></LoganContent>`))
	f.Add([]byte(`<LoganContent><Source name="s"><Parsers/><Extra a="1">x</Extra></Source></LoganContent>`))
	f.Add([]byte(`<LoganContent><Tag><Name>#a</Name><DisplayName> </DisplayName></Tag></LoganContent>`))
	f.Add(zipOf(f, zipMember{"content.xml", []byte(`<LoganContent name="x"/>`)}))
	f.Fuzz(func(t *testing.T, file []byte) {
		ctx := context.Background()
		l, err := Open(ctx, &memory{}, Options{Clock: func() time.Time { return receipt }})
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.Import(ctx, file, ImportOptions{})
		if err != nil {
			return
		}
		z, err := l.Export(ctx, Names{r.Sources.Created, r.Parsers.Created, r.Fields.Created})
		if err != nil {
			t.Fatal(err)
		}
		version := l.Version()
		again, err := l.Import(ctx, z, ImportOptions{Replace: true})
		if err != nil {
			t.Fatalf("an export is refused: %v", err)
		}
		if l.Version() != version {
			t.Fatalf("an export changed the library: %+v", again)
		}
	})
}
