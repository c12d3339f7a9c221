package connect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestTokenIsFetchedOnceForManyCallers(t *testing.T) {
	b, asked, release := newBench(), atomic.Int32{}, make(chan struct{})
	address := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-release
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, goodToken)
	}))
	o := NewOAuth(OAuthConfig{TokenURL: address, ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
	// The first caller gives up; those who joined must still be served.
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := o.Token(ctx); gone <- err }()
	waiting := func(n int) {
		for {
			o.mu.Lock()
			ready := o.flight != nil && o.flight.waiting == n
			o.mu.Unlock()
			if ready {
				return
			}
		}
	}
	waiting(1)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if token, err := o.Token(t.Context()); token != bearer || err != nil {
				t.Errorf("token %q, error %v", token, err)
			}
		})
	}
	waiting(21)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who gave up got %v", err)
	}
	close(release)
	wg.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d token requests for one token", n)
	}
}

func TestTokenIsRenewedEarly(t *testing.T) {
	for _, c := range []struct {
		life  int
		fresh time.Duration // still used at this age
		stale time.Duration // renewed at this age
	}{
		{3600, 3239 * time.Second, 3240 * time.Second}, // a tenth: 360 s early
		{300, 239 * time.Second, 240 * time.Second},    // 60 s early
		{60, 29 * time.Second, 30 * time.Second},       // not before half of its life
		{5, 2400 * time.Millisecond, 2500 * time.Millisecond},
	} {
		b := newBench()
		s := &script{replies: []reply{tokenReply(fmt.Sprintf(`{"access_token":"t","token_type":"Bearer","expires_in":%d}`, c.life))}}
		o := NewOAuth(OAuthConfig{TokenURL: serve(t, s), ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
		for _, step := range []struct {
			advance time.Duration
			asked   int
		}{{0, 1}, {c.fresh, 1}, {c.stale - c.fresh, 2}} {
			b.advance(step.advance)
			if _, err := o.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s.count() != step.asked {
				t.Errorf("life %d s, %v later: asked %d times, want %d", c.life, step.advance, s.count(), step.asked)
			}
		}
	}
}

func TestTokenThatStillWorksOutlivesAFailedRenewal(t *testing.T) {
	b := newBench()
	s := &script{replies: []reply{tokenReply(goodToken), {401, jsonType, `{"error":"invalid_client"}`}}}
	o := NewOAuth(OAuthConfig{TokenURL: serve(t, s), ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
	if _, err := o.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.advance(55 * time.Minute)
	if token, err := o.Token(t.Context()); token != bearer || err != nil {
		t.Fatalf("token %q, error %v", token, err)
	}
	b.advance(5 * time.Minute)
	if _, err := o.Token(t.Context()); KindOf(err) != Unauthorized {
		t.Fatalf("an expired token was kept: %v", err)
	}
}

func TestRefusedClientBacksOffForMinutes(t *testing.T) {
	b := newBench()
	s := &script{replies: []reply{{401, jsonType, `{"error":"invalid_client","error_description":"no ` + secret + ` here"}`}}}
	o := NewOAuth(OAuthConfig{TokenURL: serve(t, s), ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
	asked := 0
	// One request at a time: at once, then after 1, 2, 4, 8, 15 and 15 minutes.
	for _, pause := range []int{0, 1, 2, 4, 8, 15, 15} {
		wait := time.Duration(pause) * time.Minute
		if pause > 0 {
			b.advance(wait - time.Second)
			_, err := o.Token(t.Context())
			if e, ok := errors.AsType[*Error](err); !ok || e.RetryAfter != time.Second {
				t.Fatalf("a second before the pause of %v ends: %v", wait, err)
			}
			if s.count() != asked {
				t.Fatalf("asked again within %v", wait)
			}
			b.advance(time.Second)
		}
		_, err := o.Token(t.Context())
		if asked++; s.count() != asked {
			t.Fatalf("after %v: asked %d times, want %d", wait, s.count(), asked)
		}
		if KindOf(err) != Unauthorized || !strings.Contains(err.Error(), "check client_secret") {
			t.Fatalf("error %v", err)
		}
		noSecrets(t, err.Error(), b.logged())
	}
	if n := len(b.slept()); n != 0 {
		t.Errorf("a refusal was retried %d times", n)
	}
}

func TestClientAuthentication(t *testing.T) {
	for auth, check := range map[string]func(*http.Request, string) bool{
		"body": func(r *http.Request, body string) bool {
			return r.Header.Get("Authorization") == "" && strings.Contains(body, "client_secret=s3cr3t-Value%2F%2B%3D%26")
		},
		"header": func(r *http.Request, body string) bool {
			id, pass, ok := r.BasicAuth()
			return ok && id == "abc" && pass == "s3cr3t-Value%2F%2B%3D%26" && !strings.Contains(body, "client_id") && !strings.Contains(body, "client_secret")
		},
	} {
		s := &script{replies: []reply{tokenReply(goodToken)}}
		o := NewOAuth(OAuthConfig{TokenURL: serve(t, s), ClientID: "abc", ClientSecret: secret, Scope: "https://A:443urn:x::all https://A:443/ic/api/", ClientAuth: auth}, newBench().options())
		if _, err := o.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !check(s.requests[0], s.bodies[0]) {
			t.Errorf("client_auth %s sent %q with header %v", auth, s.bodies[0], s.requests[0].Header)
		}
		if want := "scope=https%3A%2F%2FA%3A443urn%3Ax%3A%3Aall+https%3A%2F%2FA%3A443%2Fic%2Fapi%2F"; !strings.Contains(s.bodies[0], want) {
			t.Errorf("body %q lacks %q", s.bodies[0], want)
		}
	}
}

func TestTokenEndpointErrors(t *testing.T) {
	for name, c := range map[string]struct {
		reply reply
		kind  Kind
		hint  string
		tries int
	}{
		"secret":    {reply{401, jsonType, `{"error":"invalid_client","error_description":"x"}`}, Unauthorized, "check client_secret", 1},
		"scope":     {reply{400, jsonType, `{"error":"invalid_scope"}`}, Unauthorized, "primary audience", 1},
		"grant":     {reply{400, jsonType, `{"error":"unauthorized_client"}`}, Unauthorized, "Client Credentials", 1},
		"request":   {reply{400, jsonType, `{"error":"invalid_request"}`}, Unauthorized, "client_auth", 1},
		"200 error": {reply{200, jsonType, `{"error":"invalid_client"}`}, Unauthorized, "check client_secret", 1},
		"wrong url": {reply{404, nil, "<html><title>Not Found</title></html>"}, NotFound, "check token_url", 1},
		"throttled": {reply{429, nil, "slow down"}, Throttled, "tried again", 8},
		"down":      {reply{503, nil, "<html>"}, Transient, "tried again", 8},
		"html":      {reply{200, map[string]string{"Content-Type": "text/html"}, "<html>"}, BadPayload, "token_url", 8},
		"no token":  {reply{200, jsonType, "{}"}, BadPayload, "token_url", 8},
		"redirect":  {reply{302, map[string]string{"Location": "https://elsewhere.example.com/x?a=b"}, ""}, NotFound, "final address", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			s := &script{replies: []reply{c.reply}}
			o := NewOAuth(OAuthConfig{TokenURL: serve(t, s), ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
			_, err := o.Token(t.Context())
			if KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) || s.count() != c.tries {
				t.Errorf("kind %v after %d tries: %v", KindOf(err), s.count(), err)
			}
			noSecrets(t, err.Error(), b.logged())
		})
	}
}

func TestInvalidateForgetsOnlyTheCurrentToken(t *testing.T) {
	s := &script{replies: []reply{tokenReply(goodToken)}}
	o := NewOAuth(OAuthConfig{TokenURL: serve(t, s), ClientID: "abc", ClientSecret: secret, Scope: "s"}, newBench().options())
	for i, c := range []struct {
		forget string
		asked  int
	}{{"", 1}, {"another", 1}, {bearer, 2}} {
		o.Invalidate(c.forget)
		if _, err := o.Token(t.Context()); err != nil || s.count() != c.asked {
			t.Errorf("step %d: asked %d times, want %d (%v)", i, s.count(), c.asked, err)
		}
	}
}
