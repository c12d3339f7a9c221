package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"ledgerline/internal/certs"
	"ledgerline/internal/config"
)

const socketName = "ledgerline.sock"

// listenSocket answers the command line on a socket that only this user can open.
func (n *node) listenSocket() (stop func(), err error) {
	name := filepath.Join(n.cfg.Data, socketName)
	// The lock of the directory is ours, so a socket that is there is left over.
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	l, err := net.Listen("unix", name)
	if err != nil {
		return nil, fmt.Errorf("listen on the command socket: %w; the path of the data directory may be too long", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return n.answer(l, n.withImports(n.server.LocalHandler())), nil
}

// listenHTTP answers signed requests.
func (n *node) listenHTTP() (stop func(), err error) {
	l, err := net.Listen("tcp", n.cfg.Server.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with server.listen in %s", n.cfg.Server.Listen, err, n.cfg.Path)
	}
	files := n.cfg.Server.Access.TLS
	if files == nil {
		return n.answer(l, n.server.Handler()), nil
	}
	certificates, err := certs.Open(files.Certificate, files.Key, certs.Options{Clock: n.now, Logger: n.log})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return n.answer(tls.NewListener(l, certificates.Config()), n.server.Handler()), nil
}

// shutdownGrace is how long requests under way may take when the process stops.
const shutdownGrace = 5 * time.Second

func (n *node) answer(l net.Listener, h http.Handler) (stop func()) {
	s := n.server.HTTPServer(h)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			n.log.Error("the listener ended", "address", l.Addr(), "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			s.Close()
		}
		<-done
	}
}

// baseURL is how a client on this machine reaches the server.
func baseURL(s *config.Server) string {
	if s.Access.TLS != nil {
		return "https://" + s.Listen
	}
	return "http://" + s.Listen
}
