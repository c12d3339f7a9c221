package connect

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const onePage = `{"items":[ {"a" : "\u00e4\/", "b":1.0} ,{"a":2}],"links":[{"href":"https://x:443/p","rel":"self"}],"totalResults":"28"}`

func TestAuditPageKeepsBytes(t *testing.T) {
	c, s := oicClient(t, newBench(), reply{200, jsonType, onePage})
	page, err := c.AuditRecords(t.Context(), AuditQuery{Window: "6h", Type: "/ICS_/", Code: "ORDERS TO_ERP", Offset: 30, Limit: 15})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 2 || string(page.Items[0]) != `{"a" : "\u00e4\/", "b":1.0}` {
		t.Errorf("items %q", page.Items)
	}
	if page.Total != 28 || page.HasMore != nil || page.Links[0] != (Link{"https://x:443/p", "self"}) || page.Date.IsZero() {
		t.Errorf("page %+v", page)
	}
	r := s.requests[0]
	if r.URL.Path != auditPath || r.Header.Get("Authorization") != "Bearer "+bearer || strings.Contains(r.URL.RawQuery, "+") {
		t.Errorf("request %s", r.URL)
	}
	want := url.Values{"q": {"{timewindow:'6h', code:'ORDERS TO_ERP', type:/ICS_/}"}, "offset": {"30"}, "limit": {"15"}}
	if got := r.URL.Query(); got.Encode() != want.Encode() {
		t.Errorf("query %v, want %v", got, want)
	}
}

func TestAuditPageForms(t *testing.T) {
	for body, want := range map[string]struct {
		items, total int
		more         string
		bad          bool
	}{
		`{"items":[],"totalResults":"0"}`:                          {0, 0, "absent", false},
		`{"items":[{}],"totalResults":7,"hasMore":true}`:           {1, 7, "true", false},
		`{"items":[{}],"totalRecordsCount":"9","hasMore":"false"}`: {1, 9, "false", false},
		`{"items":[{}]}`:                       {1, -1, "absent", false},
		`{"totalResults":"0"}`:                 {0, 0, "absent", false},
		`{"totalResults":"5"}`:                 {bad: true},
		`{}`:                                   {bad: true},
		``:                                     {bad: true},
		`[]`:                                   {bad: true},
		`{"items":[1]}`:                        {bad: true},
		`{"items":[{}],"links":`:               {bad: true},
		`{"items":[{}]} trailing`:              {bad: true},
		`<html><title>x</title>`:               {bad: true},
		`{"items":[{}],"totalResults":"many"}`: {1, -1, "absent", false},
	} {
		page, err := parseAuditPage([]byte(body))
		if want.bad {
			if err == nil {
				t.Errorf("%q was taken for a page", body)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", body, err)
			continue
		}
		more := "absent"
		if page.HasMore != nil {
			more = fmt.Sprint(*page.HasMore)
		}
		if len(page.Items) != want.items || page.Total != want.total || more != want.more {
			t.Errorf("%q: %+v, more %s", body, page, more)
		}
	}
}

func FuzzParseAuditPage(f *testing.F) {
	f.Add([]byte(onePage))
	f.Add([]byte(`{"items":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := parseAuditPage(body)
		if err != nil {
			return
		}
		for _, item := range page.Items {
			if !bytes.Contains(body, item) {
				t.Fatalf("item %q is not among the bytes that came", item)
			}
		}
	})
}

func TestAuditErrors(t *testing.T) {
	for name, c := range map[string]struct {
		reply  reply
		offset int
		kind   Kind
		hint   string
		tries  int
	}{
		"audience":  {reply{401, nil, ""}, 0, Unauthorized, "primary audience", 2},
		"role":      {reply{403, jsonType, `{"title":"Forbidden"}`}, 0, Forbidden, "ServiceMonitor", 1},
		"not found": {reply{404, jsonType, `{}`}, 0, NotFound, "check url", 1},
		"instance":  {reply{400, jsonType, `{"detail":"integrationInstance is missing"}`}, 0, Refused, "integration_instance", 1},
		"offset":    {reply{400, jsonType, `{"detail":"no"}`}, 500, OffsetRefused, "narrow the query", 1},
		"throttled": {reply{429, nil, ""}, 0, Throttled, "tried again", 8},
		"error":     {reply{500, nil, "boom"}, 0, Transient, "tried again", 8},
		"html 503":  {reply{503, nil, "<html><title>Maintenance</title>"}, 0, Transient, "Maintenance", 8},
		"html 200":  {reply{200, nil, "<html><title>Login</title>"}, 0, BadPayload, "Login", 8},
		"empty":     {reply{200, nil, ""}, 0, BadPayload, "the answer is empty", 8},
		"cut off":   {reply{200, nil, onePage[:40]}, 0, BadPayload, "not whole JSON", 8},
		"echo":      {reply{500, nil, "token " + bearer + " and\x00\nmore " + strings.Repeat("x", 5000)}, 0, Transient, "token [removed] and more", 8},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			client, s := oicClient(t, b, c.reply)
			_, err := client.AuditRecords(t.Context(), AuditQuery{Window: "1h", Offset: c.offset})
			if KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) || s.count() != c.tries {
				t.Errorf("kind %v after %d tries: %v", KindOf(err), s.count(), err)
			}
			if len(err.Error()) > 800 || strings.ContainsAny(err.Error(), "\x00\n") {
				t.Errorf("not one clear line: %q", err)
			}
			noSecrets(t, err.Error(), b.logged())
		})
	}
}

func TestRetriesAreBoundedAndSeen(t *testing.T) {
	b := newBench()
	opts := b.options()
	var seen []Retry
	opts.OnRetry = func(r Retry) { seen = append(seen, r) }
	c, s := oicClient(t, b, reply{429, map[string]string{"Retry-After": "45"}, ""}, reply{500, nil, ""}, reply{200, jsonType, onePage})
	c.opts = opts.withDefaults()
	if _, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.slept()); got != "[45s 2s]" || len(seen) != 2 || seen[0].Err.Kind != Throttled || s.count() != 3 {
		t.Errorf("slept %s, heard of %d retries, %d requests", got, len(seen), s.count())
	}
	if !strings.Contains(b.logged(), "retrying") {
		t.Error("a retry left no trace in the log")
	}
	// A wait longer than one call has patience for is the caller's.
	c, s = oicClient(t, b, reply{503, map[string]string{"Retry-After": "3600"}, ""})
	_, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"})
	if e, ok := errors.AsType[*Error](err); !ok || e.RetryAfter != time.Hour || s.count() != 1 {
		t.Errorf("after %d requests: %v", s.count(), err)
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	b := newBench()
	c, s := oicClient(t, b, reply{401, nil, ""}, reply{200, jsonType, onePage})
	tokens := &script{replies: []reply{tokenReply(goodToken), tokenReply(strings.Replace(goodToken, bearer, "another", 1))}}
	c.auth = NewOAuth(OAuthConfig{TokenURL: serve(t, tokens), ClientID: "abc", ClientSecret: secret, Scope: "s"}, b.options())
	if _, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"}); err != nil || s.count() != 2 || tokens.count() != 2 || len(b.slept()) != 0 {
		t.Errorf("%d requests with %d tokens, slept %v: %v", s.count(), tokens.count(), b.slept(), err)
	}
	if got := s.requests[1].Header.Get("Authorization"); got != "Bearer another" {
		t.Errorf("the second try carries %q", got)
	}
}

// An address that has answered before is right, so a 404 of it passes.
func TestNotFoundPassesWhereThereWasAnAnswer(t *testing.T) {
	c, s := oicClient(t, newBench(), reply{200, jsonType, onePage}, reply{404, nil, ""}, reply{200, jsonType, onePage})
	for range 2 {
		if _, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"}); err != nil {
			t.Fatal(err)
		}
	}
	if s.count() != 3 {
		t.Errorf("%d requests", s.count())
	}
}

func TestFilterCannotBeBrokenOutOf(t *testing.T) {
	c, s := oicClient(t, newBench(), reply{200, jsonType, onePage})
	for _, q := range []AuditQuery{{Window: "1h", Code: "x', type:'y"}, {Window: "1h", Type: "{"}, {Window: "2h"}, {Window: "1h", Offset: -1}} {
		if _, err := c.AuditRecords(t.Context(), q); KindOf(err) != Refused {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if s.count() != 0 {
		t.Error("a bad query was sent")
	}
}

func TestCredentialsAreNotRedirected(t *testing.T) {
	thief := &script{replies: []reply{{200, jsonType, onePage}}}
	c, _ := oicClient(t, newBench(), reply{307, map[string]string{"Location": serve(t, thief) + "/x"}, ""})
	_, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"})
	if KindOf(err) != NotFound || thief.count() != 0 {
		t.Errorf("%d requests arrived elsewhere: %v", thief.count(), err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 10<<20))
	_ = z.Close()
	for name, r := range map[string]reply{
		"plain":  {200, jsonType, strings.Repeat(" ", 2<<20)},
		"zipped": {200, map[string]string{"Content-Encoding": "gzip"}, zipped.String()},
	} {
		c, s := oicClient(t, newBench(), r)
		c.opts.MaxReply = 1 << 20
		_, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"})
		if KindOf(err) != BadPayload || !strings.Contains(err.Error(), "page_size") || s.count() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestZippedAnswerIsRead(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(onePage))
	_ = z.Close()
	for _, asked := range []bool{true, false} { // by Go's transport, and by nobody
		c, _ := oicClient(t, newBench(), reply{200, map[string]string{"Content-Encoding": "gzip"}, zipped.String()})
		c.opts.HTTP.Transport = &http.Transport{DisableCompression: !asked}
		if page, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"}); err != nil || len(page.Items) != 2 {
			t.Errorf("asked %v: %v", asked, err)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	b := newBench()
	c, _ := oicClient(t, b, reply{200, jsonType, onePage})
	c.base, c.address = "http://"+address, address
	_, err = c.AuditRecords(t.Context(), AuditQuery{Window: "1h"})
	if KindOf(err) != Transient || !strings.Contains(err.Error(), "nothing answers at "+address) || !strings.Contains(err.Error(), "start the service") {
		t.Error(err)
	}
	noSecrets(t, err.Error(), b.logged())
}

func TestSlowAnswerTimesOut(t *testing.T) {
	b := newBench()
	opts := b.options()
	opts.HTTP = &http.Client{Timeout: 30 * time.Millisecond}
	opts.Retry.Attempts = 2
	address := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	c, _ := oicClient(t, b, reply{200, jsonType, onePage})
	c.base, c.address, c.opts = address, "there", opts.withDefaults()
	if _, err := c.AuditRecords(t.Context(), AuditQuery{Window: "1h"}); KindOf(err) != Transient || !strings.Contains(err.Error(), "took too long") {
		t.Error(err)
	}
}

func TestCancelledCallStops(t *testing.T) {
	b := newBench()
	ctx, cancel := context.WithCancel(t.Context())
	c, s := oicClient(t, b, reply{500, nil, ""})
	c.opts.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, err := c.AuditRecords(ctx, AuditQuery{Window: "1h"}); !errors.Is(err, context.Canceled) || s.count() != 1 {
		t.Errorf("%d requests: %v", s.count(), err)
	}
}

func TestProbeNamesTheStep(t *testing.T) {
	c, _ := oicClient(t, newBench(), reply{200, jsonType, onePage})
	for _, p := range c.Probe(t.Context()) {
		if !p.OK || p.Hint != "" {
			t.Errorf("%+v", p)
		}
	}
	c, _ = oicClient(t, newBench(), reply{401, nil, ""})
	steps := c.Probe(t.Context())
	if last := steps[len(steps)-1]; len(steps) != 3 || last.Name != "first page" || last.OK || !strings.Contains(last.Hint, "primary audience") {
		t.Errorf("%+v", steps)
	}
	tokens := &script{replies: []reply{{400, jsonType, `{"error":"invalid_scope"}`}}}
	c.auth = NewOAuth(OAuthConfig{TokenURL: serve(t, tokens), ClientID: "abc", ClientSecret: secret, Scope: "s"}, newBench().options())
	steps = c.Probe(t.Context())
	if len(steps) != 2 || !steps[0].OK || steps[1].Name != "scope" || steps[1].OK {
		t.Errorf("%+v", steps)
	}
}
