package signature

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

type keyFunc func(id string) (*rsa.PublicKey, string, error)

func (f keyFunc) FindKey(_ context.Context, id string) (*rsa.PublicKey, string, error) { return f(id) }

func one(key *rsa.PublicKey) KeySource {
	return keyFunc(func(id string) (*rsa.PublicKey, string, error) {
		if id != keyID {
			return nil, "", errors.New("no such key")
		}
		return key, "ocid1.user.oc1..u", nil
	})
}

const keyID = "ocid1.tenancy.oc1..t/ocid1.user.oc1..u/f"

var testDate = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// arrived reads a request as net/http's server would.
func arrived(t testing.TB, raw string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// client signs as described in draft-cavage-08, written apart from the verifier.
type client struct {
	key *rsa.PrivateKey
}

func newClient(t testing.TB, bits int) client {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return client{k}
}

// request assembles raw text: the lines are headers "name: value", of which those
// named in cover are signed as given.
func (c client) request(t testing.TB, start, cover, body string, lines ...string) string {
	t.Helper()
	method, target, _ := strings.Cut(start, " ")
	var parts []string
	for name := range strings.FieldsSeq(cover) {
		if name == RequestTarget {
			parts = append(parts, name+": "+strings.ToLower(method)+" "+target)
			continue
		}
		for _, l := range lines {
			if n, v, _ := strings.Cut(l, ": "); strings.EqualFold(n, name) {
				parts = append(parts, name+": "+v)
				break
			}
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	sig, err := rsa.SignPKCS1v15(nil, c.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return start + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\nAuthorization: " +
		fmt.Sprintf(`Signature version="1",headers="%s",keyId="%s",algorithm="rsa-sha256",signature="%s"`,
			cover, keyID, base64.StdEncoding.EncodeToString(sig)) + "\r\n\r\n" + body
}

const (
	getSet  = "date (request-target) host"
	bodySet = getSet + " content-length content-type x-content-sha256"
)

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func at(d time.Duration) string { return testDate.Add(d).Format(http.TimeFormat) }

func TestVerify(t *testing.T) {
	c := newClient(t, 2048)
	v := New(one(&c.key.PublicKey), Options{Clock: func() time.Time { return testDate }})
	date, host := "Date: "+at(0), "Host: h.example.com:8080"
	post := []string{date, host, "Content-Length: 2", "Content-Type: application/json", "X-Content-Sha256: " + digest("{}")}
	with := func(i int, line string) []string {
		out := append([]string(nil), post...)
		out[i] = line
		return out
	}
	cases := []struct {
		name string
		form Form
		raw  string
		want string // part of the error; empty: accepted
	}{
		{"get", WithBody, c.request(t, "GET /a?b=c%20d", getSet, "", date, host), ""},
		{"any order", WithBody, c.request(t, "GET /a", "host date (request-target)", "", date, host), ""},
		{"x-date", WithBody, c.request(t, "GET /a", "x-date (request-target) host", "", "X-Date: "+at(0), host), ""},
		{"x-date beside an uncovered date", WithBody, c.request(t, "GET /a", "x-date (request-target) host", "", "X-Date: "+at(0), "Date: "+at(time.Hour), host), ""},
		{"uncleaned path", WithBody, c.request(t, "GET /a//b/../%2f%41?x=%7E&&y", getSet, "", date, host), ""},
		{"delete", WithBody, c.request(t, "DELETE /a", getSet, "", date, host, "Content-Length: 0"), ""},
		{"post", WithBody, c.request(t, "POST /a", bodySet, "{}", post...), ""},
		{"upload without body", BodyUnsigned, c.request(t, "POST /a", getSet, "{}", post[:3]...), ""},
		{"upload with body", BodyUnsigned, c.request(t, "POST /a", "(request-target) host date x-content-sha256 content-type content-length", "{}", post...), ""},
		{"more headers covered", WithBody, c.request(t, "GET /a", getSet+" opc-obo-token", "", date, host, "opc-obo-token: x"), ""},
		{"skew at the edge, late", WithBody, c.request(t, "GET /a", getSet, "", "Date: "+at(-5*time.Minute), host), ""},
		{"skew at the edge, early", WithBody, c.request(t, "GET /a", getSet, "", "Date: "+at(5*time.Minute), host), ""},

		{"too late", WithBody, c.request(t, "GET /a", getSet, "", "Date: "+at(-5*time.Minute-time.Second), host), "away from"},
		{"too early", WithBody, c.request(t, "GET /a", getSet, "", "Date: "+at(5*time.Minute+time.Second), host), "away from"},
		{"no date at all", WithBody, c.request(t, "GET /a", "(request-target) host", "", date, host), "date"},
		{"date is none", WithBody, c.request(t, "GET /a", getSet, "", "Date: yesterday", host), "HTTP date"},
		{"both dates covered, one old", WithBody, c.request(t, "GET /a", getSet+" x-date", "", date, "X-Date: "+at(time.Hour), host), "away from"},
		{"no target", WithBody, c.request(t, "GET /a", "date host", "", date, host), "(request-target)"},
		{"no host", WithBody, c.request(t, "GET /a", "date (request-target)", "", date, host), "host"},
		{"post without body headers", WithBody, c.request(t, "POST /a", getSet, "{}", post...), "content-length"},
		{"put without digest", WithBody, c.request(t, "PUT /a", getSet+" content-length content-type", "{}", post...), "x-content-sha256"},
		{"other methods need the body too", WithBody, c.request(t, "PROPFIND /a", getSet, "", date, host), "content-length"},
		{"covered and absent", WithBody, c.request(t, "GET /a", getSet+" x-none", "", date, host), "occurs 0"},
		{"covered twice over", WithBody, c.request(t, "GET /a", getSet, "", date, date, host), "occurs 2"},
		{"digest no base64", WithBody, c.request(t, "POST /a", bodySet, "{}", with(4, "X-Content-Sha256: ?")...), "x-content-sha256"},
		{"digest too short", WithBody, c.request(t, "POST /a", bodySet, "{}", with(4, "X-Content-Sha256: AAAA")...), "x-content-sha256"},
		{"empty body under another digest", WithBody, c.request(t, "POST /a", bodySet, "", with(2, "Content-Length: 0")...), ErrBody.Error()},
		{"chunked under a covered length", WithBody, strings.Replace(c.request(t, "POST /a", bodySet, "2\r\n{}\r\n0\r\n\r\n", post...),
			"Content-Length: 2", "Transfer-Encoding: chunked", 1), "occurs 0"},
		{"changed target", WithBody, strings.Replace(c.request(t, "GET /a?b", getSet, "", date, host), "/a?b", "/a?c", 1), "does not match"},
		{"unescaped on the way", WithBody, strings.Replace(c.request(t, "GET /%41", getSet, "", date, host), "/%41", "/A", 1), "does not match"},
		{"changed host", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), "h.example", "g.example", 1), "does not match"},
		{"changed method", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), "GET", "HEAD", 1), "does not match"},
		{"unknown key", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), keyID, "t/u/g", 1), "no such key"},
		{"other algorithm", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), "rsa-sha256", "hmac-sha256", 1), "algorithm"},
		{"other version", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), `version="1"`, `version="2"`, 1), "version"},
		{"session key", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), keyID, "ST$abc", 1), ErrSessionKey.Error()},
		{"no header", WithBody, "GET /a HTTP/1.1\r\n" + date + "\r\n" + host + "\r\n\r\n", "0 Authorization"},
		{"two headers", WithBody, strings.Replace(c.request(t, "GET /a", getSet, "", date, host), "\r\nHost", "\r\nAuthorization: Basic eDp4\r\nHost", 1), "2 Authorization"},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			id, body, err := v.Verify(context.Background(), arrived(t, k.raw), k.form)
			if k.want != "" {
				if err == nil || !strings.Contains(err.Error(), k.want) {
					t.Fatalf("error %v, want one with %q", err, k.want)
				}
				if id != nil || body != nil {
					t.Error("an identity or a body beside an error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if id.User != "ocid1.user.oc1..u" || id.KeyID != keyID {
				t.Errorf("identity %+v", id)
			}
			if _, err := io.ReadAll(body); err != nil {
				t.Errorf("body: %v", err)
			}
		})
	}
}

func TestBodyIsHeldToItsDigest(t *testing.T) {
	c := newClient(t, 2048)
	v := New(one(&c.key.PublicKey), Options{Clock: func() time.Time { return testDate }})
	signed := strings.Repeat("0123456789", 1000)
	for name, sent := range map[string]string{"first byte": "x" + signed[1:], "last byte": signed[:len(signed)-1] + "x"} {
		for _, form := range []Form{WithBody, BodyUnsigned} {
			raw := c.request(t, "POST /a", bodySet, sent, "Date: "+at(0), "Host: h", fmt.Sprintf("Content-Length: %d", len(sent)),
				"Content-Type: x", "X-Content-Sha256: "+digest(signed))
			_, body, err := v.Verify(context.Background(), arrived(t, raw), form)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(body); !errors.Is(err, ErrBody) {
				t.Errorf("%s, form %d: %v", name, form, err)
			}
			_, body, err = v.Verify(context.Background(), arrived(t, raw), form)
			if err != nil {
				t.Fatal(err)
			}
			// A reader that knows the length and stops there must be told as well.
			if _, err := io.ReadFull(body, make([]byte, len(sent)+1)); !errors.Is(err, ErrBody) {
				t.Errorf("%s, form %d, read to the length: %v", name, form, err)
			}
		}
	}
}

func TestKeySizes(t *testing.T) {
	for bits, ok := range map[int]bool{1024: false, 2048: true, 3072: true} {
		c := newClient(t, bits)
		v := New(one(&c.key.PublicKey), Options{Clock: func() time.Time { return testDate }})
		_, _, err := v.Verify(context.Background(), arrived(t, c.request(t, "GET /a", getSet, "", "Date: "+at(0), "Host: h")), WithBody)
		if (err == nil) != ok {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

type sdkKey struct{ *rsa.PrivateKey }

func (k sdkKey) PrivateRSAKey() (*rsa.PrivateKey, error) { return k.PrivateKey, nil }
func (k sdkKey) KeyID() (string, error)                  { return keyID, nil }

// The official signer, over a real connection.
func TestOfficialSigner(t *testing.T) {
	c := newClient(t, 2048)
	v := New(one(&c.key.PublicKey), Options{})
	var form Form
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, body, err := v.Verify(r.Context(), r, form)
		if err == nil {
			_, err = io.ReadAll(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	}))
	defer srv.Close()
	for name, k := range map[string]struct {
		form   Form
		signer common.HTTPRequestSigner
		method string
		body   string
	}{
		"get":    {WithBody, common.DefaultRequestSigner(sdkKey{c.key}), "GET", ""},
		"delete": {WithBody, common.DefaultRequestSigner(sdkKey{c.key}), "DELETE", ""},
		"post":   {WithBody, common.DefaultRequestSigner(sdkKey{c.key}), "POST", `{"a":"ü"}`},
		"empty":  {WithBody, common.DefaultRequestSigner(sdkKey{c.key}), "POST", ""},
		"upload": {BodyUnsigned, common.RequestSignerExcludeBody(sdkKey{c.key}), "POST", "line\n"},
	} {
		form = k.form
		r, err := http.NewRequest(k.method, srv.URL+"/20200601/namespaces/demo/sources/a%20b/patterns?limit=2&name=a%20b", bytes.NewReader([]byte(k.body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Length", fmt.Sprint(len(k.body)))
		if err := k.signer.Sign(r); err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	c := newClient(b, 2048)
	v := New(one(&c.key.PublicKey), Options{Clock: func() time.Time { return testDate }})
	r := arrived(b, c.request(b, "GET /a", getSet, "", "Date: "+at(0), "Host: h"))
	for b.Loop() {
		if _, _, err := v.Verify(context.Background(), r, WithBody); err != nil {
			b.Fatal(err)
		}
	}
}
