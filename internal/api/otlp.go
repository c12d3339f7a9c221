package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/stage"
)

// otlpLogs is OpenTelemetry's ExportLogsServiceRequest in its JSON form.
// Source: opentelemetry-proto v1.3.1, logs.proto and "OTLP/HTTP, JSON Protobuf Encoding".
type otlpLogs struct {
	Resources []struct {
		Resource struct {
			Attributes otlpAttributes `json:"attributes"`
		} `json:"resource"`
		Scopes []struct {
			Scope   *otlpScope   `json:"scope"`
			Records []otlpRecord `json:"logRecords"`
		} `json:"scopeLogs"`
	} `json:"resourceLogs"`
}

type otlpScope struct {
	Name       string         `json:"name,omitempty"`
	Version    string         `json:"version,omitempty"`
	Attributes otlpAttributes `json:"attributes,omitempty"`
}

type otlpRecord struct {
	Time           otlpInt        `json:"timeUnixNano"`
	Observed       otlpInt        `json:"observedTimeUnixNano"`
	SeverityNumber int            `json:"severityNumber"`
	SeverityText   string         `json:"severityText"`
	Event          string         `json:"eventName"`
	Body           otlpValue      `json:"body"`
	Attributes     otlpAttributes `json:"attributes"`
	TraceID        string         `json:"traceId"`
	SpanID         string         `json:"spanId"`
}

// otlpLine is one record as it is staged: a JSON object of plain values, with what
// its resource and scope say.
type otlpLine struct {
	Time           string         `json:"time,omitempty"`
	Service        any            `json:"service,omitempty"`
	Host           any            `json:"host,omitempty"`
	Severity       string         `json:"severity,omitempty"`
	SeverityNumber int            `json:"severityNumber,omitempty"`
	Event          string         `json:"event,omitempty"`
	Body           otlpValue      `json:"body"`
	TraceID        string         `json:"traceId,omitempty"`
	SpanID         string         `json:"spanId,omitempty"`
	Attributes     otlpAttributes `json:"attributes,omitempty"`
	Scope          *otlpScope     `json:"scope,omitempty"`
	Resource       otlpAttributes `json:"resource,omitempty"`
}

// otlpInt is a 64-bit number, which JSON writes as a text.
type otlpInt int64

func (n *otlpInt) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if *n = otlpInt(v); err != nil && string(text) != "null" {
		return fmt.Errorf("%.40s is no 64-bit number", text)
	}
	return nil
}

// otlpAttributes are pairs of keys and values; the last of a key counts.
type otlpAttributes map[string]otlpValue

func (a *otlpAttributes) UnmarshalJSON(text []byte) error {
	var pairs []struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	if err := json.Unmarshal(text, &pairs); err != nil {
		return err
	}
	if *a = nil; len(pairs) > 0 {
		*a = make(otlpAttributes, len(pairs))
	}
	for _, p := range pairs {
		(*a)[p.Key] = p.Value
	}
	return nil
}

// otlpValue is an AnyValue as plain JSON.
type otlpValue struct{ plain any }

func (v otlpValue) MarshalJSON() ([]byte, error) { return json.Marshal(v.plain) }

func (v *otlpValue) UnmarshalJSON(text []byte) error {
	var one struct {
		String *string         `json:"stringValue"`
		Bool   *bool           `json:"boolValue"`
		Int    *otlpInt        `json:"intValue"`
		Double json.RawMessage `json:"doubleValue"` // a number, or "NaN", "Infinity", "-Infinity"
		Bytes  *string         `json:"bytesValue"`  // base64
		Array  *struct {
			Values []otlpValue `json:"values"`
		} `json:"arrayValue"`
		Pairs *struct {
			Values otlpAttributes `json:"values"`
		} `json:"kvlistValue"`
	}
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	switch {
	case one.String != nil:
		v.plain = *one.String
	case one.Bool != nil:
		v.plain = *one.Bool
	case one.Int != nil:
		v.plain = int64(*one.Int)
	case one.Double != nil:
		v.plain = one.Double
	case one.Bytes != nil:
		v.plain = *one.Bytes
	case one.Array != nil:
		v.plain = one.Array.Values
	case one.Pairs != nil:
		v.plain = one.Pairs.Values
	}
	return nil
}

// maxOTLP is how large a request may become when it was compressed, and
// maxOTLPDepth how deep its braces and brackets may nest.
const (
	maxOTLP      = 64 << 20
	maxOTLPDepth = 100
)

// uploadOTLP stages the log records of OpenTelemetry's exporters, as one upload of
// the log source OpenTelemetry Logs. They are on disk before the answer.
func (s *Server) uploadOTLP(c *call) (*response, error) {
	group, err := c.head("opc-meta-loggrpid")
	if err != nil {
		return nil, err
	}
	logSet, err := c.head("log-set")
	switch {
	case err != nil:
		return nil, err
	case group == "":
		return nil, missing("header opc-meta-loggrpid")
	case logSet != "":
		return nil, invalid("log-set: this namespace is not partitioned by log sets")
	case strings.Contains(c.r.Header.Get("Content-Type"), "protobuf"):
		return nil, invalid("only OTLP in JSON is taken; set OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/json")
	}
	resp, err := s.takePushed(c, group, "OTLP logs", func(body []byte, properties map[string]string) ([]stage.ReceivedUpload, error) {
		lines, err := otlpLines(body)
		return []stage.ReceivedUpload{{Upload: stage.Upload{File: "otlp.json", Source: content.SourceOpenTelemetry, Metadata: properties}, Body: lines}}, err
	})
	if err == nil {
		resp.json = struct{}{} // exporters look for a partial success in it
	}
	return resp, err
}

// otlpLines makes a line of each record of a request, which may come in gzip.
func otlpLines(body []byte) ([]byte, error) {
	var lines bytes.Buffer
	n := 0
	err := content.Expand("otlp.json", body, content.Limits{Entries: 1, Bytes: maxOTLP}, func(_ string, text []byte) error {
		if deeper(text, maxOTLPDepth) {
			return invalid("the body nests deeper than %d levels", maxOTLPDepth)
		}
		var d otlpLogs
		if err := json.Unmarshal(text, &d); err != nil {
			return &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: fmt.Sprintf("the body is not OTLP in JSON: %v", err)}
		}
		enc := json.NewEncoder(&lines)
		enc.SetEscapeHTML(false)
		for _, r := range d.Resources {
			for _, scope := range r.Scopes {
				if n += len(scope.Records); n > maxPushedEntries {
					return invalid("at most %d log records at once", maxPushedEntries)
				}
				for _, record := range scope.Records {
					if err := enc.Encode(record.line(scope.Scope, r.Resource.Attributes)); err != nil {
						return invalid("logRecords: %v", err)
					}
				}
			}
		}
		return nil
	})
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		return nil, refusal
	case err != nil: // a broken archive
		return nil, invalid("%v", err)
	case n == 0:
		return nil, missing("resourceLogs with scopeLogs and logRecords")
	}
	return lines.Bytes(), nil
}

// line is a record with the time it bears: when it happened, else when it was seen.
func (r otlpRecord) line(scope *otlpScope, resource otlpAttributes) otlpLine {
	l := otlpLine{Service: resource["service.name"].plain, Host: resource["host.name"].plain, Severity: r.SeverityText, SeverityNumber: r.SeverityNumber,
		Event: r.Event, Body: r.Body, TraceID: r.TraceID, SpanID: r.SpanID, Attributes: r.Attributes, Scope: scope, Resource: resource}
	if r.Time == 0 {
		r.Time = r.Observed
	}
	if r.Time > 0 {
		l.Time = time.Unix(0, int64(r.Time)).UTC().Format(time.RFC3339Nano)
	}
	return l
}

// deeper reports whether a JSON text nests deeper than a number of levels.
func deeper(text []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
