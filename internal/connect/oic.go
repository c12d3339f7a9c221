package connect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// OICConfig names an Oracle Integration instance.
type OICConfig struct {
	URL                 string // such as https://example-ia.integration.ocp.oraclecloud.com
	IntegrationInstance string // OIC 3: the service instance, sent on every call; empty for Generation 2
}

// OIC reads Oracle Integration's monitoring API.
type OIC struct {
	base     string
	instance string
	address  string
	auth     *OAuth
	opts     Options
	answered atomic.Bool // the address has given a page before, so it is right
}

// NewOIC returns a client; nothing is sent before the first call.
func NewOIC(c OICConfig, auth *OAuth, opts Options) *OIC {
	return &OIC{base: strings.TrimRight(c.URL, "/"), instance: c.IntegrationInstance, address: hostOf(c.URL),
		auth: auth, opts: opts.withDefaults()}
}

// Retention is the widest look-back: everything the instance still keeps.
const Retention = "RETENTIONPERIOD"

// Windows lists the look-backs that AuditRecords accepts, narrowest first.
func Windows() []string { return []string{"1h", "6h", "1d", "2d", "3d", Retention} }

// AuditQuery asks for one page of the audit trail.
type AuditQuery struct {
	Window string // one of Windows; relative to the service's clock
	Type   string // resource type; exact, or /part/ between slashes
	Code   string // resource code; exact
	Offset int    // from 0
	Limit  int    // 0 leaves the service's default of 15
}

// AuditPage is one page, newest record first as a rule, though nothing promises it.
type AuditPage struct {
	Items   []json.RawMessage // verbatim bytes
	Links   []Link
	Total   int       // records in the whole answer; -1 when absent
	HasMore *bool     // nil when absent
	Date    time.Time // the service's clock when it answered; zero when it did not say
}

// Link is one entry of a page's "links".
type Link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

const (
	opAudit   = "read audit records"
	auditPath = "/ic/api/integration/v1/monitoring/auditRecords"
)

// AuditRecords fetches one page. A token that the service refuses is replaced
// once; everything transient is retried.
func (c *OIC) AuditRecords(ctx context.Context, q AuditQuery) (*AuditPage, error) {
	target, err := c.auditURL(q)
	if err != nil {
		return nil, err
	}
	var page *AuditPage
	err = c.opts.run(ctx, opAudit, func(ctx context.Context) *Error {
		var e *Error
		page, e = c.authorized(ctx, q, target)
		return e
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (c *OIC) authorized(ctx context.Context, q AuditQuery, target string) (*AuditPage, *Error) {
	for second := false; ; second = true {
		token, err := c.auth.Token(ctx)
		if err != nil {
			e := *asError(opAudit, err)
			e.final, e.again = true, false // retried already where it happened
			return nil, &e
		}
		page, e := c.page(ctx, q, target, token)
		if e == nil || e.Kind != Unauthorized {
			return page, e
		}
		c.auth.Invalidate(token)
		if second {
			return nil, e
		}
		c.opts.Logger.Info("token refused, fetching another", "op", opAudit, "address", c.address)
	}
}

func (c *OIC) auditURL(q AuditQuery) (string, error) {
	bad := func(format string, args ...any) (string, error) {
		return "", &Error{Op: opAudit, Kind: Refused, Message: fmt.Sprintf(format, args...)}
	}
	if !slices.Contains(Windows(), q.Window) {
		return bad("window %q is none of %s", clean(q.Window), strings.Join(Windows(), ", "))
	}
	if q.Offset < 0 || q.Limit < 0 {
		return bad("offset %d and limit %d must not be negative", q.Offset, q.Limit)
	}
	// The filter grammar has no escape for a quote or a brace.
	for _, v := range []string{q.Type, q.Code} {
		if strings.ContainsAny(v, "'{}\"\\") {
			return bad("%q cannot be written in a filter", clean(v))
		}
	}
	filter := "timewindow:'" + q.Window + "'"
	if q.Code != "" {
		filter += ", code:'" + q.Code + "'"
	}
	switch {
	case len(q.Type) > 2 && strings.HasPrefix(q.Type, "/") && strings.HasSuffix(q.Type, "/"):
		filter += ", type:" + q.Type
	case q.Type != "":
		filter += ", type:'" + q.Type + "'"
	}
	v := url.Values{"q": {"{" + filter + "}"}, "offset": {strconv.Itoa(q.Offset)}}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if c.instance != "" {
		v.Set("integrationInstance", c.instance)
	}
	// A space as %20 is understood everywhere, as + not by every gateway.
	return c.base + auditPath + "?" + strings.ReplaceAll(v.Encode(), "+", "%20"), nil
}

func (c *OIC) page(ctx context.Context, q AuditQuery, target, token string) (*AuditPage, *Error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, &Error{Op: opAudit, Kind: NotFound, Message: "the address is not a URL: " + clean(c.base), Hint: "check url of the connection"}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	_, a, err := exchange(c.opts.HTTP, req, c.opts.MaxReply)
	if err != nil {
		return nil, unanswered(opAudit, c.address, err)
	}
	if a.status < 200 || a.status > 299 {
		return nil, c.refusal(q, a, token)
	}
	page, err := parseAuditPage(a.body)
	if err != nil {
		return nil, &Error{Op: opAudit, Status: a.status, RequestID: clean(requestID(a.header)), Kind: BadPayload,
			Message: clean(err.Error()), Hint: "check url if this goes on: " + c.address + " does not answer like Oracle Integration"}
	}
	page.Date, _ = http.ParseTime(a.header.Get("Date"))
	c.answered.Store(true)
	return page, nil
}

func (c *OIC) refusal(q AuditQuery, a *answer, token string) *Error {
	e := refusal(opAudit, a, c.opts.Clock(), token)
	switch {
	case e.Kind == Refused && q.Offset > 0 && (a.status == http.StatusBadRequest || a.status == http.StatusRequestedRangeNotSatisfiable ||
		a.status == http.StatusUnprocessableEntity):
		// The same filter was accepted at offset 0, so the offset is what is refused.
		e.Kind = OffsetRefused
		e.Hint = fmt.Sprintf("the service does not page to offset %d: narrow the query by resource type or code", q.Offset)
	case e.Kind == Refused && a.status == http.StatusBadRequest && c.instance == "":
		e.Hint = "Oracle Integration 3 needs integration_instance, the name on the console's About page; otherwise lower page_size"
	case e.Kind == Refused:
		e.Hint = fmt.Sprintf("check integration_instance, and lower page_size (now %d)", q.Limit)
	case e.Kind == Unauthorized:
		e.Hint = "the token was issued but Integration does not accept it: " + audienceOf(token) + " must be the instance's primary audience, " +
			"url that instance's address, and token_url the domain it belongs to"
		if ahead, ok := skew(a.header, c.opts.Clock()); ok && ahead.Abs() > maxSkew {
			e.Hint += "; " + skewHint(ahead)
		}
	case e.Kind == Forbidden:
		e.Hint = "give " + c.auth.grantee() + " the Oracle Integration role ServiceMonitor, ServiceViewer or ServiceAdministrator"
	case e.Kind == NotFound && a.status >= 400:
		e.again = a.status == http.StatusNotFound && c.answered.Load()
		e.Hint = "check url; for Oracle Integration 3 it is the design host, and integration_instance must name the service instance"
	case e.Kind == Throttled, e.Kind == Transient:
		e.Hint = fmt.Sprintf("%s is busy or down; it is tried again", c.address)
	}
	return e
}
