package catalog

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Parameters of argon2id, as OWASP's password storage cheat sheet asks for at
// least: 19 MiB, two passes, one lane.
const (
	argonPasses = 2
	argonKiB    = 19 << 10
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
)

// Bounds of a password in characters; NIST SP 800-63B asks for length, not for kinds of characters.
const (
	minPassword = 12
	maxPassword = 256
)

// strangerHash is of no password. It is compared for users there are not, so
// that the time of an answer does not tell who exists.
const strangerHash = "$argon2id$v=19$m=19456,t=2,p=1$bGVkZ2VybGluZS5zYWx0IQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

const hashFormat = "$argon2id$v=%d$m=%d,t=%d,p=%d$"

// hashPassword returns the PHC string of a password, and nothing for none.
func hashPassword(password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword || !utf8.ValidString(password) {
		return "", fmt.Errorf("%w: a password has %d to %d characters", ErrInvalid, minPassword, maxPassword)
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	hash := argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, argonPasses, argonKiB, argonLanes, hashBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf(hashFormat, argon2.Version, argonKiB, argonPasses, argonLanes) + b64.EncodeToString(salt) + "$" + b64.EncodeToString(hash), nil
}

// checkPassword compares a password with a hash of hashPassword, whose
// parameters may be those of an earlier version of this program.
func checkPassword(hash, password string) (bool, error) {
	var version, memory, passes int
	var lanes uint8
	var rest string
	if n, err := fmt.Sscanf(hash, hashFormat+"%s", &version, &memory, &passes, &lanes, &rest); n != 5 || version != argon2.Version {
		return false, fmt.Errorf("catalog: a stored password hash cannot be read: %w", errors.Join(err))
	}
	salt, want, err := splitHash(rest)
	if err != nil {
		return false, err
	}
	if utf8.RuneCountInString(password) > maxPassword {
		password = ""
	}
	got := argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, uint32(passes), uint32(memory), lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func splitHash(text string) (salt, hash []byte, err error) {
	at := 0
	for at < len(text) && text[at] != '$' {
		at++
	}
	if at == len(text) {
		return nil, nil, errors.New("catalog: a stored password hash has no salt")
	}
	salt, err = base64.RawStdEncoding.DecodeString(text[:at])
	if err == nil {
		hash, err = base64.RawStdEncoding.DecodeString(text[at+1:])
	}
	return salt, hash, err
}
