package api

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/signature"
	"ledgerline/internal/stage"
)

// Base paths of OCI Logging: ingestion and search.
const (
	ingestionBase = "/20200831"
	searchBase    = "/20190909"
)

// pushOperations take records from clients that push, and give them back.
func pushOperations() []operation {
	const ns = "/20200601/namespaces/{namespaceName}"
	return []operation{
		{Method: http.MethodPost, Pattern: ingestionBase + "/logs/{logId}/actions/push", Name: "PutLogs", handle: (*Server).putLogs},
		{Method: http.MethodPost, Pattern: ns + "/actions/uploadLogEventsFile", Name: "UploadLogEventsFile", handle: (*Server).uploadLogEventsFile, form: signature.BodyUnsigned},
		{Method: http.MethodPost, Pattern: ns + "/actions/otlp/v1/logs", Name: "UploadOtlpLogs", handle: (*Server).uploadOTLP, form: signature.BodyUnsigned},
		{Method: http.MethodPost, Pattern: searchBase + "/search", Name: "SearchLogs", handle: (*Server).searchLogs},
	}
}

// putLogsDetails is the body of PutLogs.
type putLogsDetails struct {
	Version string          `json:"specversion"`
	Batches []logEntryBatch `json:"logEntryBatches"`
}

type logEntryBatch struct {
	Source  string     `json:"source"`
	Type    string     `json:"type"`
	Subject string     `json:"subject"`
	Time    *time.Time `json:"defaultlogentrytime"`
	Entries []struct {
		ID   string     `json:"id"`
		Time *time.Time `json:"time"`
		Data *string    `json:"data"`
	} `json:"entries"`
}

// Bounds of PutLogs. Oracle's service takes entries of less than 1 MB.
const (
	maxPushedEntry   = 1 << 20
	maxPushedEntries = 100_000
)

// logEvent is an entry as OCI Logging keeps it: a CloudEvent with where it lies.
type logEvent struct {
	Data    any           `json:"data"` // a text, or JSON as it came
	ID      string        `json:"id"`
	Oracle  logEventPlace `json:"oracle"`
	Source  string        `json:"source"`
	Version string        `json:"specversion"`
	Subject string        `json:"subject,omitempty"`
	Time    string        `json:"time"`
	Type    string        `json:"type"`
}

type logEventPlace struct {
	Compartment string `json:"compartmentid,omitempty"`
	Ingested    string `json:"ingestedtime,omitempty"`
	LogGroup    string `json:"loggroupid,omitempty"`
	Log         string `json:"logid,omitempty"`
	Tenant      string `json:"tenantid,omitempty"`
}

// putLogs stages the entries of OCI Logging's clients as the events that Connector
// Hub would make of them, by log source. The log may bear any id; when it is that of
// a log group of this server the entries go there, else into the default one.
//
// Ids of entries are unique by contract, so a body that comes again within 24
// hours is a client's second try, and stored once.
func (s *Server) putLogs(c *call) (*response, error) {
	group, err := s.pushGroup(c, c.path["logId"])
	if err != nil {
		return nil, err
	}
	body, done, err := s.bodyInFlight(c)
	if err != nil {
		return nil, err
	}
	defer done()
	var d putLogsDetails
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: fmt.Sprintf("the body is not the JSON expected: %v", err)}
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	received := s.opts.Clock().UTC().Truncate(time.Millisecond)
	place := logEventPlace{Compartment: s.opts.Tenancy, Ingested: received.Format(eventTime), LogGroup: group, Log: c.path["logId"], Tenant: s.opts.Tenancy}
	lines := map[string]*bytes.Buffer{} // by log source
	for _, b := range d.Batches {
		source := s.sourceOfType(b.Type)
		if lines[source] == nil {
			lines[source] = &bytes.Buffer{}
		}
		line := json.NewEncoder(lines[source])
		line.SetEscapeHTML(false)
		for i := range b.Entries {
			if err := line.Encode(b.event(i, place)); err != nil {
				return nil, invalid("logEntryBatches.entries: %v", err)
			}
		}
	}
	// The time of receipt is in the events, so the body as it came makes the token.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", c.op.Name, c.path["logId"], body))
	var parts []stage.ReceivedUpload
	for _, source := range sortedNames(lines) {
		u := stage.Upload{Name: "PutLogs " + clip(c.path["logId"], 200), File: "putlogs.json", Source: source, LogGroup: group}
		parts = append(parts, stage.ReceivedUpload{Upload: u, Body: lines[source].Bytes()})
	}
	err = s.receiveParts(c, parts, received, c.op.Name+" "+hex.EncodeToString(sum[:16]))
	if err != nil && !errors.Is(err, stage.ErrTokenReused) { // but for the time of receipt it is the same
		return nil, err
	}
	return &response{status: http.StatusOK}, nil
}

const eventTime = "2006-01-02T15:04:05.000Z"

func (d putLogsDetails) check() error {
	if d.Version != "1.0" {
		return invalid("specversion must be 1.0")
	}
	if len(d.Batches) == 0 {
		return missing("logEntryBatches")
	}
	n := 0
	for _, b := range d.Batches {
		switch {
		case b.Source == "":
			return missing("logEntryBatches.source")
		case b.Type == "":
			return missing("logEntryBatches.type")
		case b.Time == nil:
			return missing("logEntryBatches.defaultlogentrytime")
		case len(b.Entries) == 0:
			return missing("logEntryBatches.entries")
		}
		for _, e := range b.Entries {
			switch n++; {
			case e.ID == "":
				return missing("logEntryBatches.entries.id")
			case e.Data == nil:
				return missing("logEntryBatches.entries.data")
			case len(*e.Data) >= maxPushedEntry:
				return invalid("logEntryBatches.entries: the data of entry %.100q has %d bytes; less than %d are allowed", e.ID, len(*e.Data), maxPushedEntry)
			}
		}
	}
	if n > maxPushedEntries {
		return invalid("logEntryBatches: at most %d entries at once", maxPushedEntries)
	}
	return nil
}

// event makes the event of one entry. Data that is the text of a JSON object or
// array becomes that; other data stays a text.
func (b logEntryBatch) event(i int, place logEventPlace) logEvent {
	e := b.Entries[i]
	at := *b.Time
	if e.Time != nil {
		at = *e.Time
	}
	layout := eventTime
	if at.Nanosecond()%int(time.Millisecond) != 0 { // finer than OCI Logging writes it
		layout = time.RFC3339Nano
	}
	out := logEvent{ID: e.ID, Oracle: place, Source: b.Source, Version: "1.0", Subject: b.Subject, Time: at.UTC().Format(layout), Type: b.Type}
	out.Data = *e.Data
	if text := strings.TrimSpace(*e.Data); text != "" && strings.ContainsRune("{[", rune(text[0])) && json.Valid([]byte(text)) {
		out.Data = json.RawMessage(text)
	}
	return out
}

// sourceOfType is the log source of events of a type: one that is made for it, else
// one of that name, as in Oracle's service, else that of any event.
func (s *Server) sourceOfType(kind string) string {
	name := kind
	switch {
	case strings.HasSuffix(kind, ".analyticsinstance.audit"):
		name = content.SourceAnalyticsAudit
	case strings.HasSuffix(kind, ".analyticsinstance.diagnostic"):
		name = content.SourceAnalyticsDiagnostic
	case strings.HasSuffix(kind, ".integrationinstance.activitystream"):
		name = content.SourceIntegrationActivity
	}
	if found, ok := s.Library.Source(name); ok {
		return found.Name
	}
	return content.SourceUnified
}

// pushGroup is the log group that records pushed to a log go to. One that the
// caller may not use is as good as none.
func (s *Server) pushGroup(c *call, log string) (string, error) {
	_, err := s.Catalog.LogGroup(c.r.Context(), log)
	switch {
	case err == nil && s.mayUse(c, log) == nil:
		return log, nil
	case err != nil && !errors.Is(err, catalog.ErrNotFound):
		return "", err
	case s.opts.LogGroup == "":
		return "", absent("Log %.200q is not found; use the OCID of a log group", log)
	}
	return s.opts.LogGroup, s.mayUse(c, s.opts.LogGroup)
}

// mayUse refuses a caller who may not put records into a log group.
func (s *Server) mayUse(c *call, group string) error {
	if !c.who.rights.LogGroup(group, catalog.Use) {
		return refusedTo(c)
	}
	return nil
}

// bodyInFlight reads the body of an upload within the bounds of memory; done
// must be called when it is not used any more.
func (s *Server) bodyInFlight(c *call) (body []byte, done func(), err error) {
	if s.Store.Busy() {
		return nil, nil, tooMany("the store is merging and asks to slow down", slowDown)
	}
	size := c.r.ContentLength
	if size > s.limits.MaxUpload {
		return nil, nil, tooLarge(s.limits.MaxUpload)
	}
	if size < 0 {
		size = s.limits.MaxUpload
	}
	if !s.inFlight.Take(size) {
		return nil, nil, tooMany("too many uploads at once", time.Second)
	}
	if body, err = c.readBody(s.limits.MaxUpload); err != nil {
		s.inFlight.Give(size)
		return nil, nil, err
	}
	return body, func() { s.inFlight.Give(size) }, nil
}

// receiveParts stages what one request brought, all of it or nothing; it is durable
// when it returns. What came before under the token is done already.
func (s *Server) receiveParts(c *call, parts []stage.ReceivedUpload, received time.Time, token string) error {
	for i := range parts {
		parts[i].Reference, parts[i].User, parts[i].Received = strings.ToLower(rand.Text()), c.user, received
	}
	parts[0].RetryToken = token
	var twice *stage.DuplicateTokenError
	switch err := s.Stage.ReceiveAll(c.r.Context(), parts); {
	case errors.As(err, &twice):
		return nil
	case err != nil:
		return err
	}
	for _, p := range parts {
		s.metrics.uploaded.Add(float64(len(p.Body)))
		if _, err := s.uploadAnswer(c, p.Upload, int64(len(p.Body))); err != nil {
			return err
		}
	}
	return nil
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
