package simulate

import (
	"fmt"
	"strings"
)

// person is a user of the identity domain.
type person struct {
	id      string // GUID: 32 hexadecimal digits
	name    string // userName
	display string
	gone    bool // deleted: the domain does not know the id any more
}

// staff is the identity domain's users, in the order of the office's, and how
// Analytics writes them into its logs.
type staff struct {
	people []person
	// named is when the setting "User Names as the User Identifier in Service
	// Logs" was switched on, epoch milliseconds.
	named int64
}

// newStaff gives every user of the office an account, and one who has left.
func newStaff(o *office, seed uint64) *staff {
	s := &staff{}
	add := func(name string, gone bool) {
		given, _, _ := strings.Cut(name, "@")
		s.people = append(s.people, person{id: strings.ReplaceAll(uuid(seed^0x75736572, uint64(len(s.people))), "-", ""), name: name,
			display: strings.ToUpper(given[:1]) + given[1:] + " Example", gone: gone})
	}
	for _, name := range o.users {
		add(name, false)
	}
	add("leaver@example.com", true)
	return s
}

func (s *staff) leaver() int { return len(s.people) - 1 }

// userID is how Analytics names a user in an event of a time.
func (s *staff) userID(user int, at int64) string {
	if p := s.people[user]; at < s.named || p.gone {
		return p.id
	}
	return s.people[user].name
}

// address a user works from; of the networks for documentation (RFC 5737).
func address(user int) string {
	return fmt.Sprintf("%s.%d", [...]string{"192.0.2", "198.51.100", "203.0.113"}[user%3], 10+user%200)
}
