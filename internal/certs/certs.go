// Package certs serves a TLS certificate from files and takes up new ones when
// the files change, as ACME clients replace them.
package certs

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Options of Files.
type Options struct {
	Clock  func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discards
}

// Files are the PEM files of a certificate with its chain and of its key. They are
// safe for use by many goroutines.
type Files struct {
	certificate, key string
	clock            func() time.Time
	log              *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	looked  time.Time // when the files were looked at last
	seen    [2]stamped
}

// stamped tells one state of a file from another.
type stamped struct {
	changed time.Time
	size    int64
}

// lookEvery is how often the files are looked at, at most.
const lookEvery = time.Second

// Open reads the files. It refuses what is no pair of a certificate and its key.
func Open(certificate, key string, o Options) (*Files, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Files{certificate: certificate, key: key, clock: o.Clock, log: o.Logger}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Config is for a listener: TLS 1.2 and up, with the cipher suites that Go holds secure.
func (c *Files) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}
}

func (c *Files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.clock(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if c.state() != c.seen {
			if err := c.load(); err != nil {
				c.log.Error("the new certificate cannot be used; the old one stays in use", "error", err)
			} else {
				c.log.Info("the certificate was read again", "file", c.certificate)
			}
		}
	}
	return c.current, nil
}

// load reads the files. What it read is remembered also when it is no good: the
// second file of a pair often comes a moment after the first.
func (c *Files) load() error {
	c.seen = c.state()
	pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return fmt.Errorf("TLS certificate: %w; server.tls must name PEM files of a certificate with its chain and of its key", err)
	}
	c.current = &pair
	return nil
}

func (c *Files) state() (s [2]stamped) {
	for i, name := range []string{c.certificate, c.key} {
		if info, err := os.Stat(name); err == nil {
			s[i] = stamped{info.ModTime(), info.Size()}
		}
	}
	return s
}
