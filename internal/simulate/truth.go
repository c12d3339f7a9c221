package simulate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

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
		t := s.Truth(r.URL.Query().Get("instance"))
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
	default:
		s.sendProblem(w, r, http.StatusNotFound, "no such control")
	}
}
