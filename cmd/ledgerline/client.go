package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
)

// client talks to the process that owns a data directory, over its socket.
type client struct {
	dir  string
	http *http.Client
}

// errNotRunning is wrapped when no process owns the data directory.
var errNotRunning = errors.New("no ledgerline is running")

func (g *globals) client() (*client, error) {
	cfg, err := g.load()
	if err != nil {
		return nil, err
	}
	return newClient(cfg.Data), nil
}

func newClient(dir string) *client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(dir, socketName))
	}
	return &client{dir: dir, http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// do sends a request and returns the body of a good answer.
func (c *client) do(ctx context.Context, method, path, contentType string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://ledgerline"+path, body)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w over %s; start one with 'ledgerline serve'", errNotRunning, c.dir)
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	var problem struct{ Code, Message string }
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if json.Unmarshal(text, &problem) != nil || problem.Message == "" {
		return nil, fmt.Errorf("the server answered %s", resp.Status)
	}
	return nil, errors.New(problem.Message)
}

// call sends in as JSON, when it is not nil, and reads the answer into out.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	if in == nil {
		return c.send(ctx, method, path, "", nil, out)
	}
	body, err := encode(in)
	if err != nil {
		return err
	}
	return c.send(ctx, method, path, "application/json", body, out)
}

// send sends a body as it is and reads the answer into out.
func (c *client) send(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	answer, err := c.do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if out == nil {
		return nil
	}
	return decode(answer, out)
}

func encode(in any) (io.Reader, error) {
	text, err := json.Marshal(in)
	return bytes.NewReader(text), err
}

// decode keeps numbers as they are written.
func decode(body io.Reader, out any) error {
	d := json.NewDecoder(body)
	d.UseNumber()
	return d.Decode(out)
}
