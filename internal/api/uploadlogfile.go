package api

import (
	"context"
	"crypto/md5" // content-md5 is a checksum of the transport, not a protection
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/stage"
)

// slowDown is how long clients are asked to wait while the store is busy.
const slowDown = 5 * time.Second

// Bounds of the names in an upload.
const maxNameBytes = 1024

// uploadLogFile stages a file. The answer says that it is stored; what becomes of
// it is told by ListUploadFiles and ListUploadWarnings.
func (s *Server) uploadLogFile(c *call) (*response, error) {
	u, err := s.uploadOf(c)
	if err != nil {
		return nil, err
	}
	if s.Store.Busy() {
		return nil, tooMany("the store is merging and asks to slow down", slowDown)
	}
	size := c.r.ContentLength
	if size > s.limits.MaxUpload {
		return nil, tooLarge(s.limits.MaxUpload)
	}
	if size < 0 {
		size = s.limits.MaxUpload // chunked: no telling
	}
	if !s.inFlight.Take(size) {
		return nil, tooMany("too many uploads at once", time.Second)
	}
	defer s.inFlight.Give(size)

	body, err := c.readBody(s.limits.MaxUpload)
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(body)
	u.MD5 = base64.StdEncoding.EncodeToString(sum[:])
	claimed, err := c.head("content-md5")
	if err != nil {
		return nil, err
	}
	if claimed != "" && claimed != u.MD5 {
		return nil, &Error{Status: http.StatusBadRequest, Code: "UnmatchedContentMD5",
			Message: "The computed MD5 of the body (" + u.MD5 + ") differs from the header content-md5 (" + clip(claimed, 64) + ")"}
	}

	var twice *stage.DuplicateTokenError
	switch err := s.Stage.Receive(c.r.Context(), u, body); {
	case errors.As(err, &twice):
		u = twice.Earlier
	case err != nil:
		return nil, err
	default:
		s.metrics.uploaded.Add(float64(len(body)))
	}
	return s.uploadAnswer(c, u, int64(len(body)))
}

// uploadAnswer enters a staged upload in the books and answers. The upload is
// safe already: trouble with the books must not make the client send it again,
// and they are told once more when the file has been parsed.
func (s *Server) uploadAnswer(c *call, u stage.Upload, size int64) (*response, error) {
	ctx := context.WithoutCancel(c.r.Context())
	err := s.Catalog.AddFile(ctx, catalog.File{Reference: u.Reference, UploadName: u.Name, Name: u.File, Source: u.Source,
		LogGroup: u.LogGroup, Entity: u.Entity, User: u.User, Bytes: size, Received: u.Received})
	known := catalog.Upload{Reference: catalog.UploadReference(u.Name), Name: u.Name, Created: u.Received}
	if err == nil {
		known, err = s.knownUpload(c, known)
	}
	if err != nil {
		c.log.Error("a staged upload is not yet in the list of uploads", "upload", u.Reference, "error", err)
	}
	known.Updated = u.Received
	return answer(uploadModelOf(known)).with("opc-content-md5", u.MD5).with("opc-object-id", u.Reference), nil
}

// knownUpload completes an upload by what its caller may know of those of its name.
func (s *Server) knownUpload(c *call, u catalog.Upload) (catalog.Upload, error) {
	ctx := context.WithoutCancel(c.r.Context())
	groups, err := s.Catalog.Groups(ctx, c.who.rights, catalog.Read)
	if err != nil {
		return u, err
	}
	found, err := s.Catalog.Upload(ctx, u.Reference, groups)
	switch {
	case errors.Is(err, catalog.ErrNotFound): // a repeated one, that went into what is no longer the caller's to read
		return u, nil
	case err != nil:
		return u, err
	}
	return found, nil
}

// uploadOf reads and checks the parameters of an upload.
func (s *Server) uploadOf(c *call) (stage.Upload, error) {
	u := stage.Upload{Reference: strings.ToLower(rand.Text()), User: c.user, Received: s.opts.Clock().UTC().Truncate(time.Millisecond)}
	source, err := c.need("logSourceName")
	if err != nil {
		return u, err
	}
	if u.File, err = c.need("filename"); err != nil {
		return u, err
	}
	var year, invalidate, logSet string
	if err := c.params(map[string]*string{"uploadName": &u.Name, "entityId": &u.Entity, "timezone": &u.Timezone, "charEncoding": &u.Encoding,
		"dateFormat": &u.DateFormat, "dateYear": &year, "invalidateCache": &invalidate, "logSet": &logSet}); err != nil {
		return u, err
	}
	if u.LogGroup, err = c.head("opc-meta-loggrpid"); err != nil {
		return u, err
	}
	if u.LogGroup == "" {
		return u, missing("header opc-meta-loggrpid")
	}
	if u.RetryToken, err = c.retryToken(); err != nil {
		return u, err
	}
	for name, v := range map[string]string{"filename": u.File, "uploadName": u.Name, "entityId": u.Entity, "charEncoding": u.Encoding} {
		if !plainName(v) {
			return u, invalid("%s must be text of at most %d bytes without control or invisible characters", name, maxNameBytes)
		}
	}
	if u.File, err = baseName("filename", u.File); err != nil {
		return u, err
	}
	if u.Timezone != "" {
		if _, err := zone(u.Timezone); err != nil {
			return u, err
		}
	}
	switch u.DateFormat {
	case "", "MONTH_DAY_YEAR", "DAY_MONTH_YEAR", "YEAR_MONTH_DAY", "MONTH_DAY", "DAY_MONTH":
	default:
		return u, invalid("dateFormat must be MONTH_DAY_YEAR, DAY_MONTH_YEAR, YEAR_MONTH_DAY, MONTH_DAY or DAY_MONTH")
	}
	if year != "" {
		if u.DateYear, err = strconv.Atoi(year); err != nil || u.DateYear < 1970 || u.DateYear > 9999 {
			return u, invalid("dateYear must be a year from 1970 on")
		}
	}
	if logSet != "" {
		return u, invalid("logSet: this namespace is not partitioned by log sets")
	}
	if _, err := c.flag("invalidateCache"); err != nil { // nothing to do: imports take effect at once
		return u, err
	}
	if _, err := s.Catalog.LogGroup(c.r.Context(), u.LogGroup); err != nil {
		if errors.Is(err, catalog.ErrNotFound) {
			return u, absent("Log group %.200q (header opc-meta-loggrpid) is not found or not yours", u.LogGroup)
		}
		return u, err
	}
	found, ok := s.Library.Source(source)
	if !ok {
		return u, absent("Log source %.200q (logSourceName) is not found; import it first", source)
	}
	u.Source = found.Name
	if u.Entity, u.EntityType, err = s.namedEntity(c.r.Context(), u.Entity); err != nil {
		return u, err
	}
	if u.Name == "" {
		u.Name = uploadName(u)
	}
	return u, nil
}

// baseName is the name of a file without its path. It is a label here and the name
// of a file nowhere; all the same it must not become a place later.
func baseName(what, name string) (string, error) {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	if base == "." || base == ".." || base == "/" {
		return "", invalid("%s is not the name of a file", what)
	}
	return base, nil
}

// plainName reports whether a text may name something in an upload.
func plainName(s string) bool {
	return len(s) <= maxNameBytes && catalog.Plain(s)
}

// uploadName names an upload that came without a name. Under a retry token the
// name must be the same at each try, or the try would count as another request.
func uploadName(u stage.Upload) string {
	suffix := u.Reference[:12]
	if u.RetryToken != "" {
		sum := sha256.Sum256([]byte(u.User + "\n" + u.RetryToken))
		suffix = hex.EncodeToString(sum[:6])
	}
	return u.File + " " + suffix
}

// zone loads a time zone by its IANA name.
func zone(name string) (*time.Location, error) {
	l, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, invalid("time zone %.64q is not known; use an IANA name such as Europe/Rome or UTC", name)
	}
	return l, nil
}
