package api

import (
	_ "embed"
	"fmt"
	"net/url"
	"strings"

	"ledgerline/internal/signature"
)

// operation is one call of the API. Its pattern is matched against the escaped
// path of the request line, byte for byte: clients sign that path, and some escape
// path parameters while others do not, so nothing is cleaned or redirected.
type operation struct {
	Method  string
	Pattern string // /20200601/namespaces/{namespaceName}/sources/{sourceName}
	Name    string
	handle  handler        // nil: known, but absent
	form    signature.Form // what of a request must be signed
	access  access
	need    need // filled by the router

	chunks []string // the literal parts of the pattern, the first and last may be empty
	params []string
	weight int // bytes of literal text: the most specific pattern wins
}

type handler func(*Server, *call) (*response, error)

// access says which way an operation may be called.
type access uint8

const (
	signedOrLocal access = iota
	localOnly
	open // without a signature or a session
)

// router finds the operation of a request.
type router struct {
	byMethod map[string][]*operation
	bases    []string
}

// oracleOperations lists operations of Oracle's services, one a line: method,
// path, name and, of Log Analytics, how much clients need it: 1 (the core), 2 (the
// service beyond it) or 3 (rarely). Source: the request types of the official Go
// SDK v65.129.0; the tiers are ours.
//
//go:embed oracle_operations.txt
var oracleOperations string

// newRouter takes the operations that are served; those of Oracle's table that
// are not among them are answered as not implemented.
func newRouter(served []operation) (*router, error) {
	r := &router{byMethod: map[string][]*operation{}, bases: []string{"/20200601", "/20200901", ingestionBase, searchBase, identityBase, monitoringBase, objectBase, ownBase}}
	have := map[string]bool{}
	for i := range served {
		have[served[i].Method+" "+served[i].Pattern] = true
		if err := r.add(&served[i]); err != nil {
			return nil, err
		}
	}
	for line := range strings.Lines(oracleOperations) {
		f := strings.Fields(line)
		if len(f) != 3 && len(f) != 4 {
			return nil, fmt.Errorf("api: operation table: %q", line)
		}
		if have[f[0]+" "+f[1]] {
			continue
		}
		if err := r.add(&operation{Method: f[0], Pattern: f[1], Name: f[2], form: signature.BodyUnsigned}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *router) add(op *operation) error {
	op.need = needOf(op)
	rest := op.Pattern
	for {
		before, after, found := strings.Cut(rest, "{")
		op.chunks, op.weight = append(op.chunks, before), op.weight+len(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return fmt.Errorf("api: pattern %s: the brace is not closed", op.Pattern)
		}
		op.params, rest = append(op.params, name), tail
	}
	r.byMethod[op.Method] = append(r.byMethod[op.Method], op)
	return nil
}

// find returns the operation of a request and its path parameters, unescaped.
// known tells a path below one of the base paths from any other.
func (r *router) find(method, path string) (op *operation, params map[string]string, known bool) {
	var values []string
	for _, o := range r.byMethod[method] {
		if op != nil && o.weight <= op.weight {
			continue
		}
		if v, ok := o.match(path); ok {
			op, values = o, v
		}
	}
	for _, b := range r.bases {
		known = known || path == b || strings.HasPrefix(path, b+"/")
	}
	if op == nil {
		return nil, nil, known
	}
	params = make(map[string]string, len(values))
	for i, v := range values {
		u, err := url.PathUnescape(v)
		if err != nil {
			return nil, nil, known
		}
		params[op.params[i]] = u
	}
	return op, params, known
}

// match splits the path at the literal parts. A namespace is one path segment;
// any other parameter takes as much as it can, because names of log sources,
// parsers, fields and labels may hold slashes.
func (o *operation) match(path string) ([]string, bool) {
	if !strings.HasPrefix(path, o.chunks[0]) {
		return nil, false
	}
	values := make([]string, 0, len(o.params))
	rest := path[len(o.chunks[0]):]
	for i, name := range o.params {
		literal := o.chunks[i+1]
		last := i == len(o.params)-1
		var end int
		switch {
		case last && !strings.HasSuffix(rest, literal):
			return nil, false
		case last:
			end = len(rest) - len(literal)
		case name == namespaceParam:
			end = strings.Index(rest, literal)
		default:
			end = strings.LastIndex(rest, literal)
		}
		if end <= 0 || name == namespaceParam && strings.Contains(rest[:end], "/") {
			return nil, false
		}
		values, rest = append(values, rest[:end]), rest[end+len(literal):]
	}
	return values, rest == ""
}

const namespaceParam = "namespaceName"
