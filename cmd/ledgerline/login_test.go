package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

const loginFile = `data: ./collector
connections:
  person:
    type: oic
    url: ORACLE
    oauth: {token_url: ORACLE/oauth2/v1/token, client_id: ledgerline, client_secret: simulated-secret, scope: "SCOPE", grant: authorization_code, redirect_url: "http://REDIRECT/callback"}
  machine:
    type: oic
    url: ORACLE
    oauth: {token_url: ORACLE/oauth2/v1/token, client_id: ledgerline, client_secret: simulated-secret, scope: "SCOPE"}
`

var addressOf = regexp.MustCompile(`(?m)^http://\S+/oauth2/v1/authorize\S*$`)

// printedAddress reads until a whole line is one, and lets the rest go by.
func printedAddress(r io.Reader) string {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if address := addressOf.FindString(line); address != "" || err != nil {
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			return address
		}
	}
}

// A person logs in by the address that is printed, by the commands of docs/access.md;
// check says so before and after.
func TestLogin(t *testing.T) {
	var shownCommands [][]string
	for line := range strings.Lines(strings.Join(blocks(t, "docs/access.md", "sh"), "")) {
		shownCommands = append(shownCommands, strings.Fields(line)[1:])
	}
	if len(shownCommands) != 3 {
		t.Fatalf("docs/access.md shows %q", shownCommands)
	}
	login, check, paste := shownCommands[0], shownCommands[1], shownCommands[2]
	w := newWorld(t)
	text := strings.NewReplacer("ORACLE", w.oracle.url, "SCOPE", w.oracle.Scope(), "REDIRECT", freeAddress("127.0.0.1:0")).Replace(loginFile)
	w.write("login.yaml", text)
	command := func(in io.Reader, out io.Writer, args ...string) int {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		return run(ctx, append(args, "--config", w.path("login.yaml")), terminal{in: in, out: out, err: out, env: os.LookupEnv})
	}
	var shown strings.Builder
	if code := command(nil, &shown, check...); code != exitFailed || !strings.Contains(shown.String(), "ledgerline login person") {
		t.Errorf("before the login: %d\n%s", code, shown.String())
	}

	// The browser is on this machine: it follows the address to the end.
	r, printed := io.Pipe()
	browsed := make(chan string, 1)
	go func() {
		address := printedAddress(r)
		page := ""
		if resp, err := http.Get(address); err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			page = string(body)
		}
		browsed <- page
	}()
	if code := command(nil, printed, login...); code != exitDone {
		t.Fatalf("login exits with %d", code)
	}
	if page := <-browsed; !strings.Contains(page, "Logged in") {
		t.Errorf("the browser shows %q", page)
	}
	shown.Reset()
	if code := command(nil, &shown, check...); code != exitDone || !strings.Contains(shown.String(), "granted to "+w.oracle.User()) {
		t.Errorf("after the login: %d\n%s", code, shown.String())
	}

	// The login is revoked, and the browser is on another machine.
	w.oracle.RevokeLogins()
	shown.Reset()
	if code := command(nil, &shown, "check", "person"); code != exitFailed || !strings.Contains(shown.String(), "was revoked") {
		t.Errorf("after the revocation: %d\n%s", code, shown.String())
	}
	r, printed = io.Pipe()
	in, pasted := io.Pipe()
	go func() {
		address := printedAddress(r)
		browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		if resp, err := browser.Get(address); err == nil {
			resp.Body.Close()
			_, _ = io.WriteString(pasted, resp.Header.Get("Location")+"\n")
		}
		pasted.Close()
	}()
	if code := command(in, printed, paste...); code != exitDone {
		t.Errorf("login --paste exits with %d", code)
	}
	shown.Reset()
	if code := command(nil, &shown, "check", "person"); code != exitDone {
		t.Errorf("after the second login: %d\n%s", code, shown.String())
	}

	for _, name := range []string{"machine", "nobody"} {
		shown.Reset()
		if code := command(nil, &shown, "login", name); code != exitMisuse || !strings.Contains(shown.String(), "authorization_code") {
			t.Errorf("login %s exits with %d:\n%s", name, code, shown.String())
		}
	}
}
