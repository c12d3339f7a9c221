package simulate

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

const (
	usersPath = "/admin/v1/Users"
	// ScopeIdentity is what a client asks the token endpoint for to read users.
	ScopeIdentity = "urn:opc:idm:__myscopes__"
	mostUsers     = 1000 // of a page
	usualUsers    = 50
	scimError     = "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"
)

// serveUsers is the part of an identity domain that reads users (log sources,
// section 2.6). It wants a token of its own scope.
func (s *Simulator) serveUsers(w http.ResponseWriter, r *http.Request, path string) {
	key := r.Method + " " + r.URL.RequestURI()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if f, failed := s.chance.fails(key, Reset, Unauthorized, Throttled, ThrottledAfter, ServerError, HTML503); failed && s.refuse(w, r, f, token) {
		return
	}
	s.chance.passed(key)
	if r.Method != http.MethodGet {
		s.sendSCIMError(w, r, http.StatusMethodNotAllowed, "users are read here")
		return
	}
	g, ok := s.tokens.get(token, s.Now())
	if !ok {
		s.unwelcome(w, r, http.StatusUnauthorized, "the token is missing, expired or revoked")
		return
	}
	if !g.allows(ScopeIdentity) {
		s.sendSCIMError(w, r, http.StatusForbidden, "the token is for another scope")
		return
	}
	if id, one := strings.CutPrefix(path, usersPath+"/"); one {
		for _, p := range s.company.staff.people {
			if p.id == id && !p.gone {
				s.sendJSON(w, r, http.StatusOK, s.describeUser(p))
				return
			}
		}
		s.sendSCIMError(w, r, http.StatusNotFound, "User "+id+" does not exist.")
		return
	}
	s.listUsers(w, r)
}

func (s *Simulator) listUsers(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	count, err := number(v.Get("count"), usualUsers, 0)
	start, err2 := number(v.Get("startIndex"), 1, 0)
	if err != nil || err2 != nil {
		s.sendSCIMError(w, r, http.StatusBadRequest, "count and startIndex are numbers")
		return
	}
	match, err := userFilter(v.Get("filter"))
	if err != nil {
		s.sendSCIMError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	count, start = min(count, mostUsers), max(start, 1)
	total, page := 0, []map[string]any{}
	for _, p := range s.company.staff.people {
		if p.gone || !match(p) {
			continue
		}
		if total++; total >= start && len(page) < count {
			page = append(page, s.describeUser(p))
		}
	}
	s.sendJSON(w, r, http.StatusOK, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": total, "startIndex": start, "itemsPerPage": len(page), "Resources": page})
}

func (s *Simulator) describeUser(p person) map[string]any {
	return map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": p.id, "ocid": "ocid1.user.oc1.." + p.id,
		"userName": p.name, "displayName": p.display, "active": true,
		"emails": []map[string]any{{"value": p.name, "primary": true, "type": "work"}},
		"meta":   map[string]string{"resourceType": "User", "location": usersPath + "/" + p.id}}
}

func (s *Simulator) sendSCIMError(w http.ResponseWriter, r *http.Request, status int, detail string) {
	s.sendJSON(w, r, status, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error", scimError},
		"detail": detail, "status": fmt.Sprint(status), scimError: map[string]string{"messageId": fmt.Sprintf("error.common.%d", status)}})
}

var userCondition = regexp.MustCompile(`(?i)^\s*(id|userName)\s+(eq|sw)\s+"([^"]*)"\s*$`)

const mostConditions = 200

// userFilter reads: id eq "…" or userName eq "…" or userName sw "…".
func userFilter(text string) (func(person) bool, error) {
	if strings.TrimSpace(text) == "" {
		return func(person) bool { return true }, nil
	}
	var any []func(person) bool
	for _, part := range regexp.MustCompile(`(?i)\s+or\s+`).Split(text, mostConditions) {
		m := userCondition.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("the filter cannot be read at %q", part)
		}
		want, begins := strings.ToLower(m[3]), strings.EqualFold(m[2], "sw")
		byName := strings.EqualFold(m[1], "userName")
		any = append(any, func(p person) bool {
			have := p.id
			if byName {
				have = strings.ToLower(p.name)
			}
			return have == want || begins && strings.HasPrefix(have, want)
		})
	}
	return func(p person) bool {
		for _, match := range any {
			if match(p) {
				return true
			}
		}
		return false
	}, nil
}
