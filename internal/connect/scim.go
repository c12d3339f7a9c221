package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Scope of a token that reads the users of an identity domain: whatever the
// client's own roles allow. It is another scope than that of Oracle Integration,
// so a client of both needs two tokens.
const ScopeIdentity = "urn:opc:idm:__myscopes__"

// Person is one user of an identity domain.
type Person struct {
	ID      string // SCIM id: 32 hexadecimal digits in the domains seen
	Name    string // userName, as it is signed in with
	Display string
	Active  bool
}

// SCIM reads the users of an identity domain (RFC 7644, section 3.4).
type SCIM struct {
	base    string
	address string
	auth    *OAuth
	opts    Options
}

// NewSCIM returns a client of the domain at an address such as
// https://idcs-0123.identity.oraclecloud.com. Nothing is sent before the first call.
func NewSCIM(address string, auth *OAuth, opts Options) *SCIM {
	return &SCIM{base: strings.TrimRight(address, "/"), address: hostOf(address), auth: auth, opts: opts.withDefaults()}
}

const (
	opPerson  = "look up a user"
	opPersons = "list users"
	usersPath = "/admin/v1/Users"
	userKeys  = "userName,displayName,active"

	// usersPage is how many users are asked for at a time: the most that the
	// domain gives.
	usersPage = 1000
	// mostUsers bounds a listing that would not end.
	mostUsers = 500_000
)

// userID is what may stand in the path: no slash, no dot.
var userID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// Person looks up one user. ok is false when the domain has none of the id,
// which for an id that was seen in a log means that the user was deleted.
func (c *SCIM) Person(ctx context.Context, id string) (p Person, ok bool, err error) {
	if !userID.MatchString(id) {
		return Person{}, false, &Error{Op: opPerson, Kind: Refused, Message: fmt.Sprintf("%q cannot be the id of a user", clean(id))}
	}
	a, err := c.get(ctx, opPerson, usersPath+"/"+id+"?"+url.Values{"attributes": {userKeys}}.Encode())
	if e, is := errors.AsType[*Error](err); is && e.Code == noSuchUser {
		return Person{}, false, nil
	}
	if err != nil {
		return Person{}, false, err
	}
	var u scimUser
	if err := json.Unmarshal(a.body, &u); err != nil || u.ID == "" || u.Name == "" {
		return Person{}, false, c.unreadable(opPerson, a)
	}
	return u.person(), true, nil
}

// Persons lists all users, a page at a time. Users who come or go while it reads
// may be missing from it or be given twice.
func (c *SCIM) Persons(ctx context.Context, visit func([]Person) error) error {
	for start := 1; start <= mostUsers; {
		query := url.Values{"attributes": {userKeys}, "count": {strconv.Itoa(usersPage)}, "startIndex": {strconv.Itoa(start)}}
		a, err := c.get(ctx, opPersons, usersPath+"?"+query.Encode())
		if err != nil {
			return err
		}
		var page struct {
			Resources []scimUser      `json:"Resources"`
			Total     json.RawMessage `json:"totalResults"`
		}
		if json.Unmarshal(a.body, &page) != nil {
			return c.unreadable(opPersons, a)
		}
		total, ok := count(page.Total)
		if !ok {
			return c.unreadable(opPersons, a)
		}
		people := make([]Person, 0, len(page.Resources))
		for _, u := range page.Resources {
			if u.ID != "" && u.Name != "" {
				people = append(people, u.person())
			}
		}
		if err := visit(people); err != nil {
			return err
		}
		// The domain may give fewer a page than were asked for.
		start += len(page.Resources)
		switch {
		case start > total:
			return nil
		case len(page.Resources) == 0:
			return &Error{Op: opPersons, Kind: BadPayload, Message: fmt.Sprintf("%s lists %d users and gave %d", c.address, total, start-1),
				Hint: "try again later; users who are missing are looked up one by one meanwhile"}
		}
	}
	return &Error{Op: opPersons, Kind: Refused, Message: fmt.Sprintf("%s has more than %d users", c.address, mostUsers)}
}

// Probe tests the connection: token, scope, first page.
func (c *SCIM) Probe(ctx context.Context) []Probe {
	ctx = withAttempts(ctx, probeAttempts)
	token, out := c.auth.probe(ctx)
	if token == "" {
		return out
	}
	a, err := c.get(ctx, opPersons, usersPath+"?"+url.Values{"attributes": {userKeys}, "count": {"1"}, "startIndex": {"1"}}.Encode())
	if err != nil {
		return append(out, failed("first page", err))
	}
	var page struct {
		Total json.RawMessage `json:"totalResults"`
	}
	if json.Unmarshal(a.body, &page) != nil {
		return append(out, failed("first page", c.unreadable(opPersons, a)))
	}
	if n, ok := count(page.Total); ok {
		return append(out, passed("first page", "%s has %d users%s", c.address, n, c.auth.replaced(ctx, token)))
	}
	return append(out, failed("first page", c.unreadable(opPersons, a)))
}

type scimUser struct {
	ID      string `json:"id"`
	Name    string `json:"userName"`
	Display string `json:"displayName"`
	Active  *bool  `json:"active"`
}

func (u scimUser) person() Person {
	return Person{ID: u.ID, Name: u.Name, Display: u.Display, Active: u.Active == nil || *u.Active}
}

// get fetches one resource. A token that the domain refuses is replaced once.
func (c *SCIM) get(ctx context.Context, op, target string) (a *answer, err error) {
	err = c.opts.run(ctx, op, func(ctx context.Context) *Error {
		for second := false; ; second = true {
			token, err := c.auth.Token(ctx)
			if err != nil {
				e := *asError(op, err)
				e.final, e.again = true, false // retried already where it happened
				return &e
			}
			var e *Error
			if a, e = c.try(ctx, op, target, token); e == nil || e.Kind != Unauthorized || second {
				return e
			}
			c.auth.Invalidate(token)
		}
	})
	return a, err
}

func (c *SCIM) try(ctx context.Context, op, target, token string) (*answer, *Error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+target, nil)
	if err != nil {
		return nil, &Error{Op: op, Kind: NotFound, Message: "the address is not a URL: " + clean(c.base), Hint: "check url of the connection"}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/scim+json, application/json")
	_, a, err := exchange(c.opts.HTTP, req, c.opts.MaxReply)
	switch {
	case err != nil:
		return nil, unanswered(op, c.address, err)
	case a.status == http.StatusOK && !looksLikeHTML(a.body):
		return a, nil
	case a.status == http.StatusOK:
		return nil, c.unreadable(op, a)
	}
	return nil, c.refusal(op, a, token)
}

// noSuchUser is the Code of a 404 that the domain itself says of a user; a wrong
// address gives a 404 of another shape, which must not count as an answer.
const noSuchUser = "noSuchUser"

func (c *SCIM) refusal(op string, a *answer, token string) *Error {
	e := refusal(op, a, c.opts.Clock(), token)
	var body struct {
		Schemas []string `json:"schemas"`
		Detail  string   `json:"detail"`
	}
	scim := json.Unmarshal(a.body, &body) == nil && len(body.Schemas) > 0 && strings.HasSuffix(body.Schemas[0], ":Error")
	switch {
	case a.status == http.StatusNotFound && scim && op == opPerson:
		e.Code = noSuchUser
	case e.Kind == NotFound:
		e.Hint = first(e.Hint, "check url: the address of the identity domain, https://idcs-….identity.oraclecloud.com")
	case e.Kind == Unauthorized:
		e.Hint = "the token was issued but the domain does not accept it: the scope must be " + ScopeIdentity
	case e.Kind == Forbidden:
		e.Hint = "give " + c.auth.grantee() + " a role of the identity domain that may read users, such as User Viewer"
	case e.Kind == Throttled, e.Kind == Transient:
		e.Hint = fmt.Sprintf("%s is busy or down; it is tried again", c.address)
	}
	return e
}

func (c *SCIM) unreadable(op string, a *answer) *Error {
	return &Error{Op: op, Status: a.status, RequestID: clean(requestID(a.header)), Kind: BadPayload,
		Message: "the answer is no list of users", Hint: "check url if this goes on: " + c.address + " does not answer like an identity domain"}
}
