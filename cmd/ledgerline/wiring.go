package main

import (
	"fmt"
	"log/slog"

	"ledgerline/internal/config"
	"ledgerline/internal/connect"
	"ledgerline/internal/content"
	"ledgerline/internal/deliver"
	"ledgerline/internal/runner"
)

// oracle holds the clients of a configuration's connections.
type oracle struct {
	oic map[string]*connect.OIC
	oci map[string]*connect.OCI
}

// connectOracle makes a client for every connection. Nothing is sent yet.
func connectOracle(cfg *config.Config, log *slog.Logger) (*oracle, error) {
	o := &oracle{oic: map[string]*connect.OIC{}, oci: map[string]*connect.OCI{}}
	var problems config.Problems
	for name, c := range cfg.Connections {
		opts := connect.Options{Logger: log.With("connection", name)}
		switch {
		case c.OIC != nil:
			o.oic[name] = connect.NewOIC(oicConfig(c.OIC), oauthClient(cfg, name, opts), opts)
		case c.OCI != nil:
			client, err := connect.NewOCI(ociConfig(c.OCI), opts)
			if err != nil {
				problems = append(problems, config.Problem{File: cfg.Path, Line: c.Line, Message: fmt.Sprintf("connections.%s: %v", name, err)})
				continue
			}
			o.oci[name] = client
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return o, nil
}

func oicConfig(c *config.OIC) connect.OICConfig {
	return connect.OICConfig{URL: c.URL, IntegrationInstance: c.IntegrationInstance}
}

func ociConfig(c *config.OCI) connect.OCIConfig {
	return connect.OCIConfig{Auth: c.Auth, ConfigFile: c.ConfigFile, Profile: c.Profile, Endpoints: c.Endpoints}
}

// integrations builds the line of every integration: its reader, and the sinks of each of its streams in order.
func (n *node) integrations(o *oracle) ([]runner.Integration, error) {
	var out []runner.Integration
	for _, in := range n.cfg.Integrations {
		reader, err := kinds()[in.Kind].reader(n, o, in, n.log.With("integration", in.Name))
		if err != nil {
			return nil, fmt.Errorf("integrations.%s: %w", in.Name, err)
		}
		line := runner.Integration{Name: in.Name, Every: in.Every, Collector: reader}
		for _, s := range in.Streams() {
			stream := runner.Stream{Name: s.Name}
			if a := in.Archive; a != nil {
				stream.Sinks = append(stream.Sinks, &deliver.Archive{Objects: o.oci[a.Connection], Files: n.stage,
					Connection: a.Connection, Namespace: a.Namespace, Bucket: a.Bucket, Prefix: a.Prefix})
			}
			for _, u := range s.Uploads {
				stream.Sinks = append(stream.Sinks, n.upload(o, u))
			}
			line.Streams = append(line.Streams, stream)
		}
		out = append(out, line)
	}
	return out, nil
}

func (n *node) upload(o *oracle, u config.Upload) deliver.Sink {
	if u.Connection != config.LocalConnection {
		return &deliver.Upload{Service: o.oci[u.Connection], Files: n.stage, Memory: n.stage, Connection: u.Connection,
			Namespace: u.Namespace, LogGroup: u.LogGroup, LogSource: u.LogSource, UploadName: u.UploadName, Entity: u.Entity}
	}
	group := u.LogGroup
	if group == "" {
		group = n.defaultGroup
	}
	local := n.localSink(group, u.LogSource, u.UploadName)
	local.Entity = u.Entity
	return local
}

// largestExpansion bounds what one uploaded archive becomes in memory.
const largestExpansion = 256 << 20

func (n *node) localSink(group, source, name string) *deliver.Local {
	return &deliver.Local{Files: n.stage, Library: n.library, Store: n.store, Books: books{n.catalog}, Limits: content.Limits{Bytes: largestExpansion},
		Logger: n.log, Enrich: n.people.Enrich, Observe: n.joiner.Observe, LogGroup: group, LogSource: source, UploadName: name}
}

// receivedSink parses what the upload API took; uploads bring their own names.
func (n *node) receivedSink() *deliver.Local { return n.localSink("", "", "") }
