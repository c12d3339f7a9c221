package config

import (
	"crypto/md5"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Load reads and checks a file. env looks up environment variables, as
// os.LookupEnv does. The error is Problems when the file was read.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist; name the file with --config, or run 'ledgerline demo' to see one at work", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, text, env)
}

// Parse checks the text of a file. Relative paths in it start at the file's folder.
func Parse(path string, text []byte, env func(string) (string, bool)) (*Config, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	r := &reader{file: path, dir: filepath.Dir(absolute), env: env}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		line := 0
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			line = syntax.GetToken().Position.Line
			r.problem(line, "not valid YAML: %s", syntax.GetMessage())
		} else {
			r.problem(line, "not valid YAML: %v", err)
		}
		return nil, r.problems
	}
	var body ast.Node
	if len(file.Docs) > 0 {
		body = file.Docs[0].Body
	}
	cfg := r.config(path, r.section("", body, 1))
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return cfg, nil
}

func (r *reader) config(path string, top *section) *Config {
	cfg := &Config{Path: path, Connections: map[string]Connection{}}
	cfg.Data = r.path(top.str("data", "./ledgerline-data"))
	connections, _ := top.sub("connections")
	for _, name := range connections.order {
		cfg.Connections[name] = r.connection(name, connections)
	}
	connections.done()
	integrations, _ := top.sub("integrations")
	for _, name := range integrations.order {
		cfg.Integrations = append(cfg.Integrations, r.integration(name, integrations, cfg.Connections))
	}
	integrations.done()
	if server, ok := top.sub("server"); ok || top.lines["server"] > 0 {
		cfg.Server = r.server(server)
	}
	top.done()
	return cfg
}

func (r *reader) connection(name string, parent *section) Connection {
	s, _ := parent.sub(name)
	c := Connection{Name: name, Line: s.line, Type: s.need("type", "oic")}
	if name == LocalConnection {
		r.problem(s.line, "the connection %q is built in; choose another name", name)
	}
	switch c.Type {
	case "oic":
		c.OIC = r.oic(s)
	case "oci":
		c.OCI = r.oci(s)
	case "scim":
		c.SCIM = r.scim(s)
	case "":
		return c
	default:
		r.problem(s.lineAt("type"), "%s is %q; write oic, oci or scim", s.at("type"), c.Type)
		return c
	}
	s.done()
	return c
}

func (r *reader) oic(s *section) *OIC {
	c := &OIC{
		URL:                 strings.TrimSuffix(s.need("url", "https://example-ia.integration.ocp.oraclecloud.com"), "/"),
		IntegrationInstance: s.str("integration_instance", ""),
	}
	s.checkURL("url", c.URL)
	c.OAuth = r.oauth(s, "")
	return c
}

func (r *reader) scim(s *section) *SCIM {
	c := &SCIM{URL: strings.TrimSuffix(s.need("url", "https://idcs-0123.identity.oraclecloud.com"), "/")}
	s.checkURL("url", c.URL)
	c.OAuth = r.oauth(s, identityScope)
	return c
}

func (r *reader) oci(s *section) *OCI {
	c := &OCI{
		Auth:      s.oneOf("auth", "api_key", "security_token", "instance_principal", "resource_principal"),
		Profile:   s.str("profile", "DEFAULT"),
		Endpoints: map[string]string{},
	}
	name := s.str("config_file", "~/.oci/config")
	if c.Auth == "api_key" || c.Auth == "security_token" {
		c.ConfigFile = r.path(name)
		s.file("config_file", name)
	}
	endpoints, _ := s.sub("endpoints")
	for _, service := range []string{"loganalytics", "objectstorage", "logging", "loggingmanagement", "monitoring"} {
		if u := endpoints.str(service, ""); u != "" {
			endpoints.checkURL(service, u)
			c.Endpoints[service] = strings.TrimSuffix(u, "/")
		}
	}
	endpoints.done()
	return c
}

// checkURL accepts https, and http on loopback only, so that no secret crosses a network in clear.
func (s *section) checkURL(key, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		s.r.problem(s.lineAt(key), "%s is %q; write a URL that begins with https://", s.at(key), text)
	case u.User != nil:
		s.r.problem(s.lineAt(key), "%s holds a user or password; leave them out of the URL", s.at(key))
	case u.Scheme == "http" && !Loopback(text):
		s.r.problem(s.lineAt(key), "%s uses http to another machine; write https://", s.at(key))
	}
}

var integrationName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func (r *reader) integration(name string, parent *section, connections map[string]Connection) Integration {
	s, _ := parent.sub(name)
	k := s.kind()
	in := Integration{Name: name, Line: s.line, Kind: k.name, Every: s.duration("every", defaultEvery, time.Second)}
	if !integrationName.MatchString(name) {
		r.problem(s.line, "%q cannot name an integration; use a-z, 0-9, - and _, beginning with a letter or digit", name)
	}
	if len(k.connections) > 0 {
		in.Connection = s.need("connection", k.connections[0])
		s.connectionOf("connection", in.Connection, connections, k.connections...)
	}
	if archive, ok := s.sub("archive"); ok {
		in.Archive = &Archive{
			Connection: archive.need("connection", "oci"),
			Namespace:  archive.need("namespace", "ns"),
			Bucket:     archive.need("bucket", "logs"),
			Prefix:     archive.str("prefix", ""),
		}
		archive.connectionOf("connection", in.Archive.Connection, connections, "oci")
		archive.done()
	}
	if k.read != nil {
		k.read(s, &in)
	}
	uploads := s.list("upload")
	if len(uploads) == 0 {
		r.problem(s.line, "%s is missing; say where the records go, for instance upload: {connection: local, log_source: OCI Integration Audit Logs}", s.at("upload"))
	}
	for _, u := range uploads {
		in.Uploads = append(in.Uploads, r.upload(u, k, name, connections))
	}
	s.checkStreams(in, uploads)
	if k.name != "" { // else which keys there are is not known either
		s.done()
	}
	return in
}

func (r *reader) upload(s *section, k kind, integration string, connections map[string]Connection) Upload {
	u := Upload{
		Connection: s.need("connection", "oci"),
		LogSource:  s.need("log_source", "OCI Integration Audit Logs"),
		UploadName: s.str("upload_name", integration),
		Entity:     s.str("entity", ""),
	}
	if k.mixed {
		u.Types = s.strings("types")
	}
	if u.Connection == LocalConnection {
		u.Namespace, u.LogGroup = s.str("namespace", ""), s.str("log_group", "")
	} else {
		u.Namespace = s.need("namespace", "ns")
		u.LogGroup = s.need("log_group", "ocid1.loganalyticsloggroup.oc1..x")
		if u.Entity != "" && !strings.HasPrefix(u.Entity, "ocid1.") {
			s.r.problem(s.lineAt("entity"), "%s is %q; Oracle's service knows entities by their OCID, such as ocid1.loganalyticsentity.oc1..x", s.at("entity"), u.Entity)
		}
	}
	s.connectionOf("connection", u.Connection, connections, "oci", LocalConnection)
	s.done()
	return u
}

// connectionOf checks that a key names a connection of one of the types.
func (s *section) connectionOf(key, name string, connections map[string]Connection, types ...string) {
	if name == "" {
		return
	}
	has := connections[name].Type
	if name == LocalConnection {
		has = LocalConnection
	}
	for _, t := range types {
		if has == t {
			return
		}
	}
	var fitting []string
	for other, c := range connections {
		for _, t := range types {
			if c.Type == t {
				fitting = append(fitting, other)
			}
		}
	}
	hint := "add one under connections"
	if len(fitting) == 1 {
		hint = "did you mean " + fitting[0] + "?"
	}
	if has == "" {
		s.r.problem(s.lineAt(key), "%s: there is no connection %q; %s", s.at(key), name, hint)
		return
	}
	s.r.problem(s.lineAt(key), "%s: the connection %q is of type %s, needed is %s; %s", s.at(key), name, has, strings.Join(types, " or "), hint)
}

var (
	ocid        = regexp.MustCompile(`^ocid1\.([a-z0-9]+)\.[a-z0-9-]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+$`)
	fingerprint = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){15}$`)
	namespace   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
)

func (s *section) checkOCID(key, value, kind string) {
	if value == "" {
		return
	}
	if m := ocid.FindStringSubmatch(value); m == nil || m[1] != kind {
		s.r.problem(s.lineAt(key), "%s is %q; write an OCID such as ocid1.%s.oc1..x", s.at(key), value, kind)
	}
}

func (r *reader) server(s *section) *Server {
	d := DefaultServer()
	out := &Server{
		Listen:    s.str("listen", d.Listen),
		Tenancy:   s.str("tenancy", d.Tenancy),
		Namespace: s.str("namespace", d.Namespace),
		MaxUpload: s.bytes("max_upload", d.MaxUpload),
		Retention: Retention{Default: d.Retention.Default, Sources: map[string]time.Duration{}},
	}
	if _, _, err := net.SplitHostPort(out.Listen); err != nil {
		r.problem(s.lineAt("listen"), "%s is %q; write an address and port such as 127.0.0.1:8088", s.at("listen"), out.Listen)
	}
	out.Access = r.access(s, out.Listen)
	s.checkOCID("tenancy", out.Tenancy, "tenancy")
	if !namespace.MatchString(out.Namespace) {
		r.problem(s.lineAt("namespace"), "%s is %q; write letters, digits, - and _", s.at("namespace"), out.Namespace)
	}
	for _, g := range s.list("log_groups") {
		group := LogGroup{ID: g.need("id", "ocid1.loganalyticsloggroup.oc1..x"), Name: g.need("name", "Default"), LegalHold: g.oneOf("legal_hold", "off", "on") == "on"}
		g.checkOCID("id", group.ID, "loganalyticsloggroup")
		g.done()
		out.LogGroups = append(out.LogGroups, group)
	}
	retention, _ := s.sub("retention")
	for _, source := range retention.order {
		if source == "default" {
			out.Retention.Default = retention.duration(source, d.Retention.Default, Day)
			continue
		}
		out.Retention.Sources[source] = retention.duration(source, 0, Day)
	}
	for _, u := range s.list("users") {
		out.Users = append(out.Users, r.user(u))
	}
	s.done()
	return out
}

func (r *reader) user(s *section) User {
	u := User{
		User:          s.need("user", "ocid1.user.oc1..x"),
		Groups:        s.strings("groups"),
		Fingerprint:   strings.ToLower(s.str("fingerprint", "")),
		PublicKeyFile: s.need("public_key_file", "./key_public.pem"),
	}
	s.checkOCID("user", u.User, "user")
	defer s.done()
	if u.PublicKeyFile == "" {
		return u
	}
	text := s.file("public_key_file", u.PublicKeyFile)
	if text == nil {
		return u
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		r.problem(s.lineAt("public_key_file"), "%s: %s holds no PEM public key; make one with openssl rsa -pubout", s.at("public_key_file"), u.PublicKeyFile)
		return u
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	var ok bool
	if u.PublicKey, ok = key.(*rsa.PublicKey); err != nil || !ok {
		r.problem(s.lineAt("public_key_file"), "%s: %s is not an RSA public key; OCI signs with RSA keys of 2048 to 4096 bits", s.at("public_key_file"), u.PublicKeyFile)
		return u
	}
	if bits := u.PublicKey.N.BitLen(); bits < 2048 || bits > 4096 {
		r.problem(s.lineAt("public_key_file"), "%s: %s has %d bits; use a key of 2048 to 4096 bits", s.at("public_key_file"), u.PublicKeyFile, bits)
	}
	real := KeyFingerprint(block.Bytes)
	switch {
	case u.Fingerprint == "":
		u.Fingerprint = real
	case !fingerprint.MatchString(u.Fingerprint):
		r.problem(s.lineAt("fingerprint"), "%s is not 16 pairs of hexadecimal digits; the key's is %s", s.at("fingerprint"), real)
	case u.Fingerprint != real:
		r.problem(s.lineAt("fingerprint"), "%s is not that of %s, which is %s", s.at("fingerprint"), u.PublicKeyFile, real)
	}
	return u
}

// KeyFingerprint is OCI's: MD5 over the DER of the public key, in pairs.
func KeyFingerprint(der []byte) string {
	sum := md5.Sum(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(pairs, ":")
}
