package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"ledgerline/internal/stage"
)

// Operator knows the integrations of the configuration and lets them run. It is
// filled in by cmd: nothing here calls a collector or Oracle.
type Operator interface {
	Integrations() []IntegrationInfo
	Connections() []ConnectionInfo
	// RunNow begins a run and returns; the run is found in the ledger.
	RunNow(integration string) error
	// Test calls what a connection is used for, step by step.
	Test(ctx context.Context, connection string) ([]TestStep, error)
	// Kept is how long records of a log source are kept; zero is for ever.
	Kept(source string) time.Duration
}

// IntegrationInfo is an integration as it is configured.
type IntegrationInfo struct {
	Name       string
	Kind       string
	Connection string
	Every      time.Duration
	Sinks      []string // what its records go to, in order
}

// ConnectionInfo is a connection as it is configured, without its secrets.
type ConnectionInfo struct {
	Name   string
	Type   string
	Target string // where it leads
}

// TestStep is one call of a test of a connection.
type TestStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"` // what to do about it
}

func operatorOperations() []operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		own       = ownBase
	)
	return []operation{
		{Method: get, Pattern: own + "/integrations", Name: "OwnIntegrations", handle: (*Server).ownIntegrations},
		{Method: post, Pattern: own + "/integrations/{integration}/actions/run", Name: "OwnRunIntegration", handle: (*Server).ownRunIntegration},
		{Method: get, Pattern: own + "/connections", Name: "OwnConnections", handle: (*Server).ownConnections},
		{Method: post, Pattern: own + "/connections/{connection}/actions/test", Name: "OwnTestConnection", handle: (*Server).ownTestConnection},
		{Method: get, Pattern: own + "/store/sources", Name: "OwnStoreSources", handle: (*Server).ownStoreSources},
	}
}

type integrationModel struct {
	Name         string    `json:"name"`
	Kind         string    `json:"kind"`
	Connection   string    `json:"connection,omitempty"`
	EverySeconds float64   `json:"everySeconds"`
	Sinks        []string  `json:"sinks"`
	LastRun      *runModel `json:"lastRun,omitempty"`
	Gaps         int       `json:"gaps"` // windows that are known not to be read
}

// ownIntegrations lists the integrations with their last run and their gaps.
func (s *Server) ownIntegrations(c *call) (*response, error) {
	out := []integrationModel{}
	if s.Operator == nil {
		return answer(collection(out)), nil
	}
	for _, in := range s.Operator.Integrations() {
		m := integrationModel{Name: in.Name, Kind: in.Kind, Connection: in.Connection, EverySeconds: in.Every.Seconds(), Sinks: list(in.Sinks)}
		runs, err := s.Stage.Runs(c.r.Context(), in.Name, 1)
		if err != nil {
			return nil, err
		}
		if len(runs) > 0 {
			last := runOf(runs[0])
			m.LastRun = &last
		}
		coverage, err := s.Stage.Coverage(c.r.Context(), in.Name)
		if err != nil {
			return nil, err
		}
		for _, v := range coverage {
			if v.State == stage.Gap {
				m.Gaps++
			}
		}
		out = append(out, m)
	}
	return answer(collection(out)), nil
}

// ownRunIntegration begins a run and does not wait for it.
func (s *Server) ownRunIntegration(c *call) (*response, error) {
	name := c.path["integration"]
	if s.Operator == nil || !slices.ContainsFunc(s.Operator.Integrations(), func(in IntegrationInfo) bool { return in.Name == name }) {
		return nil, absent("integration %.200q is not found", name)
	}
	if err := s.Operator.RunNow(name); err != nil {
		return nil, &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: err.Error(), Cause: err}
	}
	return &response{status: http.StatusAccepted, json: map[string]string{"integration": name}, header: http.Header{}}, nil
}

type connectionModel struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Target string `json:"target,omitempty"`
}

func (s *Server) ownConnections(*call) (*response, error) {
	var found []ConnectionInfo
	if s.Operator != nil {
		found = s.Operator.Connections()
	}
	return answer(collection(mapped(found, func(v ConnectionInfo) connectionModel { return connectionModel(v) }))), nil
}

// ownTestConnection answers every step of a test; a step that failed is no error
// of the call.
func (s *Server) ownTestConnection(c *call) (*response, error) {
	name := c.path["connection"]
	if s.Operator == nil || !slices.ContainsFunc(s.Operator.Connections(), func(v ConnectionInfo) bool { return v.Name == name }) {
		return nil, absent("connection %.200q is not found", name)
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), s.limits.QueryTime)
	defer cancel()
	steps, err := s.Operator.Test(ctx, name)
	if err != nil {
		return nil, err
	}
	return answer(map[string][]TestStep{"steps": list(steps)}), nil
}

type storedModel struct {
	Source   string     `json:"source"`
	Days     int        `json:"days"`
	First    *time.Time `json:"first"` // UTC day
	Last     *time.Time `json:"last"`
	Segments int        `json:"segments"`
	Records  int64      `json:"records"`
	Bytes    int64      `json:"bytes"`
	KeptDays float64    `json:"keptDays"` // 0: for ever
}

// ownStoreSources tells what the store holds of each log source.
func (s *Server) ownStoreSources(c *call) (*response, error) {
	stats, err := s.Store.Stats(c.r.Context())
	if err != nil {
		return nil, err
	}
	out := []storedModel{}
	for _, d := range stats.Days {
		i := slices.IndexFunc(out, func(m storedModel) bool { return m.Source == d.Source })
		if i < 0 {
			i, out = len(out), append(out, storedModel{Source: d.Source})
			if s.Operator != nil {
				out[i].KeptDays = s.Operator.Kept(d.Source).Hours() / 24
			}
		}
		m := &out[i]
		m.Days, m.Segments, m.Records, m.Bytes = m.Days+1, m.Segments+d.Segments, m.Records+d.Rows, m.Bytes+d.Bytes
		if m.First == nil || d.Day.Before(*m.First) {
			m.First = stamp(d.Day)
		}
		if m.Last == nil || d.Day.After(*m.Last) {
			m.Last = stamp(d.Day)
		}
	}
	return answer(collection(out)), nil
}
