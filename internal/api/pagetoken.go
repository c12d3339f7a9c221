package api

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// A page token is a digest of what the list was asked for, and the place to go on
// from: with other filters it would silently skip or repeat items.

func sealPage(key, place string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(pageDigest(key) + place))
}

func openPage(key, token string) (place string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	place, ok := strings.CutPrefix(string(text), pageDigest(key))
	if err != nil || !ok {
		return "", invalid("page: the token does not belong to this list; start again without it")
	}
	return place, nil
}

func pageDigest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return string(sum[:9])
}
