package simulate

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	maxSkew    = 5 * time.Minute
	mostListed = 1000
)

var keyID = regexp.MustCompile(`\bkeyId="([^"]+)"`)

// serveObjects is Object Storage: /n, /n/{ns}/b, /n/{ns}/b/{bucket} and
// /n/{ns}/b/{bucket}/o/{object}. Signatures are looked at, not verified: that
// is internal/signature's matter.
func (s *Simulator) serveObjects(w http.ResponseWriter, r *http.Request, path string) {
	s.echoRequestID(w, r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opts.MaxObject))
	if err != nil {
		s.ociError(w, r, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the object is too large")
		return
	}
	if !s.signed(r) {
		s.ociError(w, r, http.StatusUnauthorized, "NotAuthenticated", "The required information to complete authentication was not provided or was incorrect.")
		return
	}
	key := r.Method + " " + path
	fault, failed := s.chance.fails(key, Store503, Store429, Store404, StoreLost)
	switch fault {
	case Store503:
		s.ociError(w, r, http.StatusServiceUnavailable, "ServiceUnavailable", "the service is unavailable")
		return
	case Store429:
		s.ociError(w, r, http.StatusTooManyRequests, "TooManyRequests", "too many requests")
		return
	case Store404:
		s.ociError(w, r, http.StatusNotFound, "BucketNotFound", "the bucket does not exist or you are not authorized to access it")
		return
	}
	if failed {
		s.routeObjects(discard{http.Header{}}, r, path, body)
		reset(w)
		return
	}
	s.chance.passed(key)
	s.routeObjects(w, r, path, body)
}

// discard is where an answer goes that the client is not to see.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func (s *Simulator) signed(r *http.Request) bool {
	auth := r.Header.Get("Authorization")
	m := keyID.FindStringSubmatch(auth)
	if len(auth) < 10 || !strings.EqualFold(auth[:10], "Signature ") || m == nil {
		return false
	}
	if len(s.opts.KeyIDs) > 0 && !slices.Contains(s.opts.KeyIDs, m[1]) {
		return false
	}
	at, err := http.ParseTime(first(r.Header.Get("X-Date"), r.Header.Get("Date")))
	return err == nil && s.Now().Sub(at).Abs() <= maxSkew
}

func (s *Simulator) routeObjects(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	parts := strings.SplitN(strings.Trim(strings.TrimPrefix(path, "/n"), "/"), "/", 5)
	for i, p := range parts {
		u, err := url.PathUnescape(p)
		if err != nil {
			s.ociError(w, r, http.StatusBadRequest, "InvalidParameter", "the path is not escaped properly")
			return
		}
		parts[i] = u
	}
	if parts[0] == "" {
		s.sendJSON(w, r, http.StatusOK, s.opts.Namespace)
		return
	}
	if parts[0] != s.opts.Namespace {
		s.ociError(w, r, http.StatusNotFound, "NamespaceNotFound", "the namespace does not exist or you are not authorized to access it")
		return
	}
	switch {
	case len(parts) == 1 && r.Method == http.MethodGet:
		s.sendJSON(w, r, http.StatusOK, map[string]string{"namespace": s.opts.Namespace})
	case len(parts) == 2 && parts[1] == "b":
		s.serveBuckets(w, r, body)
	case len(parts) == 3 && parts[1] == "b":
		s.serveBucket(w, r, parts[2])
	case len(parts) == 4 && parts[1] == "b" && parts[3] == "o" && r.Method == http.MethodGet:
		s.listObjects(w, r, parts[2])
	case len(parts) == 5 && parts[1] == "b" && parts[3] == "o":
		s.serveObject(w, r, parts[2], parts[4], body)
	default:
		s.ociError(w, r, http.StatusNotImplemented, "MethodNotImplemented", "the simulator does not offer this operation")
	}
}

func (s *Simulator) serveObject(w http.ResponseWriter, r *http.Request, bucket, name string, body []byte) {
	switch r.Method {
	case http.MethodPut:
		s.putObject(w, r, bucket, name, body)
	case http.MethodGet, http.MethodHead:
		o, err := s.objects.get(bucket, name)
		if err != nil {
			s.storeError(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Etag", o.etag())
		h.Set("Content-Md5", o.md5)
		h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
		h.Set("Storage-Tier", "Standard")
		for k, v := range o.metadata {
			h.Set(k, v)
		}
		s.send(w, r, http.StatusOK, o.contentType, o.body, damage{})
	case http.MethodDelete:
		if err := s.objects.remove(bucket, name); err != nil {
			s.storeError(w, r, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		s.ociError(w, r, http.StatusMethodNotAllowed, "MethodNotAllowed", "the method is not allowed here")
	}
}

const metaPrefix = "Opc-Meta-"

func (s *Simulator) putObject(w http.ResponseWriter, r *http.Request, bucket, name string, body []byte) {
	o := newObject(body, s.Now())
	if want := r.Header.Get("Content-Md5"); want != "" && want != o.md5 {
		s.ociError(w, r, http.StatusBadRequest, "UnmatchedContentMD5",
			"The computed MD5 of the request body ("+o.md5+") does not match the Content-MD5 header ("+want+")")
		return
	}
	if t := r.Header.Get("Content-Type"); t != "" {
		o.contentType = t
	}
	for k, v := range r.Header {
		if strings.HasPrefix(k, metaPrefix) && len(v) > 0 {
			if o.metadata == nil {
				o.metadata = map[string]string{}
			}
			o.metadata[k] = v[0]
		}
	}
	if err := s.objects.put(bucket, name, o, r.Header.Get("If-None-Match") == "*"); err != nil {
		s.storeError(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Etag", o.etag())
	h.Set("Opc-Content-Md5", o.md5)
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	w.WriteHeader(http.StatusOK)
}

func (s *Simulator) listObjects(w http.ResponseWriter, r *http.Request, bucket string) {
	all, err := s.objects.list(bucket)
	if err != nil {
		s.storeError(w, r, err)
		return
	}
	v := r.URL.Query()
	limit, err := number(v.Get("limit"), mostListed, 1)
	if err != nil {
		s.ociError(w, r, http.StatusBadRequest, "InvalidParameter", "limit "+err.Error())
		return
	}
	limit = min(limit, mostListed)
	fields := strings.Split(v.Get("fields"), ",")
	objects, prefixes := []map[string]any{}, []string{}
	answer := map[string]any{}
	prefix, delimiter := v.Get("prefix"), v.Get("delimiter")
	for _, o := range all {
		if !strings.HasPrefix(o.name, prefix) || o.name < v.Get("start") || v.Has("startAfter") && o.name <= v.Get("startAfter") ||
			v.Get("end") != "" && o.name >= v.Get("end") {
			continue
		}
		head, _, folder := strings.Cut(o.name[len(prefix):], delimiter)
		head = prefix + head + delimiter
		if folder = folder && delimiter != ""; folder && slices.Contains(prefixes, head) {
			continue
		}
		if len(objects)+len(prefixes) >= limit {
			answer["nextStartWith"] = o.name
			break
		}
		if folder {
			prefixes = append(prefixes, head)
			continue
		}
		objects = append(objects, describe(o, fields))
	}
	answer["objects"], answer["prefixes"] = objects, prefixes
	s.sendJSON(w, r, http.StatusOK, answer)
}

func describe(o named, fields []string) map[string]any {
	entry := map[string]any{"name": o.name}
	modified := o.modified.UTC().Format(time.RFC3339Nano)
	for field, value := range map[string]any{"size": o.size, "etag": o.etag(), "md5": o.md5, "timeCreated": modified, "timeModified": modified, "storageTier": "Standard"} {
		if slices.Contains(fields, field) {
			entry[field] = value
		}
	}
	return entry
}

func (s *Simulator) storeError(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errNoBucket):
		s.ociError(w, r, http.StatusNotFound, "BucketNotFound", "Either the bucket does not exist in the namespace or you are not authorized to access it")
	case errors.Is(err, errNoObject):
		s.ociError(w, r, http.StatusNotFound, "ObjectNotFound", "The object was not found")
	case errors.Is(err, errExists):
		s.ociError(w, r, http.StatusPreconditionFailed, "IfNoneMatchFailed", "The If-None-Match header is '*' but there is an existing entity")
	case errors.Is(err, errBadName):
		s.ociError(w, r, http.StatusBadRequest, "InvalidObjectName", "The object name is not valid")
	default:
		s.opts.Logger.Error("object storage", "error", err)
		s.ociError(w, r, http.StatusInternalServerError, "InternalServerError", "the object could not be kept")
	}
}

func (s *Simulator) ociError(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	s.sendJSON(w, r, status, map[string]string{"code": code, "message": message})
}
