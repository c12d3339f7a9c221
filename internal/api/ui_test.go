package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"ledgerline/internal/query/syntax"
)

// The file that the application's types are made of names calls that exist, and of
// our own calls every one but those for which it needs no types.
func TestOpenAPIIsServed(t *testing.T) {
	text, err := uiFiles.ReadFile("ui/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	r, err := newRouter(operations())
	if err != nil {
		t.Fatal(err)
	}
	param := regexp.MustCompile(`\{\w+\}`)
	seen, described := map[string]bool{}, map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || seen[op.OperationID] {
				t.Errorf("%s %s: operationId %q is empty or taken", method, path, op.OperationID)
			}
			seen[op.OperationID], described[strings.ToUpper(method)+" "+path] = true, true
			found, _, _ := r.find(strings.ToUpper(method), param.ReplaceAllString(path, "x"))
			if found == nil || found.handle == nil || found.Pattern != path {
				t.Errorf("%s %s is not served", method, path)
			}
		}
	}
	typeless := regexp.MustCompile(`^GET /ledgerline/v1/searches/|/(session|people|users|policies)\b`) // a link, a form, or left to the command line
	for _, op := range operations() {
		if call := op.Method + " " + op.Pattern; strings.HasPrefix(op.Pattern, ownBase+"/") && !described[call] && !typeless.MatchString(call) {
			t.Errorf("%s is not described", call)
		}
	}
}

func get(t *testing.T, c *http.Client, address string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPagesCarryAPolicyWithTheirNonce(t *testing.T) {
	g := newRig(t)
	nonces := map[string]bool{}
	for _, path := range []string{"/ui/", "/ui/dashboards/some%20name", "/"} {
		resp, body := get(t, http.DefaultClient, g.web.URL+path)
		policy := resp.Header.Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`'nonce-(\w+)'`).FindStringSubmatch(policy)
		if resp.StatusCode != 200 || nonce == nil || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "script-src 'self';") {
			t.Fatalf("%s: %d, policy %q", path, resp.StatusCode, policy)
		}
		if strings.Contains(body, uiNonce) || nonces[nonce[1]] {
			t.Errorf("%s: the nonce is not put in, or used twice", path)
		}
		nonces[nonce[1]] = true
	}
	if resp, _ := get(t, http.DefaultClient, g.web.URL+"/ui/assets/../../openapi.json"); resp.StatusCode == 200 && strings.Contains(resp.Header.Get("Content-Type"), "json") {
		t.Error("a path above the assets was answered")
	}
	if resp, _ := get(t, http.DefaultClient, g.web.URL+"/ui/assets/none.js"); resp.StatusCode != 404 {
		t.Errorf("an asset that is not there: %d", resp.StatusCode)
	}
}

func TestCheckTellsWhereTheMistakesAre(t *testing.T) {
	g := newRig(t)
	code, m := g.local("POST", "/ledgerline/v1/check", `{"query":"* | stats count by 'User Name' | head 3"}`)
	commands, _ := m["commands"].([]any)
	if code != 200 || len(commands) != 3 || commands[1] != "STATS" || len(m["errors"].([]any)) != 0 {
		t.Fatalf("%d %v", code, m)
	}
	// The parser says where, in bytes: é takes two, the musical clef four.
	text := "é = '𝄞' | stats"
	bytesAt := strings.Index(text, "|")
	_, err := syntax.Parse(text)
	var list *syntax.Errors
	if !errors.As(err, &list) || list.List[0].Start <= bytesAt {
		t.Fatalf("the parser: %v", err)
	}
	e := *list.List[0]
	e.Start = bytesAt
	if got := mistakeOf(text, &e).Start; got != 9 { // é, blank, =, blank, quote, the clef as two, quote, blank
		t.Errorf("start %d, want 9", got)
	}
	if code, _ := g.local("POST", "/ledgerline/v1/check", `{"query":`); code != 400 {
		t.Errorf("half a body: %d", code)
	}
}
