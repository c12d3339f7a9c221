package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ledgerline/internal/config"
)

// apiKey is an OCI API key in a folder: a private key, its public half and an
// OCI configuration file that names it.
type apiKey struct {
	tenancy, user, region string
	privateFile           string
	publicFile            string
	configFile            string
	fingerprint           string
	bits                  int // of a key that is made
}

const keyBits = 2048

// makeAPIKey makes a key and its configuration in dir, or finds the one an
// earlier call made.
func makeAPIKey(dir, tenancy, user, region string) (*apiKey, error) {
	k := &apiKey{tenancy: tenancy, user: user, region: region, bits: keyBits,
		privateFile: filepath.Join(dir, "key.pem"), publicFile: filepath.Join(dir, "key_public.pem"), configFile: filepath.Join(dir, "oci_config")}
	public, err := os.ReadFile(k.publicFile)
	if errors.Is(err, fs.ErrNotExist) {
		public, err = k.generate()
	}
	if err != nil {
		return nil, fmt.Errorf("make an API key in %s: %w", dir, err)
	}
	block, _ := pem.Decode(public)
	if block == nil {
		return nil, fmt.Errorf("%s holds no key; remove it and start again", k.publicFile)
	}
	k.fingerprint = config.KeyFingerprint(block.Bytes)
	return k, os.WriteFile(k.configFile, []byte(ociProfile("DEFAULT", user, k.fingerprint, tenancy, region, k.privateFile)), 0o600)
}

// generate writes the private key before the public one, whose presence says
// that the pair is whole.
func (k *apiKey) generate() (public []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, k.bits)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(k.privateFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return nil, err
	}
	public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return public, os.WriteFile(k.publicFile, public, 0o644)
}
