package connect

import (
	"bufio"
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/common/auth"
)

// The values of OCIConfig.Auth.
const (
	APIKey            = "api_key"
	SecurityToken     = "security_token"
	InstancePrincipal = "instance_principal"
	ResourcePrincipal = "resource_principal"
)

// OCIConfig says with which credentials, and where, to call OCI.
type OCIConfig struct {
	Auth       string            // APIKey (default), SecurityToken, InstancePrincipal or ResourcePrincipal
	ConfigFile string            // default ~/.oci/config
	Profile    string            // default DEFAULT
	Endpoints  map[string]string // by service, LogAnalytics or ObjectStorage; scheme and host

	// Given inline, these win over the file; with Tenancy set, no file is read.
	Tenancy, User, Fingerprint, KeyFile, Passphrase, Region string
}

type credentials struct {
	provider common.ConfigurationProvider
	who      string
}

func (c OCIConfig) credentials() (credentials, error) {
	switch c.Auth {
	case InstancePrincipal:
		return principal("the instance principal (the instance's dynamic group and policies)", func() (common.ConfigurationProvider, error) {
			return auth.InstancePrincipalConfigurationProvider()
		})
	case ResourcePrincipal:
		return principal("the resource principal (OCI_RESOURCE_PRINCIPAL_… variables, dynamic group and policies)", func() (common.ConfigurationProvider, error) {
			return auth.ResourcePrincipalConfigurationProvider()
		})
	case "", APIKey, SecurityToken:
		return c.fromProfile()
	}
	return credentials{}, &Error{Op: opConfigure, Kind: Refused, Message: fmt.Sprintf("auth %q is not known", clean(c.Auth)),
		Hint: "write api_key, security_token, instance_principal or resource_principal"}
}

// plain hides the SDK's Refreshable method, which would make it retry 401 by
// itself, with sleeps nobody sees.
type plain struct{ common.ConfigurationProvider }

func principal(who string, get func() (common.ConfigurationProvider, error)) (credentials, error) {
	p, err := get()
	if err != nil {
		return credentials{}, configError(who, err)
	}
	return credentials{plain{p}, who}, nil
}

func (c OCIConfig) fromProfile() (credentials, error) {
	values, who := map[string]string{}, "the connection's inline credentials"
	if c.Tenancy == "" {
		path, profile := c.ConfigFile, c.Profile
		if path == "" {
			path = filepath.Join("~", ".oci", "config")
		}
		if profile == "" {
			profile = "DEFAULT"
		}
		who = fmt.Sprintf("profile %s of %s", profile, path)
		var err error
		if values, err = readProfile(expand(path), profile); err != nil {
			return credentials{}, &Error{Op: opConfigure, Kind: Unauthorized, Message: clean(err.Error()),
				Hint: "check config_file and profile of the connection", cause: err}
		}
	}
	pick := func(inline string, keys ...string) string {
		for _, k := range keys {
			inline = first(inline, values[k])
		}
		return inline
	}
	p := &profileProvider{tenancy: pick(c.Tenancy, "tenancy"), user: pick(c.User, "user"),
		fingerprint: pick(c.Fingerprint, "fingerprint"), region: pick(c.Region, "region")}
	keyFile := pick(c.KeyFile, "key_file")
	if c.Auth == SecurityToken {
		p.tokenFile = expand(values["security_token_file"])
	}
	if missing := p.missing(c.Auth, keyFile); len(missing) > 0 {
		return credentials{}, &Error{Op: opConfigure, Kind: Unauthorized, Message: who + " lacks " + strings.Join(missing, ", "),
			Hint: "add them; the console prints these lines when an API key is added to a user"}
	}
	pem, err := os.ReadFile(expand(keyFile))
	if err != nil {
		return credentials{}, &Error{Op: opConfigure, Kind: Unauthorized, Message: clean(err.Error()),
			Hint: "check key_file of " + who, cause: err}
	}
	pass := pick(c.Passphrase, "pass_phrase", "passphrase")
	if p.key, err = common.PrivateKeyFromBytes(pem, &pass); err != nil {
		return credentials{}, &Error{Op: opConfigure, Kind: Unauthorized, Message: "the private key cannot be read: " + clean(err.Error(), pass),
			Hint: "check that key_file of " + who + " is an RSA key in PEM form, and its pass_phrase"}
	}
	return credentials{p, who}, nil
}

// profileProvider gives the SDK one profile's values. A session token is read
// anew for every request, because the CLI refreshes it in its file.
type profileProvider struct {
	tenancy, user, fingerprint, region, tokenFile string
	key                                           *rsa.PrivateKey
}

func (p *profileProvider) missing(auth, keyFile string) []string {
	need := map[string]string{"tenancy": p.tenancy, "region": p.region, "key_file": keyFile, "user": p.user, "fingerprint": p.fingerprint}
	if auth == SecurityToken {
		delete(need, "user")
		delete(need, "fingerprint")
		need["security_token_file"] = p.tokenFile
	}
	var out []string
	for _, k := range []string{"user", "fingerprint", "tenancy", "region", "key_file", "security_token_file"} {
		if v, ok := need[k]; ok && v == "" {
			out = append(out, k)
		}
	}
	return out
}

func (p *profileProvider) TenancyOCID() (string, error)            { return p.tenancy, nil }
func (p *profileProvider) UserOCID() (string, error)               { return p.user, nil }
func (p *profileProvider) KeyFingerprint() (string, error)         { return p.fingerprint, nil }
func (p *profileProvider) Region() (string, error)                 { return p.region, nil }
func (p *profileProvider) PrivateRSAKey() (*rsa.PrivateKey, error) { return p.key, nil }
func (p *profileProvider) AuthType() (common.AuthConfig, error) {
	return common.AuthConfig{AuthType: common.UserPrincipal}, nil
}

func (p *profileProvider) KeyID() (string, error) {
	if p.tokenFile == "" {
		return p.tenancy + "/" + p.user + "/" + p.fingerprint, nil
	}
	token, err := os.ReadFile(p.tokenFile)
	if err != nil {
		return "", err
	}
	if token = bytes.TrimSpace(token); len(token) == 0 {
		return "", errors.New("the session token file is empty: run oci session authenticate")
	}
	return "ST$" + string(token), nil
}

const maxConfigFile = 1 << 20

// readProfile reads one profile of an OCI configuration file. As in Oracle's
// Python SDK, every profile inherits from DEFAULT, and only the first "="
// divides a line, so that values may hold others.
func readProfile(path, profile string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfigFile {
		return nil, fmt.Errorf("%s is too large for an OCI configuration file", path)
	}
	sections := map[string]map[string]string{}
	var current map[string]string
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	lines.Buffer(nil, maxConfigFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[' && line[len(line)-1] == ']':
			name := strings.TrimSpace(line[1 : len(line)-1])
			if sections[name] == nil {
				sections[name] = map[string]string{}
			}
			current = sections[name]
		case current == nil:
			return nil, fmt.Errorf("%s:%d: a line before the first [PROFILE]", path, n)
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("%s:%d: not of the form key=value", path, n)
			}
			current[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	own, ok := sections[profile]
	if !ok {
		return nil, fmt.Errorf("%s has no profile %s", path, profile)
	}
	out := map[string]string{}
	for _, s := range []map[string]string{sections["DEFAULT"], own} {
		for k, v := range s {
			out[k] = v
		}
	}
	return out, nil
}

func expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			return home + rest
		}
	}
	return path
}
