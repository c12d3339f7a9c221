package content

import (
	"bytes"
	"path"
	"strings"
	"testing"
)

// An archive is refused or gives members within the limits, whose names stay
// inside and whose bytes are no further archive.
func FuzzExpand(f *testing.F) {
	member := zipMember{"../../etc/a.log", []byte("one\ntwo\n")}
	for name, body := range map[string][]byte{
		"a.zip": zipOf(f, member, zipMember{`C:\b`, nil}), "a.tar": tarOf(f, member), "a.tar.gz": gzipOf(f, tarOf(f, member)), "a.gz": gzipOf(f, []byte("x")),
		"a.log": []byte("plain"), "n.zip": zipOf(f, zipMember{"b.zip", zipOf(f, member)}), "bomb.gz": gzipOf(f, make([]byte, 1<<20)),
		"two.gz": append(gzipOf(f, []byte("a")), gzipOf(f, []byte("b"))...),
	} {
		f.Add(name, body)
	}
	limits := Limits{Bytes: 1 << 20, Entries: 50, Ratio: 200}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		var members, size int
		err := Expand(name, body, limits, func(member string, text []byte) error {
			members++
			size += len(text)
			if strings.HasPrefix(member, "/") || strings.Contains(member, `\`) || strings.Contains("/"+path.Clean(member)+"/", "/../") {
				t.Errorf("the member %q leaves the archive", member)
			}
			if !bytes.Equal(text, body) && bytes.HasPrefix(text, []byte("PK\x03\x04")) {
				t.Errorf("the member %q is an archive", member)
			}
			return nil
		})
		if err != nil {
			return
		}
		if members > limits.Entries || size > int(limits.Bytes) && size > len(body) {
			t.Errorf("%d members of %d bytes in all", members, size)
		}
	})
}
