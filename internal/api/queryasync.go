package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
	"ledgerline/internal/jobs"
	"ledgerline/internal/query"
)

// submitted is what a client has submitted, with its text in two spellings.
type submitted struct {
	queryDetails
	display, internal string
}

type queryJob = jobs.Job[submitted]

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
	j, err := s.jobs.Start(c.r.Context(), queryJob{User: c.user, Details: submitted{d, display, internal}, Request: r, Background: d.AsyncMode == "BACKGROUND"}, s.Query.Run)
	if err != nil {
		return nil, err
	}
	body := emptyAggregation(r)
	resp := answer(body).with("opc-work-request-id", j.ID).with("location", "/20200601/namespaces/"+s.opts.Namespace+"/queryWorkRequests/"+j.ID)
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
	j, err := s.jobs.Find(id, c.user)
	if err != nil {
		return nil, err
	}
	ok, err := s.mayReadAll(c, j.Request.Scope.Groups)
	if err == nil && !ok {
		err = absent("you may no longer read all that this query has found; run it again")
	}
	if err != nil {
		return nil, err
	}
	switch j.Status {
	case jobs.Running:
		return answer(emptyAggregation(j.Request)).with("retry-after", "1"), nil
	case jobs.Canceled:
		return nil, &Error{Status: http.StatusConflict, Code: "Conflict", Message: "the query was cancelled; run it again"}
	case jobs.Failed:
		return nil, j.Err
	}
	page, err := c.queryPage("job "+id, j.Request)
	if err != nil {
		return nil, err
	}
	return s.resultPage(j.Result, page, resultOptions{noColumns: noColumns, fields: withFields, next: "opc-next-page", prev: "opc-prev-page"}), nil
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

func queryWorkRequestSummaryOf(j queryJob) queryWorkRequestModel {
	m := queryWorkRequestModel{ID: j.ID, CompartmentID: j.Details.CompartmentID, Mode: "FOREGROUND", Status: string(j.Status), OperationType: "EXECUTE_QUERY_JOB",
		PercentComplete: j.Percent(), TimeAccepted: stamp(j.Accepted), TimeStarted: stamp(j.Accepted), TimeFinished: stamp(j.Finished), TimeExpires: stamp(j.Expires())}
	if j.Background {
		m.Mode = "BACKGROUND"
	}
	return m
}

func queryWorkRequestOf(j queryJob) queryWorkRequestModel {
	m := queryWorkRequestSummaryOf(j)
	m.SubSystem, m.DisplayQueryString, m.InternalQueryString = "LOG", j.Details.display, j.Details.internal
	m.TimeBackgroundAt, m.ScopeFilters = stamp(j.Backgrounded), j.Details.ScopeFilters
	window := timeRange(j.Request.Window, j.Request.Zone)
	m.TimeFilter = &window
	return m
}

func (s *Server) getQueryWorkRequest(c *call) (*response, error) {
	j, err := s.jobs.Find(c.path["workRequestId"], c.user)
	if err != nil {
		return nil, err
	}
	resp := answer(queryWorkRequestOf(j)).with("etag", j.Etag())
	if j.Status == jobs.Running {
		resp.with("retry-after", "1")
	}
	return resp, nil
}

func (s *Server) putQueryWorkRequestBackground(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	j, err := s.jobs.ToBackground(c.path["workRequestId"], c.user, ifMatch)
	if err != nil {
		return nil, err
	}
	return answer(queryWorkRequestOf(j)).with("etag", j.Etag()), nil
}

func (s *Server) cancelQueryWorkRequest(c *call) (*response, error) {
	ifMatch, err := c.head("if-match")
	if err != nil {
		return nil, err
	}
	if err := s.jobs.Cancel(c.path["workRequestId"], c.user, ifMatch); err != nil {
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
	key := func(j queryJob) int64 { return j.Accepted.UnixMilli() }
	switch p.Sort {
	case "timeStarted":
	case "timeExpires":
		key = func(j queryJob) int64 { return j.Expires().UnixMilli() }
	default:
		return nil, invalid("sortBy must be timeStarted or timeExpires")
	}
	switch mode {
	case "", "ALL", "FOREGROUND", "BACKGROUND":
	default:
		return nil, invalid("mode must be ALL, FOREGROUND or BACKGROUND")
	}
	list := slices.DeleteFunc(s.jobs.List(c.user), func(j queryJob) bool {
		return j.Details.CompartmentID != compartment || mode == "FOREGROUND" && j.Background || mode == "BACKGROUND" && !j.Background
	})
	slices.SortFunc(list, func(a, b queryJob) int {
		order := cmp.Or(cmp.Compare(key(a), key(b)), strings.Compare(a.ID, b.ID))
		if p.Desc {
			return -order
		}
		return order
	})
	if p.After != "" { // the id of the last one shown; when it is gone, so is its place
		i := slices.IndexFunc(list, func(j queryJob) bool { return j.ID == p.After })
		if i < 0 {
			return nil, catalog.ErrBadCursor
		}
		list = list[i+1:]
	}
	next := ""
	if len(list) > p.Limit {
		list = list[:p.Limit]
		next = list[p.Limit-1].ID
	}
	return answer(collection(mapped(list, queryWorkRequestSummaryOf))).with("opc-next-page", c.next(next)), nil
}
