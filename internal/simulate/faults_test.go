package simulate

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/connect"
)

// ask sends one request as a bare client would, with a token that is good.
func ask(t *testing.T, s *Simulator, server *httptest.Server, query string) (status int, header http.Header, body []byte, err error) {
	t.Helper()
	token := s.newToken(s.opts.ClientID, s.opts.Scopes, s.Now(), time.Hour)
	s.tokens.add(token, grant{scopes: s.opts.Scopes, expires: s.Now().Add(time.Hour)}, s.Now())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+auditPath+"?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body, err
}

const wholeTrail = "q=%7Btimewindow:'RETENTIONPERIOD'%7D&limit=50"

func TestEachFaultOfTheTrailIsSeenOnce(t *testing.T) {
	for fault, seen := range map[Fault]func(int, http.Header, []byte, error) bool{
		Unauthorized: func(status int, _ http.Header, _ []byte, _ error) bool { return status == 401 },
		NotFound:     func(status int, _ http.Header, _ []byte, _ error) bool { return status == 404 },
		Throttled: func(status int, h http.Header, _ []byte, _ error) bool {
			return status == 429 && h.Get("Retry-After") == ""
		},
		ThrottledAfter: func(status int, h http.Header, _ []byte, _ error) bool {
			return status == 429 && h.Get("Retry-After") == "1"
		},
		ServerError: func(status int, _ http.Header, _ []byte, _ error) bool { return status == 500 },
		HTML503: func(status int, _ http.Header, b []byte, _ error) bool {
			return status == 503 && bytes.HasPrefix(b, []byte("<!DOCTYPE html>"))
		},
		HTML200: func(status int, _ http.Header, b []byte, _ error) bool {
			return status == 200 && bytes.HasPrefix(b, []byte("<!DOCTYPE html>"))
		},
		Truncated: func(status int, _ http.Header, b []byte, err error) bool {
			return status == 200 && (errors.Is(err, io.ErrUnexpectedEOF) || len(b) > 0 && !bytes.HasSuffix(bytes.TrimSpace(b), []byte("}")))
		},
		Reset: func(_ int, _ http.Header, _ []byte, err error) bool { return err != nil },
		Empty: func(status int, _ http.Header, b []byte, err error) bool {
			return status == 200 && len(b) == 0 && err == nil
		},
		Gzip: func(_ int, h http.Header, _ []byte, _ error) bool { return h.Get("Content-Encoding") == "gzip" },
	} {
		t.Run(string(fault), func(t *testing.T) {
			// Both forms of a cut-off body depend on the length of the request.
			for _, query := range []string{wholeTrail, wholeTrail + "&offset=1"} {
				s, _, server := start(t, Options{History: 100, Faults: Faults{Rates: map[Fault]Rate{fault: {Count: 1}}}}, connect.RetryPolicy{})
				if status, h, b, err := ask(t, s, server, query); !seen(status, h, b, err) {
					t.Errorf("status %d, %d bytes, error %v, header %v", status, len(b), err, h)
				}
				status, h, b, err := ask(t, s, server, query)
				if status != 200 || err != nil || h.Get("Content-Encoding") != "" || !strings.Contains(string(b), `"totalResults": "100"`) {
					t.Errorf("afterwards: status %d, error %v, %.100s", status, err, b)
				}
			}
		})
	}
}

func TestDriftAndLateRecordsAppearBetweenPages(t *testing.T) {
	for fault, age := range map[Fault]time.Duration{Drift: 0, Late: 3 * time.Minute} {
		s, c, _ := start(t, Options{History: 100, Faults: Faults{Rates: map[Fault]Rate{fault: {Count: 2}}}}, connect.RetryPolicy{})
		var totals []int
		for offset := range 4 {
			page, err := c.AuditRecords(t.Context(), connect.AuditQuery{Window: connect.Retention, Offset: offset * 10, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			totals = append(totals, page.Total)
		}
		if totals[0] != 100 || totals[1] != 101 || totals[2] != 102 || totals[3] != 102 || s.Count() != 102 {
			t.Errorf("%s: totals %v", fault, totals)
		}
		found := 0
		for _, e := range s.trail.all {
			if e.at == noon.Add(-age).UnixMilli() && e.seq > 100 {
				found++
			}
		}
		if found < 2 {
			t.Errorf("%s: no records %v old", fault, age)
		}
	}
}

// A client that only repeats what failed gets everything, at faults of every
// kind on one request in five, and ends with the truth.
func TestFaultsLoseNothing(t *testing.T) {
	for rate, seeds := range map[string]uint64{"5%": 1, "20%": 3} {
		for seed := range seeds {
			f, err := ParseFaults(rate + ",most=5")
			if err != nil {
				t.Fatal(err)
			}
			s, c, _ := start(t, Options{Seed: seed, History: 1000, Faults: f}, connect.RetryPolicy{})
			fetch := func(q connect.AuditQuery) *connect.AuditPage {
				for range 20 {
					page, err := c.AuditRecords(t.Context(), q)
					if err == nil {
						return page
					}
					if k := connect.KindOf(err); k == connect.Refused || k == connect.OffsetRefused {
						t.Fatal(err)
					}
					s.Advance(20 * time.Minute) // the run fails, the next one comes
				}
				t.Fatal("twenty runs failed in a row")
				return nil
			}
			// Passes are repeated until one was not shifted.
			for pass := 0; ; pass++ {
				if pass == 20 {
					t.Fatal("no consistent pass")
				}
				got, total := readPass(t, fetch)
				if total >= 0 {
					if truth := s.Truth("x"); Digest(got) != truth.Digest || total != truth.Count {
						t.Errorf("rate %s, seed %d: read %d identities, truth %d", rate, seed, len(got), truth.Distinct)
					}
					break
				}
			}
		}
	}
}

func TestParseFaults(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "none",
		"none":                    "none",
		"drift=0.1,429=0.05":      "429=0.05,drift=0.1",
		" 500=3x , 401=5%,most=7": "401=0.05,500=3x,most=7",
		"5%,404=0":                "401=0.05,429=0.05,429after=0.05,500=0.05,drift=0.05,empty=0.05,gzip=0.05,html200=0.05,html503=0.05,late=0.05,reset=0.05,slow=0.05,store404=0.05,store429=0.05,store503=0.05,storelost=0.05,token401=0.05,token429=0.05,token503=0.05,truncated=0.05,unordered=0.05",
	} {
		f, err := ParseFaults(in)
		if err != nil || f.String() != want {
			t.Errorf("%q is %q, want %q (%v)", in, f, want, err)
		}
	}
	for _, bad := range []string{"x", "5", "-1%", "101%", "drift", "dirft=1%", "429=", "NaN", "429=-2x", "most=0"} {
		if _, err := ParseFaults(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzParseFaults(f *testing.F) {
	f.Add("5%")
	f.Add("drift=0.1,429=3x,most=2")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseFaults(text)
		if err != nil {
			return
		}
		b, err := ParseFaults(a.String())
		if err != nil || b.String() != a.String() {
			t.Fatalf("%q prints as %q, which reads as %q (%v)", text, a, b, err)
		}
	})
}

// The draws of a rate come about as often as it says, and the same for a seed.
func TestDrawsFollowTheRateAndTheSeed(t *testing.T) {
	draw := func(seed uint64) (n int, pattern string) {
		i := newInjector(seed, Faults{Rates: map[Fault]Rate{Drift: {Chance: 0.1}}})
		for range 10_000 {
			if i.happens(Drift) {
				n++
				pattern += "x"
			} else {
				pattern += "."
			}
		}
		return n, pattern
	}
	n, one := draw(1)
	_, again := draw(1)
	_, two := draw(2)
	if n < 900 || n > 1100 { // 1,000 expected, standard deviation 30
		t.Errorf("%d of 10,000 at 10 %%", n)
	}
	if one != again || one == two {
		t.Error("the draws do not follow the seed")
	}
}

func TestAFaultNeverWinsForEver(t *testing.T) {
	i := newInjector(1, Faults{Rates: map[Fault]Rate{ServerError: {Chance: 1}, NotFound: {Chance: 1}, Unauthorized: {Chance: 1}}})
	for range 10 {
		var run []Fault
		for {
			f, failed := i.fails("a", NotFound, Unauthorized, ServerError)
			if !failed {
				break
			}
			run = append(run, f)
		}
		i.passed("a")
		if len(run) != 3 || run[0] != NotFound || run[1] != ServerError || run[2] != NotFound {
			t.Fatalf("a request failed with %v", run)
		}
	}
}
