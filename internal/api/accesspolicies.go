package api

import (
	"net/http"
	"time"

	"ledgerline/internal/catalog"
)

type policyModel struct {
	ID          string     `json:"id,omitempty"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Statements  []string   `json:"statements"`
	TimeCreated *time.Time `json:"timeCreated,omitempty"`
	TimeUpdated *time.Time `json:"timeUpdated,omitempty"`
}

func policyOf(p catalog.Policy) policyModel {
	return policyModel{ID: p.ID, Name: p.Name, Description: p.Description, Statements: list(p.Statements), TimeCreated: stamp(p.Created), TimeUpdated: stamp(p.Updated)}
}

func (s *Server) ownPolicies(*call) (*response, error) {
	return answer(collection(mapped(s.Catalog.Policies(), policyOf))), nil
}

func (s *Server) ownPolicy(c *call) (*response, error) {
	p, err := s.Catalog.Policy(c.path["name"])
	if err != nil {
		return nil, err
	}
	return answer(policyOf(p)).with("etag", p.Etag), nil
}

// ownPutPolicy creates a policy or replaces the one of its name.
func (s *Server) ownPutPolicy(c *call) (*response, error) {
	var d policyModel
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	p, err := s.Catalog.SavePolicy(c.r.Context(), catalog.Policy{Name: c.path["name"], Description: d.Description, Statements: d.Statements}, ifMatch)
	if err != nil {
		return nil, err
	}
	return answer(policyOf(p)).with("etag", p.Etag), nil
}

func (s *Server) ownDeletePolicy(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if err := s.Catalog.DeletePolicy(c.r.Context(), c.path["name"], ifMatch); err != nil {
		return nil, err
	}
	return &response{}, nil
}

// accessOperations is about who may do what.
func accessOperations() []operation {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const session, user, policy = ownBase + "/session", ownBase + "/users/{user}", ownBase + "/policies/{name}"
	return []operation{
		{Method: get, Pattern: session, Name: "OwnSession", handle: (*Server).whoAmI},
		{Method: post, Pattern: session, Name: "OwnLogIn", handle: (*Server).logIn, access: open},
		{Method: del, Pattern: session, Name: "OwnLogOut", handle: (*Server).logOut},
		{Method: get, Pattern: ownBase + startOperation, Name: "OwnStartSession", handle: (*Server).startSession, access: open},
		{Method: get, Pattern: session + "/ways", Name: "OwnLoginWays", handle: (*Server).loginWays, access: open},
		{Method: get, Pattern: oidcPath + "/start", Name: "OwnStartOIDC", handle: (*Server).startOIDC, access: open},
		{Method: get, Pattern: oidcPath + "/callback", Name: "OwnFinishOIDC", handle: (*Server).finishOIDC, access: open},
		{Method: post, Pattern: session + "/password", Name: "OwnPassword", handle: (*Server).ownPassword},

		{Method: get, Pattern: ownBase + "/users", Name: "OwnUsers", handle: (*Server).ownUsers},
		{Method: post, Pattern: ownBase + "/users", Name: "OwnCreateUser", handle: (*Server).ownCreateUser},
		{Method: get, Pattern: user, Name: "OwnUser", handle: (*Server).ownUser},
		{Method: put, Pattern: user, Name: "OwnUpdateUser", handle: (*Server).ownUpdateUser},
		{Method: del, Pattern: user, Name: "OwnDeleteUser", handle: (*Server).ownDeleteUser},
		{Method: post, Pattern: user + "/link", Name: "OwnStartLink", handle: (*Server).ownStartLink, access: localOnly},
		{Method: get, Pattern: user + "/keys", Name: "OwnKeys", handle: (*Server).ownKeys},
		{Method: post, Pattern: user + "/keys", Name: "OwnAddKey", handle: (*Server).ownAddKey},
		{Method: del, Pattern: user + "/keys/{fingerprint}", Name: "OwnRevokeKey", handle: (*Server).ownRevokeKey},

		{Method: get, Pattern: ownBase + "/policies", Name: "OwnPolicies", handle: (*Server).ownPolicies},
		{Method: get, Pattern: policy, Name: "OwnPolicy", handle: (*Server).ownPolicy},
		{Method: put, Pattern: policy, Name: "OwnPutPolicy", handle: (*Server).ownPutPolicy},
		{Method: del, Pattern: policy, Name: "OwnDeletePolicy", handle: (*Server).ownDeletePolicy},
	}
}
