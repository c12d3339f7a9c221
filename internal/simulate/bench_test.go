package simulate

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// BenchmarkMillion makes a million records.
func BenchmarkMillion(b *testing.B) {
	for range b.N {
		if _, err := New(Options{Clock: fixed(noon), History: 1_000_000, Days: 90}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage serves pages of 1,000 of a million records, deep in the list.
func BenchmarkPage(b *testing.B) {
	s, err := New(Options{Clock: fixed(noon), History: 1_000_000, Days: 90})
	if err != nil {
		b.Fatal(err)
	}
	token := s.newToken(s.opts.ClientID, s.opts.Scopes, noon, time.Hour)
	s.tokens.add(token, grant{scopes: s.opts.Scopes, expires: noon.Add(time.Hour)}, noon)
	for name, q := range map[string]string{"all": "{timewindow:'RETENTIONPERIOD'}", "code": "{timewindow:'RETENTIONPERIOD', code:'ORDERS_TO_ERP_1'}",
		"like": "{timewindow:'RETENTIONPERIOD', type:/ICS_/}"} {
		b.Run(name, func(b *testing.B) {
			for n := range b.N {
				target := fmt.Sprintf("%s?limit=1000&offset=%d&q=%s", auditPath, n%900*1000, url.QueryEscape(q))
				r := httptest.NewRequest(http.MethodGet, target, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

func BenchmarkTruth(b *testing.B) {
	s, err := New(Options{Clock: fixed(noon), History: 1_000_000, Days: 90})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Truth("")
	}
}
