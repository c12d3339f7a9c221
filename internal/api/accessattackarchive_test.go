package api

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Archives come in by two doors: content (ImportCustomContent and our own call) and
// log events. Those of uploaded files are unpacked later; internal/deliver tests them.
const (
	importPath = nsPath + "/contents/actions/importCustomContent?isOverwrite=true"
	eventsPath = nsPath + "/actions/uploadLogEventsFile?logGroupId=" + groupID

	evilContent = `<LoganContent name="x"><Tag><Name>evil</Name></Tag></LoganContent>`
	evilEvents  = `{"logEvents":[{"logSourceName":"OCI Unified Schema Logs","logRecords":["evil"]}]}`
)

// intoContent sends a body by both doors of content.
func intoContent(name, body string) []attack {
	return []attack{
		{name: name + ", as content", method: "POST", path: importPath, body: body, status: 400, code: "InvalidParameter"},
		{name: name + ", as our content", method: "POST", path: ownBase + "/content/actions/import?replace=true", body: body, status: 400, code: "InvalidParameter"},
	}
}

func intoEvents(name, body string) attack {
	return attack{name: name + ", as events", method: "POST", path: eventsPath, body: body, status: 400, code: "InvalidParameter"}
}

type archived struct{ name, text string }

func zipText(t *testing.T, files ...archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, file := range files {
		f, err := w.Create(file.name)
		if err == nil {
			_, err = io.WriteString(f, file.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gzipText(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func tarText(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(evilEvents))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, evilEvents); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func zipSlips(t *testing.T) (list []attack) {
	for _, dir := range []string{"../", "../../../../etc/cron.d/", "a/../../", `..\..\`, `a\..\..\`, "/etc/", `C:\`, "./../", "..\u2215../"} {
		if dir != "..\u2215../" { // which is a name, though an odd one
			list = append(list, intoContent("content at "+dir, zipText(t, archived{dir + "content.xml", evilContent}))...)
			list = append(list, intoContent("beside content, at "+dir, zipText(t, archived{"content.xml", evilContent}, archived{dir + "x", ""}))...)
		}
		if strings.Contains(dir, "..") && !strings.Contains(dir, "\u2215") { // absolute names are what tar makes of absolute paths
			list = append(list, intoEvents("events at "+dir, zipText(t, archived{dir + "events.json", evilEvents})))
		}
	}
	list = append(list, intoEvents("tar at ../", tarText(t, tar.Header{Name: "../../events.json", Typeflag: tar.TypeReg})),
		intoEvents("tgz at ../", gzipText(t, tarText(t, tar.Header{Name: "../../events.json", Typeflag: tar.TypeReg}))))
	return append(list, intoContent("content under two names", zipText(t, archived{"a/content.xml", evilContent}, archived{"b/content.xml", evilContent}))...)
}

func zipBombs(t *testing.T) (list []attack) {
	blanks := strings.Repeat(" ", 20<<20)
	list = append(list, intoContent("17 MB of blanks", zipText(t, archived{"content.xml", evilContent + blanks[:17<<20]}))...)
	list = append(list, intoContent("two halves of a bomb", zipText(t, archived{"content.xml", blanks[:17<<20]}, archived{"a", blanks}))...)
	list = append(list, intoContent("65,536 names", manyNames(1<<16))...)
	list = append(list, intoContent("files that overlap", overlapping(t, 100, 16<<20))...)
	many := make([]archived, 101)
	for i := range many {
		many[i] = archived{fmt.Sprintf("%d.json", i), evilEvents}
	}
	return append(list,
		intoEvents("gzip of blanks", gzipText(t, evilEvents+blanks)),
		intoEvents("zip of blanks", zipText(t, archived{"events.json", evilEvents + blanks})),
		intoEvents("tgz of blanks", gzipText(t, tarText(t, tar.Header{Name: "x", Typeflag: tar.TypeReg})+blanks)),
		intoEvents("one document too many", zipText(t, many...)),
		intoEvents("65,536 names", manyNames(1<<16)),
		intoEvents("files that overlap", overlapping(t, 100, 16<<20)),
		intoEvents("a document of 3 MB", zipText(t, archived{"events.json", evilEvents + blanks[:3<<20]})),
	)
}

// manyNames is a ZIP of n empty files whose entries are one and the same.
func manyNames(n int) string {
	var out bytes.Buffer
	head := zipHeader(localHeader, "content.xml", nil, 0, 0)
	out.Write(head)
	at := out.Len()
	for range n {
		out.Write(zipHeader(centralHeader, "content.xml", nil, 0, 0))
	}
	out.Write(zipEnd(n, out.Len()-at, at))
	return out.String()
}

// overlapping is a ZIP in which all entries share one compressed kernel, so that
// it holds n times what is in it (D. Fifield, "A better zip bomb", 2019).
func overlapping(t *testing.T, n, size int) string {
	t.Helper()
	plain := bytes.Repeat([]byte(" "), size)
	kernel := []byte(gzipText(t, string(plain)))[10:] // the header of gzip is 10 bytes, what follows the stream is not read
	kernel = kernel[:len(kernel)-8]
	sum := crc32.ChecksumIEEE(plain)
	var out bytes.Buffer
	out.Write(zipHeader(localHeader, "0.json", kernel, sum, size))
	out.Write(kernel)
	at := out.Len()
	for i := range n {
		out.Write(zipHeader(centralHeader, fmt.Sprintf("%d.json", i%10), kernel, sum, size))
	}
	out.Write(zipEnd(n, out.Len()-at, at))
	return out.String()
}

// Headers of a ZIP (APPNOTE.TXT 4.3.7 and 4.3.12). All entries here lie at its start.
const (
	localHeader   = "PK\x03\x04\x14\x00"
	centralHeader = "PK\x01\x02\x14\x00\x14\x00"
)

func zipHeader(kind, name string, packed []byte, sum uint32, size int) []byte {
	method := uint16(8) // deflate
	if packed == nil {
		method = 0
	}
	b := append([]byte(kind), 0, 0) // flags
	b = binary.LittleEndian.AppendUint16(b, method)
	b = append(b, 0, 0, 0, 0) // time
	for _, v := range []uint32{sum, uint32(len(packed)), uint32(size)} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, 0, 0) // extra
	if kind == centralHeader {
		b = append(b, make([]byte, 14)...) // comment, disk, attributes, offset
	}
	return append(b, name...)
}

// zipEnd is the end of a ZIP (4.3.16); a count that two bytes cannot hold wraps around.
func zipEnd(n, size, at int) []byte {
	b := []byte("PK\x05\x06\x00\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	return append(b, 0, 0)
}

func nestedArchives(t *testing.T) (list []attack) {
	content, events := zipText(t, archived{"content.xml", evilContent}), zipText(t, archived{"events.json", evilEvents})
	gz := gzipText(t, evilEvents)
	list = append(list, intoContent("ZIP in a ZIP", zipText(t, archived{"content.zip", content}))...)
	list = append(list, intoContent("ZIP called content.xml", zipText(t, archived{"content.xml", content}))...)
	list = append(list, intoContent("gzip called content.xml", zipText(t, archived{"content.xml", gzipText(t, evilContent)}))...)
	list = append(list, intoContent("ZIP in gzip", gzipText(t, content))...)
	return append(list,
		intoEvents("ZIP in a ZIP", zipText(t, archived{"events.json", events})),
		intoEvents("gzip in a ZIP", zipText(t, archived{"events.json", gz})),
		intoEvents("gzip in gzip", gzipText(t, gz)),
		intoEvents("gzip in gzip in gzip", gzipText(t, gzipText(t, gz))),
		intoEvents("ZIP in gzip", gzipText(t, events)),
		intoEvents("tar in a ZIP", zipText(t, archived{"x.tar", tarText(t, tar.Header{Name: "x", Typeflag: tar.TypeReg})})),
		intoEvents("zstd in a ZIP", zipText(t, archived{"x.zst", "\x28\xB5\x2F\xFD\x00"})),
		intoEvents("7z in gzip", gzipText(t, "7z\xBC\xAF\x27\x1C")),
	)
}

func oddArchives(t *testing.T) (list []attack) {
	patched := func(text string, method, flags byte) string {
		b := []byte(text)
		b[6], b[8] = flags, method
		at := bytes.Index(b, []byte("PK\x01\x02"))
		b[at+8], b[at+10] = flags, method
		return string(b)
	}
	content, events := zipText(t, archived{"content.xml", evilContent}), zipText(t, archived{"events.json", evilEvents})
	damaged := []byte(gzipText(t, evilEvents))
	damaged[len(damaged)-7] ^= 1 // of the check sum
	list = append(list, intoContent("deflate64", patched(content, 9, 8))...)
	list = append(list, intoContent("encrypted", patched(content, 8, 9))...)
	list = append(list, intoContent("cut off", content[:len(content)-10])...)
	list = append(list, intoContent("the end alone", string(zipEnd(3, 100, 1<<30)))...)
	return append(list,
		intoEvents("deflate64", patched(events, 9, 8)),
		intoEvents("encrypted", patched(events, 8, 9)),
		intoEvents("cut off ZIP", events[:len(events)-10]),
		intoEvents("cut off gzip", gzipText(t, evilEvents)[:30]),
		intoEvents("wrong check sum", string(damaged)),
		attack{name: "a tar of links and devices, as events", method: "POST", path: eventsPath, status: 400, code: "InvalidParameter",
			body: tarText(t, tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, tar.Header{Name: "b", Typeflag: tar.TypeLink, Linkname: "a"},
				tar.Header{Name: "c", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}, tar.Header{Name: "d", Typeflag: tar.TypeFifo})},
		attack{name: "an empty ZIP, as events", method: "POST", path: eventsPath, body: zipText(t), status: 400, code: "InvalidParameter"},
		attack{name: "gzip that says it is plain", method: "POST", path: eventsPath + "&payloadType=EXE", body: gzipText(t, evilEvents), status: 400, code: "InvalidParameter"},
		attack{name: "a body in another encoding", method: "POST", path: ownBase + "/log-groups", body: gzipText(t, `{"displayName":"x"}`),
			header: http.Header{"Content-Encoding": {"gzip"}}, status: 400, code: "CannotParseRequest"},
	)
}

func xmlEntities(t *testing.T) (list []attack) {
	const head = `<?xml version="1.0"?><!DOCTYPE x [`
	laughs := `<!ENTITY a0 "ha">`
	for i := range 30 {
		laughs += fmt.Sprintf(`<!ENTITY a%d "&a%d;&a%d;&a%d;&a%d;">`, i+1, i, i, i, i)
	}
	for name, text := range map[string]string{
		"external entity":         head + `<!ENTITY e SYSTEM "file:///etc/passwd">]><LoganContent name="x"><Tag><Name>&e;</Name></Tag></LoganContent>`,
		"external, in a name":     head + `<!ENTITY e SYSTEM "file:///etc/passwd">]><LoganContent name="&e;"/>`,
		"external, by HTTP":       head + `<!ENTITY e SYSTEM "http://127.0.0.1:1/x">]><LoganContent name="x">&e;</LoganContent>`,
		"public entity":           head + `<!ENTITY e PUBLIC "x" "file:///dev/zero">]><LoganContent name="&e;"/>`,
		"billion laughs":          head + laughs + `]><LoganContent name="x"><Tag><Name>&a30;</Name></Tag></LoganContent>`,
		"quadratic blow-up":       head + `<!ENTITY a "` + strings.Repeat("x", 100_000) + `">]><LoganContent name="` + strings.Repeat("&a;", 10_000) + `"/>`,
		"parameter entity":        head + `<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><LoganContent name="x"/>`,
		"DTD elsewhere":           `<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><LoganContent name="x"/>`,
		"entity without a DTD":    `<LoganContent name="x"><Tag><Name>&e;</Name></Tag></LoganContent>`,
		"XInclude":                `<LoganContent name="x" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/><Tag><Name>a&#0;b</Name></Tag></LoganContent>`,
		"deep":                    `<LoganContent>` + strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000) + `</LoganContent>`,
		"never closed":            `<LoganContent>` + strings.Repeat("<a>", 100_000),
		"many attributes":         `<LoganContent ` + strings.Repeat(`a="b" `, 100_000) + `name="x"/><x`,
		"another encoding":        `<?xml version="1.0" encoding="UTF-7"?><LoganContent name="x"/>`,
		"UTF-16 behind the guard": "\xFE\xFF\x00<\x00!",
		"no XML":                  `{"LoganContent":1}`,
	} {
		list = append(list, intoContent(name, text)...)
		list = append(list, intoContent(name+", in a ZIP", zipText(t, archived{"content.xml", text}))...)
	}
	return list
}
