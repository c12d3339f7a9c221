package connect

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// store answers ranges of one object, the way a test asks for.
type store struct {
	body     []byte
	etag     string
	whole    bool // it does not know ranges
	shifted  bool // the range is another than was asked for
	encoded  bool // the object bears Content-Encoding: gzip
	requests []string
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.URL.Path+" "+r.Header.Get("Range"))
	if match := r.Header.Get("If-Match"); match != "" && match != s.etag {
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, `{"code":"IfMatchFailed","message":"x"}`)
		return
	}
	if s.encoded {
		w.Header().Set("Content-Encoding", "gzip")
	}
	var from, to int
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
	if s.whole {
		w.Write(s.body)
		return
	}
	to = min(to+1, len(s.body))
	if s.shifted {
		from--
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(s.body)))
	w.WriteHeader(http.StatusPartialContent)
	w.Write(s.body[from:to])
}

func TestReadObjectGivesTheStoredBytes(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(strings.Repeat("a line\n", 1000)))
	z.Close()
	for _, s := range []*store{{}, {whole: true}, {encoded: true}, {encoded: true, whole: true}} {
		s.body, s.etag = packed.Bytes(), "e1"
		o, err := NewOCI(inline(t, serve(t, s)), newBench().options())
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for at := int64(0); at < int64(len(s.body)); at += 10 {
			part, err := o.ReadObject(t.Context(), ObjectRange{Namespace: "ns", Bucket: "b", Name: "p/x.log.gz", ETag: "e1", Offset: at, Length: 10})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if !bytes.Equal(got, s.body) {
			t.Errorf("%+v: %d bytes, want %d", s, len(got), len(s.body))
		}
		if s.requests[1] != "/n/ns/b/b/o/p/x.log.gz bytes=10-19" {
			t.Errorf("asked for %s", s.requests[1])
		}
		if _, err := o.ReadObject(t.Context(), ObjectRange{Namespace: "ns", Bucket: "b", Name: "p/x.log.gz", ETag: "e0", Length: 10}); !ObjectReplaced(err) {
			t.Errorf("another version is %v", err)
		}
	}
	s := &store{body: packed.Bytes(), shifted: true}
	o, err := NewOCI(inline(t, serve(t, s)), newBench().options())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.ReadObject(t.Context(), ObjectRange{Namespace: "ns", Bucket: "b", Name: "x", Offset: 10, Length: 10}); KindOf(err) != BadPayload {
		t.Errorf("another range than was asked for is %v", err)
	}
}

func TestListObjects(t *testing.T) {
	const page = `{"objects":[{"name":"oac/c/1.log.gz","size":12,"etag":"e","md5":"m==","timeCreated":"2024-05-01T09:18:40.123Z"}],"prefixes":["oac/d/"],"nextStartWith":"oac/e"}`
	o, s := ociClient(t, newBench(), reply{429, jsonType, `{}`}, reply{200, jsonType, page[:50]}, reply{200, jsonType, page})
	got, err := o.ListObjects(t.Context(), ObjectQuery{Namespace: "ns", Bucket: "b", Prefix: "oac/", Start: "oac/b", Folders: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Objects) != 1 || got.Objects[0].Name != "oac/c/1.log.gz" || got.Objects[0].Size != 12 || got.Objects[0].ETag != "e" || got.Objects[0].MD5 != "m==" ||
		got.Objects[0].Created.IsZero() || got.Folders[0] != "oac/d/" || got.Next != "oac/e" {
		t.Errorf("%+v", got)
	}
	q := s.requests[2].URL.Query()
	if q.Get("prefix") != "oac/" || q.Get("start") != "oac/b" || q.Get("delimiter") != "/" || !strings.Contains(q.Get("fields"), "etag") {
		t.Errorf("%s", s.requests[2].URL)
	}
	for _, c := range []struct {
		code string
		gone bool
		hint string
	}{{"ObjectNotFound", true, ""}, {"BucketNotFound", false, "read objects"}} {
		o, _ := ociClient(t, newBench(), reply{404, jsonType, `{"code":"` + c.code + `","message":"x"}`})
		_, err := o.ReadObject(t.Context(), ObjectRange{Namespace: "ns", Bucket: "b", Name: "x", Length: 1})
		if ObjectGone(err) != c.gone || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%s: %v", c.code, err)
		}
		if probes := o.ProbeObjects(t.Context(), "ns", "b", ""); probes[0].OK {
			t.Errorf("%+v", probes)
		}
	}
}
