package api

import (
	"net/http"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/signature"
)

type userModel struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Groups      []string   `json:"groups"`
	Issuer      string     `json:"issuer,omitempty"` // identity provider; absent: a user of this server
	Password    bool       `json:"password"`         // may log in with one
	Disabled    bool       `json:"disabled"`
	ReadOnly    bool       `json:"readOnly"` // declared in the configuration
	Keys        int        `json:"keys"`
	TimeCreated *time.Time `json:"timeCreated,omitempty"`
	TimeUpdated *time.Time `json:"timeUpdated,omitempty"`
}

func (s *Server) userOf(u catalog.User) userModel {
	return userModel{ID: u.ID, Name: u.Name, Description: u.Description, Groups: list(u.Groups), Issuer: u.Issuer, Password: u.HasPassword, Disabled: u.Disabled,
		ReadOnly: u.Seeded, Keys: len(s.Catalog.Keys(u.ID)), TimeCreated: stamp(u.Created), TimeUpdated: stamp(u.Updated)}
}

type userDetails struct {
	Name        string   `json:"name"`
	Description *string  `json:"description"`
	Groups      []string `json:"groups"`
	Disabled    *bool    `json:"disabled"`
	Password    *string  `json:"password"`
}

// subject is the user in the path, if the caller is an administrator or that user.
func (s *Server) subject(c *call) (catalog.User, error) {
	u, err := s.Catalog.User(c.path["user"])
	if !c.who.rights.Administrator() && (err != nil || u.ID != c.who.ID) {
		return catalog.User{}, refusedTo(c)
	}
	return u, err
}

// administrators lets nobody else at an operation.
func administrators(c *call) error {
	if !c.who.rights.Administrator() {
		return refusedTo(c)
	}
	return nil
}

// ownUsers lists all users to administrators, to others themselves.
func (s *Server) ownUsers(c *call) (*response, error) {
	users := s.Catalog.Users()
	if administrators(c) != nil {
		users = []catalog.User{c.who.User}
	}
	return answer(collection(mapped(users, s.userOf))), nil
}

func (s *Server) ownUser(c *call) (*response, error) {
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	return answer(s.userOf(u)).with("etag", u.Etag), nil
}

func (s *Server) ownCreateUser(c *call) (*response, error) {
	if err := administrators(c); err != nil {
		return nil, err
	}
	var d userDetails
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	u, err := s.Catalog.CreateUser(c.r.Context(), catalog.User{Name: d.Name, Description: deref(d.Description), Groups: d.Groups}, deref(d.Password))
	if err != nil {
		return nil, err
	}
	return answer(s.userOf(u)).with("etag", u.Etag), nil
}

func (s *Server) ownUpdateUser(c *call) (*response, error) {
	if err := administrators(c); err != nil {
		return nil, err
	}
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	var d userDetails
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	u, err = s.Catalog.UpdateUser(c.r.Context(), u.ID, ifMatch, catalog.UserChange{Description: d.Description, Groups: d.Groups, Disabled: d.Disabled, Password: d.Password})
	if err != nil {
		return nil, err
	}
	return answer(s.userOf(u)).with("etag", u.Etag), nil
}

// ownDeleteUser takes a user away. What it did stays in the audit, under its name.
func (s *Server) ownDeleteUser(c *call) (*response, error) {
	if err := administrators(c); err != nil {
		return nil, err
	}
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	c.about = ownBase + "/users/" + u.Name // nobody can ask later whose OCID it was
	if err := s.Catalog.DeleteUser(c.r.Context(), u.ID, ifMatch); err != nil {
		return nil, err
	}
	return &response{}, nil
}

// ownPassword lets a user change its own password. It ends all of its sessions.
func (s *Server) ownPassword(c *call) (*response, error) {
	var d struct{ Current, New string }
	if _, err := c.decode(maxLoginBytes, &d); err != nil {
		return nil, err
	}
	if d.New == "" {
		return nil, missing("new")
	}
	u, err := s.checkLogin(c, c.who.Name, d.Current)
	if err != nil {
		return nil, err
	}
	if _, err := s.Catalog.UpdateUser(c.r.Context(), u.ID, "", catalog.UserChange{Password: &d.New}); err != nil {
		return nil, err
	}
	return (&response{header: http.Header{}}).with("Set-Cookie", sessionCookie(c.r, "", time.Time{})), nil
}

// ownStartLink makes a link that logs a user in. Only the command line may ask.
func (s *Server) ownStartLink(c *call) (*response, error) {
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	return answer(map[string]string{"path": s.StartLink(u.ID)}), nil
}

// apiKeyModel is Oracle's ApiKey, without its value.
type apiKeyModel struct {
	KeyID       string     `json:"keyId"`
	UserID      string     `json:"userId"`
	UserName    string     `json:"userName"`
	Fingerprint string     `json:"fingerprint"`
	State       string     `json:"lifecycleState"`
	ReadOnly    bool       `json:"readOnly"`
	TimeCreated *time.Time `json:"timeCreated,omitempty"`
}

func (s *Server) keyOf(k catalog.Key) apiKeyModel {
	m := apiKeyModel{KeyID: s.Catalog.KeyID(k), UserID: k.User, Fingerprint: k.Fingerprint, State: "ACTIVE", ReadOnly: k.Seeded, TimeCreated: stamp(k.Created)}
	if u, err := s.Catalog.User(k.User); err == nil {
		m.UserName = u.Name
		if u.Disabled {
			m.State = "INACTIVE"
		}
	}
	return m
}

func (s *Server) ownKeys(c *call) (*response, error) {
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(s.Catalog.Keys(u.ID), s.keyOf))), nil
}

// ownAddKey takes the public half of an API key: {"key": "<PEM>"}.
func (s *Server) ownAddKey(c *call) (*response, error) {
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	var d struct {
		Key string `json:"key"`
	}
	if _, err := c.decode(maxLoginBytes, &d); err != nil {
		return nil, err
	}
	public, err := signature.ParsePublicKey([]byte(d.Key))
	if err != nil {
		return nil, invalid("key: %v", err)
	}
	fingerprint, err := signature.Fingerprint(public)
	if err != nil {
		return nil, err
	}
	k, err := s.Catalog.AddKey(c.r.Context(), u.ID, fingerprint, public)
	if err != nil {
		return nil, err
	}
	return answer(s.keyOf(k)), nil
}

func (s *Server) ownRevokeKey(c *call) (*response, error) {
	u, err := s.subject(c)
	if err != nil {
		return nil, err
	}
	if err := s.Catalog.RevokeKey(c.r.Context(), u.ID, c.path["fingerprint"]); err != nil {
		return nil, err
	}
	return &response{}, nil
}
