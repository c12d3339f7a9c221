package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/internal/config"
	"ledgerline/internal/connect"
)

// oauthOf is how a connection gets its tokens; ok is false for types that sign instead.
func oauthOf(c config.Connection) (o config.OAuth, ok bool) {
	switch {
	case c.OIC != nil:
		return c.OIC.OAuth, true
	case c.SCIM != nil:
		return c.SCIM.OAuth, true
	}
	return config.OAuth{}, false
}

// oauthClient makes the token cache of a connection. Refresh tokens live in the
// data directory, a file for each connection.
func oauthClient(cfg *config.Config, name string, opts connect.Options) *connect.OAuth {
	o, _ := oauthOf(cfg.Connections[name])
	out := connect.OAuthConfig{Connection: name, TokenURL: o.TokenURL, AuthorizeURL: o.AuthorizeURL, ClientID: o.ClientID,
		ClientSecret: o.ClientSecret.Reveal(), ClientAuth: o.ClientAuth, Grant: o.Grant, Scope: o.Scope, User: o.User, RedirectURL: o.RedirectURL}
	if key := o.Key.Reveal(); key != nil {
		out.Key = &connect.SigningKey{Private: key, ID: o.KeyID, Certificate: o.Certificate}
	}
	if o.Grant == connect.AuthorizationCode {
		out.Refresh = connect.NewRefreshFile(filepath.Join(cfg.Data, "logins", url.PathEscape(name)))
	}
	return connect.NewOAuth(out, opts)
}

func newLogin(g *globals) *cobra.Command {
	var paste bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "login CONNECTION",
		Short: "Log in for a connection that acts for a user",
		Long: `Login prints an address to open in a browser, waits on loopback until the identity domain
sends the browser back, and keeps a refresh token in the data directory, readable by its
owner only. A server that runs takes it up by itself. It is for connections whose oauth says
grant: authorization_code; the address in redirect_url must be entered in the client
application. Where the browser is on another machine, use --paste.`,
		Example: "  ledgerline login oic\n  ledgerline login oic --paste",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			o, ok := oauthOf(cfg.Connections[args[0]])
			if !ok || o.Grant != connect.AuthorizationCode {
				return &misuseError{"ledgerline login", fmt.Errorf("%s has no connection %q with grant: authorization_code", cfg.Path, args[0])}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			login := oauthClient(cfg, args[0], connect.Options{Logger: g.logger()}).BeginLogin()
			if paste {
				err = g.pasteLogin(ctx, login)
			} else {
				err = g.receiveLogin(ctx, login, o.RedirectURL)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(g.out, "logged in; 'ledgerline check %s' tests the connection\n", args[0])
			return nil
		},
	}
	cmd.Flags().BoolVar(&paste, "paste", false, "read the address the browser was sent to from standard input, instead of listening")
	cmd.Flags().DurationVar(&wait, "wait", 10*time.Minute, "how long to wait for the browser")
	return cmd
}

func (g *globals) pasteLogin(ctx context.Context, login *connect.Login) error {
	fmt.Fprintf(g.out, "open this address, log in, and paste the address that the browser ends at, although no page shows there:\n\n%s\n\n", login.URL)
	line, err := bufio.NewReader(g.in).ReadString('\n')
	if line == "" && err != nil {
		return errors.New("no address was given; start again and paste it")
	}
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		return errors.New("that is not an address; start again and paste all of it")
	}
	return login.Finish(ctx, u.Query())
}

// receiveLogin answers on the redirect address until the browser comes back.
func (g *globals) receiveLogin(ctx context.Context, login *connect.Login, redirect string) error {
	back, err := url.Parse(redirect)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", back.Host)
	if err != nil {
		return fmt.Errorf("wait for the browser on %s: %w; free that port, choose another redirect_url, or use --paste", back.Host, err)
	}
	done := make(chan error, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if r.Method != http.MethodGet || r.URL.Path != back.Path || !login.Answers(r.URL.Query()) {
			http.Error(w, "this address waits for an identity domain", http.StatusNotFound)
			return
		}
		err := login.Finish(ctx, r.URL.Query())
		if err != nil {
			http.Error(w, "The login failed; the terminal says why.", http.StatusBadRequest)
		} else {
			fmt.Fprintln(w, "Logged in. You may close this page.")
		}
		select {
		case done <- err:
		default:
		}
	})}
	go func() { _ = server.Serve(l) }()
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(stop) // lets the page go out
	}()
	fmt.Fprintf(g.out, "open this address and log in:\n\n%s\n\nwaiting on %s\n", login.URL, redirect)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("nobody logged in in time; start again, with --wait for longer")
	}
}
