package connect

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind says what a caller may do about an error.
type Kind uint8

// The kinds of an Error. Transient, Throttled and BadPayload have been retried
// already and are worth another run later. Unauthorized, Forbidden and NotFound
// are for a person to settle; the request itself is not at fault and is kept.
// Refused is for good: the same request will never be accepted.
const (
	Transient Kind = iota + 1
	Throttled
	Unauthorized
	Forbidden
	NotFound
	Refused
	OffsetRefused // the page exists perhaps, but not at this offset: narrow the query
	BadPayload    // HTML, a cut-off body, or JSON of another shape
)

var kindNames = [...]string{"", "transient", "throttled", "unauthorized", "forbidden", "not found", "refused", "offset refused", "bad payload"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// Error is the one error type of this package.
type Error struct {
	Op         string        // what was tried, such as "read audit records"
	Status     int           // HTTP status; 0 when no answer came
	Code       string        // the service's own code, such as "invalid_client"
	Message    string        // what the service said, cleaned and cut
	RequestID  string        // for a support request
	Hint       string        // what to do next
	RetryAfter time.Duration // how long the service, or our own back-off, asks to wait
	Kind       Kind

	cause error
	final bool // not retried, whatever its kind
	again bool // retried, whatever its kind
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(":")
	if e.Status != 0 {
		fmt.Fprintf(&b, " %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Message != "" {
		if e.Status != 0 || e.Code != "" {
			b.WriteString(":")
		}
		b.WriteString(" " + e.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause, such as context.Canceled.
func (e *Error) Unwrap() error { return e.cause }

func (e *Error) retryable() bool {
	if e.again {
		return true
	}
	return !e.final && (e.Kind == Transient || e.Kind == Throttled || e.Kind == BadPayload)
}

// KindOf returns the kind of an Error in err's chain, or 0.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// asError gives the caller's operation to an error of a nested call.
func asError(op string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Op: op, Message: clean(err.Error()), Kind: Transient, cause: err}
}

const maxMessage = 300 // characters of a foreign text kept in an error

// credential matches what looks like one in foreign text.
var credential = regexp.MustCompile(`(?i)(bearer|basic)\s+[A-Za-z0-9+/=._~-]+` +
	`|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*|ST\$[^\s",]+|signature="[^"]*"` +
	`|((client_secret|access_token|assertion|password|pass_?phrase)["']?\s*[=:]\s*["']?)[^\s"'&,}]+`)

// clean makes foreign text fit for an error or a log: one line, printable, cut
// to 300 characters, without the given secrets or anything that looks like one.
func clean(s string, secrets ...string) string {
	if len(s) > 64<<10 {
		s = s[:64<<10]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	// After the controls are gone: they might have split a secret.
	for _, secret := range secrets {
		if secret = strings.ToValidUTF8(secret, "\uFFFD"); secret != "" {
			s = strings.ReplaceAll(s, secret, "[removed]")
		}
	}
	s = credential.ReplaceAllString(s, "[removed]")
	if utf8.RuneCountInString(s) > maxMessage {
		s = string([]rune(s)[:maxMessage-1]) + "…"
	}
	return s
}
