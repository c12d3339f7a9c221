package connect

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// answer is one HTTP response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

var errTooLarge = errors.New("the answer is larger than allowed")

// exchange sends a request and reads the whole answer, at most limit bytes of
// it after decompression. A body that ends early is an error.
func exchange(client *http.Client, req *http.Request, limit int64) (*http.Response, *answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	body := io.Reader(resp.Body)
	// A range is one of the encoded bytes (RFC 9110, section 14), which nothing unpacks.
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") && req.Header.Get("Range") == "" {
		// Go's transport unpacks only what it asked for itself.
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return resp, a, fmt.Errorf("unpacking the answer: %w", err)
		}
		body = z
	}
	a.body, err = io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return resp, a, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(a.body)) > limit {
		a.body = nil
		return resp, a, errTooLarge
	}
	return resp, a, nil
}

// unanswered turns a failure to get an answer into an Error. The address is
// the host that was called.
func unanswered(op, address string, err error) *Error {
	e := &Error{Op: op, Kind: Transient, cause: err}
	var dns *net.DNSError
	var cert *x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		e.Kind, e.Message, e.final = BadPayload, errTooLarge.Error(), true
		e.Hint = "ask for smaller pages (page_size)"
	case errors.As(err, &dns):
		e.Message = fmt.Sprintf("the host name of %s is not known", address)
		e.Hint = "check the address in the connection, and the name service of this machine"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = fmt.Sprintf("nothing answers at %s (connection refused)", address)
		e.Hint = fmt.Sprintf("start the service at %s or correct the address of the connection", address)
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &cert):
		e.Message, e.final = fmt.Sprintf("the certificate of %s is not trusted", address), true
		e.Hint = "check the address; behind an inspecting proxy, add its certificate to the system's store"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		e.Kind, e.Message = BadPayload, fmt.Sprintf("the answer of %s was cut off", address)
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Message = fmt.Sprintf("%s took too long to answer", address)
		e.Hint = "check the network between here and there; it is tried again"
	default:
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the wrapper repeats the whole URL
		}
		e.Message = fmt.Sprintf("the exchange with %s failed: %s", address, clean(err.Error()))
	}
	return e
}

// refusal turns an answer that is not a success into an Error, without a hint.
// The table of statuses is that of section 1.7 and 1.8 of the OCI reference.
func refusal(op string, a *answer, now time.Time, secrets ...string) *Error {
	e := &Error{Op: op, Status: a.status, RequestID: clean(requestID(a.header), secrets...)}
	e.Code, e.Message = explain(a, secrets...)
	switch s := a.status; {
	case s >= 300 && s < 400:
		e.Kind, e.Message = NotFound, "the service redirects to "+clean(redirectHost(a.header), secrets...)
		e.Hint = "write the final address into the connection: credentials are never sent along a redirect"
	case s == http.StatusUnauthorized:
		e.Kind = Unauthorized
	case s == http.StatusPaymentRequired, s == http.StatusForbidden:
		e.Kind = Forbidden
	case s == http.StatusNotFound, s == http.StatusGone, s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		e.Kind = NotFound
	case s == http.StatusTooManyRequests:
		e.Kind = Throttled
	case s == http.StatusBadRequest && (e.Code == "LimitExceeded" || e.Code == "QuotaExceeded"):
		e.Kind, e.final = Throttled, true
	case s == http.StatusBadRequest && e.Code == "UnmatchedContentMD5", // damaged on the way
		s == http.StatusConflict && (e.Code == "IncorrectState" || e.Code == "LockConflict"),
		s == http.StatusRequestTimeout, s >= 500:
		e.Kind = Transient
	default:
		e.Kind = Refused
	}
	if e.Kind == Throttled || e.Kind == Transient {
		e.RetryAfter = retryAfter(a.header.Get("Retry-After"), now)
	}
	return e
}

// retryAfter reads seconds, whole or not, or an HTTP date.
func retryAfter(v string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if v = strings.TrimSpace(v); v == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if !(s > 0) {
			return 0
		}
		return time.Duration(min(s, most.Seconds()) * float64(time.Second))
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), most)
	}
	return 0
}

func requestID(h http.Header) string {
	for _, name := range []string{"Opc-Request-Id", "X-Oracle-Dms-Ecid", "X-Request-Id"} {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return ""
}

func redirectHost(h http.Header) string {
	if u, err := url.Parse(h.Get("Location")); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "another path"
}

// problem joins the error bodies that Oracle's services have been seen to
// send: OCI's, OAuth's (RFC 6749) and the problem object of RFC 7807.
type problem struct {
	Code        string `json:"code"`
	Message     string `json:"message"`
	OAuth       string `json:"error"`
	Description string `json:"error_description"`
	Title       string `json:"title"`
	Detail      string `json:"detail"`
	ErrorCode   string `json:"o:errorCode"`
}

func explain(a *answer, secrets ...string) (code, message string) {
	if looksLikeHTML(a.body) {
		return "", clean("an HTML page instead of an answer" + htmlTitle(a.body))
	}
	// Members of another type than expected do not hide the rest.
	var p problem
	var raw map[string]json.RawMessage
	if json.Unmarshal(a.body, &raw) != nil {
		text := clean(string(a.body), secrets...)
		if text == "" {
			text = strings.ToLower(http.StatusText(a.status))
		}
		return "", text
	}
	for key, into := range map[string]*string{"code": &p.Code, "message": &p.Message, "error": &p.OAuth,
		"error_description": &p.Description, "title": &p.Title, "detail": &p.Detail, "o:errorCode": &p.ErrorCode} {
		if json.Unmarshal(raw[key], into) != nil {
			*into = ""
		}
	}
	code = clean(first(p.Code, p.OAuth, p.ErrorCode), secrets...)
	message = clean(first(p.Message, p.Description, p.Detail, p.Title, strings.ToLower(http.StatusText(a.status))), secrets...)
	return code, message
}

func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

func looksLikeHTML(body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(body) > 0 && body[0] == '<'
}

var title = regexp.MustCompile(`(?is)<title[^>]*>([^<]{1,200})</title>`)

func htmlTitle(body []byte) string {
	m := title.FindSubmatch(body[:min(len(body), 64<<10)])
	if m == nil {
		return ""
	}
	return ": " + string(m[1])
}

// skew is how far this machine's clock is ahead of the answer's Date.
func skew(h http.Header, now time.Time) (time.Duration, bool) {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	return now.Sub(t), true
}
