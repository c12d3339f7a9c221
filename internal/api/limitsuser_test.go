package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

func TestSharesOfAUser(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := newShares(func() time.Time { return now }, UserLimits{Requests: 10, Upload: 6000, Queries: 2})
	wait := func(err error) time.Duration {
		if err == nil {
			return 0
		}
		return asError(err).RetryAfter
	}
	for i := range 20 { // two seconds' worth, saved up
		if err := s.request("a", 0); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if w := wait(s.request("a", 0)); w != time.Second {
		t.Errorf("the 21st waits %v", w)
	}
	if err := s.request("b", 0); err != nil {
		t.Errorf("another user: %v", err)
	}
	now = now.Add(100 * time.Millisecond)
	if s.request("a", 0) != nil || s.request("a", 0) == nil {
		t.Error("a tenth of a second is worth one request")
	}
	now = now.Add(time.Hour)
	if err := s.request("a", 6000); err != nil {
		t.Error(err)
	}
	if w := wait(s.request("a", 3000)); w != 30*time.Second { // 100 bytes a second
		t.Errorf("3000 bytes more wait %v", w)
	}
	now = now.Add(30 * time.Second)
	if err := s.request("a", 3000); err != nil {
		t.Error(err)
	}
	now = now.Add(time.Hour)
	if err := s.request("a", 60_000); err != nil {
		t.Errorf("more than a minute's worth, after a rest: %v", err)
	}
	if s.request("a", 1) == nil {
		t.Error("it is not for nothing")
	}
}

func TestLimitsAnswer429(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Users = UserLimits{Requests: 2, Queries: 1, Upload: 100} })
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	statuses := map[int]int{}
	for range 8 {
		code, _ := b.call("GET", nsPath, "")
		statuses[code]++
	}
	if statuses[200] < 4 || statuses[429] < 1 {
		t.Errorf("%v", statuses)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", g.web.URL+nsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", b.cookie)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 429 || resp.Header.Get("retry-after") != "1" {
		t.Errorf("%d, retry-after %q", resp.StatusCode, resp.Header.Get("retry-after"))
	}

	// One query runs; another is refused until it ends, also when the first is a job.
	g.advance(time.Minute)
	entered, leave := make(chan bool), make(chan bool)
	g.engine.runCtx = func(ctx context.Context, r query.Request) (*query.Result, error) {
		if r.Text == "slow" {
			entered <- true
			<-leave
		}
		return &query.Result{}, nil
	}
	body := `{"queryString":"slow","subSystem":"LOG","compartmentId":"` + tenancy + `","shouldRunAsync":true}`
	if code, m := b.call("POST", nsPath+"/search/actions/query", body); code != 201 {
		t.Fatalf("%d %v", code, m)
	}
	<-entered
	if code, m := b.call("POST", ownBase+"/query", `{"query":"*"}`); code != 429 {
		t.Errorf("%d %v", code, m)
	}
	leave <- true
	g.server.jobs.wait.Wait()
	g.advance(time.Minute)
	if code, m := b.call("POST", ownBase+"/query", `{"query":"*"}`); code != 200 {
		t.Errorf("%d %v", code, m)
	}

	g.advance(time.Hour)
	upload := nsPath + "/actions/uploadLogFile?logSourceName=x&filename=x"
	for i, want := range []bool{false, true} { // the first takes the whole minute
		code, _ := b.call("POST", upload, strings.Repeat("x", 100))
		if (code == 429) != want {
			t.Errorf("upload %d: %d", i, code)
		}
	}
}
