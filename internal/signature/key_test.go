package signature

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
)

// modulus makes a public key of so many bits; nothing is ever signed with it.
func modulus(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits)
	return &rsa.PublicKey{N: n.Sub(n, big.NewInt(1)), E: 65537}
}

func pemOf(t *testing.T, kind string, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if k, ok := key.(*rsa.PublicKey); ok && kind == "RSA PUBLIC KEY" {
		der, err = x509.MarshalPKCS1PublicKey(k), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestParsePublicKey(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	garbage := func(kind string) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("x")}) }
	for _, c := range []struct {
		name string
		text []byte
		want string // part of the error; empty: taken
	}{
		{"the least", pemOf(t, "PUBLIC KEY", modulus(MinKeyBits)), ""},
		{"the largest", pemOf(t, "PUBLIC KEY", modulus(MaxKeyBits)), ""},
		{"PKCS#1", pemOf(t, "RSA PUBLIC KEY", modulus(MinKeyBits)), ""},
		{"too small", pemOf(t, "PUBLIC KEY", modulus(MinKeyBits-1)), "2047 bits"},
		{"too large", pemOf(t, "PUBLIC KEY", modulus(MaxKeyBits+1)), "4097 bits"},
		{"a curve", pemOf(t, "PUBLIC KEY", &curve.PublicKey), "RSA"},
		{"no key inside", garbage("PUBLIC KEY"), "public key: "},
		{"no key inside PKCS#1", garbage("RSA PUBLIC KEY"), "public key: "},
		{"the private half", garbage("PRIVATE KEY"), "openssl rsa -pubout"},
		{"no PEM", []byte("ssh-rsa AAAA"), "openssl rsa -pubout"},
	} {
		key, err := ParsePublicKey(c.text)
		if c.want == "" && (err != nil || key == nil) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
