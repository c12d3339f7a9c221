package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestStreams(t *testing.T) {
	audit := Upload{Connection: "local", LogSource: "OAC Audit", Types: []string{"*.audit"}}
	auditToo := Upload{Connection: "oci", LogSource: "OAC Audit", Types: []string{"*.audit"}}
	rest := Upload{Connection: "local", LogSource: "Rest"}
	in := Integration{Name: "bucket", Uploads: []Upload{audit, rest, auditToo}}
	want := []Stream{
		{Name: "bucket", Uploads: []Upload{rest}},
		{Name: "bucket.oac-audit", Types: []string{"*.audit"}, Uploads: []Upload{audit, auditToo}},
	}
	if got := in.Streams(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	// The place in the file does not matter: the name is for ever.
	in.Uploads = []Upload{rest, audit, auditToo}
	if got := in.Streams(); !reflect.DeepEqual(got, want) {
		t.Errorf("in another order %+v\nwant %+v", got, want)
	}
	long := streamName(strings.Repeat("i", 60), "OCI Integration Activity Stream Logs")
	if len(long) > 64 || !strings.HasPrefix(long, strings.Repeat("i", 60)+".oci") {
		t.Errorf("a long name becomes %s", long)
	}
}
