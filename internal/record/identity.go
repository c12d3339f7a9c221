package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Identity tells two records apart. It is a SHA-256 over the attributes that
// name the event, so that a record read twice has one identity.
type Identity [sha256.Size]byte

func (id Identity) String() string { return hex.EncodeToString(id[:]) }

// Identify hashes the parts in order. Each part is preceded by its length, so
// that moving a character from one part to the next changes the identity.
func Identify(parts ...string) Identity {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var id Identity
	h.Sum(id[:0])
	return id
}

// Audit holds the attributes that identify an OIC audit record, which carries
// no identifier of its own.
type Audit struct {
	Instance, TimeStamp, UserName, OperationName               string
	ResourceType, ResourceCode, ResourceVersion, AuditTrailMsg string
}

// Identity of the audit record.
func (a Audit) Identity() Identity {
	return Identify(a.Instance, a.TimeStamp, a.UserName, a.OperationName,
		a.ResourceType, a.ResourceCode, a.ResourceVersion, a.AuditTrailMsg)
}
