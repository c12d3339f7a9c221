package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

const ana = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

func scimClient(t testing.TB, b *bench, h http.Handler) (*SCIM, *script) {
	t.Helper()
	tokens := &script{replies: []reply{tokenReply(goodToken)}}
	auth := NewOAuth(OAuthConfig{TokenURL: serve(t, tokens) + "/oauth2/v1/token", ClientID: "abc", ClientSecret: secret, Scope: ScopeIdentity}, b.options())
	return NewSCIM(serve(t, h), auth, b.options()), tokens
}

const noUser = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"User ` + ana + ` not found.","status":"404"}`

func TestPersonIsLookedUp(t *testing.T) {
	s := &script{replies: []reply{{200, jsonType, `{"id":"` + ana + `","userName":"ana@example.com","displayName":"Ana Example","active":false}`}}}
	c, tokens := scimClient(t, newBench(), s)
	p, ok, err := c.Person(t.Context(), ana)
	if want := (Person{ID: ana, Name: "ana@example.com", Display: "Ana Example"}); err != nil || !ok || p != want {
		t.Fatalf("%+v %v %v, want %+v", p, ok, err, want)
	}
	if r := s.requests[0]; r.URL.Path != "/admin/v1/Users/"+ana || r.Header.Get("Authorization") != "Bearer "+bearer {
		t.Errorf("request %s", r.URL)
	}
	if !strings.Contains(tokens.bodies[0], "scope=urn%3Aopc%3Aidm%3A__myscopes__") {
		t.Errorf("the token was asked for with %s", tokens.bodies[0])
	}
}

// Only the domain's own word counts for "there is no such user": a wrong address
// must not fill the memory with people who do not exist.
func TestOnlyTheDomainKnowsWhoIsMissing(t *testing.T) {
	for name, tc := range map[string]struct {
		reply reply
		kind  Kind // 0: no error
	}{
		"deleted user":       {reply{404, jsonType, noUser}, 0},
		"wrong address":      {reply{404, map[string]string{"Content-Type": "text/html"}, "<html><title>Not Found</title></html>"}, NotFound},
		"404 of a gateway":   {reply{404, jsonType, `{"code":"NotFound","message":"no route"}`}, NotFound},
		"role is missing":    {reply{403, jsonType, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"403"}`}, Forbidden},
		"page of a login":    {reply{200, map[string]string{"Content-Type": "text/html"}, "<html>sign in</html>"}, BadPayload},
		"JSON of a stranger": {reply{200, jsonType, `{"hello":"world"}`}, BadPayload},
		"id of somebody":     {reply{200, jsonType, `{"id":"x"}`}, BadPayload},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			c, _ := scimClient(t, b, &script{replies: []reply{tc.reply}})
			_, ok, err := c.Person(t.Context(), ana)
			if ok || KindOf(err) != tc.kind || (err == nil) != (tc.kind == 0) {
				t.Errorf("ok %v, error %v, want kind %v", ok, err, tc.kind)
			}
			if e, is := errors.AsType[*Error](err); is && e.Hint == "" {
				t.Errorf("%v has no hint", err)
			}
			noSecrets(t, fmt.Sprint(err), b.logged())
		})
	}
}

func TestIDsCannotLeaveTheirPath(t *testing.T) {
	s := &script{replies: []reply{{200, jsonType, "{}"}}}
	c, _ := scimClient(t, newBench(), s)
	for _, id := range []string{"", "..", "a/b", "a?b", "a%2fb", strings.Repeat("a", 101)} {
		if _, _, err := c.Person(t.Context(), id); KindOf(err) != Refused {
			t.Errorf("%q: %v", id, err)
		}
	}
	if s.count() != 0 {
		t.Errorf("%d requests were sent", s.count())
	}
}

// domain answers listings from a number of users, so many a page at most.
type domain struct {
	users, most int
	total       func(int) any
	requests    int
}

func (d *domain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.requests++
	start, _ := strconv.Atoi(r.URL.Query().Get("startIndex"))
	n, _ := strconv.Atoi(r.URL.Query().Get("count"))
	list := []map[string]any{}
	for i := start; i <= d.users && len(list) < min(n, d.most); i++ {
		list = append(list, map[string]any{"id": fmt.Sprintf("%032x", i), "userName": fmt.Sprintf("user%d@example.com", i)})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Resources": list, "totalResults": d.total(d.users), "startIndex": start, "itemsPerPage": len(list)})
}

// However many users there are, and however few the domain gives at a time, each
// is read once.
func TestEveryPersonIsListedOnce(t *testing.T) {
	number := func(n int) any { return n }
	text := func(n int) any { return strconv.Itoa(n) }
	for _, tc := range []struct {
		d     domain
		pages int
	}{
		{domain{0, 1000, number, 0}, 1}, {domain{1, 1000, text, 0}, 1}, {domain{1000, 1000, number, 0}, 1},
		{domain{1001, 1000, number, 0}, 2}, {domain{2500, 400, text, 0}, 7},
	} {
		d := tc.d
		c, _ := scimClient(t, newBench(), &d)
		seen := map[string]int{}
		if err := c.Persons(t.Context(), func(page []Person) error {
			for _, p := range page {
				seen[p.ID]++
				if !p.Active {
					t.Errorf("%s: who is not said to be inactive is active", p.Name)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(seen) != d.users || d.requests != tc.pages {
			t.Errorf("%d users in %d pages, want %d in %d", len(seen), d.requests, d.users, tc.pages)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s is listed %d times", id, n)
			}
		}
	}
}

// A list that stops short of its total is an error, not the whole.
func TestListThatStopsShort(t *testing.T) {
	c, _ := scimClient(t, newBench(), &domain{3, 1000, func(n int) any { return n + 1 }, 0})
	if err := c.Persons(t.Context(), func([]Person) error { return nil }); KindOf(err) != BadPayload {
		t.Errorf("%v", err)
	}
}

func TestDomainsRefusedTokenIsReplacedOnce(t *testing.T) {
	refusal := reply{401, jsonType, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401"}`}
	s := &script{replies: []reply{refusal, {404, jsonType, noUser}}}
	c, tokens := scimClient(t, newBench(), s)
	if _, ok, err := c.Person(t.Context(), ana); ok || err != nil {
		t.Fatal(ok, err)
	}
	if tokens.count() != 2 || s.count() != 2 {
		t.Errorf("%d tokens, %d requests", tokens.count(), s.count())
	}
	always := &script{replies: []reply{refusal}}
	c, _ = scimClient(t, newBench(), always)
	if _, _, err := c.Person(t.Context(), ana); KindOf(err) != Unauthorized || always.count() != 2 {
		t.Errorf("%v after %d requests", err, always.count())
	}
}

func TestBusyDomainIsAskedAgain(t *testing.T) {
	b := newBench()
	c, _ := scimClient(t, b, &script{replies: []reply{{429, map[string]string{"Retry-After": "7"}, "slow down"}, {404, jsonType, noUser}}})
	if _, ok, err := c.Person(t.Context(), ana); ok || err != nil {
		t.Fatal(ok, err)
	}
	if w := b.slept(); len(w) != 1 || w[0] < 7*time.Second {
		t.Errorf("waits %v", w)
	}
}

func TestProbeOfADomain(t *testing.T) {
	c, _ := scimClient(t, newBench(), &domain{42, 1000, func(n int) any { return n }, 0})
	probes := c.Probe(t.Context())
	if last := probes[len(probes)-1]; !last.OK || !strings.Contains(last.Detail, "42 users") {
		t.Errorf("%+v", probes)
	}
	c, _ = scimClient(t, newBench(), &script{replies: []reply{{403, jsonType, "{}"}}})
	probes = c.Probe(t.Context())
	if last := probes[len(probes)-1]; last.OK || !strings.Contains(last.Hint, "User Viewer") {
		t.Errorf("%+v", probes)
	}
}
