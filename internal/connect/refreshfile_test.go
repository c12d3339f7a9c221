package connect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// rotating gives a new refresh token for each that it is shown, and takes only
// the newest or, while that was never used, the one before.
type rotating struct {
	mu                sync.Mutex
	n                 int
	current, previous string
	refused           int
}

func (s *rotating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := r.PostFormValue("refresh_token")
	w.Header().Set("Content-Type", "application/json")
	if shown != s.current && shown != s.previous {
		s.refused++
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	s.n++
	s.previous, s.current = shown, fmt.Sprintf("refresh-%d", s.n)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("access-%d", s.n), "expires_in": 60, "refresh_token": s.current})
}

func keepToken(t *testing.T, f RefreshTokens, token string) {
	t.Helper()
	if err := f.Renew(func(string) (string, error) { return token, nil }); err != nil {
		t.Fatal(err)
	}
}

func keptToken(t *testing.T, f RefreshTokens) (kept string) {
	t.Helper()
	if err := f.Renew(func(token string) (string, error) { kept = token; return token, nil }); err != nil {
		t.Fatal(err)
	}
	return kept
}

func loginConfig(address string, f RefreshTokens) OAuthConfig {
	return OAuthConfig{Connection: "oic", TokenURL: address + "/oauth2/v1/token", ClientID: "abc", ClientSecret: secret, Scope: "s", Grant: AuthorizationCode, Refresh: f}
}

// The token given with an access token is on disk, for its owner only, before
// the access token is handed out.
func TestRotatedTokenIsKeptBeforeUse(t *testing.T) {
	b, domain := newBench(), &rotating{current: "first"}
	path := filepath.Join(t.TempDir(), "logins", "oic")
	keepToken(t, NewRefreshFile(path), "first")
	o := NewOAuth(loginConfig(serve(t, domain), NewRefreshFile(path)), b.options())
	for n := 1; n <= 3; n++ {
		token, err := o.Token(t.Context())
		if want := fmt.Sprintf("access-%d", n); err != nil || token != want {
			t.Fatalf("token %q, %v; want %s", token, err, want)
		}
		text, err := os.ReadFile(path)
		if want := fmt.Sprintf("refresh-%d\n", n); err != nil || string(text) != want {
			t.Errorf("kept %q, %v; want %q", text, err, want)
		}
		o.Invalidate(token)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if strings.Contains(b.logged(), "refresh-") {
		t.Error("a refresh token is in the log")
	}
}

// Many clients in one process and several make as many requests as they need
// tokens, one after the other, and none shows a token that was replaced.
func TestRefreshTokenIsSharedByProcesses(t *testing.T) {
	domain := &rotating{current: "first"}
	address := serve(t, domain)
	path := filepath.Join(t.TempDir(), "oic")
	keepToken(t, NewRefreshFile(path), "first")
	var wg sync.WaitGroup
	for range 8 {
		o := NewOAuth(loginConfig(address, NewRefreshFile(path)), newBench().options()) // a file handle each, as processes have
		for range 4 {
			wg.Go(func() {
				if _, err := o.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if domain.n != 8 || domain.refused != 0 {
		t.Errorf("%d token requests and %d refusals, want 8 and 0", domain.n, domain.refused)
	}
}

// A disk that refuses loses no token: it is kept as soon as there is room.
func TestUnsavedTokenIsKeptLater(t *testing.T) {
	domain, path := &rotating{current: "first"}, filepath.Join(t.TempDir(), "oic")
	keepToken(t, NewRefreshFile(path), "first")
	o := NewOAuth(loginConfig(serve(t, domain), NewRefreshFile(path)), newBench().options())
	if err := os.Mkdir(path+".new", 0o700); err != nil { // where the next token would be written
		t.Fatal(err)
	}
	if token, err := o.Token(t.Context()); err == nil || KindOf(err) != Transient || token != "" {
		t.Fatalf("token %q was handed out although its refresh token is not kept: %v", token, err)
	}
	if err := os.Remove(path + ".new"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Token(t.Context()); err != nil || domain.refused != 0 {
		t.Errorf("%d refusals, %v", domain.refused, err)
	}
	if got := keptToken(t, NewRefreshFile(path)); got != domain.current {
		t.Errorf("kept %q, the domain expects %q", got, domain.current)
	}
}

func TestRefreshFileRefusesWhatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oic")
	keepToken(t, NewRefreshFile(path), "first")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	err := NewRefreshFile(path).Renew(func(string) (string, error) { t.Error("used"); return "", nil })
	if err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
}

const (
	killFile    = "LEDGERLINE_TEST_REFRESH_FILE"
	killAddress = "LEDGERLINE_TEST_DOMAIN"
)

// killAt sends SIGKILL to its own process at one step of a renewal.
type killAt struct {
	*RefreshFile
	before bool // before the new token is kept, or just after
}

func (k killAt) Renew(use func(string) (string, error)) error {
	err := k.RefreshFile.Renew(func(kept string) (string, error) {
		next, err := use(kept)
		if err == nil && k.before {
			return next, syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return next, err
	})
	if err == nil {
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return err
}

// A process that is killed between the answer and the file, or between the
// file and the first use, is followed by one that goes on without a new login.
func TestRefreshSurvivesSIGKILL(t *testing.T) {
	if path := os.Getenv(killFile); path != "" {
		c := loginConfig(os.Getenv(killAddress), killAt{NewRefreshFile(path), os.Getenv("LEDGERLINE_TEST_BEFORE") != ""})
		_, err := NewOAuth(c, newBench().options()).Token(t.Context())
		t.Fatalf("still alive: %v", err)
	}
	for _, before := range []string{"", "1"} {
		domain, path := &rotating{current: "first"}, filepath.Join(t.TempDir(), "oic")
		address := serve(t, domain)
		keepToken(t, NewRefreshFile(path), "first")
		for range 3 {
			child := exec.Command(os.Args[0], "-test.run=^TestRefreshSurvivesSIGKILL$")
			child.Env = append(os.Environ(), killFile+"="+path, killAddress+"="+address, "LEDGERLINE_TEST_BEFORE="+before)
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%v\n%s", err, bytes.TrimSpace(out))
			}
			if _, err := NewOAuth(loginConfig(address, NewRefreshFile(path)), newBench().options()).Token(t.Context()); err != nil {
				t.Fatalf("killed before keeping: %t: %v", before != "", err)
			}
		}
		if domain.refused != 0 || domain.n != 6 {
			t.Errorf("killed before keeping: %t: %d token requests and %d refusals, want 6 and 0", before != "", domain.n, domain.refused)
		}
	}
}
