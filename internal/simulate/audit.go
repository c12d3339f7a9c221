package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
)

const auditPath = "/ic/api/integration/v1/monitoring/auditRecords"

const defaultLimit = 15 // records of a page when nobody asks for a number

// serveAudit is GET …/monitoring/auditRecords.
func (s *Simulator) serveAudit(w http.ResponseWriter, r *http.Request) {
	key := r.URL.RequestURI()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	fault, failed := s.chance.fails(key, Reset, NotFound, Unauthorized, Throttled, ThrottledAfter, ServerError, HTML503, HTML200, Truncated, Empty)
	if failed && s.refuse(w, r, fault, token) {
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		s.sendProblem(w, r, http.StatusMethodNotAllowed, "this resource is read")
		return
	}
	if status, detail := s.admit(r, token); status != 0 {
		s.unwelcome(w, r, status, detail)
		return
	}
	page, err := s.page(r)
	if err != nil {
		s.sendProblem(w, r, http.StatusBadRequest, err.Error())
		return
	}
	var d damage
	if fault == Truncated {
		d.short = len(key)%2 == 0
		d.cut = !d.short
	}
	if s.chance.happens(Slow) {
		d.slow = s.opts.SlowFor
	}
	d.zip = s.chance.happens(Gzip)
	if !failed {
		s.chance.passed(key)
	}
	s.send(w, r, http.StatusOK, "application/json", s.encode(page), d)
}

// refuse answers a fault that needs no page; it reports false for the others.
func (s *Simulator) refuse(w http.ResponseWriter, r *http.Request, f Fault, token string) bool {
	switch f {
	case Reset:
		reset(w)
	case NotFound:
		s.sendProblem(w, r, http.StatusNotFound, "the resource was not found")
	case Unauthorized:
		s.tokens.revoke(token)
		s.unwelcome(w, r, http.StatusUnauthorized, "the token has expired")
	case Throttled:
		s.sendProblem(w, r, http.StatusTooManyRequests, "too many requests")
	case ThrottledAfter:
		w.Header().Set("Retry-After", "1")
		s.sendProblem(w, r, http.StatusTooManyRequests, "too many requests")
	case ServerError:
		s.sendProblem(w, r, http.StatusInternalServerError, "an unexpected error")
	case HTML503:
		s.sendHTML(w, r, http.StatusServiceUnavailable)
	case HTML200:
		s.sendHTML(w, r, http.StatusOK)
	case Empty:
		s.send(w, r, http.StatusOK, "application/json", nil, damage{})
	default:
		return false
	}
	return true
}

// admit checks token, role and instance; status 0 lets the request in.
func (s *Simulator) admit(r *http.Request, token string) (status int, detail string) {
	g, ok := s.tokens.get(token, s.Now())
	if !ok {
		return http.StatusUnauthorized, "the token is missing, expired or revoked"
	}
	for _, scope := range g.scopes {
		ok = strings.HasPrefix(scope, "https://"+s.opts.Audience)
		if ok {
			break
		}
	}
	if !ok {
		return http.StatusUnauthorized, "the token is for another audience"
	}
	if s.opts.NoRole || s.Domain().lacksRole(g.subject) {
		return http.StatusForbidden, "the client lacks a role of this instance"
	}
	if s.opts.Generation < 3 {
		return 0, ""
	}
	switch instance := r.URL.Query().Get("integrationInstance"); instance {
	case s.opts.Instance:
		return 0, ""
	case "":
		return s.opts.MissingInstanceStatus, "integrationInstance is missing"
	default:
		return http.StatusNotFound, "the integration instance was not found"
	}
}

// unwelcome answers 401 in one of the three forms that have been met: without
// a body, as HTML, as JSON; and everything else as JSON.
func (s *Simulator) unwelcome(w http.ResponseWriter, r *http.Request, status int, detail string) {
	if status != http.StatusUnauthorized {
		s.sendProblem(w, r, status, detail)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	switch len(r.URL.RawQuery) % 3 {
	case 0:
		s.send(w, r, status, "text/plain", nil, damage{})
	case 1:
		s.send(w, r, status, "text/html", []byte("<html><head><title>401 Authorization Required</title></head></html>"), damage{})
	default:
		s.sendProblem(w, r, status, detail)
	}
}

// auditPage is an answer of the resource. Members that the real sample lacks
// are left out unless the options ask for them.
type auditPage struct {
	HasMore *bool             `json:"hasMore,omitempty"`
	Items   []json.RawMessage `json:"items"`
	Limit   *int              `json:"limit,omitempty"`
	Links   []auditLink       `json:"links"`
	Offset  *int              `json:"offset,omitempty"`
	Total   any               `json:"totalResults"`
}

type auditLink struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

var errOffset = errors.New("the offset is beyond what this resource serves")

func (s *Simulator) page(r *http.Request) (*auditPage, error) {
	v := r.URL.Query()
	f, err := parseFilter(v.Get("q"))
	if err != nil {
		return nil, err
	}
	offset, err := number(v.Get("offset"), 0, 0)
	if err != nil {
		return nil, fmt.Errorf("offset %w", err)
	}
	limit, err := number(first(v.Get("limit"), f.limit), defaultLimit, 1)
	if err != nil {
		return nil, fmt.Errorf("limit %w", err)
	}
	if limit > s.opts.MaxLimit && s.opts.RefuseLimit {
		return nil, fmt.Errorf("limit is at most %d", s.opts.MaxLimit)
	}
	limit = min(limit, s.opts.MaxLimit)
	if s.opts.MaxOffset > 0 && offset > s.opts.MaxOffset {
		return nil, errOffset
	}
	if offset > 0 {
		s.shiftPages()
	}
	now := s.Now()
	page := &auditPage{Items: []json.RawMessage{}, Links: links(r)}
	s.trail.view(f, f.since(now, s.opts.Retention), func(list []*event) {
		n := len(list)
		page.Total = strconv.Itoa(n)
		if s.opts.NumericTotal {
			page.Total = n
		}
		for i := offset; i < min(offset+limit, n); i++ {
			page.Items = append(page.Items, s.item(list[s.position(i, n)]).encode())
		}
		if s.opts.HasMore {
			more := offset+limit < n
			page.HasMore, page.Limit, page.Offset = &more, &limit, &offset
		}
	})
	if s.chance.happens(Mixed) {
		dice := rand.New(rand.NewPCG(s.opts.Seed, uint64(offset)))
		dice.Shuffle(len(page.Items), func(i, j int) { page.Items[i], page.Items[j] = page.Items[j], page.Items[i] })
	}
	return page, nil
}

// shiftPages writes the records of drift and late arrival between two pages.
func (s *Simulator) shiftPages() {
	now := s.Now()
	if s.chance.adds(Drift) {
		s.trail.add(s.office.one(now))
	}
	if s.chance.adds(Late) {
		s.trail.add(s.office.one(now.Add(-s.opts.LateBy * 3 / 4)))
	}
}

// position of the i-th record of an answer among n, oldest first. Unordered, it
// is a permutation that stays the same while n does.
func (s *Simulator) position(i, n int) int {
	if s.opts.Unordered {
		stride := max(n*5/8, 1)
		for gcd(stride, n) != 1 {
			stride++
		}
		i = i * stride % n
	}
	return n - 1 - i
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (s *Simulator) encode(p *auditPage) []byte {
	b, err := json.Marshal(p)
	if err != nil {
		return []byte("{}")
	}
	if s.opts.OneLine {
		return b
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, b, "", "  ") != nil {
		return b
	}
	return pretty.Bytes()
}

// links carry host and path but no query string, as the real ones.
func links(r *http.Request) []auditLink {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	href := scheme + "://" + r.Host + auditPath
	return []auditLink{{href, "self"}, {href, "canonical"}}
}

const largestNumber = 1 << 30

func number(s string, missing, least int) (int, error) {
	if s == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > largestNumber {
		return 0, errors.New("is not a number that can be served")
	}
	return n, nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
