package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/signature"
)

// call is one request on its way through a handler.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	op    *operation
	path  map[string]string // path parameters, unescaped
	query url.Values
	body  io.ReadCloser
	user  string // OCID, or localUser
	who   principal
	login string // the name that somebody tries to log in with
	about string // path that names what is about to be gone, for the audit; empty: that of the request
	log   *slog.Logger
}

// localUser is who calls over the unix socket.
const localUser = "local"

// response is what a handler answers. Without a status it is 200, or 204 when
// there is no body.
type response struct {
	status int
	header http.Header
	json   any                   // encoded as the body
	raw    []byte                // the body as it is; used when json is nil
	kind   string                // content type of raw and stream
	stream func(io.Writer) error // makes the body while it is sent; used when it is set
}

func answer(body any) *response { return &response{json: body, header: http.Header{}} }

func (r *response) with(name, value string) *response {
	if value != "" { // an empty header value means absent to some clients, present to others
		r.header.Set(name, value)
	}
	return r
}

// param returns a query parameter that may be given once.
func (c *call) param(name string) (string, error) {
	switch v := c.query[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	default:
		return "", invalid("%s is given %d times", name, len(v))
	}
}

// params reads several parameters at once; the first problem is returned.
func (c *call) params(into map[string]*string) error {
	for name, p := range into {
		v, err := c.param(name)
		if err != nil {
			return err
		}
		*p = v
	}
	return nil
}

// need reads a parameter that must be given.
func (c *call) need(name string) (string, error) {
	v, err := c.param(name)
	if err == nil && v == "" {
		return "", missing(name)
	}
	return v, err
}

// flag reads a boolean parameter; absent is false.
func (c *call) flag(name string) (bool, error) {
	v, err := c.param(name)
	if err != nil || v == "" {
		return false, err
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, invalid("%s must be true or false", name)
	}
	return b, nil
}

// refuses reads a boolean parameter and reports whether it is given as false.
func (c *call) refuses(name string) (bool, error) {
	v, err := c.flag(name)
	return err == nil && !v && c.query.Has(name), err
}

// time reads a parameter that is a time; absent is the zero time.
func (c *call) time(name string) (time.Time, error) {
	v, err := c.param(name)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return t, invalid("%s must be a time such as 2024-05-01T00:00:00Z", name)
	}
	return t, nil
}

// number reads a parameter that counts: from 1 to most, normal when absent.
func (c *call) number(name string, normal, most int) (int, error) {
	v, err := c.param(name)
	if err != nil || v == "" {
		return normal, err
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return 0, invalid("%s must be a number from 1 to %d", name, most)
	}
	return min(n, most), nil
}

// head returns a request header; given twice it is refused, since a proxy could
// have read the other one.
func (c *call) head(name string) (string, error) {
	v := c.r.Header.Values(name)
	if len(v) > 1 {
		return "", invalid("header %s is given %d times", name, len(v))
	}
	return strings.TrimSpace(c.r.Header.Get(name)), nil
}

// Bounds of limit in lists.
const (
	defaultLimit = 50
	maxLimit     = catalog.MaxPage
)

// page reads limit, page, sortBy and sortOrder. Times are listed newest first
// unless asked otherwise, names in ascending order.
func (c *call) page(defaultSort string) (catalog.Page, error) {
	p := catalog.Page{Limit: defaultLimit}
	var limit, token, order string
	if err := c.params(map[string]*string{"limit": &limit, "page": &token, "sortBy": &p.Sort, "sortOrder": &order}); err != nil {
		return p, err
	}
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return p, invalid("limit must be a number from 1 to %d", maxLimit)
		}
		p.Limit = min(n, maxLimit)
	}
	p.Sort = cmp.Or(p.Sort, defaultSort)
	switch strings.ToUpper(order) {
	case "":
		p.Desc = strings.HasPrefix(p.Sort, "time")
	case "ASC":
	case "DESC":
		p.Desc = true
	default:
		return p, invalid("sortOrder must be ASC or DESC")
	}
	if token == "" {
		return p, nil
	}
	var err error
	p.After, err = openPage(c.listKey(), token)
	return p, err
}

// next answers the page token of the next page; empty on the last page.
func (c *call) next(after string) string {
	if after == "" {
		return ""
	}
	return sealPage(c.listKey(), after)
}

// listKey is what a page token is bound to: the path and every parameter but
// those that choose the page.
func (c *call) listKey() string {
	q := make(url.Values, len(c.query))
	for k, v := range c.query {
		if k != "page" && k != "limit" {
			q[k] = v
		}
	}
	path, _, _ := strings.Cut(c.r.RequestURI, "?")
	return path + "?" + q.Encode()
}

// readBody reads the body whole, up to a limit, and checks a signed digest.
func (c *call) readBody(limit int64) ([]byte, error) {
	if c.r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var b bytes.Buffer
	if c.r.ContentLength > 0 {
		b.Grow(int(c.r.ContentLength) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(c.body, limit+1))
	switch {
	case errors.Is(err, signature.ErrBody), errors.Is(err, os.ErrDeadlineExceeded):
		return nil, err
	case err != nil: // it ended early, or its chunks are none
		return nil, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: "the body cannot be read to its end", Cause: err}
	case n > limit:
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

// decode reads a JSON body; null and absent members are the same, unknown ones
// are ignored. The bytes are returned for retry tokens.
func (c *call) decode(limit int64, into any) ([]byte, error) {
	text, err := c.readBody(limit)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: fmt.Sprintf("the body is not the JSON expected: %v", err)}
	}
	return text, nil
}

// decodeObject reads a body that is a JSON object.
func (c *call) decodeObject(limit int64) (map[string]any, []byte, error) {
	text, err := c.readBody(limit)
	if err != nil {
		return nil, nil, err
	}
	m, err := parseObject(text)
	if err != nil {
		return nil, nil, &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: fmt.Sprintf("the body is not a JSON object: %v", err)}
	}
	return m, text, nil
}

// parseObject reads a JSON object and keeps numbers as they are written.
func parseObject(text []byte) (map[string]any, error) {
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fmt.Errorf("null is no object")
	}
	if d.More() {
		return nil, fmt.Errorf("there is more after the object")
	}
	return m, nil
}

// retry is the retry token of a request with this payload.
func (c *call) retry(payload [32]byte) (catalog.Retry, error) {
	token, err := c.retryToken()
	return catalog.Retry{Scope: c.user + " " + c.op.Name, Token: token, Payload: payload}, err
}

const maxToken = 64 // as Oracle documents it

func (c *call) retryToken() (string, error) {
	token, err := c.head("opc-retry-token")
	if err == nil && len(token) > maxToken {
		return "", invalid("opc-retry-token may have at most %d characters", maxToken)
	}
	return token, err
}

// stamp is a time as JSON of Oracle's clients needs it: RFC 3339, or absent.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC().Truncate(time.Millisecond)
	return &u
}
