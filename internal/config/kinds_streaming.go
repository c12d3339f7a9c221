package config

import (
	"net"
	"strings"
)

// KindStreaming reads a stream of OCI Streaming by the Kafka protocol.
const KindStreaming = "streaming"

// Streaming says which stream is read, and as whom.
type Streaming struct {
	Bootstrap string // host:port
	Stream    string
	Group     string
	Username  string // <tenancy>/<user>/<stream pool OCID>
	AuthToken Secret
	FromEnd   bool
	Plain     bool // without TLS; on loopback only
}

func readStreaming(s *section, in *Integration) {
	c := &Streaming{
		Bootstrap: s.need("bootstrap", "cell-1.streaming.eu-frankfurt-1.oci.oraclecloud.com:9092"),
		Stream:    s.need("stream", "logs"),
		Group:     s.str("group", "ledgerline-"+in.Name),
		Username:  s.str("username", ""),
		FromEnd:   s.oneOf("backfill", "retention", "none") == "none",
	}
	if _, _, err := net.SplitHostPort(c.Bootstrap); c.Bootstrap != "" && err != nil {
		s.r.problem(s.lineAt("bootstrap"), "%s is %q; write host:port, as the page of the stream pool shows it", s.at("bootstrap"), c.Bootstrap)
	}
	c.Plain = s.oneOf("tls", "on", "off") == "off"
	if c.Plain && !Loopback(c.Bootstrap) {
		s.r.problem(s.lineAt("tls"), "%s: off sends the auth token in clear to another machine; leave it on", s.at("tls"))
	}
	token, file := s.str("auth_token", ""), s.str("auth_token_file", "")
	switch {
	case token != "" && file != "":
		s.r.problem(s.lineAt("auth_token_file"), "%s: give auth_token or auth_token_file, not both", s.path)
	case file != "":
		token = strings.TrimSpace(string(s.file("auth_token_file", file)))
	}
	c.AuthToken = NewSecret(token)
	if !c.Plain && (strings.Count(c.Username, "/") < 2 || token == "") {
		s.r.problem(s.line, "%s needs username and auth_token; write username: <tenancy>/<user>/<stream pool OCID> and auth_token: ${STREAM_AUTH_TOKEN}", s.path)
	}
	in.Streaming = c
}
