package api

import (
	"crypto/rand"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// uiFiles are the web application's: dist is built by 'make ui' and absent from a
// fresh clone, where the placeholder stands in.
//
//go:embed all:ui
var uiFiles embed.FS

// uiOperations are the calls that only the web application makes.
func uiOperations() []operation {
	const own = ownBase
	return append([]operation{
		{Method: http.MethodPost, Pattern: own + "/check", Name: "OwnCheck", handle: (*Server).ownCheck},
		{Method: http.MethodPost, Pattern: own + "/fields", Name: "OwnFields", handle: (*Server).ownFields},
	}, operatorOperations()...)
}

const (
	uiBase  = "/ui/"
	uiNonce = "__NONCE__" // in pages: stands for the nonce of the answer
)

// uiPolicy is the content security policy of pages. Scripts come from us alone;
// style elements, which the editor makes at run time, carry the nonce.
func uiPolicy(nonce string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "'; img-src 'self' data: blob:; font-src 'self'; " +
		"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// serveUI answers what belongs to the web application and reports whether it did.
// Everything below /ui/ that is no file is the application's page: it reads the
// rest of the address itself.
func (s *Server) serveUI(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.URL.Path == "/", r.URL.Path == "/ui":
		http.Redirect(w, r, uiBase, http.StatusSeeOther)
		return true
	case !strings.HasPrefix(r.URL.Path, uiBase):
		return false
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "the web application is only read", http.StatusMethodNotAllowed)
		return true
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), uiBase)
	switch {
	case name == "openapi.json":
		s.serveUIFile(w, r, "ui/openapi.json", "no-cache")
	case strings.HasPrefix(name, "assets/"): // their names hold a hash of what is in them
		s.serveUIFile(w, r, "ui/dist/"+name, "public, max-age=31536000, immutable")
	case name == "favicon.svg":
		s.serveUIFile(w, r, "ui/dist/"+name, "no-cache")
	default:
		s.serveUIPage(w)
	}
	return true
}

func (s *Server) serveUIPage(w http.ResponseWriter) {
	page, err := uiFiles.ReadFile("ui/dist/index.html")
	if err != nil {
		page, err = uiFiles.ReadFile("ui/placeholder.html")
	}
	if err != nil {
		http.Error(w, "the web application is not built in", http.StatusInternalServerError)
		return
	}
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Security-Policy", uiPolicy(nonce))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if _, err := w.Write([]byte(strings.ReplaceAll(string(page), uiNonce, nonce))); err != nil {
		s.opts.Logger.Debug("the client went away", "error", err)
	}
}

// serveUIFile answers a file, compressed when the build left it so and the client
// takes it.
func (s *Server) serveUIFile(w http.ResponseWriter, r *http.Request, name, cache string) {
	h := w.Header()
	data, err := fs.ReadFile(uiFiles, name)
	if packed, packedErr := fs.ReadFile(uiFiles, name+".gz"); packedErr == nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			data, err = packed, nil
		}
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Cache-Control", cache)
	if _, err := w.Write(data); err != nil {
		s.opts.Logger.Debug("the client went away", "error", err)
	}
}
