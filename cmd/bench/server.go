package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ledgerline/internal/config"
	"ledgerline/internal/connect"
)

const (
	tenancy = "ocid1.tenancy.oc1..bench"
	user    = "ocid1.user.oc1..bench"
	group   = "ocid1.loganalyticsloggroup.oc1..bench"
	source  = "OCI Integration Audit Logs"
)

// server is the measured process.
type server struct {
	cmd    *exec.Cmd
	done   chan error
	data   string
	config string // OCI configuration of a client
	url    string
	local  *http.Client
}

func startServer(ctx context.Context, binary, dir string) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := writeKey(dir); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	yaml := fmt.Sprintf("data: ./data\nserver:\n  listen: %s\n  tenancy: %s\n  namespace: bench\n  log_groups: [{id: %s, name: Default}]\n  users: [{user: %s, public_key_file: ./key_public.pem}]\n",
		address, tenancy, group, user)
	name := filepath.Join(dir, "ledgerline.yaml")
	if err := os.WriteFile(name, []byte(yaml), 0o600); err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(binary, "serve", "--config", name), done: make(chan error, 1), data: filepath.Join(dir, "data"),
		config: filepath.Join(dir, "oci_config"), url: "http://" + address}
	s.cmd.Stderr = os.Stderr
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(s.data, "ledgerline.sock"))
	}
	s.local = &http.Client{Transport: &http.Transport{DialContext: dial}}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	for range 200 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-s.done:
			return nil, fmt.Errorf("the server ended: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.kill()
	return nil, fmt.Errorf("the server does not answer on %s", address)
}

func writeKey(dir string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"key.pem":        pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		"key_public.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"oci_config": fmt.Appendf(nil, "[DEFAULT]\nuser=%s\nfingerprint=%s\ntenancy=%s\nregion=us-ashburn-1\nkey_file=%s\n",
			user, config.KeyFingerprint(der), tenancy, filepath.Join(dir, "key.pem")),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// client signs requests with the official SDK, as any client of Oracle's does.
func (s *server) client() (*connect.OCI, error) {
	return connect.NewOCI(connect.OCIConfig{Auth: "api_key", ConfigFile: s.config, Profile: "DEFAULT",
		Endpoints: map[string]string{"loganalytics": s.url}}, connect.Options{})
}

func (s *server) kill() { s.cmd.Process.Kill() }

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return <-s.done
}

// answer of our own query call.
type answer struct {
	Rows      [][]any
	ElapsedMs float64
}

func (s *server) query(ctx context.Context, text string) (*answer, error) {
	body, err := json.Marshal(map[string]any{"query": text, "last": "2400h"})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://ledgerline/ledgerline/v1/query", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := s.local.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Message string }
		_ = json.NewDecoder(resp.Body).Decode(&problem)
		return nil, fmt.Errorf("query %q: %s: %s", text, resp.Status, problem.Message)
	}
	var a answer
	return &a, json.NewDecoder(resp.Body).Decode(&a)
}

// stored counts the records that can be found.
func (s *server) stored(ctx context.Context) (int, error) {
	a, err := s.query(ctx, "* | stats count")
	if err != nil {
		return 0, err
	}
	n, _ := a.Rows[0][0].(float64)
	return int(n), nil
}

// waitFor polls until so many records can be found.
func (s *server) waitFor(ctx context.Context, want int) error {
	for range 3000 {
		n, err := s.stored(ctx)
		if err != nil {
			return err
		}
		if n >= want {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("%d records do not become searchable", want)
}

// cpu is the processor time the server has taken, from /proc (proc(5)).
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime, counted from the state
		n, _ := strconv.ParseInt(f, 10, 64)
		ticks += n
	}
	const hertz = 100 // USER_HZ on Linux
	return time.Duration(ticks) * time.Second / hertz
}

// peakMemory in bytes: the largest resident set so far.
func (s *server) peakMemory() int64 { return peakMemory(s.cmd.Process.Pid) }

func peakMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}
