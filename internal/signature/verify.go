// Package signature verifies the HTTP signatures of OCI's clients, and nothing
// else: "Signature version 1", which is draft-cavage-http-signatures-08 with RSA
// PKCS#1 v1.5 and SHA-256, restricted as Oracle documents it under "Request
// Signatures" (https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm).
package signature

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultSkew is how far a request's date may be from the clock, both ways.
const DefaultSkew = 5 * time.Minute

// Bounds of key sizes in bits, both allowed.
const (
	MinKeyBits = 2048
	MaxKeyBits = 4096
)

// ErrSessionKey is returned for keys of the form ST$<token> (session tokens,
// instance and resource principals), which only Oracle's identity service can vouch for.
var ErrSessionKey = errors.New("session token keys (keyId ST$…) are not accepted here: sign with an API key")

// ErrBody is returned by the body of a verified request that is not what was signed.
var ErrBody = errors.New("the body is not the one that was signed")

// KeySource finds public keys. It is called from many goroutines.
type KeySource interface {
	// FindKey returns the key and the OCID of its user, or an error when no such
	// key may sign requests. keyID is as sent: <tenancy>/<user>/<fingerprint>.
	FindKey(ctx context.Context, keyID string) (key *rsa.PublicKey, user string, err error)
}

// Options of a Verifier.
type Options struct {
	Clock func() time.Time // nil: time.Now
	Skew  time.Duration    // 0: DefaultSkew
}

// Verifier checks signed requests. It is safe for use by many goroutines.
type Verifier struct {
	keys  KeySource
	clock func() time.Time
	skew  time.Duration
}

// New returns a verifier of the keys of a source.
func New(keys KeySource, o Options) *Verifier {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Skew == 0 {
		o.Skew = DefaultSkew
	}
	return &Verifier{keys: keys, clock: o.Clock, skew: o.Skew}
}

// Identity is who signed a request.
type Identity struct {
	User  string // OCID
	KeyID string
}

// Form says what of a request must be signed.
type Form uint8

const (
	// WithBody needs content-length, content-type and x-content-sha256 to be
	// covered on every method but GET, HEAD and DELETE.
	WithBody Form = iota
	// BodyUnsigned needs only date, request target and host, as Oracle's upload
	// operations do. A client that signs the body all the same is held to it.
	BodyUnsigned
)

// Verify checks the signature over the request exactly as it arrived:
// r.RequestURI, r.Host and r.Header as net/http's server fills them.
//
// The returned body must be read in place of r.Body: where the digest of the body
// is signed, its last Read fails with ErrBody instead of io.EOF when the bytes
// differ. An error names the step that failed and is meant for the log; a client
// is told no more than 401, except for ErrSessionKey.
func (v *Verifier) Verify(ctx context.Context, r *http.Request, form Form) (*Identity, io.ReadCloser, error) {
	auth := r.Header.Values("Authorization")
	if len(auth) != 1 {
		return nil, nil, fmt.Errorf("%d Authorization headers instead of one", len(auth))
	}
	p, err := Parse(auth[0])
	if err != nil {
		return nil, nil, fmt.Errorf("authorization header: %w", err)
	}
	if strings.HasPrefix(p.KeyID, "ST$") {
		return nil, nil, ErrSessionKey
	}
	if p.Version != "1" {
		return nil, nil, fmt.Errorf("version %.16q is not 1", p.Version)
	}
	if p.Algorithm != "rsa-sha256" {
		return nil, nil, fmt.Errorf("algorithm %.32q is not rsa-sha256", p.Algorithm)
	}
	if err := coverage(r.Method, p.Headers, form); err != nil {
		return nil, nil, err
	}
	text, err := signingString(r, p.Headers)
	if err != nil {
		return nil, nil, err
	}
	if err := v.checkDates(r, p.Headers); err != nil {
		return nil, nil, err
	}
	key, user, err := v.keys.FindKey(ctx, p.KeyID)
	if err != nil {
		return nil, nil, fmt.Errorf("key %.200q: %w", p.KeyID, err)
	}
	if bits := key.N.BitLen(); bits < MinKeyBits || bits > MaxKeyBits {
		return nil, nil, fmt.Errorf("key %.200q has %d bits, allowed are %d to %d", p.KeyID, bits, MinKeyBits, MaxKeyBits)
	}
	sum := sha256.Sum256([]byte(text))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], p.Signature); err != nil {
		return nil, nil, fmt.Errorf("key %.200q: the signature does not match the request", p.KeyID)
	}
	body, err := checkedBody(r, p.Headers)
	if err != nil {
		return nil, nil, err
	}
	return &Identity{User: user, KeyID: p.KeyID}, body, nil
}

func coverage(method string, headers []string, form Form) error {
	need := []string{RequestTarget, "host"}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
	default:
		if form == WithBody {
			need = append(need, "content-length", "content-type", "x-content-sha256")
		}
	}
	for _, n := range need {
		if !slices.Contains(headers, n) {
			return fmt.Errorf("header %s is not covered", n)
		}
	}
	if !slices.Contains(headers, "date") && !slices.Contains(headers, "x-date") {
		return errors.New("neither date nor x-date is covered")
	}
	return nil
}

// signingString rebuilds what the client signed. Covered headers must occur
// exactly once, or a proxy and this server could read different ones.
func signingString(r *http.Request, headers []string) (string, error) {
	var b strings.Builder
	for i, name := range headers {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(name)
		b.WriteString(": ")
		switch name {
		case RequestTarget:
			b.WriteString(strings.ToLower(r.Method))
			b.WriteByte(' ')
			b.WriteString(r.RequestURI)
		case "host":
			b.WriteString(r.Host)
		default:
			values := r.Header.Values(name)
			if len(values) != 1 {
				return "", fmt.Errorf("covered header %.64q occurs %d times", name, len(values))
			}
			b.WriteString(values[0])
		}
	}
	return b.String(), nil
}

func (v *Verifier) checkDates(r *http.Request, headers []string) error {
	now := v.clock()
	for _, name := range []string{"date", "x-date"} {
		if !slices.Contains(headers, name) {
			continue
		}
		at, err := http.ParseTime(r.Header.Get(name))
		if err != nil {
			return fmt.Errorf("header %s is not an HTTP date", name)
		}
		if d := now.Sub(at); d > v.skew || -d > v.skew {
			return fmt.Errorf("header %s is %v away from the server's clock, allowed are %v", name, d.Round(time.Second), v.skew)
		}
	}
	return nil
}

// checkedBody holds the body to the covered length and digest.
func checkedBody(r *http.Request, headers []string) (io.ReadCloser, error) {
	if slices.Contains(headers, "content-length") {
		n, err := strconv.ParseInt(r.Header.Get("Content-Length"), 10, 64)
		if err != nil || n != r.ContentLength {
			return nil, fmt.Errorf("content-length %.20q is not the length of the body", r.Header.Get("Content-Length"))
		}
	}
	if !slices.Contains(headers, "x-content-sha256") {
		return r.Body, nil
	}
	want, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("X-Content-Sha256"))
	if err != nil || len(want) != sha256.Size {
		return nil, errors.New("x-content-sha256 is not the base64 of a SHA-256")
	}
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	b := &hashedBody{body: body, hash: sha256.New(), want: want, left: r.ContentLength}
	if r.ContentLength == 0 {
		// net/http's handlers need not read an empty body: say it now.
		if empty := sha256.Sum256(nil); subtle.ConstantTimeCompare(empty[:], want) != 1 {
			return nil, ErrBody
		}
	}
	return b, nil
}
