package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// InstanceQuery asks for one page of the instances of integrations, those
// updated last first.
type InstanceQuery struct {
	Window string // one of Windows; relative to the service's clock
	Offset int    // from 0
	Limit  int    // 0 leaves the service's default
}

// InstancePage is one page of instances.
type InstancePage struct {
	Items   []json.RawMessage // verbatim bytes
	Total   int               // instances in the whole answer; -1 when absent
	HasMore *bool             // nil when absent
	Date    time.Time         // the service's clock when it answered; zero when it did not say
}

const (
	opInstances   = "read instances"
	opActivity    = "read the activity stream"
	instancesPath = "/ic/api/integration/v1/monitoring/instances"
)

// Instances fetches one page. Errors are treated as those of AuditRecords.
func (c *OIC) Instances(ctx context.Context, q InstanceQuery) (*InstancePage, error) {
	if !slices.Contains(Windows(), q.Window) || q.Offset < 0 || q.Limit < 0 {
		return nil, &Error{Op: opInstances, Kind: Refused, Message: fmt.Sprintf("window %q, offset %d and limit %d cannot be asked for", clean(q.Window), q.Offset, q.Limit)}
	}
	v := url.Values{"q": {"{timewindow:'" + q.Window + "'}"}, "orderBy": {"lastupdateddate"}, "offset": {strconv.Itoa(q.Offset)}}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	var page *InstancePage
	err := c.monitor(ctx, opInstances, instancesPath, AuditQuery{Offset: q.Offset, Limit: q.Limit}, v, func(a *answer) error {
		p, err := parseAuditPage(a.body)
		if err != nil {
			return err
		}
		page = &InstancePage{Items: p.Items, Total: p.Total, HasMore: p.HasMore}
		page.Date, _ = http.ParseTime(a.header.Get("Date"))
		return nil
	})
	return page, err
}

// Activity fetches the steps of one instance, the first one first: the elements
// of the list that the answer holds, verbatim. What the list is called differs
// between releases, and Oracle's page does not show the answer: the first member
// that is a list of objects counts, and so does an answer that is itself a list.
func (c *OIC) Activity(ctx context.Context, instance string) (steps []json.RawMessage, err error) {
	if instance == "" || len(instance) > 200 || strings.ContainsAny(instance, "/?#\\") {
		return nil, &Error{Op: opActivity, Kind: Refused, Message: fmt.Sprintf("%q is no id of an instance", clean(instance))}
	}
	path := instancesPath + "/" + url.PathEscape(instance) + "/activityStream"
	err = c.monitor(ctx, opActivity, path, AuditQuery{}, url.Values{"order": {"asc"}, "timezone": {"UTC"}}, func(a *answer) error {
		steps, err = parseSteps(a.body)
		return err
	})
	return steps, err
}

func parseSteps(body []byte) ([]json.RawMessage, error) {
	if looksLikeHTML(body) {
		return nil, errors.New("an HTML page instead of steps" + htmlTitle(body))
	}
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil {
		return list, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, errors.New("the answer is not a JSON object or list")
	}
	for _, name := range []string{"activityStream", "activity-stream", "items"} {
		if json.Unmarshal(members[name], &list) == nil {
			return list, nil
		}
	}
	return nil, errors.New("the answer has no list of steps")
}

// monitor sends one GET of the monitoring API and has its answer parsed. A token
// that the service refuses is replaced once; everything transient is retried.
func (c *OIC) monitor(ctx context.Context, op, path string, page AuditQuery, v url.Values, parse func(*answer) error) error {
	if c.instance != "" {
		v.Set("integrationInstance", c.instance)
	}
	target := c.base + path + "?" + strings.ReplaceAll(v.Encode(), "+", "%20")
	return c.opts.run(ctx, op, func(ctx context.Context) *Error {
		for second := false; ; second = true {
			token, err := c.auth.Token(ctx)
			if err != nil {
				e := *asError(op, err)
				e.final, e.again = true, false // retried already where it happened
				return &e
			}
			e := c.monitorOnce(ctx, op, target, token, page, parse)
			if e == nil || e.Kind != Unauthorized {
				return e
			}
			c.auth.Invalidate(token)
			if second {
				return e
			}
		}
	})
}

func (c *OIC) monitorOnce(ctx context.Context, op, target, token string, page AuditQuery, parse func(*answer) error) *Error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return &Error{Op: op, Kind: NotFound, Message: "the address is not a URL: " + clean(c.base), Hint: "check url of the connection"}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	_, a, err := exchange(c.opts.HTTP, req, c.opts.MaxReply)
	if err != nil {
		return unanswered(op, c.address, err)
	}
	if a.status < 200 || a.status > 299 {
		e := c.refusal(page, a, token)
		e.Op = op
		if op == opActivity && a.status == http.StatusNotFound {
			e.again, e.Hint = false, "the instance is no longer kept"
		}
		return e
	}
	if err := parse(a); err != nil {
		return &Error{Op: op, Status: a.status, RequestID: clean(requestID(a.header)), Kind: BadPayload,
			Message: clean(err.Error()), Hint: "check url if this goes on: " + c.address + " does not answer like Oracle Integration"}
	}
	c.answered.Store(true)
	return nil
}
