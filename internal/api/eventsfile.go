package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"ledgerline/internal/content"
	"ledgerline/internal/stage"
)

// eventsFile is one document of UploadLogEventsFile.
type eventsFile struct {
	Metadata map[string]any `json:"metadata"`
	Events   []eventsOf     `json:"logEvents"`
}

// eventsOf are the records of one log.
type eventsOf struct {
	EntityID   string         `json:"entityId"`
	EntityName string         `json:"entityName"`
	Source     string         `json:"logSourceName"`
	Path       string         `json:"logPath"`
	Timezone   string         `json:"timezone"`
	Metadata   map[string]any `json:"metadata"`
	Records    []string       `json:"logRecords"`
}

// Bounds of UploadLogEventsFile, as Oracle documents them.
const (
	maxEventsFile  = 2 << 20
	maxEventsFiles = 100
	maxEventsLogs  = 1000 // our own: parts of one request
)

// uploadLogEventsFile stages batches of records as shippers send them: one JSON
// document, plain or in gzip, or a ZIP of up to 100. Every part of it is checked before
// they are staged, all or none, and they are on disk before the answer. The answer has no body.
func (s *Server) uploadLogEventsFile(c *call) (*response, error) {
	group, err := c.need("logGroupId")
	if err != nil {
		return nil, err
	}
	var kind, logSet string
	if err := c.params(map[string]*string{"payloadType": &kind, "logSet": &logSet}); err != nil {
		return nil, err
	}
	switch kind {
	case "", "JSON", "GZIP", "ZIP": // what it is shows in its first bytes
	default:
		return nil, invalid("payloadType must be JSON, GZIP or ZIP")
	}
	if logSet != "" {
		return nil, invalid("logSet: this namespace is not partitioned by log sets")
	}
	return s.takePushed(c, group, "log events", func(body []byte, properties map[string]string) ([]stage.ReceivedUpload, error) {
		return s.eventsParts(c.r.Context(), body, properties)
	})
}

// takePushed stages the records that are pushed into a log group, as read makes
// uploads of the body and of what the header opc-meta-properties says. It answers
// without a body.
func (s *Server) takePushed(c *call, group, what string, read func(body []byte, properties map[string]string) ([]stage.ReceivedUpload, error)) (*response, error) {
	if err := s.mayUse(c, group); err != nil { // first: who may not use it must not learn that it is there
		return nil, err
	}
	if _, err := s.Catalog.LogGroup(c.r.Context(), group); err != nil {
		return nil, err
	}
	properties, err := c.properties()
	if err != nil {
		return nil, err
	}
	token, err := c.retryToken()
	if err != nil {
		return nil, err
	}
	body, done, err := s.bodyInFlight(c)
	if err != nil {
		return nil, err
	}
	defer done()
	parts, err := read(body, properties)
	if err != nil {
		return nil, err
	}
	received := s.opts.Clock().UTC().Truncate(time.Millisecond)
	object := strings.ToLower(rand.Text())
	name := what + " " + object[:12]
	if token != "" {
		// The name must be the same at each try, or the try would count as another request.
		name, token = what+" "+clip(token, maxToken), c.op.Name+" "+token
	}
	for i := range parts {
		parts[i].Name, parts[i].LogGroup = name, group
	}
	if err := s.receiveParts(c, parts, received, token); err != nil {
		return nil, err
	}
	return (&response{status: http.StatusOK, header: http.Header{}}).with("opc-object-id", object).with("timecreated", received.Format(time.RFC3339Nano)), nil
}

// properties reads the header opc-meta-properties, k1:v1;k2:v2.
func (c *call) properties() (map[string]string, error) {
	text, err := c.head("opc-meta-properties")
	if err != nil || text == "" {
		return nil, err
	}
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, ":")
		if !ok {
			return nil, invalid("opc-meta-properties must be name:value pairs separated by semicolons")
		}
		out[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return out, nil
}

// eventsParts reads and checks all documents of a body.
func (s *Server) eventsParts(ctx context.Context, body []byte, properties map[string]string) ([]stage.ReceivedUpload, error) {
	var out []stage.ReceivedUpload
	files := 0
	limits := content.Limits{Entries: maxEventsFiles, Bytes: maxEventsFile * maxEventsFiles}
	err := content.Expand("events.json", body, limits, func(name string, text []byte) error {
		if files++; len(text) > maxEventsFile {
			return invalid("a document of log events may have at most %d bytes; %s has %d", maxEventsFile, clip(name, 100), len(text))
		}
		var doc eventsFile
		if err := json.Unmarshal(text, &doc); err != nil {
			return invalid("%s is not a document of log events: %v", clip(name, 100), err)
		}
		if len(doc.Events) == 0 {
			return missing("logEvents")
		}
		for _, e := range doc.Events {
			p, err := s.eventsPart(ctx, e, doc.Metadata, properties)
			if err != nil {
				return err
			}
			if out = append(out, p); len(out) > maxEventsLogs {
				return invalid("at most %d logEvents at once", maxEventsLogs)
			}
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		return nil, invalid("the archive holds no document of log events")
	}
	if err != nil && asError(err).Status == http.StatusInternalServerError { // a broken archive is the client's
		return nil, invalid("%v", err)
	}
	return out, err
}

// eventsPart checks the records of one log. Metadata names fields; what is closer
// to the records counts.
func (s *Server) eventsPart(ctx context.Context, e eventsOf, document map[string]any, properties map[string]string) (stage.ReceivedUpload, error) {
	p := stage.ReceivedUpload{Upload: stage.Upload{File: "events", Timezone: e.Timezone, Metadata: maps.Clone(properties)}}
	switch {
	case e.Source == "":
		return p, missing("logEvents.logSourceName")
	case len(e.Records) == 0:
		return p, missing("logEvents.logRecords")
	}
	found, ok := s.Library.Source(e.Source)
	if !ok {
		return p, absent("Log source %.200q (logSourceName) is not found; import it first", e.Source)
	}
	p.Source = found.Name
	var err error
	if p.Entity, p.EntityType, err = s.namedEntity(ctx, e.EntityID); err != nil {
		return p, err
	}
	if p.Entity == "" {
		p.Entity = e.EntityName
	}
	if e.Timezone != "" {
		if _, err := zone(e.Timezone); err != nil {
			return p, err
		}
	}
	if e.Path != "" {
		if p.File, err = baseName("logPath", e.Path); err != nil {
			return p, err
		}
	}
	for _, v := range []string{p.File, p.Entity} {
		if !plainName(v) {
			return p, invalid("logEvents: logPath and entity must be text of at most %d bytes without control or invisible characters", maxNameBytes)
		}
	}
	for _, set := range []map[string]any{document, e.Metadata} {
		for name, v := range set {
			if p.Metadata == nil {
				p.Metadata = map[string]string{}
			}
			p.Metadata[name] = fmt.Sprint(v)
		}
	}
	p.Body = []byte(strings.Join(e.Records, "\n"))
	return p, nil
}
