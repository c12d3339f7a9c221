package connect

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Probe is one step of testing a connection.
type Probe struct {
	Name   string
	OK     bool
	Detail string // what was found, or what went wrong
	Hint   string // what to fix; empty when OK
	Err    error  // nil when OK
}

// probeAttempts keeps a test from waiting minutes for a service that is down.
const probeAttempts = 2

func passed(name, format string, args ...any) Probe {
	return Probe{Name: name, OK: true, Detail: fmt.Sprintf(format, args...)}
}

func failed(name string, err error) Probe {
	p := Probe{Name: name, Detail: err.Error(), Err: err}
	if e, ok := errors.AsType[*Error](err); ok {
		short := *e
		short.Hint = ""
		p.Detail, p.Hint = short.Error(), e.Hint
	}
	return p
}

// Probe tests the connection: token, scope, first page. It ends at the first
// step that fails, since the later ones build on it.
func (c *OIC) Probe(ctx context.Context) []Probe {
	ctx = withAttempts(ctx, probeAttempts)
	token, out := c.auth.probe(ctx)
	if token == "" {
		return out
	}
	page, err := c.AuditRecords(ctx, AuditQuery{Window: "1h", Limit: 1})
	if err != nil {
		return append(out, failed("first page", err))
	}
	detail := fmt.Sprintf("%s answered with %d records", c.address, len(page.Items))
	if page.Total >= 0 {
		detail = fmt.Sprintf("%s has %d records of the last hour", c.address, page.Total)
	}
	return append(out, passed("first page", "%s", detail+c.auth.replaced(ctx, token)))
}

// probe tests token and scope. Without a token, the last step says why.
func (o *OAuth) probe(ctx context.Context) (token string, out []Probe) {
	token, err := o.Token(ctx)
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Code == "invalid_scope" {
			// The domain checks the client before the scope (RFC 6749, section 5.2).
			return "", []Probe{passed("token", "%s knows the client and its secret", o.address), failed("scope", err)}
		}
		err = o.Diagnose(ctx, e)
	}
	if err != nil {
		return "", []Probe{failed("token", err)}
	}
	return token, []Probe{passed("token", "%s gave an access token", o.address), passed("scope", "%s", grantedScope(token))}
}

// replaced tells when a service refused the token that was held, and took another.
func (o *OAuth) replaced(ctx context.Context, before string) string {
	if now, err := o.Token(ctx); err != nil || now == before {
		return ""
	}
	return "; the token held until now had been revoked, a new one was fetched"
}

// tokenClaims are what a token says of itself (RFC 7519), unjudged: the service
// does that.
type tokenClaims struct {
	Scope    string          `json:"scope"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"` // a text or a list of texts
}

func claimsOf(token string) (c tokenClaims) {
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "=")); err != nil || json.Unmarshal(b, &c) != nil {
			return tokenClaims{}
		}
	}
	return c
}

func grantedScope(token string) string {
	c := claimsOf(token)
	switch {
	case c.Scope == "":
		return "granted"
	case c.Subject == "":
		return "granted: " + clean(c.Scope)
	}
	return fmt.Sprintf("granted to %s: %s", clean(c.Subject), clean(c.Scope))
}

// ProbeTarget names what an OCI connection is to be used for; empty members
// are not tested.
type ProbeTarget struct {
	Namespace string // of Log Analytics; tested when LogGroup is given
	LogGroup  string
	// BucketNamespace and Bucket name an archive.
	BucketNamespace, Bucket string
}

// Probe tests namespace, log group and bucket. Each step is tried, whatever
// became of the one before.
func (o *OCI) Probe(ctx context.Context, t ProbeTarget) []Probe {
	ctx = withAttempts(ctx, probeAttempts)
	var out []Probe
	if t.LogGroup != "" {
		out = append(out, o.probeNamespace(ctx, t.Namespace))
		group, err := o.LogGroup(ctx, t.Namespace, t.LogGroup)
		if err != nil {
			out = append(out, failed("log group", err))
		} else {
			out = append(out, passed("log group", "%s", clean(group.Name)))
		}
	}
	if t.Bucket != "" {
		if err := o.HeadBucket(ctx, t.BucketNamespace, t.Bucket); err != nil {
			out = append(out, failed("bucket", err))
		} else {
			out = append(out, passed("bucket", "%s in namespace %s", t.Bucket, t.BucketNamespace))
		}
	}
	return out
}

func (o *OCI) probeNamespace(ctx context.Context, want string) Probe {
	const name = "namespace"
	have, err := o.Namespaces(ctx)
	if err != nil {
		return failed(name, err)
	}
	if slices.Contains(have, want) {
		return passed(name, "%s", want)
	}
	err = &Error{Op: "list namespaces", Kind: NotFound, Message: fmt.Sprintf("namespace %s is not this tenancy's", want),
		Hint: "write namespace: " + clean(strings.Join(have, " or "))}
	if len(have) == 0 {
		err = &Error{Op: "list namespaces", Kind: NotFound, Message: "the tenancy has no Log Analytics namespace",
			Hint: "enable Log Analytics in the console (Observability & Management) in the region of the connection"}
	}
	return failed(name, err)
}
