package signature

import (
	"crypto/md5" // the fingerprint OCI defines; not used for security
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// ParsePublicKey reads the PEM of a user's API key ("PUBLIC KEY" as OCI asks for,
// or "RSA PUBLIC KEY") and checks its size.
func ParsePublicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not a PEM file; write it with: openssl rsa -pubout -in oci_api_key.pem -out oci_api_key_public.pem")
	}
	var key *rsa.PublicKey
	switch block.Type {
	case "PUBLIC KEY":
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("public key: %w", err)
		}
		var ok bool
		if key, ok = k.(*rsa.PublicKey); !ok {
			return nil, fmt.Errorf("the key is a %T; OCI's API keys are RSA", k)
		}
	case "RSA PUBLIC KEY":
		var err error
		if key, err = x509.ParsePKCS1PublicKey(block.Bytes); err != nil {
			return nil, fmt.Errorf("public key: %w", err)
		}
	default:
		return nil, fmt.Errorf("the PEM file holds a %.40q, a public key is needed; write it with: openssl rsa -pubout", block.Type)
	}
	if bits := key.N.BitLen(); bits < MinKeyBits || bits > MaxKeyBits {
		return nil, fmt.Errorf("the key has %d bits; make one of %d to %d", bits, MinKeyBits, MaxKeyBits)
	}
	return key, nil
}

// Fingerprint of a public key as OCI shows it: MD5 of the DER form, in
// lower-case hex pairs joined by colons.
func Fingerprint(key *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	sum := md5.Sum(der)
	out := make([]byte, 0, 3*len(sum))
	for i, b := range sum {
		if i > 0 {
			out = append(out, ':')
		}
		out = hex.AppendEncode(out, []byte{b})
	}
	return string(out), nil
}
