package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// browserHeading begins the section of the page that measureBrowser makes.
const browserHeading = "## In the browser\n"

// measureBrowser stores mixed records, starts the server over them and lets a
// script drive Chromium. It returns the section.
func measureBrowser(ctx context.Context, binary, script string, records int) (string, error) {
	dir, err := os.MkdirTemp("", "ledgerline-bench-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	say("storing %d mixed records", records)
	lab, err := newLaboratory(ctx, filepath.Join(dir, "data"), records)
	if err != nil {
		return "", err
	}
	window := lab.window
	lab.close()
	s, err := startServer(ctx, binary, dir)
	if err != nil {
		return "", err
	}
	defer s.kill()
	name, password := "browser", rand.Text()
	body, err := json.Marshal(map[string]any{"name": name, "password": password, "groups": []string{"Administrators"}})
	if err != nil {
		return "", err
	}
	resp, err := s.local.Post("http://ledgerline/ledgerline/v1/users", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return "", fmt.Errorf("a user for the browser: %s", resp.Status)
	}
	say("driving the browser")
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "LEDGERLINE_URL="+s.url, "LEDGERLINE_USER="+name, "LEDGERLINE_PASSWORD="+password, "LEDGERLINE_PID="+strconv.Itoa(s.cmd.Process.Pid),
		"FROM="+window.From.Format(time.RFC3339), "TO="+window.To.Format(time.RFC3339))
	found, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("node %s: %w", script, err)
	}
	return fmt.Sprintf("%s\nWritten by `make bench-ui`: Chromium without a GPU beside the server, on the machine of commit %s, %s.\n\n%s", browserHeading, commit(), time.Now().UTC().Format(time.DateOnly), found), nil
}
