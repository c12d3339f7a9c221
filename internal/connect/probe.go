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
	token, err := c.auth.Token(ctx)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == "invalid_scope" {
		// The domain checks the client before the scope (RFC 6749, section 5.2).
		return []Probe{passed("token", "%s knows the client and its secret", c.auth.address), failed("scope", err)}
	}
	if err != nil {
		return []Probe{failed("token", err)}
	}
	out := []Probe{passed("token", "%s gave an access token", c.auth.address), passed("scope", "%s", grantedScope(token))}
	page, err := c.AuditRecords(ctx, AuditQuery{Window: "1h", Limit: 1})
	if err != nil {
		return append(out, failed("first page", err))
	}
	detail := fmt.Sprintf("%s answered with %d records", c.address, len(page.Items))
	if page.Total >= 0 {
		detail = fmt.Sprintf("%s has %d records of the last hour", c.address, page.Total)
	}
	return append(out, passed("first page", "%s", detail))
}

// grantedScope reads what a token says of itself (RFC 7519) without judging
// it: the service does that.
func grantedScope(token string) string {
	parts := strings.Split(token, ".")
	var claims struct {
		Scope string `json:"scope"`
	}
	if len(parts) == 3 {
		if b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "=")); err == nil && json.Unmarshal(b, &claims) == nil && claims.Scope != "" {
			return "granted: " + clean(claims.Scope)
		}
	}
	return "granted"
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
