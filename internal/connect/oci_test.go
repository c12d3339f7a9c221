package connect

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const stored = `{"reference":"-123","name":"oic audit logs push","timeCreated":"2024-05-01T10:00:00.123Z","warningsCount":0}`

var upload = LogUpload{Namespace: "ns", LogGroup: "ocid1.loganalyticsloggroup.oc1..x", Source: "OCI Integration Audit Logs",
	File: "a 1.json", UploadName: "oic audit logs push", RetryToken: "token-1", Body: []byte(`{"items":[]}`)}

func TestUploadKeepsItsTokenOverRetries(t *testing.T) {
	b := newBench()
	o, s := ociClient(t, b, reply{503, nil, "<html>"}, reply{429, jsonType, `{"code":"TooManyRequests","message":"x"}`},
		reply{200, jsonType, stored[:20]}, reply{200, map[string]string{"Content-Type": "application/json", "opc-object-id": "obj", "opc-request-id": "req"}, stored})
	receipt, err := o.Upload(t.Context(), upload)
	if err != nil {
		t.Fatal(err)
	}
	if *receipt != (UploadReceipt{"-123", "obj", "req"}) || s.count() != 4 || len(b.slept()) != 3 {
		t.Errorf("receipt %+v after %d requests, slept %v", receipt, s.count(), b.slept())
	}
	sum := md5.Sum(upload.Body)
	dates, signatures := map[string]bool{}, map[string]bool{}
	for i, r := range s.requests {
		q := r.URL.Query()
		if r.URL.Path != "/20200601/namespaces/ns/actions/uploadLogFile" || q.Get("logSourceName") != upload.Source || q.Get("filename") != "a 1.json" ||
			q.Get("uploadName") != upload.UploadName || q.Has("entityId") || r.Header.Get("Opc-Meta-Loggrpid") != upload.LogGroup {
			t.Errorf("request %d: %s %v", i, r.URL, r.Header)
		}
		if r.Header.Get("Opc-Retry-Token") != "token-1" || s.bodies[i] != string(upload.Body) ||
			r.Header.Get("Content-Md5") != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Errorf("request %d: body %q, headers %v", i, s.bodies[i], r.Header)
		}
		// Uploads are signed without the body.
		if a := r.Header.Get("Authorization"); !strings.Contains(a, `headers="date (request-target) host"`) {
			t.Errorf("request %d is signed over %s", i, a)
		}
		dates[r.Header.Get("Date")], signatures[r.Header.Get("Authorization")] = true, true
	}
	if len(dates) != 4 || len(signatures) != 4 {
		t.Errorf("%d dates and %d signatures over 4 attempts", len(dates), len(signatures))
	}
}

func TestOCIErrors(t *testing.T) {
	date := func(off time.Duration) map[string]string {
		return map[string]string{"Content-Type": "application/json", "Date": newBench().now.Add(off).Format(http.TimeFormat)}
	}
	up := func(o *OCI, t *testing.T) error { _, err := o.Upload(t.Context(), upload); return err }
	head := func(o *OCI, t *testing.T) error { return o.HeadBucket(t.Context(), "ns", "logs") }
	group := func(o *OCI, t *testing.T) error { _, err := o.LogGroup(t.Context(), "ns", "ocid1.g"); return err }
	for name, c := range map[string]struct {
		call  func(*OCI, *testing.T) error
		reply reply
		kind  Kind
		hint  string
		tries int
	}{
		"key":            {up, reply{401, date(0), `{"code":"NotAuthenticated","message":"x"}`}, Unauthorized, "fingerprint", 1},
		"clock behind":   {up, reply{401, date(10 * time.Minute), `{"code":"NotAuthenticated"}`}, Unauthorized, "clock is 10 minutes behind", 1},
		"clock ahead":    {group, reply{401, date(-7 * time.Minute), `{"code":"NotAuthenticated"}`}, Unauthorized, "clock is 7 minutes ahead of", 1},
		"log source":     {up, reply{404, jsonType, `{"code":"NotAuthorizedOrNotFound","message":"x"}`}, NotFound, `log source "OCI Integration Audit Logs", log group ocid1.`, 1},
		"log group":      {group, reply{404, jsonType, `{"code":"NotAuthorizedOrNotFound"}`}, NotFound, "use loganalytics-log-group", 1},
		"bucket":         {head, reply{404, nil, ""}, NotFound, "bucket logs is not in namespace ns", 1},
		"md5":            {up, reply{400, jsonType, `{"code":"UnmatchedContentMD5","message":"x"}`}, Transient, "", 8},
		"parameter":      {up, reply{400, jsonType, `{"code":"InvalidParameter","message":"x"}`}, Refused, "set aside", 1},
		"too large":      {up, reply{413, jsonType, `{"code":"RequestEntityTooLarge"}`}, Refused, "12 bytes", 1},
		"conflict":       {up, reply{409, jsonType, `{"code":"IncorrectState"}`}, Transient, "tried again", 8},
		"spent token":    {up, reply{409, jsonType, `{"code":"InvalidatedRetryToken"}`}, Refused, "set aside", 1},
		"quota":          {up, reply{400, jsonType, `{"code":"QuotaExceeded"}`}, Throttled, "", 1},
		"throttled":      {up, reply{429, jsonType, `{"code":"TooManyRequests"}`}, Throttled, "tried again", 8},
		"down":           {up, reply{503, nil, "<html><title>Down</title>"}, Transient, "Down", 8},
		"html":           {up, reply{200, nil, "<html>"}, BadPayload, "endpoint", 8},
		"no upload here": {up, reply{501, jsonType, `{"code":"MethodNotImplemented"}`}, NotFound, "endpoint", 1},
		"redirect":       {up, reply{302, map[string]string{"Location": "https://x.example.com/"}, ""}, NotFound, "final address", 1},
		"subscription":   {up, reply{402, jsonType, `{"code":"SignUpRequired"}`}, Forbidden, "grant", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			o, s := ociClient(t, b, c.reply)
			err := c.call(o, t)
			if KindOf(err) != c.kind || !strings.Contains(err.Error(), c.hint) || s.count() != c.tries {
				t.Errorf("kind %v after %d tries: %v", KindOf(err), s.count(), err)
			}
			noSecrets(t, err.Error(), b.logged())
		})
	}
}

func TestServerDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	b := newBench()
	o, err := NewOCI(inline(t, "http://"+address), b.options())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = o.Upload(t.Context(), upload); KindOf(err) != Transient || !strings.Contains(err.Error(), "nothing answers at "+address) {
		t.Error(err)
	}
	if len(b.slept()) != 7 {
		t.Errorf("slept %d times for 8 attempts", len(b.slept()))
	}
}

// The SDK's circuit breaker would open after ten failures and hide the rest.
func TestNothingButOurRetriesDecides(t *testing.T) {
	o, s := ociClient(t, newBench(), reply{503, jsonType, `{"code":"ServiceUnavailable"}`})
	for range 3 {
		if _, err := o.Upload(t.Context(), upload); KindOf(err) != Transient {
			t.Error(err)
		}
	}
	if s.count() != 24 {
		t.Errorf("%d requests for 3 calls of 8 attempts", s.count())
	}
}

func TestUploadedFilesFindsTheNameOnly(t *testing.T) {
	next := func(body, page string) reply {
		h := map[string]string{"Content-Type": "application/json"}
		if page != "" {
			h["opc-next-page"] = page
		}
		return reply{200, h, body}
	}
	o, s := ociClient(t, newBench(),
		next(`{"items":[{"reference":"r1","name":"n","timeCreated":"2024-05-01T10:00:00Z"},{"reference":"r2","name":"n2","timeCreated":"2024-05-01T10:00:00Z"}]}`, ""),
		next(`{"items":[{"reference":"f1","name":"a.json.bak"}]}`, "p2"),
		next(`{"items":[{"reference":"f2","name":"a.json","status":"SUCCESSFUL"}]}`, ""))
	files, err := o.UploadedFiles(t.Context(), "ns", "n", "a.json")
	if err != nil || len(files) != 1 || files[0].Reference != "f2" || files[0].Status != "SUCCESSFUL" || s.count() != 3 {
		t.Errorf("%+v after %d requests: %v", files, s.count(), err)
	}
}

func TestCreateOnlyAcceptsItsOwnEarlierTry(t *testing.T) {
	body := []byte("records")
	sum := md5.Sum(body)
	exists := reply{412, jsonType, `{"code":"IfNoneMatchFailed","message":"x"}`}
	obj := Object{Namespace: "ns", Bucket: "logs", Name: "oic-audit/2024/a.json", Body: body, CreateOnly: true}
	o, s := ociClient(t, newBench(), exists, reply{200, map[string]string{"Content-MD5": base64.StdEncoding.EncodeToString(sum[:])}, ""})
	if err := o.PutObject(t.Context(), obj); err != nil {
		t.Error(err)
	}
	if r := s.requests[0]; r.URL.Path != "/n/ns/b/logs/o/oic-audit/2024/a.json" || r.Header.Get("If-None-Match") != "*" || s.bodies[0] != "records" {
		t.Errorf("%s %v", r.URL, r.Header)
	}
	o, _ = ociClient(t, newBench(), exists, reply{200, map[string]string{"Content-MD5": "another"}, ""})
	if err := o.PutObject(t.Context(), obj); KindOf(err) != Refused || !strings.Contains(err.Error(), "other bytes") {
		t.Error(err)
	}
	for _, name := range []string{"", "/a", "a//b", "a/../b", "./a", "a/", "a\nb", "a\x00", strings.Repeat("x", 1025)} {
		obj.Name = name
		if err := o.PutObject(t.Context(), obj); KindOf(err) != Refused {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// An object of any name is the one that is stored and read.
func TestObjectsOfAnyName(t *testing.T) {
	for _, name := range []string{"a/b.log.gz", "100%.log", "a%20b", "what?x=1#end", "a b+c", "...", "{objectName}", "{bucketName}", "ümlaut/日本", "a\\b", "ocid1.x/2024:05;01=,@&$"} {
		o, s := ociClient(t, newBench(), reply{200, nil, ""}, reply{200, nil, "body"})
		if err := o.PutObject(t.Context(), Object{Namespace: "ns", Bucket: "logs", Name: name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := o.ReadObject(t.Context(), ObjectRange{Namespace: "ns", Bucket: "logs", Name: name, Length: 10}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		for _, r := range s.requests {
			if got, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/n/ns/b/logs/o/")); err != nil || got != name || r.URL.RawQuery != "" {
				t.Errorf("%s %s is asked for, want %q", r.Method, r.RequestURI, name)
			}
		}
		if len(s.requests) != 2 {
			t.Errorf("%q: %d requests", name, len(s.requests))
		}
	}
}

func TestOCIProbe(t *testing.T) {
	group := `{"id":"ocid1.g","displayName":"Default","compartmentId":"c"}`
	o, _ := ociClient(t, newBench(), reply{200, jsonType, `{"items":[{"namespaceName":"right","compartmentId":"c","isOnboarded":true}]}`},
		reply{200, jsonType, group}, reply{404, nil, ""})
	steps := o.Probe(t.Context(), ProbeTarget{Namespace: "wrong", LogGroup: "ocid1.g", BucketNamespace: "ns", Bucket: "logs"})
	if len(steps) != 3 || steps[0].OK || steps[0].Hint != "write namespace: right" || !steps[1].OK || steps[1].Detail != "Default" ||
		steps[2].OK || !strings.Contains(steps[2].Hint, "bucket logs") {
		t.Errorf("%+v", steps)
	}
}

func TestProfilesInheritAndKeepEqualSigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	text := "# comment\n[DEFAULT]\ntenancy = ocid1.tenancy.oc1..x\nregion=eu-frankfurt-1\nkey_file=" + keyFile(t) +
		"\n\n[WORK]\nuser=ocid1.user.oc1..w\nfingerprint=aa:bb\npass_phrase=a=b==\n; more\n[EMPTY]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readProfile(path, "WORK")
	if err != nil || got["tenancy"] != "ocid1.tenancy.oc1..x" || got["pass_phrase"] != "a=b==" {
		t.Errorf("%v, %v", got, err)
	}
	cred, err := OCIConfig{ConfigFile: path, Profile: "WORK"}.credentials()
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := cred.provider.KeyID(); id != "ocid1.tenancy.oc1..x/ocid1.user.oc1..w/aa:bb" {
		t.Error(id)
	}
	for profile, want := range map[string]string{"EMPTY": "lacks user, fingerprint", "NONE": "no profile NONE"} {
		if _, err := NewOCI(OCIConfig{ConfigFile: path, Profile: profile}, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", profile, err)
		}
	}
	if _, err := NewOCI(OCIConfig{ConfigFile: path + "x"}, Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "config_file") {
		t.Error(err)
	}
}

func FuzzReadProfile(f *testing.F) {
	f.Add("[DEFAULT]\na=b\n[X]\nc=d=e\n", "X")
	f.Fuzz(func(t *testing.T, text, profile string) {
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		values, err := readProfile(path, profile)
		if err != nil {
			return
		}
		for k := range values {
			if strings.ContainsAny(k, "=\n") {
				t.Fatalf("key %q", k)
			}
		}
	})
}

func TestBadKeysAreExplainedWithoutThem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(file, []byte("-----BEGIN PRIVATE KEY-----\ns3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := inline(t, "http://127.0.0.1:1")
	c.KeyFile, c.Passphrase = file, "passw0rd"
	_, err := NewOCI(c, Options{})
	if err == nil || !strings.Contains(err.Error(), "key_file") {
		t.Fatal(err)
	}
	noSecrets(t, err.Error())
	for _, endpoint := range []string{"logs.example.com", "https://x.example.com/path", "https://u@x.example.com", "ftp://x"} {
		c := inline(t, endpoint)
		if _, err := NewOCI(c, Options{}); err == nil || !strings.Contains(err.Error(), "without a path") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	if _, err := NewOCI(OCIConfig{Auth: "magic"}, Options{}); err == nil || !strings.Contains(err.Error(), "api_key") {
		t.Error(err)
	}
}

func TestSessionTokenIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	file, path := filepath.Join(dir, "token"), filepath.Join(dir, "config")
	text := "[S]\ntenancy=ocid1.tenancy.oc1..x\nregion=eu-frankfurt-1\nkey_file=" + keyFile(t) + "\nsecurity_token_file=" + file + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &script{replies: []reply{{200, jsonType, stored}}}
	address := serve(t, s)
	var o *OCI
	for i, token := range []string{"first.jwt.x", "second.jwt.x"} {
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if o == nil {
			var err error
			if o, err = NewOCI(OCIConfig{Auth: SecurityToken, ConfigFile: path, Profile: "S", Endpoints: map[string]string{LogAnalytics: address}}, newBench().options()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := o.Upload(t.Context(), upload); err != nil {
			t.Fatal(err)
		}
		if a := s.requests[i].Header.Get("Authorization"); !strings.Contains(a, `keyId="ST$`+token+`"`) {
			t.Errorf("request %d is signed by %s", i, a)
		}
	}
}
