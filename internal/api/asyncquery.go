package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/query"
)

// submitQuery starts an asynchronous query and answers before it has run.
func (s *Server) submitQuery(c *call, d queryDetails) (*response, error) {
	switch d.AsyncMode {
	case "", "FOREGROUND", "BACKGROUND":
	default:
		return nil, invalid("asyncMode must be FOREGROUND or BACKGROUND")
	}
	r, err := s.queryRequest(d, s.limits.AsyncTime)
	if err != nil {
		return nil, err
	}
	// Whoever submits a wrong query is to know at once.
	if _, err := s.Query.Describe(r); err != nil {
		return nil, err
	}
	display, internal, err := s.queryStrings(r)
	if err != nil {
		return nil, err
	}
	// The result tells of these log groups, whatever its owner may read later.
	if r.Scope.Groups, err = s.Catalog.Groups(c.r.Context(), c.who.rights, catalog.Read); err != nil {
		return nil, err
	}
	j, err := s.jobs.start(c.r.Context(), &job{user: c.user, details: d, request: r, display: display, internal: internal, background: d.AsyncMode == "BACKGROUND"}, s.Query.Run)
	if err != nil {
		return nil, err
	}
	body := emptyAggregation(r)
	resp := answer(body).with("opc-work-request-id", j.id).with("location", "/20200601/namespaces/"+s.opts.Namespace+"/queryWorkRequests/"+j.id)
	resp.status = http.StatusCreated
	return resp, nil
}

// getQueryResult answers what an asynchronous query has found.
func (s *Server) getQueryResult(c *call) (*response, error) {
	id, err := c.need("workRequestId")
	if err != nil {
		return nil, err
	}
	mode, err := c.param("outputMode")
	if err != nil {
		return nil, err
	}
	if mode != "" && mode != "JSON_ROWS" {
		return nil, invalid("outputMode must be JSON_ROWS")
	}
	noColumns, err := c.refuses("shouldIncludeColumns")
	if err != nil {
		return nil, err
	}
	withFields, err := c.flag("shouldIncludeFields")
	if err != nil {
		return nil, err
	}
	j, err := s.jobs.find(id, c.user, true)
	if err != nil {
		return nil, err
	}
	ok, err := s.mayReadAll(c, j.request.Scope.Groups)
	if err == nil && !ok {
		err = absent("you may no longer read all that this query has found; run it again")
	}
	if err != nil {
		return nil, err
	}
	switch j.status {
	case jobRunning:
		return answer(emptyAggregation(j.request)).with("retry-after", "1"), nil
	case jobCanceled:
		return nil, &Error{Status: http.StatusConflict, Code: "Conflict", Message: "the query was cancelled; run it again"}
	case jobFailed:
		return nil, j.err
	}
	page, err := c.queryPage("job "+id, j.request)
	if err != nil {
		return nil, err
	}
	return s.resultPage(j.result, page, resultOptions{noColumns: noColumns, fields: withFields, next: "opc-next-page", prev: "opc-prev-page"}), nil
}

// emptyAggregation is what is known of a query that runs.
func emptyAggregation(r query.Request) aggregationModel {
	return aggregationModel{TimeFilter: timeRange(r.Window, r.Zone), Items: []map[string]any{}}
}

// queryWorkRequestModel is Oracle's QueryWorkRequest; as a summary it lacks what
// is omitted when empty.
type queryWorkRequestModel struct {
	ID                  string             `json:"id"`
	CompartmentID       string             `json:"compartmentId"`
	Mode                string             `json:"mode"`
	SubSystem           string             `json:"subSystem,omitempty"`
	DisplayQueryString  string             `json:"displayQueryString,omitempty"`
	InternalQueryString string             `json:"internalQueryString,omitempty"`
	Status              string             `json:"status"`
	OperationType       string             `json:"operationType"`
	PercentComplete     int                `json:"percentComplete"`
	TimeAccepted        *time.Time         `json:"timeAccepted"`
	TimeStarted         *time.Time         `json:"timeStarted"`
	TimeFinished        *time.Time         `json:"timeFinished,omitempty"`
	TimeExpires         *time.Time         `json:"timeExpires,omitempty"`
	TimeBackgroundAt    *time.Time         `json:"timeBackgroundAt,omitempty"`
	TimeFilter          *timeRangeModel    `json:"timeFilter,omitempty"`
	ScopeFilters        []scopeFilterModel `json:"scopeFilters,omitempty"`
}

func queryWorkRequestSummaryOf(j job) queryWorkRequestModel {
	m := queryWorkRequestModel{ID: j.id, CompartmentID: j.details.CompartmentID, Mode: "FOREGROUND", Status: string(j.status), OperationType: "EXECUTE_QUERY_JOB",
		PercentComplete: j.percent(), TimeAccepted: stamp(j.accepted), TimeStarted: stamp(j.accepted), TimeFinished: stamp(j.finished), TimeExpires: stamp(j.expires())}
	if j.background {
		m.Mode = "BACKGROUND"
	}
	return m
}

func queryWorkRequestOf(j job) queryWorkRequestModel {
	m := queryWorkRequestSummaryOf(j)
	m.SubSystem, m.DisplayQueryString, m.InternalQueryString = "LOG", j.display, j.internal
	m.TimeBackgroundAt, m.ScopeFilters = stamp(j.backgrounded), j.details.ScopeFilters
	window := timeRange(j.request.Window, j.request.Zone)
	m.TimeFilter = &window
	return m
}

func (s *Server) getQueryWorkRequest(c *call) (*response, error) {
	j, err := s.jobs.find(c.path["workRequestId"], c.user, true)
	if err != nil {
		return nil, err
	}
	resp := answer(queryWorkRequestOf(j)).with("etag", j.etag())
	if j.status == jobRunning {
		resp.with("retry-after", "1")
	}
	return resp, nil
}

func (s *Server) putQueryWorkRequestBackground(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	j, err := s.jobs.toBackground(c.path["workRequestId"], c.user, ifMatch)
	if err != nil {
		return nil, err
	}
	return answer(queryWorkRequestOf(j)).with("etag", j.etag()), nil
}

func (s *Server) cancelQueryWorkRequest(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if err := s.jobs.cancel(c.path["workRequestId"], c.user, ifMatch); err != nil {
		return nil, err
	}
	return &response{}, nil
}

// listQueryWorkRequests lists the caller's asynchronous queries.
func (s *Server) listQueryWorkRequests(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	mode, err := c.param("mode")
	if err != nil {
		return nil, err
	}
	p, err := c.page("timeStarted")
	if err != nil {
		return nil, err
	}
	key := func(j job) int64 { return j.accepted.UnixMilli() }
	switch p.Sort {
	case "timeStarted":
	case "timeExpires":
		key = func(j job) int64 { return j.expires().UnixMilli() }
	default:
		return nil, invalid("sortBy must be timeStarted or timeExpires")
	}
	switch mode {
	case "", "ALL", "FOREGROUND", "BACKGROUND":
	default:
		return nil, invalid("mode must be ALL, FOREGROUND or BACKGROUND")
	}
	list := slices.DeleteFunc(s.jobs.list(c.user), func(j job) bool {
		return j.details.CompartmentID != compartment || mode == "FOREGROUND" && j.background || mode == "BACKGROUND" && !j.background
	})
	slices.SortFunc(list, func(a, b job) int {
		order := cmp.Or(cmp.Compare(key(a), key(b)), strings.Compare(a.id, b.id))
		if p.Desc {
			return -order
		}
		return order
	})
	if p.After != "" { // the id of the last one shown; when it is gone, so is its place
		i := slices.IndexFunc(list, func(j job) bool { return j.id == p.After })
		if i < 0 {
			return nil, catalog.ErrBadCursor
		}
		list = list[i+1:]
	}
	next := ""
	if len(list) > p.Limit {
		list = list[:p.Limit]
		next = list[p.Limit-1].id
	}
	return answer(collection(mapped(list, queryWorkRequestSummaryOf))).with("opc-next-page", c.next(next)), nil
}

// Close ends the asynchronous queries that run and waits for them.
func (s *Server) Close() {
	s.jobs.close()
	if s.audit != nil {
		s.audit.close()
	}
}
