package api

import (
	_ "embed"
	"net/http"
	"strings"
)

// The namespace of a server is there from the start, so that no work request ever
// made or removed it.

func namespaceOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		ns        = "/20200601/namespaces/{namespaceName}"
		work      = ns + "/workRequests"
	)
	return []operation{
		{Method: post, Pattern: ns + "/actions/onboard", Name: "OnboardNamespace", handle: (*Server).onboard},
		{Method: get, Pattern: work, Name: "ListWorkRequests", handle: (*Server).listNoWork},
		{Method: get, Pattern: work + "/{workRequestId}", Name: "GetWorkRequest", handle: (*Server).noWork},
		{Method: get, Pattern: work + "/{workRequestId}/errors", Name: "ListWorkRequestErrors", handle: (*Server).noWork},
		{Method: get, Pattern: work + "/{workRequestId}/logs", Name: "ListWorkRequestLogs", handle: (*Server).noWork},
		{Method: get, Pattern: ns + "/supportedTimezones", Name: "ListSupportedTimezones", handle: (*Server).listTimezones},
		{Method: get, Pattern: ns + "/rules", Name: "ListRules", handle: (*Server).listRules},
		{Method: get, Pattern: ns + "/rulesSummary", Name: "GetRulesSummary", handle: (*Server).rulesSummary},
	}
}

func (s *Server) onboard(*call) (*response, error) {
	return nil, &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "the namespace is onboarded already"}
}

func (s *Server) listNoWork(c *call) (*response, error) {
	if _, err := c.need("compartmentId"); err != nil {
		return nil, err
	}
	return s.listNothing(c)
}

func (s *Server) noWork(c *call) (*response, error) {
	return nil, absent("work request %.200q is not found: the namespace was onboarded from the start; see storageWorkRequests, configWorkRequests and queryWorkRequests", c.path["workRequestId"])
}

// timezones are the names of the IANA time zone database, version 2025b, one a line.
//
//go:embed timezones.txt
var timezones string

func (s *Server) listTimezones(c *call) (*response, error) {
	name := func(v string) string { return v }
	return listItems(c, strings.Fields(timezones), "name", func(string) bool { return true }, map[string]func(string) string{"name": name}, name)
}

// ruleModel is Oracle's RuleSummary. The rules of this server are its scheduled
// tasks that run a saved search.
type ruleModel struct {
	taskSummary
	Kind      string `json:"kind"`
	IsEnabled bool   `json:"isEnabled"`
}

func (s *Server) rules(c *call) ([]ruleModel, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	tasks, err := s.allTasks(c.r.Context(), compartment)
	if err != nil {
		return nil, err
	}
	var all []ruleModel
	for _, t := range tasks {
		if t.TaskType == savedSearchTask {
			all = append(all, ruleModel{t, savedSearchTask, t.TaskStatus == "READY"})
		}
	}
	return all, nil
}

func (s *Server) listRules(c *call) (*response, error) {
	all, err := s.rules(c)
	if err != nil {
		return nil, err
	}
	var name, kind, target, state string
	if err := c.params(map[string]*string{"displayName": &name, "kind": &kind, "targetService": &target, "lifecycleState": &state}); err != nil {
		return nil, err
	}
	return listItems(c, all, "timeCreated", func(r ruleModel) bool {
		return (name == "" || strings.EqualFold(name, r.DisplayName)) && (kind == "" || kind == "ALL" || kind == r.Kind) && target == "" && (state == "" || state == r.LifecycleState)
	}, map[string]func(ruleModel) string{
		"timeCreated": func(r ruleModel) string { return sortable(r.TimeCreated) + r.ID },
		"timeUpdated": func(r ruleModel) string { return sortable(r.TimeUpdated) + r.ID },
		"displayName": func(r ruleModel) string { return r.DisplayName },
	}, func(r ruleModel) ruleModel { return r })
}

func (s *Server) rulesSummary(c *call) (*response, error) {
	all, err := s.rules(c)
	if err != nil {
		return nil, err
	}
	return answer(map[string]int{"totalCount": len(all), "ingestTimeRulesCount": 0, "savedSearchRulesCount": len(all)}), nil
}
