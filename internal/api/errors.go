package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"syscall"
	"time"

	"ledgerline/internal/boards"
	"ledgerline/internal/catalog"
	"ledgerline/internal/content"
	"ledgerline/internal/jobs"
	"ledgerline/internal/query"
	"ledgerline/internal/query/syntax"
	"ledgerline/internal/quota"
	"ledgerline/internal/signature"
	"ledgerline/internal/stage"
)

// Error is a refusal that the client is told. Clients switch on status and code.
type Error struct {
	Status     int
	Code       string // one of Oracle's codes
	Message    string
	RetryAfter time.Duration // 0: no retry-after header
	Cause      error         // for the log only
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Cause }

// notImplementedCode answers for operations of Oracle's that are absent here. The
// wording is this project's; clients with retries on treat it as any other 5xx,
// while Oracle's own MethodNotImplemented is the one they give up on at once.
const notImplementedCode = "NotImplemented"

func invalid(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: fmt.Sprintf(format, args...)}
}

func missing(name string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "MissingParameter", Message: name + " is required"}
}

// absent is the answer for what does not exist and for what may not be seen.
func absent(format string, args ...any) *Error {
	return &Error{Status: http.StatusNotFound, Code: "NotAuthorizedOrNotFound", Message: fmt.Sprintf(format, args...)}
}

func tooLarge(limit int64) *Error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge", Message: fmt.Sprintf("the body may have at most %d bytes", limit)}
}

func tooMany(message string, after time.Duration) *Error {
	return &Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: message, RetryAfter: after}
}

func unavailable(message string, cause error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: message, RetryAfter: 5 * time.Second, Cause: cause}
}

// notAuthenticated never says which step failed, but for session keys, which
// cannot work here whatever else is right.
func notAuthenticated(cause error) *Error {
	e := &Error{Status: http.StatusUnauthorized, Code: "NotAuthenticated", Cause: cause,
		Message: "The required information to complete authentication was not provided or was incorrect."}
	if errors.Is(cause, signature.ErrSessionKey) {
		e.Message = signature.ErrSessionKey.Error()
	}
	return e
}

// asError turns any error of a handler into what the client is told.
func asError(err error) *Error {
	var e *Error
	var mistakes *syntax.Errors
	var one *syntax.Error
	var name *content.NotFoundError
	var large *http.MaxBytesError
	var exceeded *quota.Exceeded
	var wrong boards.InvalidError
	var lacking boards.MissingError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &mistakes):
		return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: mistakes.Error()}
	case errors.As(err, &one):
		return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: one.Error()}
	case errors.As(err, &wrong):
		return invalid("%v", wrong)
	case errors.As(err, &lacking):
		return missing(string(lacking))
	case errors.As(err, &exceeded):
		return tooMany(exceeded.Message, exceeded.Wait)
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.Is(err, signature.ErrBody):
		return notAuthenticated(err)
	case errors.Is(err, catalog.ErrNotFound), errors.Is(err, stage.ErrNotFound), errors.Is(err, jobs.ErrNotFound):
		return absent("%v", err)
	case errors.As(err, &name):
		return absent("%v", err)
	case errors.Is(err, catalog.ErrEtag), errors.Is(err, content.ErrEtag):
		return &Error{Status: http.StatusPreconditionFailed, Code: "NoEtagMatch", Message: err.Error()}
	case errors.Is(err, catalog.ErrInUse), errors.Is(err, catalog.ErrReadOnly), errors.Is(err, content.ErrInUse), errors.Is(err, content.ErrBuiltIn):
		return &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: err.Error()}
	case errors.Is(err, catalog.ErrExists), errors.Is(err, content.ErrExists):
		return &Error{Status: http.StatusConflict, Code: "ResourceAlreadyExists", Message: err.Error()}
	case errors.Is(err, catalog.ErrTokenReused), errors.Is(err, stage.ErrTokenReused):
		return &Error{Status: http.StatusConflict, Code: "InvalidatedRetryToken", Message: catalog.ErrTokenReused.Error(), Cause: err}
	case errors.Is(err, catalog.ErrInvalid), errors.Is(err, catalog.ErrBadCursor), errors.Is(err, content.ErrInvalid):
		return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: err.Error()}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, catalog.ErrWrite):
		return unavailable("the server cannot write to its disk, which may be full; nothing was stored", err)
	case errors.Is(err, jobs.ErrBusy):
		return tooMany(err.Error(), slowDown)
	case errors.Is(err, stage.ErrClosed), errors.Is(err, jobs.ErrClosed):
		return unavailable("the server is shutting down", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Status: http.StatusRequestTimeout, Code: "RequestTimeout", Message: "the body came too slowly", Cause: err}
	case errors.Is(err, query.ErrDeadline), errors.Is(err, query.ErrMemory), errors.Is(err, query.ErrRows), errors.Is(err, query.ErrNumber):
		// Not one of the 5xx, which clients would try again eight times.
		return &Error{Status: http.StatusBadRequest, Code: "LimitExceeded", Message: err.Error(), Cause: err}
	case errors.Is(err, context.Canceled):
		return &Error{Status: http.StatusBadRequest, Code: "CannotParseRequest", Message: "the client went away", Cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return unavailable("the request took too long", err)
	}
	return &Error{Status: http.StatusInternalServerError, Code: "InternalServerError",
		Message: "internal error; the server's log has more under the opc-request-id of this answer", Cause: err}
}

// contentError tells what is wrong with a content ZIP from trouble of our own.
func contentError(err error) error {
	if errors.Is(err, catalog.ErrWrite) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: err.Error()}
}
