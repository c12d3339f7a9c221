package api

import (
	"strconv"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/stage"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

type runModel struct {
	ID          int64       `json:"id"`
	Integration string      `json:"integration"`
	Trigger     string      `json:"trigger"`
	Started     *time.Time  `json:"started"`
	Ended       *time.Time  `json:"ended,omitempty"`
	State       string      `json:"state"`
	FirstError  string      `json:"firstError,omitempty"`
	Steps       []stepModel `json:"steps"`
}

type stepModel struct {
	Name    string           `json:"name"`
	Target  string           `json:"target,omitempty"`
	Started *time.Time       `json:"started"`
	Ended   *time.Time       `json:"ended,omitempty"`
	State   string           `json:"state"`
	Counts  map[string]int64 `json:"counts"`
	Note    string           `json:"note,omitempty"`
	Error   string           `json:"error,omitempty"`
}

func runOf(r stage.Run) runModel {
	return runModel{ID: r.ID, Integration: r.Integration, Trigger: r.Trigger, Started: stamp(r.Started), Ended: stamp(r.Ended), State: string(r.State),
		FirstError: r.FirstError, Steps: mapped(r.Steps, func(st stage.Step) stepModel {
			return stepModel{Name: st.Name, Target: st.Target, Started: stamp(st.Started), Ended: stamp(st.Ended), State: string(st.State),
				Counts: counts(st.Counts), Note: st.Note, Error: st.Error}
		})}
}

// counts of a step that has not begun to count are none, not null.
func counts(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

// ownRuns lists runs, newest first.
func (s *Server) ownRuns(c *call) (*response, error) {
	integration, err := c.param("integration")
	if err != nil {
		return nil, err
	}
	p, err := c.page("timeStarted")
	if err != nil {
		return nil, err
	}
	runs, err := s.Stage.Runs(c.r.Context(), integration, p.Limit)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(runs, runOf))), nil
}

func (s *Server) ownRun(c *call) (*response, error) {
	id, err := strconv.ParseInt(c.path["id"], 10, 64)
	if err != nil {
		return nil, invalid("the id of a run is a number")
	}
	run, err := s.Stage.Run(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	return answer(runOf(run)), nil
}

type coverageModel struct {
	Integration string     `json:"integration"`
	From        *time.Time `json:"from"`
	To          *time.Time `json:"to"`
	State       string     `json:"state"`
	Note        string     `json:"note,omitempty"`
	Rows        int        `json:"rows"`
	Recorded    *time.Time `json:"recorded"`
}

// ownCoverage lists the windows of an integration, or of all, that are known to be read, and the gaps.
func (s *Server) ownCoverage(c *call) (*response, error) {
	integration, err := c.param("integration")
	if err != nil {
		return nil, err
	}
	list, err := s.Stage.Coverage(c.r.Context(), integration)
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(list, func(v stage.Coverage) coverageModel {
		return coverageModel{Integration: v.Integration, From: stamp(v.Window.From), To: stamp(v.Window.To), State: string(v.State), Note: v.Note,
			Rows: v.Rows, Recorded: stamp(v.Recorded)}
	}))), nil
}

type quarantineModel struct {
	File        int64      `json:"file"`
	Name        string     `json:"name"`
	Integration string     `json:"integration"`
	Records     int        `json:"records"`
	Bytes       int64      `json:"bytes"`
	Sink        string     `json:"sink"`
	Reason      string     `json:"reason"`
	Since       *time.Time `json:"since"`
}

func (s *Server) ownQuarantine(c *call) (*response, error) {
	list, err := s.Stage.Quarantined(c.r.Context())
	if err != nil {
		return nil, err
	}
	return answer(collection(mapped(list, func(q stage.Quarantined) quarantineModel {
		return quarantineModel{File: q.File.ID, Name: q.File.Name, Integration: q.File.Integration, Records: q.File.Count, Bytes: q.File.Bytes,
			Sink: q.Sink, Reason: q.Reason, Since: stamp(q.Since)}
	}))), nil
}

// ownQuarantineRetry gives one file to its sink again, or without a file all of
// them; the next delivery takes them.
func (s *Server) ownQuarantineRetry(c *call) (*response, error) {
	var d struct {
		File int64  `json:"file"`
		Sink string `json:"sink"`
	}
	if _, err := c.decode(s.limits.MaxJSON, &d); err != nil {
		return nil, err
	}
	list, err := s.Stage.Quarantined(c.r.Context())
	if err != nil {
		return nil, err
	}
	n := 0
	for _, q := range list {
		if d.File != 0 && q.File.ID != d.File || d.Sink != "" && q.Sink != d.Sink {
			continue
		}
		if err := s.Stage.Requeue(c.r.Context(), q.Sink, q.File.ID); err != nil {
			return nil, err
		}
		n++
	}
	if n == 0 && d.File != 0 {
		return nil, absent("file %d is not in quarantine", d.File)
	}
	return answer(map[string]int{"requeued": n}), nil
}

type ownContentModel struct {
	Sources []sourceModel `json:"sources"`
	Parsers []parserModel `json:"parsers"`
	Fields  []fieldModel  `json:"fields"`
	Labels  []labelModel  `json:"labels"`
}

// ownContent lists the whole library.
func (s *Server) ownContent(*call) (*response, error) {
	return answer(ownContentModel{Sources: mapped(s.Library.Sources(), s.sourceOf), Parsers: mapped(s.Library.Parsers(), s.parserOf),
		Fields: mapped(s.Library.Fields(), s.fieldOf), Labels: mapped(s.Library.Labels(), s.labelOf)}), nil
}

// ownStatus says what runs here and what it holds.
func (s *Server) ownStatus(c *call) (*response, error) {
	stats, err := s.Store.Stats(c.r.Context())
	if err != nil {
		return nil, err
	}
	m := map[string]any{"version": s.opts.Version, "namespace": s.opts.Namespace, "tenancy": s.opts.Tenancy, "started": stamp(s.started),
		"time": stamp(s.opts.Clock()), "busy": s.Store.Busy()}
	if c.who.rights.Everywhere(catalog.LogGroups, catalog.Read) {
		m["segments"], m["records"], m["bytes"] = stats.Segments, stats.Rows, stats.Bytes
	}
	return answer(m), nil
}

// health answers while the process serves; nothing about its state is told.
func (s *Server) health(*call) (*response, error) {
	return answer(map[string]string{"status": "ok"}), nil
}
