package signature

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Requests as the clients of Oracle and of others sign them: which headers in
// which order, the parameters of Authorization in which order, body hashed or not,
// paths escaped or not, a space as %20 or +, Date or X-Date. They are made from what is
// known of each client and signed with OpenSSL, whose key was thrown away.
func clientRequests(t testing.TB) (requests map[string][]byte, key *rsa.PublicKey) {
	t.Helper()
	text, err := os.ReadFile("testdata/clients/key.pem")
	if err != nil {
		t.Fatal(err)
	}
	if key, err = ParsePublicKey(text); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/clients/*.http")
	if err != nil {
		t.Fatal(err)
	}
	requests = map[string][]byte{}
	for _, f := range files {
		if requests[strings.TrimSuffix(filepath.Base(f), ".http")], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return requests, key
}

func clientVerifier(t testing.TB, key *rsa.PublicKey) *Verifier {
	t.Helper()
	finger, err := Fingerprint(key)
	if err != nil {
		t.Fatal(err)
	}
	return New(keyFunc(func(id string) (*rsa.PublicKey, string, error) {
		if id != "ocid1.tenancy.oc1..t/ocid1.user.oc1..u/"+finger {
			return nil, "", errors.New("no such key")
		}
		return key, "ocid1.user.oc1..u", nil
	}), Options{Clock: func() time.Time { return testDate }})
}

// formOf is how the API has a request of a path signed.
func formOf(r *http.Request) Form {
	if strings.Contains(r.URL.Path, "/actions/uploadLog") {
		return BodyUnsigned
	}
	return WithBody
}

func TestRequestsOfClients(t *testing.T) {
	requests, key := clientRequests(t)
	if len(requests) < 15 {
		t.Fatalf("%d requests", len(requests))
	}
	v := clientVerifier(t, key)
	try := func(raw []byte) error {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return err
		}
		_, body, err := v.Verify(context.Background(), r, formOf(r))
		if err == nil {
			_, err = io.Copy(io.Discard, body)
		}
		return err
	}
	for name, raw := range requests {
		t.Run(name, func(t *testing.T) {
			if err := try(raw); err != nil {
				t.Error(err)
			}
			// The target is signed as it stands on the line.
			if err := try(bytes.Replace(raw, []byte("/demo/"), []byte("/dem%6f/"), 1)); err == nil {
				t.Error("another spelling of the path is accepted")
			}
			if err := try(bytes.Replace(raw, []byte("logs.example.com"), []byte("evil.example.com"), 1)); err == nil {
				t.Error("another host is accepted")
			}
			if end := len(raw) - 1; raw[end] != '\n' || !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
				changed := bytes.Clone(raw)
				changed[end] ^= 1
				hashed := bytes.Contains(bytes.ToLower(raw), []byte("x-content-sha256"))
				if err := try(changed); (err != nil) != hashed {
					t.Errorf("another body, hashed %t: %v", hashed, err)
				}
			}
		})
	}
}

// Whatever a request is changed to, it is refused, or was signed as it is.
func FuzzVerify(f *testing.F) {
	requests, key := clientRequests(f)
	for _, raw := range requests {
		f.Add(raw)
	}
	v := clientVerifier(f, key)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		id, body, err := v.Verify(context.Background(), r, formOf(r))
		if err != nil {
			return
		}
		// Only one of the recorded requests bears a good signature.
		for _, known := range requests {
			start, _, _ := bytes.Cut(known, []byte(" HTTP/1.1\r\n"))
			if string(start) == r.Method+" "+r.RequestURI && id.User == "ocid1.user.oc1..u" && r.Host == "logs.example.com:8443" {
				_, _ = io.Copy(io.Discard, body)
				return
			}
		}
		t.Fatalf("accepted: %s %s", r.Method, r.RequestURI)
	})
}
