package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/content"
	"ledgerline/internal/record"
)

// otlpRequest has two records, of two scopes, and every kind of value.
const otlpRequest = `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}},{"key":"host.name","value":{"stringValue":"host-1"}}]},
 "scopeLogs":[{"scope":{"name":"checkout","version":"1.2"},"logRecords":[{"timeUnixNano":"1714555200123456789","observedTimeUnixNano":"1714555201000000000","severityNumber":17,"severityText":"ERROR",
  "traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","body":{"stringValue":"order 42 failed"},
  "attributes":[{"key":"order.number","value":{"intValue":"9007199254740993"}},{"key":"ratio","value":{"doubleValue":0.5}},{"key":"retried","value":{"boolValue":false}},
   {"key":"raw","value":{"bytesValue":"AAE="}},{"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":2}]}}},
   {"key":"nested","value":{"kvlistValue":{"values":[{"key":"deep","value":{"kvlistValue":{"values":[{"key":"er","value":{"stringValue":"x"}}]}}}]}}}]}]},
  {"logRecords":[{"observedTimeUnixNano":1714555202000000000,"eventName":"order.seen","body":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":1}}]}}}]}]}]}`

func otlp(body, token string) la.UploadOtlpLogsRequest {
	r := la.UploadOtlpLogsRequest{NamespaceName: ptr("demo"), OpcMetaLoggrpid: ptr(groupID), UploadOtlpLogsDetails: io.NopCloser(strings.NewReader(body))}
	if token != "" {
		r.OpcRetryToken = &token
	}
	return r
}

func TestSDKUploadOtlpLogs(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c := g.sdk()
	answer, err := c.UploadOtlpLogs(ctx, otlp(otlpRequest, "once"))
	if err != nil || answer.OpcObjectId == nil || answer.TimeCreated == nil {
		t.Fatalf("%+v, %v", answer, err)
	}
	if _, err := c.UploadOtlpLogs(ctx, otlp(otlpRequest, "once")); err != nil { // the exporter's second try
		t.Fatal(err)
	}
	staged := g.received()
	if len(staged) != 1 || staged[0].Source != content.SourceOpenTelemetry || staged[0].LogGroup != groupID {
		t.Fatalf("%+v", staged)
	}
	entries := g.parsed(content.SourceOpenTelemetry, string(staged[0].Body))
	if len(entries) != 2 {
		t.Fatalf("%d entries", len(entries))
	}
	first, second := entries[0], entries[1]
	if first.Time != 1714555200123 || second.Time != 1714555202000 {
		t.Errorf("times %d, %d", first.Time, second.Time)
	}
	values := func(e record.Entry) map[string]string {
		out := map[string]string{}
		for _, v := range e.Cells {
			if out[v.Field] = v.Value.Str; v.Value.Kind == record.Long {
				out[v.Field] = itoa(v.Value.Int)
			}
		}
		return out
	}
	for field, want := range map[string]string{"msg": "order 42 failed", "sevlvl": "ERROR", "severitynumber": "17", "service": "orders", "srvrhostname": "host-1",
		"traceid": "5b8efff798038103d269b633813fc60c", "spanid": "eee19b7ec3c1b174"} {
		if got := values(first)[field]; got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if got := values(second); got["msg"] != `{"n":1}` || got["eventtype"] != "order.seen" || got["service"] != "orders" {
		t.Errorf("%v", got)
	}
	// Nested values, and numbers beyond what a double holds, are in the text.
	for _, want := range []string{`"order.number":9007199254740993`, `"nested":{"deep":{"er":"x"}}`, `"tags":["a",2]`, `"ratio":0.5`, `"retried":false`, `"raw":"AAE="`, `"scope":{"name":"checkout","version":"1.2"}`} {
		if !strings.Contains(first.Text, want) {
			t.Errorf("%s is not in %s", want, first.Text)
		}
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(otlpRequest))
	z.Close()
	if _, err := c.UploadOtlpLogs(ctx, otlp(zipped.String(), "")); err != nil {
		t.Error(err)
	}
	if staged = g.received(); len(staged) != 2 || !bytes.Equal(staged[1].Body, staged[0].Body) {
		t.Errorf("in gzip: %d uploads", len(staged))
	}
}

// What is wrong with one record keeps all of them out.
func TestUploadOtlpLogsRefuses(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	c := g.sdk()
	record := func(s string) string { return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + s + `]}]}]}` }
	for body, code := range map[string]string{
		"not JSON":                        "CannotParseRequest",
		"{}":                              "MissingParameter",
		record(""):                        "MissingParameter",
		record(`{"timeUnixNano":"soon"}`): "CannotParseRequest",
		record(`{},{"body":{"arrayValue":{"values":"x"}}}`):                                                             "CannotParseRequest",
		record(`{"body":` + strings.Repeat(`{"arrayValue":{"values":[`, 500) + `{}` + strings.Repeat(`]}}`, 500) + `}`): "InvalidParameter",
		record(strings.Repeat("{},", maxPushedEntries) + "{}"):                                                          "InvalidParameter",
		"\x1f\x8b broken": "InvalidParameter",
	} {
		_, err := c.UploadOtlpLogs(ctx, otlp(body, ""))
		refused(t, err, 400, code)
	}
	r := otlp(otlpRequest, "")
	r.OpcMetaLoggrpid = ptr("ocid1.loganalyticsloggroup.oc1..other")
	_, err := c.UploadOtlpLogs(ctx, r)
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	r = otlp("\x0a\x00", "")
	r.ContentType = ptr("application/x-protobuf")
	_, err = c.UploadOtlpLogs(ctx, r)
	refused(t, err, 400, "InvalidParameter")
	if len(g.received()) != 0 {
		t.Error("something refused was staged")
	}
}

// Whatever comes, each line is one JSON object that the log source reads.
func FuzzOTLPLines(f *testing.F) {
	f.Add([]byte(otlpRequest))
	f.Add([]byte(`{"resourceLogs":[{"resource":null,"scopeLogs":[{"scope":{},"logRecords":[{"body":{"doubleValue":"NaN"},"timeUnixNano":null}]}]}]}`))
	l := newRig(f).lib
	f.Fuzz(func(t *testing.T, body []byte) {
		lines, err := otlpLines(body)
		if err != nil {
			return
		}
		n := 0
		for line := range bytes.Lines(lines) {
			var object map[string]any
			if err := json.Unmarshal(line, &object); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			n++
		}
		read := 0
		if _, err := l.Parse(t.Context(), content.Upload{Origin: &record.Origin{Source: content.SourceOpenTelemetry}}, lines, func(e *record.Entry) error {
			read++
			for _, v := range e.Cells {
				if v.Field == "parsefailed" {
					t.Errorf("not read: %q", e.Text)
				}
			}
			return nil
		}); err != nil || read != n {
			t.Fatalf("%d of %d lines are read, %v", read, n, err)
		}
	})
}
