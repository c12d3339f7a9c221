package simulate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/record"
)

// Truth is what has happened and can be seen by now.
type Truth struct {
	Instance   string                  `json:"instance"` // the instance of the identities
	Count      int                     `json:"count"`    // records, twins counted
	Distinct   int                     `json:"distinct"` // identities
	Digest     string                  `json:"digest"`   // see Digest
	Identities map[record.Identity]int `json:"-"`        // how often each occurs
}

// Truth computes the identities of all records, as of an instance of that
// name; an empty name means Options.Instance.
func (s *Simulator) Truth(instance string) Truth {
	instance = first(instance, s.opts.Instance)
	all := s.trail.snapshot()
	t := Truth{Instance: instance, Count: len(all), Identities: make(map[record.Identity]int, len(all))}
	for _, e := range all {
		t.Identities[s.item(e).identity(instance)]++
	}
	t.Distinct, t.Digest = len(t.Identities), Digest(t.Identities)
	return t
}

// Count is the number of records that can be seen by now.
func (s *Simulator) Count() int {
	s.trail.mu.RLock()
	defer s.trail.mu.RUnlock()
	return len(s.trail.all)
}

// LogTruth is what has come into a service log by now, by its name or OCID; the
// identities are those of EventIdentity. ok is false when there is no such log.
func (s *Simulator) LogTruth(name string) (t Truth, ok bool) {
	l := s.company.log(name)
	if l == nil {
		return Truth{}, false
	}
	list := l.between(math.MinInt64, math.MaxInt64)
	t = Truth{Instance: l.name, Count: len(list), Identities: make(map[record.Identity]int, len(list))}
	var p fastjson.Parser
	for i := range list {
		t.Identities[EventIdentity(&p, list[i].event())]++
	}
	t.Distinct, t.Digest = len(t.Identities), Digest(t.Identities)
	return t, true
}

// Logs names the service logs, those that clients push to included, with their OCIDs.
func (s *Simulator) Logs() map[string]string {
	out := map[string]string{}
	for _, l := range s.company.all() {
		out[l.name] = l.id
	}
	return out
}

// Digest of a multiset: SHA-256 over the lines "identity count\n" in order of
// identity, in hexadecimal.
func Digest(identities map[record.Identity]int) string {
	h := sha256.New()
	for _, id := range slices.SortedFunc(maps.Keys(identities), func(a, b record.Identity) int { return bytes.Compare(a[:], b[:]) }) {
		fmt.Fprintf(h, "%s %d\n", id, identities[id])
	}
	return hex.EncodeToString(h.Sum(nil))
}

const maxControl = 64 << 10

// serveControl is for tests and people, not part of Oracle:
//
//	GET  /simulator/truth?instance=NAME&list=true   count, digest and, on request, identities
//	GET  /simulator/truth?log=NAME&list=true        the same of a service log
//	GET  /simulator/logs                            names of the service logs with OCID and count
//	GET  /simulator/metrics?query=MQL&from=T&to=T   the truth of a metric: what Monitoring answers without faults
//	GET  /simulator/export?log=NAME                 a service log as the console exports it, a JSON array
//	POST /simulator/rest                            nobody works any more, and what is under way stays undone
//	POST /simulator/flush                           Connector Hub writes what it holds
//	POST /simulator/faults                          body as ParseFaults reads it
//	POST /simulator/clock                           {"advance":"10m"}
//	POST /simulator/step                            let the users work until now
//	POST /simulator/revoke                          revoke all tokens
func (s *Simulator) serveControl(w http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err != nil {
		s.sendProblem(w, r, http.StatusRequestEntityTooLarge, "the body is too large")
		return
	}
	switch r.Method + " " + strings.TrimPrefix(path, "/simulator/") {
	case "GET truth":
		t, ok := Truth{}, true
		if name := r.URL.Query().Get("log"); name != "" {
			t, ok = s.LogTruth(name)
		} else {
			t = s.Truth(r.URL.Query().Get("instance"))
		}
		if !ok {
			s.sendProblem(w, r, http.StatusNotFound, "no such log")
			return
		}
		if r.URL.Query().Get("list") != "true" {
			s.sendJSON(w, r, http.StatusOK, t)
			return
		}
		list := make(map[string]int, len(t.Identities))
		for id, n := range t.Identities {
			list[id.String()] = n
		}
		s.sendJSON(w, r, http.StatusOK, struct {
			Truth
			List map[string]int `json:"identities"`
		}{t, list})
	case "GET logs":
		logs := map[string]any{}
		for _, l := range s.company.all() {
			logs[l.name] = map[string]any{"id": l.id, "records": l.count()}
		}
		s.sendJSON(w, r, http.StatusOK, logs)
	case "GET metrics":
		v := r.URL.Query()
		from, err1 := time.Parse(time.RFC3339, v.Get("from"))
		to, err2 := time.Parse(time.RFC3339, v.Get("to"))
		list, err := s.Summarize(v.Get("query"), from, to)
		if err := errors.Join(err, err1, err2); err != nil {
			s.sendProblem(w, r, http.StatusBadRequest, err.Error())
			return
		}
		s.sendJSON(w, r, http.StatusOK, list)
	case "POST rest":
		s.Rest()
		s.sendJSON(w, r, http.StatusOK, map[string]bool{"resting": true})
	case "GET export":
		l := s.company.log(r.URL.Query().Get("log"))
		if l == nil {
			s.sendProblem(w, r, http.StatusNotFound, "no such log")
			return
		}
		s.send(w, r, http.StatusOK, "application/json", l.export(), damage{})
	case "POST flush":
		if err := s.Flush(); err != nil {
			s.sendProblem(w, r, http.StatusInternalServerError, err.Error())
			return
		}
		s.sendJSON(w, r, http.StatusOK, map[string]bool{"flushed": true})
	case "POST faults":
		f, err := ParseFaults(string(body))
		if err != nil {
			s.sendProblem(w, r, http.StatusBadRequest, err.Error())
			return
		}
		s.SetFaults(f)
		s.sendJSON(w, r, http.StatusOK, map[string]string{"faults": f.String()})
	case "POST clock":
		var c struct {
			Advance string `json:"advance"`
		}
		d, err := time.Duration(0), json.Unmarshal(body, &c)
		if err == nil {
			d, err = time.ParseDuration(c.Advance)
		}
		if err != nil {
			s.sendProblem(w, r, http.StatusBadRequest, `write {"advance":"10m"}`)
			return
		}
		s.Advance(d)
		s.sendJSON(w, r, http.StatusOK, map[string]string{"now": s.Now().UTC().Format(time.RFC3339Nano)})
	case "POST step":
		s.sendJSON(w, r, http.StatusOK, map[string]int{"records": s.Step(s.Now())})
	case "POST revoke":
		s.RevokeTokens()
		s.sendJSON(w, r, http.StatusOK, map[string]bool{"revoked": true})
	case "POST logout":
		s.RevokeLogins()
		s.sendJSON(w, r, http.StatusOK, map[string]bool{"revoked": true})
	case "POST domain":
		var d Domain
		if err := json.Unmarshal(body, &d); err != nil {
			s.sendProblem(w, r, http.StatusBadRequest, `write {"deactivated":true}, or foreign, locked, noRole`)
			return
		}
		s.SetDomain(d)
		s.sendJSON(w, r, http.StatusOK, d)
	default:
		s.sendProblem(w, r, http.StatusNotFound, "no such control")
	}
}
