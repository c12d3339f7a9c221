package logfile

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// The audit download of the Oracle Integration console has one record a line:
//
//	[time[ Z]] [userID: u] [u,OPERATION,resourceType,code,name,version|null] sentence
//
// A name may hold commas; nothing else in the third bracket does.
var (
	consoleTime = regexp.MustCompile(`^\[\d{4}-\d\d-\d\d[ T]\d\d:\d\d`)
	consoleForm = regexp.MustCompile(`^\[(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?)( ?Z)?\] \[(?i:userid): ([^\]]*)\] \[([^,\]]*),([^,\]]*),([^,\]]*),([^,\]]*),(.*),([^,\]]*)\] (.*)$`)
)

const consoleHead = len("[2024-05-01 09:12")

func (r *Reader) beginsWithTime() bool {
	if _, ok := r.in.at(consoleHead - 1); !ok {
		return false
	}
	return consoleTime.Match(r.in.buf[r.in.pos : r.in.pos+consoleHead])
}

// consoleRecord has the attributes of the same record of the REST API, so that
// one log source parses both. Line is what came.
type consoleRecord struct {
	AuditTrailMessage string `json:"auditTrailMessage"`
	OperationName     string `json:"operationName"`
	ResourceCode      string `json:"resourceCode"`
	ResourceName      string `json:"resourceName"`
	ResourceType      string `json:"resourceType"`
	ResourceVersion   string `json:"resourceVersion,omitempty"`
	TimeStamp         string `json:"timeStamp"`
	UserName          string `json:"userName"`
	Line              string `json:"line"`
}

func (r *Reader) consoleLine() (Record, error) {
	line := r.in.line
	n, whole := r.in.lineEnd(r.opts.MaxRecord)
	text := r.in.buf[r.in.pos : r.in.pos+n]
	if r.opts.Growing && whole && !bytes.HasSuffix(text, newline) {
		r.torn = true
		return Record{}, io.EOF
	}
	m := consoleForm.FindStringSubmatch(strings.TrimRight(string(text), "\r\n"))
	if m == nil || !whole {
		return Record{}, r.refuse(line, "it begins like a line of the console's audit download and has another form", noColumn)
	}
	rec := consoleRecord{AuditTrailMessage: m[10], OperationName: strings.ToLower(m[5]), ResourceType: m[6], ResourceCode: m[7], ResourceName: m[8],
		ResourceVersion: m[9], TimeStamp: m[1], UserName: m[4], Line: m[0]}
	if m[2] != "" {
		rec.TimeStamp = strings.Replace(m[1], " ", "T", 1) + "Z"
	}
	if rec.ResourceVersion == "null" {
		rec.ResourceVersion = ""
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		return Record{}, err
	}
	r.in.consume(n)
	r.done()
	return Record{Raw: raw, Line: line}, nil
}
