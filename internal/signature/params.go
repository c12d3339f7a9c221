package signature

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Bounds of what Parse reads. An API key's header is about 700 bytes; a session
// token's, which is refused later with a clear message, some 4 KiB.
const (
	maxHeaderBytes = 16 << 10
	maxParameters  = 16
	maxCovered     = 32
)

// RequestTarget is the pseudo header that stands for the request line.
const RequestTarget = "(request-target)"

// Params are the parameters of an Authorization header of scheme Signature.
type Params struct {
	Version   string
	KeyID     string
	Algorithm string
	Headers   []string // covered headers, lower case, in signing order
	Signature []byte
}

// Parse reads an Authorization header: the scheme in any letter case, then
// name="value" parameters in any order. Unknown parameters are ignored, repeated
// ones refused. The errors are for the log, not for the client.
func Parse(header string) (Params, error) {
	var p Params
	if len(header) > maxHeaderBytes {
		return p, fmt.Errorf("header of %d bytes is longer than %d", len(header), maxHeaderBytes)
	}
	scheme, rest, _ := strings.Cut(strings.TrimLeft(header, " \t"), " ")
	if !strings.EqualFold(scheme, "Signature") {
		return p, errors.New("scheme is not Signature")
	}
	values, err := parameters(rest)
	if err != nil {
		return p, err
	}
	p.Version, p.KeyID, p.Algorithm = values["version"], values["keyid"], values["algorithm"]
	if p.KeyID == "" {
		return p, errors.New("parameter keyId is missing")
	}
	if p.Headers, err = covered(values["headers"]); err != nil {
		return p, err
	}
	if p.Signature, err = base64.StdEncoding.Strict().DecodeString(values["signature"]); err != nil {
		return p, fmt.Errorf("parameter signature: %w", err)
	}
	if len(p.Signature) == 0 {
		return p, errors.New("parameter signature is missing")
	}
	return p, nil
}

// parameters reads a comma-separated list of name="value" or name=token
// (RFC 9110, 11.2, without escapes: no value of OCI's holds a quote). Names are
// returned in lower case.
func parameters(s string) (map[string]string, error) {
	out := make(map[string]string, 6)
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return out, nil
		}
		eq := strings.IndexByte(s, '=')
		if eq <= 0 {
			return nil, errors.New("a parameter has no name or no value")
		}
		name := strings.ToLower(strings.TrimRight(s[:eq], " \t"))
		if strings.ContainsAny(name, "\", \t") {
			return nil, errors.New("a parameter's name is not a token")
		}
		var value string
		s = strings.TrimLeft(s[eq+1:], " \t")
		if strings.HasPrefix(s, `"`) {
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("parameter %.32q: the quote is not closed", name)
			}
			value, s = s[1:1+end], s[end+2:]
		} else {
			end := strings.IndexAny(s, ", \t")
			if end < 0 {
				end = len(s)
			}
			value, s = s[:end], s[end:]
		}
		if strings.ContainsAny(value, "\"\\\r\n") {
			return nil, fmt.Errorf("parameter %.32q: quotes and escapes are not allowed in a value", name)
		}
		if after := strings.TrimLeft(s, " \t"); after != "" && after[0] != ',' {
			return nil, fmt.Errorf("parameter %.32q: no comma after the value", name)
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("parameter %.32q is given twice", name)
		}
		if len(out) == maxParameters {
			return nil, fmt.Errorf("more than %d parameters", maxParameters)
		}
		out[name] = value
	}
}

func covered(list string) ([]string, error) {
	names := strings.Fields(strings.ToLower(list))
	if len(names) == 0 {
		return nil, errors.New("parameter headers is missing or empty")
	}
	if len(names) > maxCovered {
		return nil, fmt.Errorf("more than %d covered headers", maxCovered)
	}
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return nil, fmt.Errorf("header %.64q is covered twice", n)
		}
		if n[0] == '(' && n != RequestTarget {
			return nil, fmt.Errorf("pseudo header %.64q is not known", n)
		}
		seen[n] = true
	}
	return names, nil
}
