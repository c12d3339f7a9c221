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
	room := make([]byte, 0, 512)
	for _, p := range parts {
		room = binary.BigEndian.AppendUint64(room, uint64(len(p)))
		room = append(room, p...)
	}
	return sha256.Sum256(room)
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
