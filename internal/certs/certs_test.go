package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// writeCertificate writes a certificate of a serial number for 127.0.0.1.
func writeCertificate(t *testing.T, dir string, serial int64) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, &form, &form, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	for name, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		// Times of files may be coarse: a second apart is another time everywhere.
		at := time.Now().Add(time.Duration(serial) * time.Second)
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// A new pair is served when both of its files are there, and the old one until then.
func TestFilesAreTakenUp(t *testing.T) {
	dir, start := t.TempDir(), time.Now()
	var passed atomic.Int64
	cert, key := writeCertificate(t, dir, 1)
	files, err := Open(cert, key, Options{Clock: func() time.Time { return start.Add(time.Duration(passed.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan error)
	go func() { served <- web.Serve(tls.NewListener(l, files.Config())) }()
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	base := "https://" + l.Addr().String()
	serial := func(most uint16) (int64, error) {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: most}, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
		resp, err := c.Get(base)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return 0, err
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	expect := func(want int64) {
		t.Helper()
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			if got, err := serial(version); err != nil || got != want {
				t.Errorf("version %x: certificate %d, %v, want %d", version, got, err, want)
			}
		}
	}
	expect(1)
	if _, err := serial(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	writeCertificate(t, dir, 2)
	passed.Add(int64(lookEvery))
	expect(2)
	// Half of a new pair does no harm.
	if err := os.WriteFile(key, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	passed.Add(int64(lookEvery))
	expect(2)
	writeCertificate(t, dir, 3)
	passed.Add(int64(lookEvery))
	expect(3)
	if _, err := Open(cert, dir, Options{}); err == nil {
		t.Error("a folder is no key")
	}
}
